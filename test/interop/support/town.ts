import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, type CommandResult, runAtTerminal, runCommand } from './command.ts';
import { runOk } from './program.ts';

/** Somebody with a clone of their own, who runs the built command in it. */
export interface Person {
  readonly folder: string;
  /** `tuf-signer ARGS…`, with nobody at a terminal. */
  run(args: readonly string[], extra?: RunExtra): Promise<CommandResult>;
  /** `tuf-signer ARGS…` at a terminal. */
  runAtTerminal(args: readonly string[], answers: readonly Answer[]): Promise<CommandResult>;
  /** `git ARGS…` */
  git(...args: readonly string[]): Promise<string>;
}

export interface RunExtra {
  /** The value of TUF_SIGNER_PIN. */
  readonly pinVariable?: string;
  /** What can be read from file descriptor 3. */
  readonly descriptor3?: string;
}

/** A bare repository that everybody pushes to, and people with clones of it, in a folder that goes away with it. */
export class Town implements AsyncDisposable {
  readonly folder: string;
  readonly #names = new Set<string>();

  private constructor(folder: string, names: Iterable<string>) {
    this.folder = folder;
    for (const name of names) this.#names.add(name);
  }

  /** An empty repository and empty clones. */
  static async found(...names: readonly string[]): Promise<Town> {
    const town = new Town(await temporaryFolder(), names);
    for (const name of ['home', 'keys', ...names]) await mkdir(join(town.folder, name));
    await runOk('git', 'init', '--quiet', '--bare', '--initial-branch=main', town.remote);
    for (const name of names) {
      const person = town.person(name);
      await person.git('init', '--quiet', '--initial-branch=main', '.');
      await person.git('remote', 'add', 'origin', town.remote);
      await person.git('config', 'user.name', name);
      await person.git('config', 'user.email', `${name}@example.invalid`);
      await person.git('config', 'tuf-signer.user', `@${name}`);
    }
    return town;
  }

  /** A copy that goes its own way from here. */
  async copy(): Promise<Town> {
    const town = new Town(await temporaryFolder(), this.#names);
    await cp(this.folder, town.folder, { recursive: true });
    for (const name of this.#names) await town.person(name).git('remote', 'set-url', 'origin', town.remote);
    return town;
  }

  get remote(): string {
    return join(this.folder, 'repository.git');
  }

  /** Where `file:` keys lie. */
  get keys(): string {
    return join(this.folder, 'keys');
  }

  person(name: string): Person {
    const folder = join(this.folder, name);
    const options = ({ pinVariable, descriptor3 }: RunExtra = {}) => ({
      folder,
      environment: {
        HOME: join(this.folder, 'home'),
        TUF_SIGNER_KEYS: this.keys,
        GIT_CONFIG_NOSYSTEM: '1',
        TERM: 'xterm',
        ...(pinVariable === undefined ? {} : { TUF_SIGNER_PIN: pinVariable }),
      },
      ...(descriptor3 === undefined ? {} : { descriptor3 }),
    });
    return {
      folder,
      run: (args, extra) => runCommand(args, options(extra)),
      runAtTerminal: (args, answers) => runAtTerminal(args, answers, options()),
      git: (...args) => runOk('git', '-C', folder, ...args),
    };
  }

  /** Every branch of the remote and where it is. */
  branches(): Promise<string> {
    return runOk('git', '-C', this.remote, 'for-each-ref', '--format=%(refname) %(objectname)');
  }

  /** Writes a file that only its owner reads, and gives its path. */
  async secretFile(name: string, content: string): Promise<string> {
    const file = join(this.folder, name);
    await writeFile(file, content, { mode: 0o600 });
    return file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'tuf-signer-town-'));
