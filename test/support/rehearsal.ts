import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Instant, systemClock } from '../../src/clock.ts';
import { type BuiltCli, type Ran, runProgram } from './cli.ts';
import { TestRepository } from './git-repo.ts';
import { testKey } from './test-keys.ts';
import { type Follower, ourFollower } from './years/followers.ts';

const PEOPLE = ['alice', 'bob', 'carol', 'dave'] as const;
export type Rehearser = (typeof PEOPLE)[number];

/** People with a clone and a key file each, who type what a guide says; a site, and a client that keeps its cache. */
export class Rehearsal implements AsyncDisposable {
  readonly folder: string;
  readonly #cli: BuiltCli;
  /** Added to the time that commands and client take it to be. Milliseconds. */
  later = 0;

  private constructor(cli: BuiltCli, folder: string) {
    this.#cli = cli;
    this.folder = folder;
  }

  static async begin(cli: BuiltCli): Promise<Rehearsal> {
    const rehearsal = new Rehearsal(cli, await mkdtemp(join(tmpdir(), 'tuf-signer-rehearsal-')));
    const { folder } = rehearsal;
    await mkdir(join(folder, 'keys'));
    TestRepository.init(rehearsal.#remote, { bare: true });
    for (const [index, name] of PEOPLE.entries()) {
      await rehearsal.giveKey(name, 300 + index);
      const clone = TestRepository.clone(rehearsal.#remote, join(folder, name));
      clone.git('config', 'tuf-signer.user', `@${name}`);
    }
    return rehearsal;
  }

  /** As it is now, in a folder of its own. */
  async copy(): Promise<Rehearsal> {
    const copy = new Rehearsal(this.#cli, await mkdtemp(join(tmpdir(), 'tuf-signer-rehearsal-')));
    await cp(this.folder, copy.folder, { recursive: true });
    for (const name of PEOPLE) copy.clone(name).git('remote', 'set-url', 'origin', copy.#remote);
    return copy;
  }

  get remote(): TestRepository {
    return TestRepository.at(this.#remote, { bare: true });
  }

  get #remote(): string {
    return join(this.folder, 'remote.git');
  }

  clone(name: Rehearser): TestRepository {
    return TestRepository.at(join(this.folder, name));
  }

  get now(): Instant {
    return (systemClock.now() + this.later) as Instant;
  }

  /** The key that this person signs with from now on. */
  async giveKey(name: Rehearser, index: number): Promise<void> {
    const { privatePem } = testKey(index);
    await writeFile(join(this.folder, 'keys', `${name}.pem`), privatePem, { mode: 0o600 });
  }

  /** Types a script in somebody's clone. The command is the built one; beside the script it is told the key, the time, and yes. */
  async type(name: Rehearser, script: string): Promise<Ran> {
    const bin = join(this.folder, 'bin', name);
    await mkdir(bin, { recursive: true });
    const key = `'file:${join(this.folder, 'keys', `${name}.pem`)}'`;
    const wrapper = `#!/bin/sh
case "$1 $2" in
  'init '* | 'delegate '* | 'sign '*) set -- "$@" --yes --key ${key} ;;
  'repair '*) set -- "$@" --yes ;;
  'key rotate') set -- "$@" --yes --key ${key} --old-key ${key} ;;
esac
exec '${process.execPath}' '${this.#cli.file}' "$@" --now ${new Date(this.now).toISOString().replace(/\.\d+Z$/, 'Z')}
`;
    await writeFile(join(bin, 'tuf-signer'), wrapper, { mode: 0o755 });
    return await runProgram('sh', ['-eu', '-c', script], {
      cwd: join(this.folder, name),
      env: {
        PATH: `${bin}:${process.env['PATH'] ?? ''}`,
        HOME: join(this.folder, name),
        TUF_SIGNER_KEYS: join(this.folder, 'keys'),
        TUF_SIGNER_CONFIG: join(this.folder, 'config', name),
      },
    });
  }

  /** A client that has the first root, and what it saw before. */
  async client(): Promise<Follower> {
    const site = join(this.folder, 'alice', 'site');
    const root = await readFile(join(this.folder, 'first.root.json'));
    return ourFollower({ site, url: '', cache: join(this.folder, 'cache'), root, now: () => this.now });
  }

  /** What a click on "merge" makes. */
  merge(event: string): void {
    const { remote } = this;
    const tree = remote.git('merge-tree', '--write-tree', 'main', event);
    const parents = ['-p', remote.sha('main'), '-p', remote.sha(event)];
    const commit = remote.git('commit-tree', ...parents, '-m', `Merge ${event}`, tree);
    remote.git('update-ref', 'refs/heads/main', commit);
    remote.git('update-ref', '-d', `refs/heads/${event}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
