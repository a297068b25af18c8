import { DAY_MS, type Instant } from '../../src/clock.ts';
import { type DrillStanding, drillStanding } from '../../src/event/drill/standing.ts';
import type { KeyOwner, RoleName } from '../../src/metadata/names.ts';
import type { RoleView, SignerView, SiteView } from '../../src/render/site/view.ts';
import { siteViewOf } from '../../src/render/site/view.ts';
import { parseDrill } from '../../src/repository/drill-file.ts';
import { type RepositoryTree, rootOf } from '../../src/repository/tree.ts';
import { drillFile } from './drill.ts';
import { repositoryOf, type TestRepository, testNow } from './tree-builder.ts';

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** The page of `tree`, with these events. */
export function viewOfTree(
  tree: RepositoryTree,
  events: SiteView['events'] = [],
  standing: DrillStanding = noStanding(tree),
): SiteView {
  const root = rootOf(tree);
  if (root === undefined) throw new Error('no root');
  return siteViewOf(tree, { commit: COMMIT, committedAt: testNow, firstRoot: root.bytes, events, standing });
}

const noStanding = (tree: RepositoryTree): DrillStanding => drillStanding(tree, undefined, [], testNow);

/** What this drill of a month ago says, in which these keys proved themselves. */
export function standingAfter(main: TestRepository, proved: readonly string[]): DrillStanding {
  const says = { name: 'may', opened: '2030-05-01T00:00:00Z', deadline: '2030-05-15T00:00:00Z' };
  const file = parseDrill(drillFile(main, { says, proved }));
  return drillStanding(main.tree(), file.drill.repository, [file], testNow);
}

/** A repository as many have it: people, a spare key here and none there, an online role, nested ones, two events, a drill that dan did not answer. */
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
  const events: SiteView['events'] = [
    { commit: COMMIT, time: testNow, subject: 'Merge sign/tools', changes: ['targets 3 → 4', 'tools 1'] },
    {
      commit: COMMIT.replaceAll('0', 'f'),
      time: (testNow - 90 * DAY_MS) as Instant,
      subject: 'Merge sign/root-v2',
      changes: ['root 1 → 2'],
    },
  ];
  return viewOfTree(repository.tree(), events, standingAfter(repository, ['@alice', '@bob', '@carol']));
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
    drills: {
      title: text,
      roles: [
        {
          role: text as RoleName,
          last: text as RoleName,
          count: 17,
          threshold: 1,
          keys: 1,
          proved: 0,
          margin: -1,
          unproved: [
            {
              owner: text as KeyOwner,
              fingerprint: text,
              roles: [],
              state: 'silent',
              provedBy: text,
              silentSince: text,
            },
          ],
        },
      ],
    },
  };
}
