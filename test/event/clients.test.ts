import { describe, expect, it } from 'vitest';
import {
  beyond,
  type ClientProblem,
  findClientProblems,
  problemText,
  searchIn,
} from '../../src/event/clients/find.ts';
import { clients, problemIds } from '../../src/event/clients/matrix.ts';
import { contextOf, noFacts } from '../../src/event/context.ts';
import { clientIds } from '../../src/policy/clients.ts';
import { defaultPolicy } from '../../src/policy/policy.ts';
import { emptyTree } from '../../src/repository/tree.ts';
import { repositoryOf, type TestRepository, testNow, type WireDelegation } from '../support/tree-builder.ts';

function found(repository: TestRepository): readonly ClientProblem[] {
  const subject = { mode: 'publish', knownGood: emptyTree, policy: defaultPolicy, now: testNow } as const;
  const context = contextOf({ ...subject, tree: repository.tree(), facts: noFacts });
  return [...findClientProblems(searchIn(context, { documents: context.graph.roles.keys() }))];
}

const told = (repository: TestRepository): readonly string[] =>
  found(repository).map(({ client, problem, weight }) => `${client.id} ${problem} ${weight}`);

const plain = (...signers: readonly string[]): TestRepository =>
  repositoryOf({ signers: signers.length === 0 ? ['@alice'] : signers, threshold: 1 });

const delegating = (roles: Readonly<Record<string, Partial<WireDelegation>>>): TestRepository =>
  plain().edit('targets', ({ delegations }) => {
    for (const [name, role] of Object.entries(roles)) {
      const { paths = role.path_hash_prefixes === undefined ? [`${name}/*`] : undefined } = role;
      const either = paths === undefined ? {} : { paths: [...paths] };
      delegations.roles.push({ name, keyids: [], threshold: 1, terminating: true, ...either, ...role });
    }
  });

const version = (repository: TestRepository, to: number): TestRepository =>
  repository.edit('root', signed => void (signed.version = to));

const java = 'sigstore-java delegations breaks';

describe('what clients can not verify', () => {
  const rows: readonly (readonly [string, TestRepository, readonly string[]])[] = [
    ['nothing in a plain repository', plain(), []],
    [
      'P-384, of which enough others are left',
      plain('@alice', '@bob:p384'),
      ['tuf-js keys weakens', 'tough keys breaks', 'sigstore-java keys weakens', 'sigstore-ruby keys breaks'],
    ],
    [
      'P-384 alone',
      plain('@bob:p384'),
      ['tuf-js keys breaks', 'tough keys breaks', 'sigstore-java keys breaks', 'sigstore-ruby keys breaks'],
    ],
    ['Ed25519', plain('@bob:ed25519'), ['sigstore-java keys breaks', 'sigstore-ruby keys breaks']],
    ['RSA', plain('@bob:rsa'), ['sigstore-java keys breaks', 'sigstore-ruby keys breaks']],
    [
      'a key of a kind of its own',
      plain().edit('root', ({ keys }) => {
        for (const key of Object.values(keys)) Object.assign(key, { keytype: 'pq', scheme: 'pq' });
      }),
      [
        'python-tuf keys breaks',
        'go-tuf keys breaks',
        'tuf-js keys breaks',
        'tough keys breaks',
        'tough keyids breaks',
        'sigstore-java keys breaks',
        'sigstore-ruby keys breaks',
      ],
    ],
    [
      'a keyid that leaves the tags out',
      plain().edit('root', ({ keys }) => {
        for (const key of Object.values(keys)) Object.assign(key, { 'x-note': 'x' });
      }),
      ['tough keyids breaks'],
    ],
    ['a delegation', delegating({ dev: {} }), [java]],
    [
      'hash prefixes',
      delegating({ bin: { path_hash_prefixes: ['0'] } }),
      ['go-tuf hash-prefixes breaks', java, 'sigstore-ruby hash-prefixes breaks'],
    ],
    [
      'succinct bins',
      plain().bins('targets', { signers: ['robot'], bitLength: 4, succinct: true }),
      ['tough succinct-roles breaks', java, 'sigstore-ruby succinct-roles breaks'],
    ],
    [
      'patterns that clients read more into',
      delegating({ dev: { paths: ['dev/**'] } }),
      ['tuf-js extended-globs breaks', java],
    ],
    [
      'x- members of a delegation',
      delegating({ dev: { 'x-tuf-on-ci-expiry-period': 3 } }),
      ['tough role-members breaks', java],
    ],
    ['patterns of one role that would cross', delegating({ dev: { paths: ['dev/*', 'dev/*/*'] } }), [java]],
    [
      'a pattern that takes a folder of another role',
      delegating({ dev: {}, ui: { paths: ['dev/ui/*'] } }),
      ['tough crossing-globs breaks', java],
    ],
    [
      'a pattern that comes later and does',
      delegating({ ui: { paths: ['a/b/c'] }, all: { paths: ['a*'] } }),
      ['tough crossing-globs breaks', java],
    ],
    ['patterns that share a path for everyone', delegating({ dev: {}, ops: { paths: ['dev/x'] } }), [java]],
    ['32 new roots', version(plain(), 33), []],
    ['33 new roots', version(plain(), 34), ['sigstore-ruby root-rotations breaks']],
    ['257 new roots', version(plain(), 258), clientIds.map(id => `${id} root-rotations breaks`)],
    [
      'a large root',
      plain().edit('root', s => void Object.assign(s, { note: 'n'.repeat(101_376) })),
      ['sigstore-java size breaks'],
    ],
    [
      'targets beyond all but one',
      plain().edit('targets', s => void Object.assign(s, { note: 'n'.repeat(5_000_000) })),
      clientIds.filter(id => id !== 'tough').map(id => `${id} size breaks`),
    ],
    [
      'a fraction of a second',
      plain().edit('targets', s => void (s.expires = '2031-01-01T00:00:00.5Z')),
      ['python-tuf dates breaks'],
    ],
    [
      'ten thousand artifacts',
      plain().edit('targets', s => {
        for (let i = 0; i < 10_000; i++) s.targets[`f${i}`] = { length: 1, hashes: { sha256: 'ab' } };
      }),
      ['tuf-js slow weakens'],
    ],
  ];
  it.each(rows)('%s', (_, repository, expected) => expect(told(repository)).toEqual(expected));

  it('more than 32 delegations one after the other', () => {
    const chain = (length: number): TestRepository =>
      repositoryOf({
        signers: ['@alice'],
        roles: Object.fromEntries(
          Array.from({ length }, (_, i) => [
            `r${i}`,
            { signers: ['@gina'], paths: ['x/*'], ...(i === 0 ? {} : { by: `r${i - 1}` }) },
          ]),
        ),
      });
    expect(told(chain(32))).toEqual([java]);
    const deep = found(chain(33)).filter(({ problem }) => problem === 'depth');
    expect(deep.map(({ client, hits }) => [client.id, hits.map(({ text }) => text)])).toEqual(
      clientIds.map(id => [id, ['r32']]),
    );
  });

  it('never takes long to compare hostile patterns', () => {
    const paths = Array.from({ length: 1_500 }, (_, i) => `*${'*a'.repeat(50)}${i}`);
    const started = performance.now();
    const problems = found(delegating({ one: { paths }, two: { paths } }));
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(problems.map(problemText).join()).toContain('too many patterns to compare');
  });
});

describe('the matrix', () => {
  it('has a row for each client that a policy can name, with its source', () => {
    expect(clients.map(({ id }) => id)).toEqual(clientIds);
    for (const { source } of clients) expect(source).toContain('FIELD notes');
  });

  it('uses each problem once at most in a row', () => {
    for (const { quirks } of clients) {
      const ids = quirks.map(({ problem }) => problem);
      expect(new Set(ids).size).toBe(ids.length);
      for (const id of ids) expect(problemIds).toContain(id);
    }
  });
});

describe('beyond', () => {
  const one = (repository: TestRepository): readonly ClientProblem[] =>
    found(repository).filter(({ client }) => client.id === 'tuf-js');

  it('leaves what is new, and what has become worse', () => {
    const [weak, strong] = [one(plain('@alice', '@bob:p384')), one(plain('@bob:p384'))];
    const left = (now: readonly ClientProblem[], before: readonly ClientProblem[]): number =>
      now.flatMap(problem => beyond(problem, before[0]) ?? []).length;
    expect([left(weak, []), left(weak, weak), left(strong, weak), left(weak, strong)]).toEqual([1, 0, 1, 0]);
  });
});
