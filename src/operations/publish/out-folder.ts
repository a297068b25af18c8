import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemErrorCode } from '../../client/error.ts';
import { isSiteFile, publishRank } from '../../repository/layout.ts';
import { OperationError } from '../error.ts';

/** The folder that a site is built into, as it was found. */
export interface OutFolder {
  /** Absolute; a link that was named is followed. */
  readonly path: string;
  readonly isThere: boolean;
  /** The files of the site that is there, `/` between segments. Untrusted. */
  readonly files: ReadonlySet<string>;
}

/**
 * Looks at the folder that is to become a site. Throws {@link OperationError} `ALREADY_THERE` where it holds anything that no
 * site of ours does: a checkout of a site's branch or a whole web root has more in it than we may take away, and nothing is
 * written or removed through a link.
 */
export async function openOut(out: string): Promise<OutFolder> {
  const given = resolve(out);
  const path = await realPath(given);
  if (path === undefined) return { path: given, isThere: false, files: new Set() };
  const files = new Set<string>();
  for (const file of filesBelow(path, '', given)) files.add(file);
  if (files.size > 0 && !files.has('timestamp.json') && ![...files].every(isSiteFile)) throw foreign(given);
  const stranger = [...files].find(file => !isSiteFile(file));
  if (stranger !== undefined) throw foreign(given, ` (it holds ${JSON.stringify(stranger)})`);
  return { path, isThere: true, files };
}

const foreign = (out: string, why = ''): OperationError =>
  new OperationError('ALREADY_THERE', `${out} is there and is no site of ours${why}: name another folder`);

/** Where a path leads in the end; `undefined` where nothing is there. */
export async function realPath(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function* filesBelow(folder: string, prefix: string, out: string): Iterable<string> {
  for (const entry of entriesOf(folder, out)) {
    const path = prefix + entry.name;
    if (entry.isFile()) yield path;
    else if (!entry.isDirectory())
      throw foreign(out, ` (${JSON.stringify(path)} is a link, or no file at all)`);
    // An empty folder of somebody's is no reason to go on, either.
    else if (path !== 'targets' && !path.startsWith('targets/')) throw foreign(out, ` (it holds ${path}/)`);
    else yield* filesBelow(join(folder, entry.name), `${path}/`, out);
  }
}

function entriesOf(folder: string, out: string): ReturnType<typeof listFolder> {
  try {
    return listFolder(folder);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOTDIR') throw foreign(out);
    throw error;
  }
}

const listFolder = (folder: string) => readdirSync(folder, { withFileTypes: true });

/**
 * Puts the built files into the folder: whole where it is not there yet; else one by one in the order of {@link publishRank}, so
 * that the site which is there stays whole for whoever reads it until `timestamp.json`, the last, makes it the new one.
 */
export async function install(building: string, built: Iterable<string>, out: OutFolder): Promise<void> {
  if (!out.isThere) {
    renameSync(building, out.path);
    return;
  }
  const folders = new RealFolders(out.path);
  for (const file of [...built].sort((a, b) => publishRank(a) - publishRank(b))) {
    folders.require(file, true);
    renameSync(join(building, ...file.split('/')), join(out.path, ...file.split('/')));
  }
}

/** The folders on the way to a file: none may have become a link since the folder was looked at, as nothing goes through one. */
class RealFolders {
  readonly #out: string;
  readonly #known = new Set<string>();

  constructor(out: string) {
    this.#out = out;
  }

  /** Throws {@link OperationError} `ALREADY_THERE`. With `make` what is not there is made. */
  require(file: string, make: boolean): void {
    const segments = file.split('/').slice(0, -1);
    for (let depth = 0; depth <= segments.length; depth++) {
      const folder = join(this.#out, ...segments.slice(0, depth));
      if (this.#known.has(folder)) continue;
      const stats = lstatSync(folder, { throwIfNoEntry: false });
      if (stats === undefined && !make) return;
      if (stats === undefined) mkdirSync(folder);
      else if (!stats.isDirectory())
        throw new OperationError(
          'ALREADY_THERE',
          `${folder} is no folder any more: somebody else writes there`,
        );
      this.#known.add(folder);
    }
  }
}

/** Removes the files that the new site has no use for, and the folders that are empty then. */
export function sweep(out: OutFolder, isWanted: (file: string) => boolean): void {
  const folders = new Set<string>();
  const real = new RealFolders(out.path);
  for (const file of out.files) {
    if (isWanted(file)) continue;
    real.require(file, false);
    rmSync(join(out.path, ...file.split('/')), { force: true });
    for (let at = file.lastIndexOf('/'); at > 0; at = file.lastIndexOf('/', at - 1)) {
      folders.add(file.slice(0, at));
    }
  }
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    try {
      rmdirSync(join(out.path, ...folder.split('/')));
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOTEMPTY') throw error;
    }
  }
}
