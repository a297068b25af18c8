import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { JsonError } from '../../json.ts';
import { OperationError } from '../error.ts';
import { decodePin, encodePin, type Pin, type PinStore } from './pin.ts';

/** Pins as files of a folder, `IDENTITY.json`, for nobody else to read or write. The folder is made when it is needed. */
export function folderPins(folder: string): PinStore {
  const fileOf = (identity: string): string => join(folder, `${identity}.json`);
  return {
    location: folder,
    list: async () => Promise.all((await namesIn(folder)).map(name => readPin(join(folder, name)))),
    save: pin => savePin(folder, fileOf(pin.identity), pin),
    remove: identity => rm(fileOf(identity), { force: true }),
  };
}

const PIN_FILE = /^[0-9a-f]{64}\.json$/;

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter(name => PIN_FILE.test(name)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function readPin(file: string): Promise<Pin> {
  const bytes = await readFile(file);
  try {
    const pin = decodePin(bytes);
    if (!file.endsWith(`${pin.identity}.json`))
      throw new OperationError('BAD_PIN', 'is of another repository');
    return pin;
  } catch (cause) {
    if (!(cause instanceof OperationError || cause instanceof JsonError)) throw cause;
    throw new OperationError(
      'BAD_PIN',
      `${file}, which says what you trust, can not be read (${cause.message}): restore it, or forget it by tuf-signer pin reset ${basename(file, '.json')} and compare the root anew`,
      { cause },
    );
  }
}

/** Beside it first, and on the disk: a cut of power leaves the old one. */
async function savePin(folder: string, file: string, pin: Pin): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const beside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(encodePin(pin));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } finally {
    await rm(beside, { force: true });
  }
}
