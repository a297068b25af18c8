import * as fc from 'fast-check';
import { unreachable } from '../../src/errors.ts';
import { BYTES, NAMES, VALUES } from './hostile-json.ts';

/**
 * One change of a document, as data that fast-check can shrink. The numbers choose among what there is: where, what else,
 * by how much. `byte…` works on any bytes; the others take JSON apart, and leave alone what is none.
 */
export interface Mutation {
  readonly kind: (typeof mutationKinds)[number];
  readonly at: number;
  readonly other: number;
  readonly by: number;
}

export const mutationKinds = [
  'byteFlip',
  'byteCut',
  'byteInsert',
  'byteDouble',
  'byteTruncate',
  // The value of a member or item becomes a hostile one.
  'value',
  // So does the name of a member.
  'name',
  // A number or text is written in another way.
  'respell',
  'remove',
  // A member or item stands twice.
  'double',
  // A member stands twice, the second time with its name escaped and another value.
  'echo',
  'swap',
  // A value of another document (or of this one) in this one's place, or beside it.
  'graft',
  'adopt',
  // The signatures of another document over this one's content.
  'signatures',
] as const;

type Kind = Mutation['kind'];
type JsonKind = Exclude<Kind, `byte${string}`>;

const byteKinds: readonly Kind[] = mutationKinds.filter(kind => kind.startsWith('byte'));
const jsonKinds: readonly Kind[] = mutationKinds.filter(kind => !kind.startsWith('byte'));

// Each number as likely as any other: the usual bias would leave all but the first members alone.
const anyNumber: fc.Arbitrary<number> = fc.noBias(fc.nat());

const mutationsOf = (kinds: fc.Arbitrary<Kind>): fc.Arbitrary<readonly Mutation[]> =>
  fc.array(fc.record({ kind: kinds, at: anyNumber, other: anyNumber, by: anyNumber }), {
    minLength: 1,
    maxLength: 2,
  });

const ofBytes = fc.constantFrom(...byteKinds);

/** One or two mutations of what is no JSON. */
export const byteMutations: fc.Arbitrary<readonly Mutation[]> = mutationsOf(ofBytes);

/** One or two mutations of a JSON document. Few of bytes alone: most of those end at the parser. */
export const mutations: fc.Arbitrary<readonly Mutation[]> = mutationsOf(
  fc.oneof({ arbitrary: ofBytes, weight: 1 }, { arbitrary: fc.constantFrom(...jsonKinds), weight: 5 }),
);

/** `bytes` after `list`, one after the other; `others` are documents that values come from. */
export function mutate(
  bytes: Uint8Array,
  list: readonly Mutation[],
  others: readonly Uint8Array[] = [bytes],
): Uint8Array {
  // A character a byte, so that bytes which are no UTF-8 go through as they are.
  const donors = others.map(other => Buffer.from(other).toString('latin1'));
  return Buffer.from(
    list.reduce((text, mutation) => change(text, mutation, donors), Buffer.from(bytes).toString('latin1')),
    'latin1',
  );
}

function change(text: string, mutation: Mutation, donors: readonly string[]): string {
  const { kind, at, other, by } = mutation;
  const place = at % (text.length + 1);
  const length = 1 + (by % 32);
  switch (kind) {
    case 'byteFlip': {
      const code = text.charCodeAt(at % Math.max(text.length, 1)) || 0;
      return splice(text, place, place + 1, String.fromCharCode(code ^ (1 << (by % 8))));
    }
    case 'byteCut':
      return splice(text, place, place + length, '');
    case 'byteInsert':
      return splice(text, edge(place, by, text), edge(place, by, text), pick(BYTES, other));
    case 'byteDouble':
      return splice(text, place, place, text.slice(place, place + length));
    case 'byteTruncate':
      return text.slice(0, place);
    case 'value':
    case 'name':
    case 'respell':
    case 'remove':
    case 'double':
    case 'echo':
    case 'swap':
    case 'graft':
    case 'adopt':
    case 'signatures':
      return restructure(text, kind, mutation, donors);
    default:
      return unreachable(kind);
  }
}

/** The beginning and the end a quarter of the time each: a mark, and what trails. */
const edge = (place: number, by: number, text: string): number => [0, text.length, place, place][by % 4] ?? 0;

function restructure(
  text: string,
  kind: JsonKind,
  { at, other, by }: Mutation,
  donors: readonly string[],
): string {
  const nodes = nodesOf(text);
  const node = nodes[at % Math.max(nodes.length, 1)];
  if (node === undefined) return text;
  const value = text.slice(node.start, node.end);
  const whole = text.slice(node.from, node.end);
  const beside = (what: string): string =>
    node.from === 0 ? text : splice(text, node.end, node.end, `,${what}`);
  const named = (name: string, what: string): string => (node.from === node.start ? what : `${name}:${what}`);
  switch (kind) {
    case 'value':
      return splice(text, node.start, node.end, pick(VALUES, by));
    case 'name':
      return splice(text, node.from, node.start, node.from === node.start ? '' : `${pick(NAMES, by)}:`);
    case 'respell':
      return splice(text, node.start, node.end, respelt(value, by));
    case 'remove':
      return removed(text, node);
    case 'double':
      return beside(whole);
    case 'echo':
      return beside(named(respelt(text.slice(node.from, node.nameEnd), 0), pick(VALUES, by)));
    case 'swap': {
      const twin = nodes[other % nodes.length] ?? node;
      const [a, b] = node.start < twin.start ? [node, twin] : [twin, node];
      if (a.end > b.start) return text;
      const moved = splice(text, b.start, b.end, text.slice(a.start, a.end));
      return splice(moved, a.start, a.end, text.slice(b.start, b.end));
    }
    case 'graft':
      return splice(text, node.start, node.end, donated(donors, other, by).value);
    case 'adopt': {
      const { name, value: gift } = donated(donors, other, by);
      return beside(named(name, gift));
    }
    case 'signatures': {
      const mine = nodes.find(found => nameOf(text, found) === '"signatures"');
      const donor = pick(donors, other);
      const theirs = nodesOf(donor).find(found => nameOf(donor, found) === '"signatures"');
      if (mine === undefined || theirs === undefined) return text;
      return splice(text, mine.start, mine.end, donor.slice(theirs.start, theirs.end));
    }
    default:
      return unreachable(kind);
  }
}

const splice = (text: string, start: number, end: number, by: string): string =>
  text.slice(0, start) + by + text.slice(end);

function pick(list: readonly string[], number: number): string {
  return list[number % list.length] ?? '';
}

function donated(
  donors: readonly string[],
  other: number,
  by: number,
): { readonly name: string; readonly value: string } {
  const text = pick(donors, other);
  const nodes = nodesOf(text);
  const node = nodes[by % Math.max(nodes.length, 1)];
  if (node === undefined) return { name: '"x"', value: '0' };
  return { name: nameOf(text, node) || '"x"', value: text.slice(node.start, node.end) };
}

/** Another spelling that some parser takes for the same. */
function respelt(value: string, by: number): string {
  if (!value.startsWith('"')) return `${value}${pick(['.0', 'e0', '00', ' ', 'E+0'], by)}`;
  return value.replace(/[A-Za-z0-9]/, letter => `\\u00${letter.charCodeAt(0).toString(16)}`);
}

function removed(text: string, { from, end }: Node): string {
  const after = /^[ \t\n\r]*,/.exec(text.slice(end, end + 200));
  if (after !== null) return splice(text, from, end + after[0].length, '');
  const before = /,[ \t\n\r]*$/.exec(text.slice(Math.max(from - 200, 0), from));
  return splice(text, from - (before?.[0].length ?? 0), end, '');
}

/** Where a value stands. */
interface Node {
  /** Of its name, where it is a member; else {@link start}. */
  readonly from: number;
  readonly nameEnd: number;
  readonly start: number;
  readonly end: number;
}

const nameOf = (text: string, { from, nameEnd }: Node): string => text.slice(from, nameEnd);

const parsed = new Map<string, readonly Node[]>();

/** All values of a JSON text in order, the whole first; as many as can be told where it is none. Base documents are remembered. */
function nodesOf(text: string): readonly Node[] {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const nodes = findNodes(text);
  if (parsed.size < 100) parsed.set(text, nodes);
  return nodes;
}

function findNodes(text: string): readonly Node[] {
  const nodes: { from: number; nameEnd: number; start: number; end: number }[] = [];
  const open: (typeof nodes)[number][] = [];
  let name: (typeof nodes)[number] | undefined;
  for (const { 0: token, index } of text.matchAll(
    /[{}[\]:,]|"[^"\\]*(?:\\.[^"\\]*)*"|[^ \t\n\r{}[\]:,"]+/g,
  )) {
    const end = index + token.length;
    if (token === ',') continue;
    if (token === ':') {
      name = nodes.pop();
      continue;
    }
    if (token === '}' || token === ']') {
      const closed = open.pop();
      if (closed !== undefined) closed.end = end;
      continue;
    }
    const node = { from: name?.start ?? index, nameEnd: name?.end ?? index, start: index, end };
    name = undefined;
    nodes.push(node);
    if (token === '{' || token === '[') open.push(node);
  }
  return nodes;
}
