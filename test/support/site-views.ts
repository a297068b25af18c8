import { DAY_MS, type Instant } from '../../src/clock.ts';
import type { RoleName } from '../../src/metadata/names.ts';
import type { RoleView, SignerView, SiteView } from '../../src/render/site/view.ts';
import { siteViewOf } from '../../src/render/site/view.ts';
import { type RepositoryTree, rootOf } from '../../src/repository/tree.ts';
import { repositoryOf, testNow } from './tree-builder.ts';

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** The page of `tree`, with these events. */
export function viewOfTree(tree: RepositoryTree, events: SiteView['events'] = []): SiteView {
  const root = rootOf(tree);
  if (root === undefined) throw new Error('no root');
  return siteViewOf(tree, { commit: COMMIT, committedAt: testNow, firstRoot: root.bytes, events });
}

/** A repository as many have it: people, a spare key here and none there, an online role, nested ones, two events. */
export function sampleView(): SiteView {
  const repository = repositoryOf({
    signers: ['@alice', '@bob', '@carol'],
    threshold: 2,
    roles: {
      tools: { signers: ['@bob', '@carol'] },
      plugins: { signers: ['@alice', '@dan:ed25519'], threshold: 1, by: 'tools', paths: ['tools/plugins/*'] },
      nightly: { signers: ['nightly'] },
    },
    artifacts: {
      'readme.txt': 'read me',
      'tools/greet.sh': 'echo hello',
      'nightly/build.bin': 'bits',
    },
  });
  return viewOfTree(repository.tree(), [
    { commit: COMMIT, time: testNow, subject: 'Merge sign/tools', changes: ['targets 3 → 4', 'tools 1'] },
    {
      commit: COMMIT.replaceAll('0', 'f'),
      time: (testNow - 90 * DAY_MS) as Instant,
      subject: 'Merge sign/root-v2',
      changes: ['root 1 → 2'],
    },
  ]);
}

/** `count` artifacts in one role, as a distribution names its packages. */
export function withArtifacts(view: SiteView, count: number): SiteView {
  const files = Array.from({ length: count }, (_, i): readonly [string, number] => [
    `pool/${(i % 26).toString(36)}/package-${i}/package-${i}_1.${i % 9}.tar.gz`,
    1_000 + i,
  ]);
  return {
    ...view,
    artifacts: new Map([['targets' as RoleName, files.sort(([a], [b]) => (a < b ? -1 : 1))]]),
  };
}

/** Everything that a document may hold as a name, given harm in mind. */
export function hostileView(view: SiteView, text: string): SiteView {
  const signer: SignerView = { name: text, isOnline: false, scheme: text, fingerprint: text };
  const role: RoleView = {
    ...(view.roles[0] as RoleView),
    role: text as RoleName,
    last: text as RoleName,
    count: 2,
    depth: 2,
    signers: [signer],
    paths: [text, text],
  };
  return {
    ...view,
    commit: text,
    roles: [...view.roles, role],
    events: [{ commit: text, time: testNow, subject: text, changes: [text] }],
    artifacts: new Map([[text as RoleName, [[text, 1]]]]),
  };
}
