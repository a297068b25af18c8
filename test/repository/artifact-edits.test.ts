import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { artifactEdits, artifactEditsSince } from '../../src/repository/artifact-edits.ts';
import { changedDigests } from '../../src/repository/digests.ts';
import type { BlobDigest, ObjectId, RepositoryTree } from '../../src/repository/tree.ts';
import { repositoryOf, type TestRepository } from '../support/tree-builder.ts';

const main = (): TestRepository => {
  const repository = repositoryOf({
    signers: ['@alice'],
    roles: {
      dev: { signers: ['@dave'] },
      ops: { signers: ['@dave'] },
      ui: { signers: ['@dave'], paths: ['dev/ui/*'], by: 'dev' },
    },
    artifacts: { 'a.txt': 'a', 'dev/a.txt': 'a', 'dev/b.txt': 'b', 'ops/a.txt': 'a' },
  }).bins('ops', { signers: ['robot'], bitLength: 3, succinct: true, targets: ['ops/b.txt', 'ops/c.txt'] });
  return repository.fork();
};

/** What is hashed for an event: by git's object ids, which here are digests of another kind. */
function digestsOf(known: RepositoryTree, event: TestRepository): ReadonlyMap<ObjectId, BlobDigest> {
  const tree = event.tree();
  const wanted = changedDigests(known, tree);
  const digests = new Map<ObjectId, BlobDigest>();
  for (const [path, { oid }] of tree.artifacts) {
    const bytes = event.bytes(`targets/${path}`);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (wanted.has(oid)) digests.set(oid, { length: bytes.length, sha256 });
  }
  return digests;
}

const paths = [
  'a.txt',
  'b.txt',
  'dev/a.txt',
  'dev/c.txt',
  'dev/ui/a.txt',
  'ops/b.txt',
  'ops/c.txt',
  'ops/d.txt',
  'a\\b',
];
const roles = ['targets', 'dev', 'ui', 'ops', 'ops-0', 'ops-3', 'ops-7'];

/** What somebody may do in an event. */
const deeds: readonly ((event: TestRepository, a: number, b: number) => unknown)[] = [
  (event, a, b) => event.artifact(paths[a % paths.length] ?? '', `${b}`),
  (event, a) => event.artifact(paths[a % paths.length] ?? '', undefined),
  (event, a) => event.write(`targets/${paths[a % paths.length]}`, '/etc/passwd', '120000'),
  (event, a, b) =>
    event.edit(roles[a % roles.length] ?? '', ({ targets }) => {
      targets[paths[b % paths.length] ?? ''] = { length: 1, hashes: { sha256: 'ab'.repeat(32) } };
    }),
  (event, a) => event.edit(roles[a % roles.length] ?? '', signed => void (signed.targets = {})),
  (event, a) => event.edit(roles[a % roles.length] ?? ''),
  event => event.delegate('new', { signers: ['@dave'], paths: ['b.txt', 'dev/c.txt'] }),
];

describe('edits of what an event touches', () => {
  it('are those that looking at everything finds', () => {
    const known = main();
    const tree = known.tree();
    const deed = fc.tuple(fc.nat(deeds.length - 1), fc.nat(99), fc.nat(99));
    let edited = 0;
    fc.assert(
      fc.property(fc.array(deed, { minLength: 1, maxLength: 4 }), done => {
        const event = known.fork();
        for (const [what, a, b] of done) deeds[what]?.(event, a, b);
        const digests = digestsOf(tree, event);
        const all = artifactEdits(event.tree(), digests);
        edited += all.size;
        expect(artifactEditsSince(tree, event.tree(), digests)).toEqual(all);
      }),
      { numRuns: 400 },
    );
    expect(edited).toBeGreaterThan(100);
  });
});
