import { randomBytes } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { OperationError } from '../../../src/operations/error.ts';
import { isSystemError } from '../../exit-codes.ts';

/** Throws {@link OperationError} `ALREADY_THERE`: it may hold the only copy of a signature. */
export async function requireAbsent(file: string): Promise<void> {
  try {
    await stat(file);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return;
    throw error;
  }
  throw new OperationError('ALREADY_THERE', `${file} is there already: name another file by --out`);
}

/** Writes a new file whole, on the disk. */
export async function writeNew(file: string, bytes: Uint8Array): Promise<void> {
  const beside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(beside, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await requireAbsent(file);
    await rename(beside, file);
  } finally {
    await rm(beside, { force: true });
  }
}
