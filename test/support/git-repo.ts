import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommitSha, type ObjectId, parseObjectId } from '../../src/git/oid.ts';
import { type GitRepository, openBareRepository, openRepository } from '../../src/git/repository.ts';
import { encodeTree, type TreeEntry } from '../../src/git/tree.ts';

// What the developer has configured must not reach a test: neither through our code nor through this helper.
process.env['GIT_CONFIG_GLOBAL'] = devNull;
process.env['GIT_CONFIG_NOSYSTEM'] = '1';

/** The author of every commit here, one second apart from {@link TEST_EPOCH} on, so that names are the same each run. */
export const TEST_AUTHOR = { name: 'Test Author', email: 'author@example.org' } as const;
/** Seconds since the Unix epoch: 2025-01-01T00:00:00Z. */
export const TEST_EPOCH = 1_735_689_600;

/** Contents by path; `null` removes. */
export type TestFiles = Readonly<Record<string, string | Uint8Array | null>>;

export interface TestCommit {
  /** Short name of the branch that moves there. Default: `main`. */
  readonly branch?: string;
  /** Default: what the branch is now; none where it does not exist. */
  readonly parents?: readonly string[];
  readonly message?: string;
  /** Mode of the files written. Default: 100644. */
  readonly mode?: string;
  /** Seconds since the Unix epoch. Default: one more than the last commit's. */
  readonly time?: number;
}

/** A folder that is gone with the end of the scope: `await using`. */
export interface TestFolder extends AsyncDisposable {
  readonly path: string;
}

export async function testFolder(): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'tuf-signer-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** A real repository to arrange things in; what is tested opens it through {@link open}. */
export class TestRepository {
  readonly folder: string;
  readonly #bare: boolean;
  #time = TEST_EPOCH;

  private constructor(folder: string, bare: boolean) {
    this.folder = folder;
    this.#bare = bare;
  }

  /** A new repository in `folder`, with `main` as its unborn branch. */
  static init(folder: string, options: { bare?: boolean; format?: 'sha1' | 'sha256' } = {}): TestRepository {
    const bare = options.bare ?? false;
    const format = `--object-format=${options.format ?? 'sha1'}`;
    run(tmpdir(), ['init', '-q', '-b', 'main', format, ...(bare ? ['--bare'] : []), '--', folder]);
    return new TestRepository(folder, bare).#named();
  }

  /** A clone of `source` in `folder`. */
  static clone(source: string, folder: string, ...options: readonly string[]): TestRepository {
    run(tmpdir(), ['clone', '-q', ...options, '--', source, folder]);
    return new TestRepository(folder, options.includes('--bare') || options.includes('--mirror')).#named();
  }

  /** A repository that is there, as another one left it. */
  static at(folder: string, options: { bare?: boolean } = {}): TestRepository {
    return new TestRepository(folder, options.bare ?? false);
  }

  open(): Promise<GitRepository> {
    return this.#bare ? openBareRepository(this.folder) : openRepository(this.folder);
  }

  /** Runs git there and gives its output without the last line feed. */
  git(...args: readonly string[]): string {
    return run(this.folder, args).toString('utf8').replace(/\n$/, '');
  }

  /** Commits `files` on top of the branch, without checkout; one process. */
  commit(files: TestFiles, options: TestCommit = {}): CommitSha {
    const ref = `refs/heads/${options.branch ?? 'main'}`;
    const parents = options.parents ?? this.git('for-each-ref', '--format=%(objectname)', ref).split('\n');
    this.#time = options.time ?? this.#time + 1;
    const person = `${TEST_AUTHOR.name} <${TEST_AUTHOR.email}> ${this.#time} +0000`;
    const parts: Uint8Array[] = [];
    const say = (line: string): number => parts.push(Buffer.from(`${line}\n`));
    const data = (bytes: Uint8Array): number => {
      say(`data ${bytes.length}`);
      return parts.push(bytes, Buffer.from('\n'));
    };
    say(`reset ${ref}\n\ncommit ${ref}\nauthor ${person}\ncommitter ${person}`);
    data(Buffer.from(options.message ?? 'change'));
    for (const [at, parent] of parents.entries()) {
      if (parent !== '') say(`${at === 0 ? 'from' : 'merge'} ${parent}`);
    }
    for (const [path, content] of Object.entries(files)) {
      if (content === null) say(`D ${JSON.stringify(path)}`);
      else {
        say(`M ${options.mode ?? '100644'} inline ${JSON.stringify(path)}`);
        data(typeof content === 'string' ? Buffer.from(content) : content);
      }
    }
    run(this.folder, ['fast-import', '--quiet', '--force'], Buffer.concat(parts));
    return this.sha(ref);
  }

  sha(revision: string): CommitSha {
    return parseObjectId(this.git('rev-parse', '--verify', revision)) as string as CommitSha;
  }

  /** Writes an object as it is, sound or not. */
  object(type: 'blob' | 'tree' | 'commit', content: Uint8Array | string): ObjectId {
    const args = ['hash-object', '-w', '--literally', '-t', type, '--stdin'];
    return parseObjectId(run(this.folder, args, Buffer.from(content)).toString('utf8').trim());
  }

  tree(...entries: readonly Omit<TreeEntry, 'isUtf8'>[]): ObjectId {
    return this.object('tree', encodeTree(entries.map(entry => ({ ...entry, isUtf8: true }))));
  }

  #named(): this {
    const config = join(this.folder, this.#bare ? '' : '.git', 'config');
    appendFileSync(config, `[user]\n\tname = ${TEST_AUTHOR.name}\n\temail = ${TEST_AUTHOR.email}\n`);
    return this;
  }
}

function run(folder: string, args: readonly string[], input?: Uint8Array): Buffer {
  return execFileSync('git', args, {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(input === undefined ? {} : { input }),
    env: { ...process.env, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' },
    maxBuffer: 256 * 1024 * 1024,
  });
}
