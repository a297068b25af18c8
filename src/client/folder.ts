import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from './error.ts';

/**
 * Makes a folder and those above it. Throws what the file system throws, for the reason that it has: where a file system is
 * read-only, Node 20 says of a folder in a missing folder that something is not there (`ENOENT`).
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    await mkdir(await firstMissing(path.resolve(folder))); // says why
    await mkdir(folder, { recursive: true });
  }
}

/** The uppermost folder on the way that is not there. */
async function firstMissing(folder: string): Promise<string> {
  const above = path.dirname(folder);
  if (above === folder || (await isThere(above))) return folder;
  return firstMissing(above);
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}
