import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judge } from '../../src/event/judge.ts';
import { type EventReport, reportOf } from '../../src/event/report.ts';
import { type ObjectReader, openObjectReader } from '../../src/git/objects.ts';
import type { CommitSha, ObjectId } from '../../src/git/oid.ts';
import { type GatheredEvent, gatherEvent } from '../../src/operations/gather.ts';
import { allDigests } from '../../src/repository/digests.ts';
import { SparseDocuments } from '../../src/repository/sparse-documents.ts';
import { SparseEntries } from '../../src/repository/sparse-entries.ts';
import type { RepositoryTree } from '../../src/repository/tree.ts';
import { TestRepository as Git, type TestFolder, testFolder } from '../support/git-repo.ts';
import { repositoryOf, type TestRepository, testNow, type WireTargets } from '../support/tree-builder.ts';

let folder: TestFolder;
let git: Git;
let objects: ObjectReader;

beforeAll(async () => {
  folder = await testFolder();
  git = Git.init(join(folder.path, 'clone'));
  objects = openObjectReader(await git.open());
});

afterAll(async () => {
  await objects[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** Folders within folders, a delegator below targets, bins by hash, and much that an event leaves alone. */
const standard = (): TestRepository =>
  repositoryOf({
    signers: ['@alice', '@bob', '@carol'],
    threshold: 2,
    roles: {
      dev: { signers: ['@dave', '@erin'], threshold: 1, paths: ['dev/*', 'dev/*/*'] },
      ops: { signers: ['@gina'], paths: ['ops/*', 'sub/*'] },
      sub: { signers: ['@hugo'], by: 'ops' },
      bulk: { signers: ['@iris'], paths: ['bulk/*', 'bulk/*/*'] },
    },
    artifacts: {
      'tool.bin': 'tool one',
      'dev/app.bin': 'app one',
      'dev/deep/lib.so': 'lib one',
      'dev/deep/more.so': 'lib two',
      'ops/run.sh': 'run one',
      'sub/a': 'a one',
      'bulk/x/1': '1',
      'bulk/x/2': '2',
      'bulk/y/1': '1',
    },
  })
    .edit('targets', signed => void delete signed.targets['sub/a'])
    .signAll('targets')
    .write('targets/bulk/x/.hidden', 'not an artifact')
    .fork();

const main = standard();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** These files as a commit; a file of another mode than most is put in by a commit of its own. */
function commitOf({ files }: TestRepository, to: Git = git): CommitSha {
  const byMode = new Map<string, Record<string, Uint8Array>>();
  for (const [path, { mode, bytes }] of files) {
    const some = byMode.get(mode) ?? {};
    some[path] = bytes;
    byMode.set(mode, some);
  }
  let commit: CommitSha | undefined;
  for (const [mode, some] of byMode) {
    commit = to.commit(some, { branch: 'any', mode, parents: commit === undefined ? [] : [commit] });
  }
  return commit as CommitSha;
}

/** All that people are told, of values that may be read on demand. */
function told(gathered: GatheredEvent): EventReport {
  return reportOf(judge({ ...gathered, knownGoodGiven: false, now: testNow }), { now: testNow });
}

/** Judges as the first status in a clone does, as those that follow do, and as if nothing of main had verified. */
async function threeWays(
  knownGood: CommitSha,
  event: CommitSha,
  moved?: CommitSha,
): Promise<{ readonly sparse: GatheredEvent; readonly eager: GatheredEvent; readonly verdict: string }> {
  const commits = { knownGood, event, main: moved ?? knownGood };
  const eager = await gatherEvent(objects, commits, { now: testNow, distrustCache: true });
  const sparse = await gatherEvent(objects, commits, { now: testNow });
  expect(sparse.knownGoodFaults).toEqual(eager.knownGoodFaults);
  const digests = await objects.hashBlobs(allDigests(eager.event));
  const facts = { ...eager.facts, digests, knownGoodVerified: false, knownGoodArtifactsVerified: false };
  const expected = told(eager);
  expect(told(sparse)).toEqual(expected);
  expect(told({ ...eager, facts }).reasons).toEqual(expected.reasons);
  expect(JSON.stringify(expected.reasons)).not.toContain('could not be applied');
  for (const name of ['knownGood', 'event'] as const) expect(whole(sparse[name])).toEqual(whole(eager[name]));
  return { sparse, eager, verdict: expected.verdict };
}

/** What was read and what was left, all of it. Hidden names below a shared folder are in neither tree, which is no change. */
const whole = ({ artifacts, metadata, documents, unreadableNames }: RepositoryTree): unknown => ({
  artifacts: [...artifacts],
  metadata: [...metadata],
  documents: [...documents].map(([role, parsed]) => [
    role,
    parsed.ok ? parsed.value.raw : parsed.error.message,
  ]),
  unreadableNames,
});

interface Row {
  readonly when: string;
  readonly do: (event: TestRepository) => void;
  /** Words of the one finding that this is about; none: the event has no other finding than that signatures are wanted. */
  readonly says?: string | RegExp;
  readonly main?: () => TestRepository;
  /** Does that main verify, so that something is left unread? */
  readonly isSparse?: boolean;
}

const bulk = { signers: ['@iris'], paths: ['bulk/*', 'bulk/*/*', 'bulk/*/*/*'] };

const signX =
  (path: string) =>
  (signed: WireTargets): void =>
    void (signed.targets[path] = { length: 1, hashes: { sha256: sha256('x') } });

const withDigestFolder = (): TestRepository =>
  standard()
    .delegate('bulk', bulk)
    .artifact('bulk/y/10.1/x', 'x')
    .edit('bulk', signX('bulk/y/10.1/x'))
    .signAll('targets', 'bulk')
    .onlineSign()
    .fork();

const clashing = (): TestRepository =>
  withDigestFolder()
    .edit('bulk', s => void ((s.targets['bulk/y/1']?.hashes ?? {})['foo'] = '10'))
    .signAll('bulk')
    .onlineSign()
    .fork();

const rows: readonly Row[] = [
  { when: 'nothing changes', do: () => undefined },
  {
    when: 'one artifact of one role changes',
    do: e => void e.artifact('dev/app.bin', 'two').updateTargets('dev').sign('dev', '@dave'),
  },
  {
    when: 'an artifact is new and nobody signs it',
    do: e => void e.artifact('dev/deep/new.so', 'new'),
    says: '"dev/deep/new.so" in targets/ is not signed',
  },
  {
    when: 'an artifact of main is swapped, and its role left alone',
    do: e => void e.artifact('bulk/x/1', 'evil'),
    says: '"bulk/x/1" in targets/ is not what is signed',
  },
  {
    when: 'an artifact of main is removed, and its role left alone',
    do: e => void e.artifact('bulk/x/1', undefined),
    says: 'signs "bulk/x/1", which is not in targets/',
  },
  {
    when: 'a role ceases to sign what lies in a folder that stays',
    do: e => void e.edit('bulk', s => void delete s.targets['bulk/y/1']).sign('bulk', '@iris'),
    says: '"bulk/y/1" in targets/ is not signed',
  },
  {
    when: 'a role says something else of what lies in a folder that stays',
    do: e =>
      void e
        .edit('bulk', s => void ((s.targets['bulk/y/1'] ?? { length: 0 }).length = 7))
        .sign('bulk', '@iris'),
    says: '"bulk/y/1" in targets/ is not what is signed',
  },
  {
    when: 'a role signs what is another one’s, in a folder that stays',
    do: e =>
      void e
        .edit(
          'dev',
          s => void (s.targets['bulk/y/1'] = main.document('bulk').signed.targets['bulk/y/1'] as never),
        )
        .sign('dev', '@dave'),
    says: 'signs "bulk/y/1", which belongs to "bulk"',
  },
  {
    when: 'the patterns move and the artifacts stay',
    do: e =>
      void e
        .delegate('dev', {
          signers: ['@dave', '@erin'],
          threshold: 1,
          paths: ['dev/*', 'dev/*/*', 'bulk/x/*'],
        })
        .sign('targets', '@alice', '@bob'),
    says: '"bulk/x/1" is claimed by "dev" and "bulk"',
  },
  {
    when: 'the patterns of a delegator below targets move and the artifacts stay',
    do: e => void e.delegate('sub', { signers: ['@hugo'], by: 'ops', paths: ['sub/b'] }).sign('ops', '@gina'),
    says: 'signs "sub/a", which belongs to "ops"',
  },
  {
    when: 'a role goes and its artifacts stay',
    do: e => void e.undelegate('bulk').sign('targets', '@alice', '@bob'),
    says: /"bulk\/x\/1", "bulk\/x\/2" and "bulk\/y\/1" in targets\/ are not signed/,
  },
  {
    when: 'the keys of a role change that is left alone otherwise',
    do: e =>
      void e
        .delegate('bulk', { signers: ['@mallory'], paths: ['bulk/*', 'bulk/*/*'] })
        .sign('targets', '@alice', '@bob'),
    says: '0 of 1 signature; can sign: @mallory',
  },
  {
    when: 'the document of one role is put in the place of another',
    do: e => void e.write('metadata/bulk.json', main.bytes('metadata/dev.json')),
    says: 'signs "dev/app.bin", which belongs to "dev"',
  },
  {
    when: 'the artifacts of one role are put below the folder of another: one tree, two places',
    do: e => {
      for (const name of ['x/1', 'x/2', 'y/1', 'x/.hidden'])
        e.write(`targets/dev/${name}`, main.bytes(`targets/bulk/${name}`));
    },
    says: '"dev/x/1"',
  },
  {
    when: 'a folder takes the place of another',
    do: e => {
      for (const name of ['1', '2', '.hidden'])
        e.write(`targets/bulk/y/${name}`, main.bytes(`targets/bulk/x/${name}`));
      e.remove('targets/bulk/x/1', 'targets/bulk/x/2', 'targets/bulk/x/.hidden');
    },
    says: 'signs "bulk/x/1" and "bulk/x/2", which are not in targets/',
  },
  {
    when: 'a hidden file comes into a folder',
    do: e => void e.write('targets/bulk/x/.more', 'x'),
    says: '"targets/bulk/x/.more" changes',
  },
  {
    when: 'a hidden file goes from a folder',
    do: e => void e.remove('targets/bulk/x/.hidden'),
    says: '"targets/bulk/x/.hidden" is removed',
  },
  {
    when: 'an artifact becomes a symlink',
    do: e => void e.chmod('targets/bulk/x/1', '120000'),
    says: 'targets/"bulk/x/1" is a symlink',
  },
  {
    when: 'the file of a role becomes a symlink to the same text',
    do: e => void e.chmod('metadata/bulk.json', '120000'),
    says: 'metadata/"bulk.json" is a symlink',
  },
  {
    when: 'a new name differs in case from one in a folder that stays',
    do: e => void e.artifact('BULK/Y/1', 'one').updateTargets(),
    says: '"BULK/Y/1" and "bulk/y/1" differ in case only',
  },
  {
    when: 'a new file stands, but for case, where a folder that stays is',
    do: e => void e.artifact('BULK/y', 'one').updateTargets(),
    says: '"BULK/y" stands where "bulk/y/1" has a folder',
  },
  {
    when: 'a new path goes, but for case, through a file that stays',
    do: e => void e.artifact('sub/A/b', 'one'),
    says: '"sub/a" stands where "sub/A/b" has a folder',
  },
  {
    when: 'a new folder stands where an artifact in a folder that stays is published, but for case',
    do: e => void e.artifact(`OPS/${sha256('run one')}.run.sh/x`, 'x'),
    says: '"ops/run.sh" is published as',
  },
  {
    when: 'a further digest is signed in a folder that stays, and a folder of it has that name',
    main: () => withDigestFolder(),
    isSparse: true,
    do: e =>
      void e
        .edit('bulk', s => void ((s.targets['bulk/y/1']?.hashes ?? {})['foo'] = '10'))
        .sign('bulk', '@iris'),
    says: '"bulk/y/1" is published as "bulk/y/10.1", where "bulk/y/10.1/x" has a folder',
  },
  {
    when: 'main has an artifact in another one’s published place, and the event leaves both alone',
    main: () => clashing(),
    isSparse: true,
    do: e => void e.artifact('dev/app.bin', 'two').updateTargets('dev').sign('dev', '@dave'),
  },
  {
    when: 'main has an artifact in another one’s published place, and the event adds a file beside',
    main: () => clashing(),
    isSparse: true,
    do: e => void e.artifact('bulk/y/10.1/a', 'x').edit('bulk', signX('bulk/y/10.1/a')).sign('bulk', '@iris'),
  },
  {
    when: 'a link stands in an artifact folder of main that nobody touched since',
    main: () => standard().chmod('targets/bulk/x/1', '120000').fork(),
    do: e => void e.artifact('dev/app.bin', 'two').updateTargets('dev').sign('dev', '@dave'),
    says: 'targets/"bulk/x/1" is a symlink',
  },
  {
    when: 'main itself has two names that differ in case only',
    main: () =>
      standard().artifact('bulk/X/1', '1').updateTargets('bulk').signAll('bulk').onlineSign().fork(),
    do: e => void e.artifact('dev/app.bin', 'two').updateTargets('dev').sign('dev', '@dave'),
    says: 'differ in case only',
  },
];

describe('what is left unread', () => {
  it.each(rows)('changes no judgement where $when', async row => {
    const before = row.main?.() ?? main;
    const event = before.fork();
    row.do(event);
    const { sparse, eager } = await threeWays(commitOf(before), commitOf(event));
    expect(sparse.knownGood.artifacts instanceof SparseEntries).toBe(
      row.main === undefined || row.isSparse === true,
    );
    const messages = told(eager).reasons.map(({ message }) => message);
    if (row.says === undefined) expect(messages).toEqual([]);
    else expect(messages.join('\n')).toMatch(row.says);
  });

  it('changes no judgement where metadata/ and targets/ are one tree', async () => {
    const commit = commitOf(main);
    const metadata = git.sha(`${commit}:metadata`) as string as ObjectId;
    const tree = git.tree(
      { mode: '40000', name: 'metadata', oid: metadata },
      { mode: '40000', name: 'targets', oid: metadata },
    );
    const { verdict } = await threeWays(commit, git.git('commit-tree', '-m', 'x', tree) as CommitSha);
    expect(verdict).toBe('rejected');
  });

  it('is what the event leaves alone', async () => {
    const event = main.fork().artifact('dev/app.bin', 'two').updateTargets('dev').sign('dev', '@dave');
    const commits = { knownGood: commitOf(main), event: commitOf(event), main: undefined };
    await gatherEvent(objects, commits, { now: testNow, distrustCache: true });
    const gathered = await gatherEvent(objects, commits, { now: testNow });
    expect(told(gathered)).toMatchObject({ verdict: 'accepted', reasons: [] });
    for (const { artifacts, documents } of [gathered.knownGood, gathered.event]) {
      expect(artifacts).toBeInstanceOf(SparseEntries);
      expect(documents).toBeInstanceOf(SparseDocuments);
      expect([...(artifacts as SparseEntries).shared.keys()]).toEqual(['bulk/', 'dev/deep/', 'ops/', 'sub/']);
    }
    const unread = (tree: RepositoryTree): readonly string[] =>
      [...tree.documents.keys()].filter(role => (tree.documents as SparseDocuments).isUnread(role));
    // The two that delegate are read, and those that changed.
    expect(unread(gathered.event)).toEqual(['bulk', 'snapshot', 'sub', 'timestamp']);
  });

  it('is refused where it can not be had when a rule asks for it', async () => {
    await using own = await testFolder();
    const broken = Git.init(join(own.path, 'clone'));
    const event = main
      .fork()
      .delegate('bulk', { signers: ['@iris', '@mallory'], threshold: 1, paths: ['bulk/*', 'bulk/*/*'] })
      .signAll('targets');
    const commits = {
      knownGood: commitOf(main, broken),
      event: commitOf(event, broken),
      main: undefined,
    };
    await using reader = openObjectReader(await broken.open());
    await gatherEvent(reader, commits, { now: testNow });
    const oid = broken.sha(`${commits.knownGood}:metadata/bulk.json`);
    await rm(join(broken.folder, '.git/objects', oid.slice(0, 2), oid.slice(2)));
    const gathered = await gatherEvent(reader, commits, { now: testNow });
    const { verdict, reasons } = judge({ ...gathered, knownGoodGiven: false, now: testNow });
    expect(verdict).toBe('rejected');
    expect(reasons.find(({ rule }) => rule === 'role-quorum')).toMatchObject({
      severity: 'refuse',
      message: expect.stringContaining(`lacks object ${oid}`) as string,
    });
  });

  it('changes no judgement of any event, nor where main moves on', { timeout: 180_000 }, async () => {
    const knownGood = commitOf(main);
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(edits, fc.option(edits), async (own, others) => {
        const event = edited(own);
        const moved = others === null ? undefined : commitOf(edited(others));
        const { verdict } = await threeWays(knownGood, commitOf(event), moved);
        seen.add(verdict);
      }),
      { numRuns: 60 },
    );
    expect(
      told(await gatherEvent(objects, { knownGood, event: knownGood, main: undefined }, { now: testNow })),
    ).toMatchObject({ verdict: 'unchanged', reasons: [] });
    expect([...seen]).toEqual(expect.arrayContaining(['pending', 'rejected']));
  });
});

const aRole = fc.constantFrom('targets', 'dev', 'ops', 'sub', 'bulk');
const aPath = fc.constantFrom(
  ...[...main.files.keys()]
    .filter(path => path.startsWith('targets/'))
    .map(path => path.slice('targets/'.length)),
  'new.bin',
  'dev/new.bin',
  'dev/DEEP/lib.so',
  'Bulk/x/1',
  'bulk/x/3',
  'bulk/z/1',
  'other/file',
  'sub/A',
);

type Edit = readonly [what: string, apply: (event: TestRepository) => unknown];

const anEdit: fc.Arbitrary<Edit> = fc.oneof(
  fc
    .tuple(aPath, fc.constantFrom('one', 'two', undefined))
    .map(([path, text]): Edit => [`${path} = ${text}`, e => e.artifact(path, text)]),
  aRole.map((role): Edit => [`update ${role}`, e => e.updateTargets(role)]),
  aRole.map((role): Edit => [`sign ${role}`, e => e.signAll(role)]),
  fc
    .tuple(aPath, fc.constantFrom('100755', '120000'))
    .map(([path, mode]): Edit => [`${path} is ${mode}`, e => e.chmod(`targets/${path}`, mode)]),
  fc
    .tuple(aRole, fc.constantFrom('dev/*', 'bulk/*/*', 'sub/*', 'other/*', '*'))
    .map(
      ([role, pattern]): Edit => [
        `${role} by ${pattern}`,
        e => e.delegate(role === 'targets' ? 'other' : role, { signers: ['@dave'], paths: [pattern] }),
      ],
    ),
  aRole.map((role): Edit => [`no ${role}`, e => e.undelegate(role)]),
  aRole.map((role): Edit => [`no file of ${role}`, e => e.remove(`metadata/${role}.json`)]),
  fc
    .tuple(aRole, aRole)
    .map(
      ([a, b]): Edit => [
        `${a} is ${b}`,
        e => e.write(`metadata/${a}.json`, main.bytes(`metadata/${b}.json`)),
      ],
    ),
  fc
    .tuple(aRole, aPath)
    .map(
      ([role, path]): Edit => [
        `${role} ceases to sign ${path}`,
        e => e.edit(role, signed => void delete signed.targets[path]),
      ],
    ),
  fc.constant<Edit>(['root', e => e.rootRole('targets', ['@alice', '@zoe'], 1).signAll('root')]),
  fc.constant<Edit>(['online', e => e.onlineSign()]),
);

const edits = fc.array(anEdit, { minLength: 1, maxLength: 4 });

/** `main`, with those of the edits that find what they change. */
function edited(list: readonly Edit[]): TestRepository {
  const event = main.fork();
  for (const [, apply] of list) {
    try {
      apply(event);
    } catch (error) {
      if (!(error instanceof TypeError) && !(error as Error).message.startsWith('the test')) throw error;
    }
  }
  return event;
}
