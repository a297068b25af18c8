import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BuiltCli, Ran, RunOptions } from './cli.ts';
import { TestRepository } from './git-repo.ts';
import { testKey } from './test-keys.ts';

export const NOW_FLAG = ['--now', '2030-06-01T00:00:00Z'] as const;

/** A remote, people with a clone and a key file each, and the built command. */
export class Crew implements AsyncDisposable {
  readonly folder: string;
  readonly remote: TestRepository;
  readonly #cli: BuiltCli;
  readonly #clones = new Map<string, TestRepository>();

  private constructor(folder: string, cli: BuiltCli) {
    this.folder = folder;
    this.#cli = cli;
    this.remote = TestRepository.init(join(folder, 'remote.git'), { bare: true });
  }

  static async gather(cli: BuiltCli, ...names: readonly string[]): Promise<Crew> {
    const crew = new Crew(await mkdtemp(join(tmpdir(), 'tuf-signer-crew-')), cli);
    await mkdir(join(crew.folder, 'keys'));
    for (const [index, name] of names.entries()) {
      const { privatePem } = testKey(200 + index);
      await writeFile(join(crew.folder, 'keys', `${name}.pem`), privatePem, { mode: 0o600 });
      crew.clone(name).git('config', 'tuf-signer.user', `@${name}`);
    }
    crew.clone('automation');
    return crew;
  }

  clone(name: string): TestRepository {
    const known = this.#clones.get(name) ?? TestRepository.clone(this.remote.folder, join(this.folder, name));
    this.#clones.set(name, known);
    return known;
  }

  /** Runs the command in somebody's clone, at an instant that stands still. */
  run(name: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const { env, ...rest } = options;
    return this.#cli.run([...args, ...NOW_FLAG], {
      cwd: this.clone(name).folder,
      env: {
        TUF_SIGNER_KEYS: join(this.folder, 'keys'),
        TUF_SIGNER_CONFIG: join(this.folder, 'config', name),
        ...env,
      },
      ...rest,
    });
  }

  /** As {@link run}, with this person's key, saying yes. */
  signing(name: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.run(name, [...args, '--yes', '--key', `file:${name}.pem`], options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
