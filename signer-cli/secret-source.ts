import { readSync } from 'node:fs';
import { isSystemError } from './exit-codes.ts';
import { givenFile } from './given.ts';
import { UsageError } from './usage-error.ts';

/** Where a secret comes from without a terminal. Never an argument: those are for everybody to see. */
export interface SecretSource {
  readonly file?: string | undefined;
  readonly fd?: number | undefined;
  /** The value of an environment variable, as TUF_SIGNER_PIN. */
  readonly variable?: string | undefined;
}

/** More than any secret here has, a management key in hex among them. */
const MAX_BYTES = 256;

/**
 * The first line of what was given, as bytes that the caller zeroes; `undefined` where nothing was. Throws {@link UsageError}
 * where it is empty.
 */
export async function readGivenSecret(
  { file, fd, variable }: SecretSource,
  name: string,
): Promise<Uint8Array | undefined> {
  if (file !== undefined) return firstLine(await givenFile(file, `the file of the ${name}`), name);
  if (fd !== undefined) return firstLine(readDescriptor(fd, name), name);
  return variable === undefined ? undefined : Uint8Array.from(Buffer.from(variable));
}

/** The number of a file descriptor, as a flag gives it. Throws {@link UsageError}. */
export function parseDescriptor(given: string | undefined, flag: string): number | undefined {
  if (given === undefined) return undefined;
  const fd = Number(given);
  if (given.trim() === '' || !(Number.isInteger(fd) && fd >= 0))
    throw new UsageError(`${flag} takes the number of a file descriptor`);
  return fd;
}

/** All that can be read up to the first line end: a pipe may bring it in pieces. */
function readDescriptor(fd: number, name: string): Buffer {
  const buffer = Buffer.alloc(MAX_BYTES);
  let length = 0;
  try {
    while (length < MAX_BYTES && !buffer.subarray(0, length).includes(0x0a)) {
      const count = readSync(fd, buffer, length, MAX_BYTES - length, null);
      if (count === 0) break;
      length += count;
    }
  } catch (error) {
    buffer.fill(0);
    if (!isSystemError(error)) throw error;
    throw new UsageError(`the ${name} can not be read from file descriptor ${fd} (${String(error.code)})`);
  }
  return buffer.subarray(0, length);
}

/** The bytes up to the first line end; the rest of the buffer is zeroed. */
function firstLine(bytes: Buffer, name: string): Uint8Array {
  const end = bytes.findIndex(byte => byte === 0x0a || byte === 0x0d);
  const line = Uint8Array.from(end < 0 ? bytes : bytes.subarray(0, end));
  bytes.fill(0);
  if (line.length === 0) throw new UsageError(`the ${name} that was given is empty`);
  return line;
}
