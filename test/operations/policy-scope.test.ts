import { join } from 'node:path';
import { expect, test } from 'vitest';
import { judge } from '../../src/event/judge.ts';
import { openObjectReader } from '../../src/git/objects.ts';
import { gatherEvent } from '../../src/operations/gather.ts';
import { type TestFiles, TestRepository, testFolder } from '../support/git-repo.ts';
import { repositoryOf, testNow } from '../support/tree-builder.ts';

const POLICY = 'version: 1\nscope: { paths: [README.md, docs/**] }\n';

/** What is refused and what is warned of where an event of these files stands on a main with that policy. */
async function judged(files: TestFiles, policy = POLICY): Promise<readonly string[]> {
  await using folder = await testFolder();
  const main = repositoryOf({ signers: ['@alice'] });
  if (policy !== '') main.policy(policy).signAll('root').onlineSign();
  const git = TestRepository.init(join(folder.path, 'clone'));
  const ground = { 'README.md': 'one', 'docs/guide/a.md': 'one', 'docs/b.md': 'one', 'src/x': 'one' };
  const knownGood = git.commit({
    ...Object.fromEntries([...main.files].map(([path, { bytes }]) => [path, bytes])),
    ...ground,
  });
  const event = git.commit(files, { branch: 'sign/x', parents: [knownGood] });
  await using objects = openObjectReader(await git.open());
  const commits = { event, knownGood, main: undefined };
  const gathered = await gatherEvent(objects, commits, { now: testNow });
  const { reasons } = judge({ ...gathered, knownGoodGiven: false, now: testNow });
  return reasons.map(({ rule, severity, message }) => `${severity} ${rule}: ${message}`);
}

const allowed = (...paths: readonly string[]): string =>
  `warn scope: changes files beside metadata, as the policy allows: ${paths.map(path => JSON.stringify(path)).join(' and ')}`;
const refused = (path: string): unknown =>
  expect.stringMatching(
    `^refuse scope: ${JSON.stringify(path)} (changes|is removed): an event may only touch`,
  );

test.each<readonly [string, TestFiles, readonly unknown[]]>([
  [
    'files that the policy names',
    { 'README.md': '2', 'docs/guide/a.md': '2' },
    [allowed('README.md', 'docs/guide/a.md')],
  ],
  ['one that goes', { 'docs/b.md': null }, [allowed('docs/b.md')]],
  ['another folder', { 'src/x': '2' }, [refused('src')]],
  [
    'workflows beside',
    { 'docs/b.md': '2', '.github/workflows/x.yml': '2' },
    [refused('.github'), allowed('docs/b.md')],
  ],
  [
    'a hidden file in a folder that is named',
    { 'docs/.gitattributes': '2' },
    [refused('docs/.gitattributes')],
  ],
  [
    'a policy that names everything',
    { 'tuf-signer.yml': 'version: 1\nscope: { paths: ["src/**"] }\n', 'src/x': '2' },
    [
      refused('src'),
      refused('tuf-signer.yml'),
      expect.stringContaining('refuse policy'),
      expect.stringContaining('refuse policy'),
    ],
  ],
])('an event with %s', async (_, files, expected) => {
  expect(await judged(files)).toEqual(expected);
});

test('without a policy nothing beside metadata may change', async () => {
  expect(await judged({ 'docs/b.md': '2' }, '')).toEqual([refused('docs')]);
});
