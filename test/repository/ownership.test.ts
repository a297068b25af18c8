import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { speaksFor } from '../../src/metadata/delegation.ts';
import { ROOT, type RoleName, TARGETS } from '../../src/metadata/names.ts';
import { delegationGraph } from '../../src/repository/delegators.ts';
import { ownershipOf } from '../../src/repository/ownership.ts';
import { emptyTree, type RepositoryTree } from '../../src/repository/tree.ts';
import { type RoleSpec, repositoryOf } from '../support/tree-builder.ts';

const signers = ['@dave:ed25519'];
const treeOf = (roles: Readonly<Record<string, Omit<RoleSpec, 'signers'>>>): RepositoryTree =>
  repositoryOf({
    signers: ['@alice:ed25519'],
    roles: Object.fromEntries(Object.entries(roles).map(([name, spec]) => [name, { ...spec, signers }])),
  }).tree();

const ownersIn = (tree: RepositoryTree): ((path: string) => readonly RoleName[]) => {
  const ownership = ownershipOf(tree);
  return path => ownership.ownersOf(path);
};

/** Straight from the words of the specification: every delegation is tried, from targets down. */
function naive(tree: RepositoryTree, path: string, role: RoleName = TARGETS): readonly RoleName[] {
  const below = [...delegationGraph(tree).roles.values()].filter(
    ({ delegator, definition }) => delegator !== ROOT && delegator === role && speaksFor(definition, path),
  );
  return below.length === 0 ? [role] : below.flatMap(child => naive(tree, path, child.role));
}

const prefixOf = (path: string, length: number): string =>
  createHash('sha256').update(path, 'utf8').digest('hex').slice(0, length);

describe('ownership', () => {
  const tree = treeOf({
    dev: { paths: ['dev/*', 'dev/*/*'] },
    ui: { paths: ['dev/ui/*'], by: 'dev' },
    any: { paths: ['*/shared'] },
    one: { paths: ['README'] },
    bin: { pathHashPrefixes: [prefixOf('hashed', 4), prefixOf('other', 64)] },
  });
  const ownersOf = ownersIn(tree);

  it.each<readonly [string, readonly string[]]>([
    ['top', ['targets']],
    ['dev/x', ['dev']],
    ['dev/x/y', ['dev']],
    ['dev/ui/x', ['ui']],
    ['dev/ui', ['dev']],
    ['dev/x/y/z', ['targets']],
    ['dev', ['targets']],
    ['README', ['one']],
    ['README/x', ['targets']],
    ['ops/shared', ['any']],
    ['dev/shared', ['dev', 'any']],
    ['hashed', ['bin']],
    ['other', ['bin']],
    ['', ['targets']],
    ['dev/', ['dev']],
    ['*/shared', ['any']],
    ['__proto__', ['targets']],
  ])('of %j', (path, owners) => {
    expect(ownersOf(path)).toEqual(owners);
  });

  it('names several in the order of the delegations', () => {
    const contested = treeOf({
      star: { paths: ['*'] },
      hash: { pathHashPrefixes: [prefixOf('x', 1)] },
      name: { paths: ['x'] },
    });
    expect(ownersIn(contested)('x')).toEqual(['star', 'hash', 'name']);
  });

  it('does not let an empty hash prefix speak for everything', () => {
    const ownersOf = ownersIn(treeOf({ bin: { pathHashPrefixes: ['', prefixOf('x', 3)] } }));
    expect(ownersOf('x')).toEqual(['bin']);
    expect(ownersOf('y')).toEqual(['targets']);
  });

  it("of everything is targets' where nobody delegates", () => {
    expect(ownershipOf(emptyTree).ownersOf('dev/x')).toEqual(['targets']);
  });

  it('is what the specification says of any delegations', () => {
    const segment = fc.constantFrom('a', 'b', 'ab', '*', 'a*', '?', '*b', '');
    const path = fc
      .array(fc.constantFrom('a', 'b', 'ab', 'ba', '*', ''), { minLength: 1, maxLength: 3 })
      .map(s => s.join('/'));
    const role = fc.oneof(
      fc.record({
        paths: fc.array(
          fc.array(segment, { minLength: 1, maxLength: 3 }).map(s => s.join('/')),
          { maxLength: 4 },
        ),
      }),
      fc.record({ pathHashPrefixes: fc.array(fc.stringMatching(/^[0-9a-f]{1,2}$/), { maxLength: 12 }) }),
    );
    const roles = fc.array(fc.tuple(role, fc.nat()), { maxLength: 6 });
    fc.assert(
      fc.property(roles, fc.array(path, { minLength: 1, maxLength: 12 }), (specs, paths) => {
        const spec: Record<string, Omit<RoleSpec, 'signers'>> = {};
        for (const [i, [what, parent]] of specs.entries()) {
          // A role of those before it delegates, or targets.
          const by = parent % (i + 1);
          spec[`r${i}`] = { ...what, by: by === 0 ? 'targets' : `r${by - 1}` };
        }
        const made = treeOf(spec);
        const index = ownershipOf(made);
        for (const each of paths) {
          expect(new Set(index.ownersOf(each)), JSON.stringify(each)).toEqual(new Set(naive(made, each)));
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('hostile delegations', () => {
  it('are refused before they take minutes', () => {
    const paths = Array.from({ length: 20_000 }, (_, i) => `*${i}/*`);
    const ownersOf = ownersIn(treeOf({ dev: { paths } }));
    expect(() => {
      for (let i = 0; i < 100_000; i++) ownersOf(`x/${i}`);
    }).toThrow(expect.objectContaining({ code: 'TOO_COMPLEX' }));
  });

  it('cost the more, the more stars stand in a segment', () => {
    const paths = Array.from({ length: 500 }, (_, i) => `${'a*'.repeat(400)}${i}`);
    const ownersOf = ownersIn(treeOf({ dev: { paths } }));
    expect(() => {
      for (let i = 0; i < 100_000; i++) ownersOf(`${'a'.repeat(900)}${i}`);
    }).toThrow(expect.objectContaining({ code: 'TOO_COMPLEX' }));
  });

  it('do not stand in the way of many roles with many paths', () => {
    const roles = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [
        `r${i}`,
        { paths: [1, 2, 3, 4].map(n => `r${i}${'/*'.repeat(n)}`) },
      ]),
    );
    const ownersOf = ownersIn(treeOf(roles));
    for (let i = 0; i < 100_000; i++) expect(ownersOf(`r${i % 50}/a/b`)[0] === `r${i % 50}`).toBe(true);
  });
});
