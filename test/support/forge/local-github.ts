import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { type TestCommit, type TestFiles, type TestFolder, testFolder } from '../git-repo.ts';
import { Actions, type ActionsOptions } from './actions/actions.ts';
import { Database, type NewRepository, publicRefs } from './database.ts';
import { type ApiCall, Faults } from './faults.ts';
import { writeHooks } from './git-hook.ts';
import type { Access, Account, Environment, Permissions, Repository, Scope } from './model.ts';
import { actorOf } from './pull-requests.ts';
import { emitPushes } from './pushes.ts';
import { listen } from './server.ts';

export interface LocalGitHubOptions extends ActionsOptions {
  /** Milliseconds since the epoch. Default: the machine's clock. */
  readonly now?: () => number;
}

/**
 * A GitHub on this machine: API, git over HTTP, Pages and Actions, over bare repositories in a folder of its own. Gone
 * with the end of the scope: `await using github = await LocalGitHub.start()`.
 */
export class LocalGitHub implements AsyncDisposable {
  readonly database: Database;
  readonly actions: Actions;
  readonly faults: Faults = new Faults();
  /** Every call that was answered, in order. */
  readonly calls: ApiCall[] = [];
  readonly #folder: TestFolder;
  #server: Server | undefined;

  private constructor(folder: TestFolder, options: LocalGitHubOptions) {
    this.#folder = folder;
    this.database = new Database(join(folder.path, 'repositories'), options.now ?? (() => Date.now()));
    this.actions = new Actions(this.database, join(folder.path, 'actions'), options);
  }

  static async start(options: LocalGitHubOptions = {}): Promise<LocalGitHub> {
    const folder = await testFolder();
    const github = new LocalGitHub(folder, options);
    const hooks = join(folder.path, 'hooks');
    const projectRoot = join(folder.path, 'repositories');
    mkdirSync(projectRoot);
    writeHooks(hooks);
    const { database, actions, faults, calls } = github;
    const git = { database, projectRoot, hooks, queues: new Map<Repository, Promise<void>>() };
    const { server, url } = await listen({ database, runs: actions, faults, calls, git });
    github.#server = server;
    database.url = url;
    return github;
  }

  /** As GITHUB_SERVER_URL. */
  get url(): string {
    return this.database.url;
  }

  /** As GITHUB_API_URL. */
  get apiUrl(): string {
    return `${this.url}/api/v3`;
  }

  /** As GITHUB_GRAPHQL_URL. */
  get graphqlUrl(): string {
    return `${this.url}/api/graphql`;
  }

  addUser(login: string): Account {
    return this.database.addUser(login);
  }

  addRepository(fullName: string, options?: NewRepository): Repository {
    return this.database.addRepository(fullName, options);
  }

  addEnvironment(
    repository: Repository,
    name: string,
    more: Partial<Pick<Environment, 'branches' | 'secrets' | 'variables'>> = {},
  ): Environment {
    const environment: Environment = {
      id: this.database.nextId(),
      name,
      createdAt: this.database.timestamp(),
      secrets: new Map(),
      variables: new Map(),
      ...more,
    };
    repository.environments.set(name.toLowerCase(), environment);
    return environment;
  }

  /** A user's token: classic, or with only these permissions. */
  token(account: Account, permissions?: Readonly<Partial<Record<Scope, Access>>>): string {
    return this.database.tokens.issue({
      kind: 'user',
      account,
      ...(permissions === undefined ? {} : { permissions: permissionsOf(permissions) }),
    });
  }

  /** A token as a job gets one, for tests of what it may do without a workflow. */
  jobToken(repository: Repository, permissions: Readonly<Partial<Record<Scope, Access>>>): string {
    return this.database.tokens.issueForJob(repository, permissionsOf(permissions));
  }

  /** Where git clones from; with a token, as a person's URL that holds one. */
  cloneUrl(repository: Repository, token?: string): string {
    const url = new URL(`${this.url}/${repository.fullName}.git`);
    if (token !== undefined) {
      url.username = 'x-access-token';
      url.password = token;
    }
    return url.href;
  }

  /** Commits `files` as if `account` had pushed them: past the branch rules, with all events. Gives the commit. */
  push(repository: Repository, account: Account, files: TestFiles, options: TestCommit = {}): string {
    const before = publicRefs(repository);
    const branch = options.branch ?? repository.defaultBranch;
    const start = before.get(`refs/heads/${branch}`) ?? before.get(`refs/heads/${repository.defaultBranch}`);
    const parents = options.parents ?? (start === undefined ? [] : [start]);
    const sha = repository.git.commit(files, { ...options, branch, parents });
    emitPushes(this.database, repository, before, publicRefs(repository), actorOf(account));
    return sha;
  }

  /** Lets the schedules of this minute (UTC) fire, and those alone. */
  tick(instant: number): void {
    this.actions.tick(instant);
  }

  /** Waits until no run is queued or in progress. */
  settled(): Promise<void> {
    return this.actions.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.actions.stop();
    await new Promise<void>(resolve => {
      this.#server?.close(() => resolve());
      this.#server?.closeAllConnections();
    });
    await this.#folder[Symbol.asyncDispose]();
  }
}

const permissionsOf = (given: Readonly<Partial<Record<Scope, Access>>>): Permissions =>
  new Map(Object.entries(given) as [Scope, Access][]);
