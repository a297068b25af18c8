import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { virtualTransport } from '../../signer-cli/demo/virtual-card/transport.ts';
import { buildProgram } from '../../signer-cli/program.ts';
import { SETTING_CHECKS } from '../../src/operations/github/table.ts';
import { writeKeyFile } from '../../src/signers/file.ts';
import { type CommandOutcome, type Person, runCommand } from '../support/command.ts';
import { LocalGitHub } from '../support/forge/local-github.ts';
import type { Account, Repository } from '../support/forge/model.ts';
import { type TestFolder, TestRepository, testFolder } from '../support/git-repo.ts';
import { ACTIONS, filledIn, goodRepository } from '../support/github-settings.ts';

let github: LocalGitHub;
let admin: Account;
let token: string;
let folder: TestFolder;
let count = 0;
beforeAll(async () => {
  [github, folder] = await Promise.all([LocalGitHub.start(), testFolder()]);
  admin = github.addUser('admin');
  token = github.token(admin);
});
afterAll(async () => {
  await github[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const fresh = (): Repository => goodRepository(github, `metadata-${++count}`, admin);
const empty = (): Repository => {
  const repository = github.addRepository(`town/empty-${++count}`, { files: { 'README.md': 'x' } });
  repository.collaborators.set(admin.login, 'admin');
  return repository;
};
/** Cloned past the server, which is in this process: git runs while nobody answers. */
const cloneOf = (repository: Repository): TestRepository => {
  const clone = TestRepository.clone(repository.git.folder, join(folder.path, `clone-${++count}`), '-q');
  clone.git('remote', 'set-url', 'origin', github.cloneUrl(repository, token));
  return clone;
};

const here = (): Readonly<Record<string, string>> => ({
  GITHUB_SERVER_URL: github.url,
  GITHUB_API_URL: github.apiUrl,
  GITHUB_GRAPHQL_URL: github.graphqlUrl,
  TUF_SIGNER_KEYS: folder.path,
  TUF_SIGNER_CONFIG: join(folder.path, 'config'),
});
const REFERENCE = `${ACTIONS.repository}@${ACTIONS.commit}`;

interface Run {
  readonly person?: Person;
  readonly environment?: Readonly<Record<string, string>>;
}

/** `tuf-signer ARGS` in a clone, with a token unless `environment` says otherwise. */
const run = (
  clone: TestRepository,
  args: readonly string[],
  { person, environment = { GITHUB_TOKEN: token } }: Run = {},
): Promise<CommandOutcome> =>
  runCommand(
    {
      cards: virtualTransport([]),
      environment: { ...here(), ...environment },
      ...(person === undefined ? {} : { person }),
    },
    ...args,
    '--repo',
    clone.folder,
  );
const check = (clone: TestRepository, more: Run = {}): Promise<CommandOutcome> =>
  run(clone, ['github', '--check'], more);
const setUp = (clone: TestRepository, more: Run = {}, ...args: readonly string[]): Promise<CommandOutcome> =>
  run(clone, ['github', '--actions', REFERENCE, ...args], more);

const writes = (): readonly string[] =>
  github.calls
    .filter(({ method, path }) => method !== 'GET' && path.startsWith('/api/v3/'))
    .map(({ operation }) => operation);
const restCalls = (): number => github.calls.filter(({ path }) => path.startsWith('/api/v3/')).length;

describe('the settings', () => {
  it('are all well: exit 0, and each is told', async () => {
    const { code, out } = await check(cloneOf(fresh()));
    expect([code, out.match(/^ok /gm)?.length]).toEqual([0, SETTING_CHECKS.length]);
    expect(out).toContain('Nobody but you can look at these:');
  });

  it('are told as JSON', async () => {
    const clone = cloneOf(fresh());
    const { code, out } = await run(clone, ['github', '--json', '--actions', REFERENCE]);
    const told = JSON.parse(out) as { files: { outcome: string }[]; set: []; checks: { id: string }[] };
    expect([code, told.set, told.checks.map(({ id }) => id)]).toEqual([
      0,
      [],
      SETTING_CHECKS.map(({ id }) => id),
    ]);
    expect(new Set(told.files.map(({ outcome }) => outcome))).toEqual(new Set(['same']));
  });

  it('fail with 2: the fact, the fix, the page', async () => {
    const repository = fresh();
    repository.pages = { buildType: 'legacy' };
    const { code, out } = await check(cloneOf(repository));
    expect(code).toBe(2);
    expect(out).toContain(
      `fail  Pages show a branch as it is, unverified\n      fix: under Build and deployment, choose GitHub Actions as the source\n      at: ${github.url}/${repository.fullName}/settings/pages\n`,
    );
  });

  it('are set with consent, one question each, and looked at again', async () => {
    const repository = fresh();
    delete repository.pages;
    repository.actions.mayOpenPullRequests = false;
    const { code, out, asked } = await setUp(cloneOf(repository), { person: { texts: ['y', 'y'] } });
    expect(asked).toEqual([
      'Set it: let GitHub Actions build Pages?',
      'Set it: let GitHub Actions create pull requests?',
    ]);
    expect([code, out.match(/^ok /gm)?.length]).toEqual([0, SETTING_CHECKS.length]);
    expect([repository.pages, repository.actions.mayOpenPullRequests]).toEqual([
      { buildType: 'workflow' },
      true,
    ]);
  });

  it.each<readonly [string, readonly string[], Run]>([
    ['the person says no', [], { person: { texts: ['n', ''] } }],
    ['nobody is there', [], {}],
    ['they are only looked at', ['--check'], { person: {} }],
  ])('stay as they are where %s', async (_, args, more) => {
    const repository = fresh();
    delete repository.pages;
    repository.actions.defaultPermissions = 'write';
    const before = writes().length;
    const { code } = await setUp(cloneOf(repository), more, ...args);
    expect([code, writes().slice(before)]).toEqual([2, []]);
  });

  it('are set with --yes where nobody is there', async () => {
    const repository = fresh();
    repository.rules.splice(0);
    const { code, err } = await setUp(cloneOf(repository), {}, '--yes', '--app', '4711');
    expect(code).toBe(0);
    expect(err).toContain('set: make the ruleset "tuf-signer: main"');
    expect(repository.rules.map(({ name, otherBypass }) => [name, otherBypass])).toEqual([
      ['tuf-signer: main', [{ actor_id: 4711, actor_type: 'Integration', bypass_mode: 'always' }]],
      ['tuf-signer: signatures stay', []],
    ]);
  });

  it('that GitHub refuses to set still fail, and the others are set', async () => {
    const repository = fresh();
    delete repository.pages;
    repository.actions.mayOpenPullRequests = false;
    github.faults.inject({ operation: 'repos/create-pages-site', kind: 'forbidden', times: 1 });
    const { code, err } = await setUp(cloneOf(repository), {}, '--yes');
    expect([code, repository.pages, repository.actions.mayOpenPullRequests]).toEqual([2, undefined, true]);
    expect(err).toContain('not set: let GitHub Actions build Pages: the token may not');
    expect(err).toContain('administration: write');
  });
});

describe('without a token', () => {
  it('workflows are looked at, and the rest is listed: exit 1', async () => {
    const before = restCalls();
    const { code, out, err } = await check(cloneOf(fresh()), { environment: {} });
    expect([code, restCalls()]).toEqual([1, before]);
    expect(err).toContain('No token in GITHUB_TOKEN or GH_TOKEN');
    for (const { reads, wanted } of SETTING_CHECKS)
      expect(out.includes(`wanted: ${wanted.replaceAll('`', '')}`)).toBe(reads === 'api');
  });

  it('a workflow that is not pinned still fails', async () => {
    const repository = fresh();
    const text = 'on: push\npermissions: {}\njobs:\n  a:\n    steps:\n      - uses: a/b@v1\n';
    repository.git.commit(
      { '.github/workflows/x.yml': text },
      { branch: 'main', parents: [repository.git.sha('main')] },
    );
    expect((await check(cloneOf(repository), { environment: {} })).code).toBe(2);
  });

  it('GH_TOKEN does as well', async () => {
    expect((await check(cloneOf(fresh()), { environment: { GH_TOKEN: token } })).code).toBe(0);
  });
});

describe('a token', () => {
  it('is not sent where only the remote points', async () => {
    const clone = cloneOf(fresh());
    const before = restCalls();
    const environment = { GITHUB_TOKEN: token, GITHUB_SERVER_URL: 'https://elsewhere.example' };
    const { code, err } = await check(clone, { environment });
    expect([code, restCalls()]).toEqual([66, before]);
    expect(err).toContain('is no repository on github.com');
  });

  it.each([
    ['that is none', (): string => 'ghp_none', 'GitHub does not take the token'],
    [
      'of nobody here',
      (): string => github.token(github.addUser(`nobody-${++count}`)),
      'hides it from the token',
    ],
  ] as const)('%s is a sentence, which does not hold it', async (_, make, words) => {
    const repository = github.addRepository(`town/private-${++count}`, { private: true, files: filledIn() });
    repository.collaborators.set(admin.login, 'admin');
    const given = make();
    const { code, err, out } = await check(cloneOf(repository), { environment: { GITHUB_TOKEN: given } });
    expect([code, err.includes(words), `${err}${out}`.includes(given)]).toEqual([69, true, false]);
  });

  it('that asked too often is a sentence', async () => {
    github.faults.inject({ operation: 'repos/get', kind: 'primary-limit', times: 3 });
    const { code, err } = await check(cloneOf(fresh()));
    expect([code, err]).toEqual([69, expect.stringContaining('GitHub limits how often it is asked')]);
    github.faults.clear();
  });
});

describe('hostile names', () => {
  it('do nothing to the terminal', async () => {
    const repository = fresh();
    const evil = 'x\u001b[2J\u202e\nfail  all is well | `<b>`';
    github.addEnvironment(repository, 'online-signing', { branches: ['main', evil] });
    repository.rules.push({
      kind: 'ruleset',
      name: evil,
      branches: ['~ALL'],
      rules: ['deletion'],
      bypass: ['github-actions[bot]'],
    });
    repository.actions.subject = [evil];
    repository.actions.disabled?.set('.github/workflows/test.yml', evil as 'disabled_manually');
    repository.git.commit(
      { '.github/workflows/a\u001b[1m.yml': 'on: [' },
      { branch: 'main', parents: [repository.git.sha('main')] },
    );
    const { out, err } = await setUp(cloneOf(repository), {
      person: { texts: Array.from({ length: 9 }, () => 'n') },
    });
    expect(out).toContain('x\\u{1b}[2J\\u{202e}\\u{a}fail');
    for (const text of [out, err]) {
      expect(text).not.toMatch(/[^\P{C}\n]/u);
      expect(text).not.toMatch(/^fail {2}all is well/m);
    }
  });
});

describe('the files', () => {
  it('are written into the checkout, pinned to this version, and not committed', async () => {
    const repository = empty();
    const clone = cloneOf(repository);
    const head = clone.sha('HEAD');
    const { err } = await setUp(clone);
    for (const [path, text] of Object.entries(filledIn())) {
      expect(readFileSync(join(clone.folder, path), 'utf8')).toBe(text);
      expect(err).toContain(`written  ${path}\n`);
    }
    expect(Object.values(filledIn()).join('')).not.toMatch(/OWNER\/tuf-signer|0{40}/);
    expect(filledIn()['.github/workflows/signing-event.yml']).toContain(
      `uses: ${ACTIONS.repository}/actions/signing-event@${ACTIONS.commit} # v0.1.0\n`,
    );
    expect(filledIn()['.github/CODEOWNERS']).toContain('@town/tuf-signers\n');
    expect([clone.sha('HEAD'), clone.git('status', '--porcelain'), repository.git.sha('main')]).toEqual([
      head,
      '?? .github/',
      head,
    ]);
  });

  const CHANGED = '.github/workflows/test.yml';
  it.each<readonly [string, Run, readonly string[], boolean]>([
    ['nobody is there', {}, [], false],
    ['the person says no', { person: { texts: ['n'] } }, [], false],
    ['the person says yes', { person: { texts: ['y'] } }, [], true],
    ['--yes says so', {}, ['--yes'], true],
    ['--check says no', { person: {} }, ['--check'], false],
  ])('that differ: where %s', async (_, more, args, replaced) => {
    const clone = cloneOf(fresh());
    const mine = 'on: push # mine\u001b[2J\n';
    writeFileSync(join(clone.folder, CHANGED), mine);
    const { err } = await setUp(clone, more, ...args);
    expect(readFileSync(join(clone.folder, CHANGED), 'utf8')).toBe(replaced ? filledIn()[CHANGED] : mine);
    if (args.includes('--check')) return;
    expect(err).toContain('- on: push # mine\\u{1b}[2J\n');
    expect(err).toContain('+ name: Test repository\n');
  });

  it("that are a start are a person's own once they are there", async () => {
    const clone = cloneOf(fresh());
    writeFileSync(join(clone.folder, '.github/CODEOWNERS'), '* @me\n');
    await setUp(clone, {}, '--yes');
    expect(readFileSync(join(clone.folder, '.github/CODEOWNERS'), 'utf8')).toBe('* @me\n');
  });

  it.each([
    ['the folder', '.github', '.github of the checkout is no plain folder'],
    ['a folder in it', '.github/workflows', '.github/workflows of the checkout is no plain folder'],
    ['a file', '.github/workflows/test.yml', '.github/workflows/test.yml of the checkout is no plain file'],
  ])('are not written through a symbolic link: %s', async (_, path, words) => {
    const clone = cloneOf(path === '.github' ? empty() : fresh());
    const outside = join(folder.path, `outside-${++count}`);
    mkdirSync(outside);
    rmSync(join(clone.folder, path), { recursive: true, force: true });
    symlinkSync(path.endsWith('.yml') ? join(outside, 'test.yml') : outside, join(clone.folder, path));
    const { code, err } = await setUp(clone, {}, '--yes');
    expect([code, existsSync(join(outside, 'workflows')), existsSync(join(outside, 'test.yml'))]).toEqual([
      2,
      false,
      false,
    ]);
    expect(err).toContain(words);
  });
});

describe('the command line', () => {
  it.each([
    ['a tag for a commit', ['--actions', 'makers/tuf-signer@v1'], 'names no actions'],
    ['the placeholder', ['--actions', `makers/tuf-signer@${'0'.repeat(40)}`], 'names no actions'],
    ['no release, and no actions', [], 'give --actions OWNER/REPOSITORY@COMMIT, or --check'],
    ['Actions as the App', ['--check', '--app', '15368'], 'which every branch acts as'],
    ['an App that is no number', ['--check', '--app', 'mine'], "is no App's id"],
  ])('refuses %s', async (_, args, words) => {
    const { code, err } = await run(cloneOf(fresh()), ['github', ...args]);
    expect([code, err]).toEqual([64, expect.stringContaining(words)]);
  });

  it('says in its help where the token comes from, and takes none', () => {
    const command = buildProgram(() => undefined).commands.find(one => one.name() === 'github');
    const written: string[] = [];
    command?.configureOutput({ writeOut: text => void written.push(text) }).outputHelp();
    expect(written.join('')).toContain('The token comes from GITHUB_TOKEN or GH_TOKEN');
    expect(command?.options.map(({ long }) => long)).not.toContain('--token');
  });
});

describe('init --github', () => {
  const init = (clone: TestRepository, ...args: readonly string[]): Promise<CommandOutcome> =>
    run(clone, ['init', '--github', '--actions', REFERENCE, ...args], { person: { texts: ['y', 'y', 'y'] } });
  const start = async (clone: TestRepository): Promise<CommandOutcome> => {
    for (const key of ['me', 'online'])
      await writeKeyFile(`file:${key}-${++count}.pem`, {
        folder: folder.path,
        environment: {},
        warn: () => undefined,
      });
    const flags =
      '--user @admin --signers @admin --threshold 1 --root-periods 365/60 --targets-periods 365/60 --yes';
    const keys = ['--key', `file:me-${count - 1}.pem`, '--online-key', `file:online-${count}.pem`];
    return init(clone, ...flags.split(' '), ...keys);
  };

  it('starts nothing before the workflows are on main', async () => {
    const repository = empty();
    const { code, err } = await start(cloneOf(repository));
    expect([code, repository.git.git('branch', '--list', 'sign/*')]).toEqual([2, '']);
    expect(err).toContain('No event is started before the workflows are on main');
  });

  it('starts the repository where they are', async () => {
    const repository = fresh();
    repository.rules.splice(1);
    const { code, err } = await start(cloneOf(repository));
    expect([code, err]).toEqual([0, expect.stringContaining('You have signed root and targets')]);
    expect(repository.git.git('branch', '--list', 'sign/*').trim()).toBe('sign/init');
  });

  it('looks at one that was started, and starts nothing', async () => {
    const repository = fresh();
    repository.git.commit(
      { 'metadata/root.json': '{}' },
      { branch: 'main', parents: [repository.git.sha('main')] },
    );
    const { code, err } = await init(cloneOf(repository));
    expect([code, err]).toEqual([0, expect.stringContaining('nothing is started')]);
  });
});
