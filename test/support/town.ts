import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DAY_MS, type Instant, systemClock } from '../../src/clock.ts';
import type { InitRequest } from '../../src/operations/init.ts';
import { projectFolder } from './cli.ts';
import { logOf } from './forge/actions/results.ts';
import type { Run } from './forge/actions/run.ts';
import { LocalGitHub } from './forge/local-github.ts';
import type { Account, Issue, Repository } from './forge/model.ts';
import { pagesUrl } from './forge/rest/environments.ts';
import type { TestCommit, TestFiles } from './git-repo.ts';
import { INIT, type Name, ONLINE_URI, owners, TestWorld, YEAR } from './world.ts';

const TEMPLATES = join(projectFolder, 'workflows-template', 'workflows');
const LATER = pathToFileURL(join(projectFolder, 'test', 'support', 'later.mjs')).href;
const KEY_VARIABLE = 'TUF_SIGNER_ONLINE_KEY';

/** The App that may push to main past its ruleset. */
const APP = 'tuf-signer-town[bot]';

/** The workflow files that maintainers copy, where they copy them to. */
export const shippedWorkflows = (): TestFiles =>
  Object.fromEntries(
    readdirSync(TEMPLATES).map(name => [
      `.github/workflows/${name}`,
      readFileSync(join(TEMPLATES, name), 'utf8'),
    ]),
  );

/**
 * A repository on a local GitHub as docs and templates ask for it: the shipped workflows, rulesets, environments, Pages,
 * and an App. People push over HTTP with tokens of their own, from the clones of a {@link TestWorld}.
 */
export class Town implements AsyncDisposable {
  readonly github: LocalGitHub;
  readonly repository: Repository;
  readonly world: TestWorld;
  /** What every job's steps find. */
  readonly #environment: Map<string, string>;
  readonly #accounts = new Map<Name, Account>();

  private constructor(
    github: LocalGitHub,
    repository: Repository,
    world: TestWorld,
    environment: Map<string, string>,
  ) {
    this.#environment = environment;
    this.github = github;
    this.repository = repository;
    this.world = world;
  }

  static async found(more: TestFiles = {}): Promise<Town> {
    const environment = new Map([['NODE_OPTIONS', `--import=${LATER}`]]);
    const github = await LocalGitHub.start({
      environment,
      actionSources: new Map([['OWNER/tuf-signer', projectFolder]]),
      standIns: new Map([
        [
          'actions/create-github-app-token',
          async ({ job }) => new Map([['token', appToken(github, job.repository)]]),
        ],
      ]),
    });
    const repository = github.addRepository('town/metadata', { files: { ...shippedWorkflows(), ...more } });
    const folder = await mkdtemp(join(tmpdir(), 'tuf-signer-town-'));
    await mkdir(join(folder, 'keys'));
    await symlink(repository.git.folder, join(folder, 'remote.git'));
    const world = TestWorld.at(folder);
    const town = new Town(github, repository, world, environment);
    town.later(0);
    await town.#furnish();
    return town;
  }

  /** Moves its people and its jobs to so many days from now. The server's clock stays. */
  later(days: number): void {
    this.world.clock.time = (systemClock.now() + days * DAY_MS) as Instant;
    this.#environment.set('TOWN_LATER', String(days * DAY_MS));
  }

  async #furnish(): Promise<void> {
    const { github, repository, world } = this;
    github.database.accounts.set(APP, { login: APP, id: github.database.nextId(), type: 'Bot' });
    for (const name of ['alice', 'bob', 'carol'] as const) {
      this.account(name);
      repository.collaborators.set(name, name === 'alice' ? 'maintain' : 'write');
    }
    repository.actions.mayOpenPullRequests = true;
    repository.pages = { buildType: 'workflow' };
    // As rulesets/main.json, sign.json and sign-history.json have them.
    repository.rules.push(
      {
        kind: 'ruleset',
        name: 'main',
        branches: ['~DEFAULT_BRANCH'],
        rules: ['deletion', 'non_fast_forward', 'pull_request', 'required_status_checks'],
        checks: ['tuf-signer'],
        bypass: [APP],
      },
      {
        kind: 'ruleset',
        name: 'events',
        branches: ['sign/**/*'],
        rules: ['creation', 'update'],
        bypass: ['github-actions[bot]', 'alice', 'bob', 'carol', 'mallory'],
      },
      { kind: 'ruleset', name: 'signatures stay', branches: ['sign/**/*'], rules: ['non_fast_forward'] },
    );
    await world.onlineKey(ONLINE_URI);
  }

  /** Fills the environments: what main has to follow from is the root that `branch` has. */
  async trust(branch: string): Promise<Uint8Array> {
    const { github, repository, world } = this;
    const root = repository.git.git('show', `${branch}:metadata/root.json`);
    const trusted: readonly [string, string] = [
      'TUF_SIGNER_TRUSTED_ROOT',
      Buffer.from(root).toString('base64'),
    ];
    github.addEnvironment(repository, 'online-signing', {
      branches: ['main'],
      secrets: new Map([
        [KEY_VARIABLE, await readFile(join(world.folder, 'keys', 'online.pem'), 'utf8')],
        ['TUF_SIGNER_APP_KEY', 'the key of the App'],
      ]),
      variables: new Map([trusted, ['TUF_SIGNER_APP_ID', '7']]),
    });
    github.addEnvironment(repository, 'github-pages', {
      branches: ['main'],
      variables: new Map([trusted, ['TUF_SIGNER_METADATA_URL', this.site]]),
    });
    return Buffer.from(root);
  }

  get site(): string {
    return pagesUrl(this.github.url, this.repository);
  }

  account(name: Name): Account {
    const known = this.#accounts.get(name) ?? this.github.addUser(name);
    this.#accounts.set(name, known);
    return known;
  }

  /** Somebody whose clone talks to this GitHub, and pushes to `repository`. */
  join(name: Name, repository: Repository = this.repository): void {
    const { git } = this.world.person(name);
    const token = this.github.token(this.account(name));
    git.git('remote', 'set-url', 'origin', this.github.cloneUrl(this.repository, token));
    if (repository !== this.repository)
      git.git('remote', 'set-url', '--push', 'origin', this.github.cloneUrl(repository, token));
  }

  async init(request: Partial<InitRequest> = {}): Promise<void> {
    const key = await this.world.onlineKey(ONLINE_URI);
    const people = { signers: owners('alice', 'bob', 'carol'), threshold: 2, periods: YEAR };
    const timestamp = { expiryDays: 7, signingDays: 4 };
    await this.world.init('alice', {
      root: people,
      targets: people,
      online: { key, uri: `file:env=${KEY_VARIABLE}`, snapshot: YEAR, timestamp },
      ...request,
    });
  }

  /** One that is in service: alice alone signs, one artifact is published. */
  static async inService(more: TestFiles = {}): Promise<Town> {
    const town = await Town.found(more);
    const alone = { signers: owners('alice'), threshold: 1, periods: YEAR };
    town.join('alice');
    await town.init({ root: alone, targets: alone });
    await town.world.sign('alice', INIT);
    await town.github.settled();
    await town.trust(INIT);
    await town.merge(INIT);
    await town.github.settled();
    return town;
  }

  /** Pushes files to a branch as a person would. Gives the commit. */
  push(name: Name, files: TestFiles, branch: string, options: TestCommit = {}): string {
    return this.github.push(this.repository, this.account(name), files, { branch, ...options });
  }

  /** Makes a call as a person; `path` below the repository. Gives the status and what came. */
  async call(name: Name, method: string, path: string, body?: object): Promise<readonly [number, unknown]> {
    const answer = await fetch(`${this.github.apiUrl}/repos/${this.repository.fullName}${path}`, {
      method,
      headers: { authorization: `token ${this.github.token(this.account(name))}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return [answer.status, text === '' ? undefined : JSON.parse(text)];
  }

  /** The newest pull request of a branch of the repository itself. */
  pull(branch: string): Issue {
    const found = [...this.repository.issues.values()].findLast(
      ({ pull }) => pull?.head.branch === branch && pull.head.repository === this.repository,
    );
    if (found === undefined) throw new Error(`no pull request of ${branch}`);
    return found;
  }

  /** Merges a branch's pull request as GitHub's button does, and deletes the branch. Gives the status. */
  async merge(branch: string, name: Name = 'alice'): Promise<number> {
    const [status] = await this.call(name, 'PUT', `/pulls/${this.pull(branch).number}/merge`);
    if (status === 200) await this.call(name, 'DELETE', `/git/refs/heads/${branch}`);
    return status;
  }

  statusOf(branch: string): string | undefined {
    const sha = this.repository.git.sha(branch);
    return this.repository.statuses.findLast(status => status.sha === sha)?.state;
  }

  /** The last run of a shipped workflow. */
  last(workflow: string): Run {
    return this.github.actions.last(`/${workflow}.yml`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.github[Symbol.asyncDispose]();
    await unlink(join(this.world.folder, 'remote.git'));
    await rm(this.world.folder, { recursive: true, force: true });
  }
}

const appToken = ({ database }: LocalGitHub, repository: Repository): string =>
  database.tokens.issue({
    kind: 'app',
    account: database.accounts.get(APP) as Account,
    permissions: new Map([
      ['contents', 'write'],
      ['actions', 'write'],
    ]),
    repository,
  });

/** Everything that a run's jobs wrote. */
export const logsOf = (run: Run): string => run.jobs.map(logOf).join('');
