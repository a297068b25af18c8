import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../src/errors.ts';
import { describeRole } from '../../src/event/describe.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, jsonEqual } from '../../src/json.ts';
import { type Document, parseDocument } from '../../src/metadata/document.ts';
import { serializeJson } from '../../src/metadata/serialize.ts';
import { repositoryOf, testNow } from '../support/tree-builder.ts';

const repository = repositoryOf({
  signers: ['@alice', '@bob', '@carol#2', '@dave:ed25519'],
  threshold: 2,
  roles: {
    dev: { signers: ['@dave:ed25519', '@erin'], threshold: 1, paths: ['dev/*', 'dev/*/*'] },
    bins: { signers: ['@erin'], pathHashPrefixes: ['0', '1f', 'a'] },
    ci: { signers: ['robot'] },
  },
  artifacts: { 'a.txt': 'a', 'b.txt': 'bb', 'dev/app.bin': 'app one' },
})
  .edit('root', signed => Object.assign(signed, { 'x-note': { deep: ['a', { b: [1, true, null] }] } }))
  .edit('targets', signed => {
    Object.assign(signed, { 'x-policy': { list: [1, 2, 3], text: 'y'.repeat(300), on: false } });
    Object.assign(signed.delegations, { 'x-order': ['dev', 'bins'] });
    Object.assign(signed.delegations.roles[0] ?? {}, { 'x-contact': 'dev' });
    Object.assign(signed.targets['b.txt'] ?? {}, { custom: { build: { by: 'ci', tags: ['x', 'y'] } } });
  })
  .bins('bins', { signers: ['@erin', 'robot'], bitLength: 2, targets: ['x'] })
  .bins('ci', { signers: ['robot'], bitLength: 5, succinct: true })
  .edit(
    'ci',
    ({ delegations: { succinct_roles } }) => void Object.assign(succinct_roles ?? {}, { 'x-note': ['a'] }),
  )
  .edit('dev', signed => void Object.assign(signed.targets['dev/app.bin'] ?? {}, { 'x-origin': [{}] }));

const roles = ['root', 'targets', 'dev', 'bins', 'ci', 'snapshot'] as const;

const signedOf = (role: string): JsonObject => repository.document(role).signed as unknown as JsonObject;
const documentOf = (signed: JsonValue): Document => parseDocument(serializeJson({ signatures: [], signed }));

/** `undefined` where it is no document: clients would refuse it, and so does rule schema. */
function readable(signed: JsonValue): Document | undefined {
  try {
    return documentOf(signed);
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

type Path = readonly (string | number)[];

const childrenOf = (value: JsonValue): readonly (readonly [string | number, JsonValue])[] =>
  isJsonArray(value) ? [...value.entries()] : isJsonObject(value) ? Object.entries(value) : [];

/** The places of all values within a value, but for itself. */
const placesIn = (value: JsonValue, path: Path = []): readonly Path[] =>
  childrenOf(value).flatMap(([step, child]) => [[...path, step], ...placesIn(child, [...path, step])]);

/** `value` with what is at `path` changed. */
function changed(value: JsonValue, [step, ...rest]: Path, change: (at: JsonValue) => JsonValue): JsonValue {
  if (step === undefined) return change(value);
  const children = childrenOf(value).map(
    ([name, child]) => [name, name === step ? changed(child, rest, change) : child] as const,
  );
  return isJsonArray(value) ? children.map(([, child]) => child) : objectOf(children);
}

const objectOf = (members: readonly (readonly [string | number, JsonValue])[]): JsonObject =>
  Object.fromEntries(new Map(members.map(([name, value]) => [`${name}`, value])));

/** Something that one edit makes of a value: chosen by two numbers. */
function edited(value: JsonValue, a: number, b: number): JsonValue {
  if (value === null) return [false, 0, '', 'null'][a % 4] ?? false;
  if (typeof value === 'boolean') return a % 5 === 0 ? null : !value;
  if (typeof value === 'number') return value + ([1, -1, 1_000, 60][a % 4] ?? 1);
  if (typeof value === 'string') return editedText(value, a, b);
  return isJsonArray(value) ? editedList(value, a, b) : isJsonObject(value) ? editedObject(value, a, b) : 0;
}

function editedText(text: string, a: number, b: number): JsonValue {
  const at = b % Math.max(1, text.length);
  const other = text[at] === '1' ? '2' : '1';
  const texts = [`${text.slice(0, at)}${other}${text.slice(at + 1)}`, `${text}0`, text.slice(0, -1), null];
  return texts[a % texts.length] ?? null;
}

function editedList(list: readonly JsonValue[], a: number, b: number): readonly JsonValue[] {
  const at = b % Math.max(1, list.length);
  const item = list[at] ?? 'new';
  const swapped = list.length < 2 ? [] : [...list.toSpliced(at, 1), item];
  return [list.toSpliced(at, 1), [...list, 'e/*'], list.toSpliced(at, 0, item), swapped][a % 4] ?? [];
}

function editedObject(object: JsonObject, a: number, b: number): JsonObject {
  const members = Object.entries(object);
  const at = b % Math.max(1, members.length);
  const [name, value] = members[at] ?? ['x', 1];
  const added = ['x-new', '__proto__', 'custom', 'terminating', 'paths'][b % 5] ?? 'x';
  const edits = [
    members.toSpliced(at, 1),
    [...members, [added, [1, 'a', null, {}, true][a % 5] ?? null] as const],
    [...members.toSpliced(at, 1), [`${name}0`, value] as const],
    [...members, [`${name}a`, value] as const],
  ];
  return objectOf(edits[a % 4] ?? []);
}

describe('any one leaf that changes in what is signed is told', () => {
  const told = (from: Document | undefined, to: Document): string =>
    describeRole(from, to, testNow).join('\n');

  it.each(roles)('in %s, against itself, against nothing, and against any other known-good', role => {
    const signed = signedOf(role);
    const places: readonly Path[] = [[], ...placesIn(signed)];
    const edit = fc.tuple(fc.nat(places.length - 1), fc.nat(59), fc.nat(599));
    const editedBy = ([place, a, b]: readonly [number, number, number]): JsonValue =>
      changed(signed, places[place] ?? [], value => edited(value, a, b));
    const document = documentOf(signed);
    const touched = new Set<number>();
    fc.assert(
      fc.property(edit, edit, (one, two) => {
        const [mutant, other] = [editedBy(one), readable(editedBy(two))];
        const after = jsonEqual(mutant, signed) ? undefined : readable(mutant);
        if (after === undefined) return;
        touched.add(one[0]);
        expect(told(document, after)).not.toBe('');
        expect(told(after, document)).not.toBe('');
        for (const knownGood of [undefined, document, other])
          expect(told(knownGood, after)).not.toBe(told(knownGood, document));
      }),
      { numRuns: 800 },
    );
    // Else the property says nothing: most places can be changed and leave a document.
    expect(touched.size).toBeGreaterThan(places.length / 2);
  });
});

describe('what is beyond the fifty sentences that are shown', () => {
  const many = (value: (i: number) => JsonValue): JsonObject =>
    Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`n${String(i).padStart(3, '0')}`, value(i)]));
  const target = (text: string): JsonObject => ({ length: 1, hashes: { sha256: text.repeat(64) } });
  const key = Object.values(repository.document('targets').signed.delegations.keys)[0] ?? {};

  /** A document of 400 things, of which the last has something else to it. */
  const lists: readonly (readonly [string, (last: boolean) => JsonObject])[] = [
    ['artifacts', last => ({ targets: many(i => target(last && i === 399 ? 'b' : 'a')) })],
    [
      'custom fields',
      last => ({
        targets: { a: { ...target('a'), custom: many(i => (last && i === 399 ? 'b' : 'a')) } },
      }),
    ],
    ['other members', last => ({ 'x-many': many(i => (last && i === 399 ? 'b' : 'a').repeat(9)) })],
    [
      'keys',
      last =>
        delegating(
          many(i => ({ ...key, 'x-n': last && i === 399 ? 'b' : 'a' })),
          [],
        ),
    ],
    [
      'delegations',
      last =>
        delegating(
          {},
          roleList(i => (last && i === 399 ? ['b/*'] : ['a/*'])),
        ),
    ],
    [
      'paths of one delegation',
      last =>
        delegating(
          {},
          roleList(() => pathList(last), 1),
        ),
    ],
  ];
  const delegating = (keys: JsonObject, list: readonly JsonValue[]): JsonObject => ({
    delegations: { keys, roles: list },
  });
  const roleList = (paths: (i: number) => readonly string[], count = 400): readonly JsonValue[] =>
    Array.from({ length: count }, (_, i) => ({
      name: `r${i}`,
      keyids: [],
      threshold: 1,
      terminating: false,
      paths: paths(i),
    }));
  const pathList = (last: boolean): readonly string[] =>
    Array.from({ length: 400 }, (_, i) => (last && i === 399 ? 'last' : `p${i}`));

  it.each(lists)('is told apart by its digest: %s', (_, list) => {
    const base = { ...signedOf('targets'), targets: {}, delegations: { keys: {}, roles: [] } };
    const [before, one, other] = [base, { ...base, ...list(false) }, { ...base, ...list(true) }].map(
      documentOf,
    );
    if (one === undefined || other === undefined) throw new Error('unreachable');
    const [first, second] = [one, other].map(document => describeRole(before, document, testNow));
    expect(first?.length).toBeLessThan(130);
    const differing = first?.filter((sentence, i) => sentence !== second?.[i]);
    expect(differing).toHaveLength(1);
    expect(differing?.[0]).toMatch(/digest of (that|the) list [0-9a-f]{32}\)/);
  });
});
