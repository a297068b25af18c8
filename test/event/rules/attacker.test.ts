import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/event/judge.ts';
import { type JsonObject, type JsonValue, jsonEqual, parseJson } from '../../../src/json.ts';
import { judgeEvent, keyOf, repositoryOf, type TestRepository } from '../../support/tree-builder.ts';

const main = repositoryOf({
  signers: ['@alice', '@bob', '@carol'],
  threshold: 2,
  roles: {
    dev: { signers: ['@dave', '@erin', '@frank'], threshold: 2 },
    ops: { signers: ['@gina', '@hugo'], threshold: 2 },
  },
  artifacts: { 'tool.bin': 'tool one', 'dev/app.bin': 'app one', 'ops/run.sh': 'run one' },
});

/** An event in which root, targets and a delegated role change, with not one signature more than is needed. */
const accepted = main
  .fork()
  .rootRole('root', ['@alice', '@bob', '@zoe'], 2)
  .sign('root', '@alice', '@bob', '@zoe')
  .artifact('tool.bin', 'tool two')
  .updateTargets()
  .sign('targets', '@alice', '@bob')
  .artifact('dev/app.bin', 'app two')
  .updateTargets('dev')
  .sign('dev', '@dave', '@frank');

const documents = ['root', 'targets', 'dev', 'ops'] as const;
const paths = [...accepted.files.keys()];
const metadata = paths.filter(path => path.startsWith('metadata/'));

interface Edit {
  readonly what: string;
  readonly apply: (event: TestRepository) => void;
}
const edit = (what: string, apply: Edit['apply']): Edit => ({ what, apply });

const aDocument = fc.constantFrom(...documents);
const aPath = fc.constantFrom(...paths);

const dropSignature = fc
  .tuple(aDocument, fc.nat(2))
  .map(([role, i]) =>
    edit(`drop signature ${i} of ${role}`, e => void e.rewrite(role, d => void d.signatures.splice(i, 1))),
  );

const flipByte = fc.tuple(aPath, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([path, at, mask]) =>
  edit(`flip a byte of ${path}`, e => {
    const bytes = Uint8Array.from(e.bytes(path));
    const i = at % bytes.length;
    bytes[i] = (bytes[i] ?? 0) ^ mask;
    e.write(path, bytes);
  }),
);

/** Changes the nth leaf (or, where that is in range, drops a member) of what is signed, with root's copy or without. */
const changeLeaf = fc.tuple(aDocument, fc.nat(), fc.boolean(), fc.boolean()).map(([role, n, drop, copy]) =>
  edit(`${drop ? 'drop' : 'change'} leaf ${n} of ${role}`, e => {
    const document = e.document<JsonObject>(role);
    const leaves = leavesOf(document.signed);
    const leaf = leaves[n % leaves.length];
    if (leaf === undefined) return;
    if (drop && Array.isArray(leaf.of)) leaf.of.splice(Number(leaf.name), 1);
    else if (drop) delete leaf.of[leaf.name];
    else leaf.of[leaf.name] = changed(leaf.of[leaf.name] ?? null);
    if (copy) e.put(role, document as never);
    else e.rewrite(role, d => void Object.assign(d, document));
  }),
);

/** One stolen key: the attacker changes what it signs in any way and signs that anew. */
const stolenKey = fc
  .tuple(
    fc.constantFrom<readonly [string, string]>(['targets', '@bob'], ['dev', '@dave'], ['ops', '@gina']),
    fc.nat(),
  )
  .map(([[role, key], n]) =>
    edit(`${key} alone signs another ${role}`, e => {
      e.edit(role, signed => {
        const leaves = leavesOf(signed as unknown as JsonObject);
        const leaf = leaves[n % leaves.length];
        if (leaf !== undefined) leaf.of[leaf.name] = changed(leaf.of[leaf.name] ?? null);
      }).sign(role, key);
    }),
  );

const swapKey = fc.constantFrom('root' as const, 'targets' as const).chain(role =>
  fc.tuple(fc.nat(), fc.boolean()).map(([n, resign]) =>
    edit(`swap key ${n} of ${role} under its keyid`, e => {
      const mallory = keyOf('@mallory').raw;
      const swap = (keys: Record<string, JsonObject>): void => {
        const ids = Object.keys(keys);
        keys[ids[n % ids.length] ?? ''] = mallory;
      };
      if (role === 'root') e.edit('root', signed => swap(signed.keys));
      else e.edit('targets', signed => swap(signed.delegations.keys));
      if (resign) e.signAll(role);
    }),
  ),
);

const threshold = fc
  .tuple(
    fc.constantFrom('root', 'targets', 'snapshot', 'timestamp'),
    fc.integer({ min: -1, max: 1 }),
    fc.boolean(),
  )
  .map(([role, to, resign]) =>
    edit(`threshold ${to} for ${role}`, e => {
      e.edit('root', signed => void (signed.roles[role as 'root'].threshold = to));
      // With everybody's consent a threshold of 1 is theirs to set.
      if (resign && to < 1) e.signAll('root');
    }),
  );

const addFile = fc
  .tuple(
    fc.constantFrom('metadata/', 'metadata/root_history/', 'targets/', 'targets/dev/', 'targets/ops/', ''),
    fc.oneof(
      fc.constantFrom('x', '3.root.json', 'evil.json', 'Root.json', 'TOOL.BIN', 'package.json'),
      fc.stringMatching(/^[a-z]{1,8}$/),
    ),
    fc.constantFrom('100644', '120000', '160000'),
  )
  .map(([folder, name, mode]) =>
    edit(`add ${folder}${name}`, e => void e.write(`${folder}${name}`, 'evil', mode)),
  );

const removeFile = aPath.map(path => edit(`remove ${path}`, e => void e.remove(path)));
const changeMode = fc
  .tuple(aPath, fc.constantFrom('120000', '160000', '040000', '100666'))
  .map(([path, mode]) => edit(`${path} becomes ${mode}`, e => void e.chmod(path, mode)));
const mixFiles = fc
  .tuple(aPath, aPath)
  .map(([path, from]) => edit(`${from} over ${path}`, e => void e.write(path, e.bytes(from))));
const takeBack = fc
  .constantFrom(...metadata.filter(path => main.files.has(path)), 'targets/tool.bin', 'targets/dev/app.bin')
  .map(path => edit(`main's ${path}`, e => void e.write(path, main.bytes(path))));
const onlineSign = fc.constant(edit('sign online', e => void e.onlineSign()));
const moveSignatures = fc.tuple(aDocument, aDocument).map(([from, to]) =>
  edit(`signatures of ${from} on ${to}`, e => {
    const { signatures } = e.document(from);
    e.rewrite(to, d => void (d.signatures = signatures));
  }),
);

const anEdit = fc.oneof(
  dropSignature,
  flipByte,
  changeLeaf,
  stolenKey,
  swapKey,
  threshold,
  addFile,
  removeFile,
  changeMode,
  mixFiles,
  takeBack,
  onlineSign,
  moveSignatures,
);

/** Do all files say the same? Metadata may be spaced in another way: no signature is over that. */
const isNoOp = (event: TestRepository): boolean =>
  event.files.size === accepted.files.size &&
  paths.every(path => {
    const [a, b] = [accepted.files.get(path), event.files.get(path)];
    if (a === undefined || b === undefined || a.mode !== b.mode) return false;
    if (Buffer.compare(a.bytes, b.bytes) === 0) return true;
    return /^metadata\/[a-z]*\.json$/.test(path) && jsonEqual(json(a.bytes), json(b.bytes));
  });

const isMixOfAgreed = (event: TestRepository): boolean =>
  [...new Set([...paths, ...event.files.keys()])].every(path =>
    [main, accepted].some(({ files }) => {
      const [a, b] = [files.get(path), event.files.get(path)];
      return (
        a === b ||
        (a !== undefined && b !== undefined && a.mode === b.mode && Buffer.compare(a.bytes, b.bytes) === 0)
      );
    }),
  );

const json = (bytes: Uint8Array): JsonValue | undefined => {
  try {
    return parseJson(bytes);
  } catch {
    return undefined; // equal to nothing that was accepted
  }
};

describe('an accepted event', () => {
  it('is accepted', () => {
    expect(judgeEvent(main, accepted)).toMatchObject({ verdict: 'accepted', reasons: [] });
  });

  it('is not accepted any more after any small edit', () => {
    const seen = new Map<Verdict, number>();
    fc.assert(
      fc.property(fc.array(anEdit, { minLength: 1, maxLength: 2 }), edits => {
        const event = accepted.fork();
        for (const { apply } of edits) {
          // A second edit may find no document that it could change.
          if (edits.length === 1) apply(event);
          else attempt(() => apply(event));
        }
        // Two edits can take back one half of the event whole; what is left was agreed to.
        fc.pre(!isNoOp(event) && !(edits.length > 1 && isMixOfAgreed(event)));
        const { verdict, reasons } = judgeEvent(main, event);
        seen.set(verdict, (seen.get(verdict) ?? 0) + 1);
        const told = `${edits.map(({ what }) => what).join('; ')}: ${JSON.stringify(reasons)}`;
        expect(verdict, told).not.toBe('accepted');
        expect(verdict, told).not.toBe('unchanged');
        expect(
          reasons.some(({ severity, message }) => severity !== 'warn' && message !== ''),
          told,
        ).toBe(true);
        // A rule that throws refuses, and yet it is a defect.
        expect(told).not.toContain('could not be applied');
      }),
      { numRuns: 800 },
    );
    expect([...seen.keys()].toSorted()).toEqual(['pending', 'rejected']);
  });
});

function attempt(apply: () => void): void {
  try {
    apply();
  } catch (error) {
    if (
      !(
        error instanceof SyntaxError ||
        error instanceof TypeError ||
        (error as Error).message.startsWith('the test')
      )
    )
      throw error;
  }
}

interface Leaf {
  readonly of: Record<string, JsonValue>;
  readonly name: string;
}

function leavesOf(value: JsonValue): readonly Leaf[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value as Record<string, JsonValue>).flatMap(([name, inner]) =>
    typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0
      ? leavesOf(inner)
      : [{ of: value as Record<string, JsonValue>, name }],
  );
}

function changed(value: JsonValue): JsonValue {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return `${value.slice(0, -1)}${value.endsWith('a') ? 'b' : 'a'}`;
  return 'changed';
}
