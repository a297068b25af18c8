import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { GitError } from './error.ts';
import { ensureBare } from './init.ts';
import { isObjectId, type ObjectFormat, type ObjectId, parseObjectId } from './oid.ts';
import { type GitRepository, gitText, runGit } from './process.ts';
import { listRefs, requireFullRef } from './refs.ts';
import { printable } from './stderr.ts';

/** What refs of a bundle name: full ref names and objects. */
export type BundleHeads = ReadonlyMap<string, ObjectId>;

/**
 * Writes a git bundle (gitformat-bundle(5)) of `refs` with all their history, and of a blob with `note` under `noteRef`. The clone's
 * own refs stay as they are: the bundle is made in a repository beside it that borrows its objects. `file` appears whole or not at
 * all. Throws {@link GitError}.
 */
export async function createBundle(
  repository: GitRepository,
  file: string,
  refs: BundleHeads,
  note: { readonly ref: string; readonly content: Uint8Array },
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tuf-signer-bundle-'));
  try {
    const beside = await ensureBare(join(folder, 'bundle.git'), repository.objectFormat);
    const objects = await gitText(repository, [
      'rev-parse',
      '--path-format=absolute',
      '--git-path',
      'objects',
    ]);
    await mkdir(join(beside.gitDir, 'objects', 'info'), { recursive: true });
    await writeFile(join(beside.gitDir, 'objects', 'info', 'alternates'), `${objects}\n`);
    const blob = parseObjectId(
      await gitText(beside, ['hash-object', '-w', '--stdin'], { input: note.content }),
    );
    const all = new Map([...refs, [note.ref, blob]]);
    for (const [ref, oid] of all) {
      requireFullRef(ref);
      await runGit(beside, ['update-ref', '--', ref, oid]);
    }
    await runGit(beside, ['bundle', 'create', '--quiet', resolve(file), ...all.keys()]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** More refs than a bundle of ours has, and bytes of their names. */
const MAX_LIST = 64 * 1024;

/** The refs that a bundle holds; nothing is written. Throws {@link GitError} `BAD_OBJECT` where the file is no bundle. */
export async function listBundle(file: string): Promise<BundleHeads> {
  const list = await gitText(tmpdir(), ['bundle', 'list-heads', resolve(file)], {
    maxOutput: MAX_LIST,
    failure: 'BAD_OBJECT',
  });
  const heads = new Map<string, ObjectId>();
  for (const line of list === '' ? [] : list.split('\n')) {
    const space = line.indexOf(' ');
    const [oid, ref] = [line.slice(0, space), line.slice(space + 1)];
    if (!isObjectId(oid) || heads.has(ref)) throw badBundle(`a ref that can't be read: ${line.slice(0, 80)}`);
    requireFullRef(ref);
    heads.set(ref, oid);
  }
  return heads;
}

/** Bytes of a header: two lines, and the refs. */
const MAX_HEADER = MAX_LIST + 1024;

/**
 * Holds the pack of a bundle against the checksum that it ends with. git itself reads no further than to what it lacks, so that of a
 * file that was damaged on its way it would say nothing where the objects are known. Source: gitformat-bundle(5), gitformat-pack(5).
 * Throws {@link GitError} `BAD_OBJECT`; an error of the system where the file can't be read.
 */
export async function requireWholeBundle(file: string, format: ObjectFormat): Promise<void> {
  const [hash, size] = [createHash(format), format === 'sha256' ? 32 : 20];
  let header: Buffer | undefined = Buffer.alloc(0);
  // What may be the checksum stays back until more comes.
  let tail = Buffer.alloc(0);
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let bytes: Buffer = chunk;
    if (header !== undefined) {
      header = Buffer.concat([header, chunk]);
      const end = header.indexOf('\n\n');
      if (end < 0 && header.length <= MAX_HEADER) continue;
      if (end < 0) throw damaged();
      bytes = header.subarray(end + 2);
      header = undefined;
    }
    const all = Buffer.concat([tail, bytes]);
    const known = Math.max(0, all.length - size);
    hash.update(all.subarray(0, known));
    tail = all.subarray(known);
  }
  if (header !== undefined || !hash.digest().equals(tail)) throw damaged();
}

const damaged = (): GitError =>
  new GitError(
    'BAD_OBJECT',
    'the bundle was cut off or changed on its way, as its checksum does not fit: copy it anew',
  );

/**
 * Brings exactly `refs` of a bundle into a bare repository, under their own names, and takes every other ref away. Each object is
 * checked as it comes in; what the bundle lacks is an error. Throws {@link GitError} `BAD_OBJECT`.
 */
export async function fetchBundle(
  repository: GitRepository,
  file: string,
  refs: readonly string[],
): Promise<void> {
  for (const ref of refs) requireFullRef(ref);
  // What an earlier bundle brought may stand where this one wants a folder of refs.
  for (const { ref } of await listRefs(repository, 'refs/'))
    if (!refs.includes(ref)) await runGit(repository, ['update-ref', '-d', '--', ref]);
  await runGit(
    repository,
    [
      '-c',
      'fetch.fsckObjects=true',
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-auto-maintenance',
      '--refmap=',
      '--',
      resolve(file),
      ...refs.map(ref => `+${ref}:${ref}`),
    ],
    { failure: 'BAD_OBJECT' },
  );
}

const badBundle = (what: string): GitError =>
  new GitError('BAD_OBJECT', `the bundle holds ${printable(what)}`);
