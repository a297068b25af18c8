import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestFiles, TestRepository } from '../git-repo.ts';
import type { DatedEvent, ForgeEvent } from './events.ts';
import { ACTIONS_BOT, type Account, type Repository } from './model.ts';
import { readRefs } from './refs.ts';
import { Tokens } from './tokens.ts';

export interface NewRepository {
  /** Contents of the first commit on the default branch; none: an empty repository. */
  readonly files?: TestFiles;
  readonly private?: boolean;
}

/**
 * Everything that this GitHub knows: accounts, tokens, repositories, and who wants to hear of events. Handlers change it
 * without waiting for anything, so that each request is whole.
 */
export class Database {
  /** Of the server, without a slash at its end; known once it listens. */
  url = '';
  readonly tokens: Tokens = new Tokens();
  readonly accounts: Map<string, Account> = new Map([[ACTIONS_BOT.login, ACTIONS_BOT]]);
  readonly repositories: Map<string, Repository> = new Map();
  /** Every event, in order. */
  readonly events: DatedEvent[] = [];
  readonly #folder: string;
  readonly #listeners: ((event: ForgeEvent) => void)[] = [];
  readonly #now: () => number;
  #id = 1000;

  /** Repositories lie below `folder` as OWNER/NAME.git, which is what `git http-backend` serves. */
  constructor(folder: string, now: () => number) {
    this.#folder = folder;
    this.#now = now;
  }

  now(): number {
    return this.#now();
  }

  /** As the API writes an instant. */
  timestamp(): string {
    return `${new Date(this.now()).toISOString().slice(0, 19)}Z`;
  }

  nextId(): number {
    this.#id += 1;
    return this.#id;
  }

  addUser(login: string, type: 'User' | 'Organization' = 'User'): Account {
    const account: Account = { login, id: this.nextId(), type };
    this.accounts.set(login, account);
    return account;
  }

  addRepository(fullName: string, options: NewRepository = {}): Repository {
    const [login = '', name = ''] = fullName.split('/');
    const owner = this.accounts.get(login) ?? this.addUser(login);
    const repository = this.#place(owner, name, { private: options.private ?? false });
    if (options.files !== undefined) repository.git.commit(options.files, { message: 'Begin' });
    return repository;
  }

  /** A copy of all branches that `owner` may push to. */
  addFork(parent: Repository, owner: Account, name: string = parent.name): Repository {
    const fork = this.#place(owner, name, { private: parent.private, parent });
    // Workflows of a fork run once its owner switches them on.
    fork.actions.enabled = false;
    fork.git.git('fetch', '-q', '--', parent.git.folder, 'refs/heads/*:refs/heads/*');
    return fork;
  }

  repository(fullName: string): Repository | undefined {
    return this.repositories.get(fullName.toLowerCase());
  }

  onEvent(listener: (event: ForgeEvent) => void): void {
    this.#listeners.push(listener);
  }

  emit(event: ForgeEvent): void {
    this.events.push({ ...event, at: this.timestamp() });
    for (const listener of this.#listeners) listener(event);
  }

  #place(
    owner: Account,
    name: string,
    options: { readonly private: boolean; readonly parent?: Repository },
  ): Repository {
    const folder = join(this.#folder, owner.login, `${name}.git`);
    mkdirSync(join(this.#folder, owner.login), { recursive: true });
    const repository: Repository = {
      id: this.nextId(),
      owner,
      name,
      fullName: `${owner.login}/${name}`,
      defaultBranch: 'main',
      createdAt: this.timestamp(),
      git: TestRepository.init(folder, { bare: true }),
      collaborators: new Map(),
      issues: new Map(),
      labels: new Map(),
      statuses: [],
      environments: new Map(),
      rules: [],
      secrets: new Map(),
      variables: new Map(),
      actions: { enabled: true, defaultPermissions: 'read', mayOpenPullRequests: false },
      ...options,
    };
    this.repositories.set(repository.fullName.toLowerCase(), repository);
    return repository;
  }
}

/** The refs of branches and tags, which pushes change. */
export const publicRefs = (repository: Repository): Map<string, string> =>
  new Map([...readRefs(repository)].filter(([ref]) => /^refs\/(heads|tags)\//.test(ref)));
