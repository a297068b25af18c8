import { createPrivateKey, type KeyObject, type PrivateKeyInput } from 'node:crypto';
import { constants, type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { SignerError } from './error.ts';
import type { FileUri } from './file-uri.ts';

/** What a key file's URI is read against. Nothing of the process is looked at beside it. */
export interface FileOptions {
  /** Relative paths start here. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Told of a key that others can read, in a sentence without secrets. */
  readonly warn?: (message: string) => void;
}

/** Bytes: four times an RSA key of 8192 bits. */
const MAX_PEM = 32_768;

/**
 * Reads the private key. Throws {@link SignerError} `KEY_FILE_MISSING`, `KEY_FILE_ACCESS`, `KEY_FILE_BAD`, `PASSPHRASE`.
 */
export async function readPrivateKey(uri: FileUri, options: FileOptions): Promise<KeyObject> {
  const place = placeOf(uri);
  const pem = await readPem(uri, options);
  try {
    return openPem(pem, place, uri, options);
  } finally {
    pem.fill(0);
  }
}

/** For people: where the key is. */
export const placeOf = (uri: FileUri): string =>
  uri.kind === 'path'
    ? `key file ${JSON.stringify(uri.path)}`
    : `private key in the environment variable ${uri.name}`;

async function readPem(uri: FileUri, options: FileOptions): Promise<Buffer> {
  if (uri.kind === 'path') return readFileOnce(path.resolve(options.folder, uri.path), uri, options);
  const text = variable(options, uri.name);
  if (text === undefined) {
    throw new SignerError(
      'KEY_FILE_MISSING',
      `the environment variable ${uri.name} is not set: it has to hold the key's PEM`,
    );
  }
  return Buffer.from(text, 'utf8');
}

async function readFileOnce(file: string, uri: FileUri, options: FileOptions): Promise<Buffer> {
  const place = placeOf(uri);
  try {
    // Without O_NONBLOCK a pipe in the key's place would be waited for.
    await using held = hold(await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
    const found = await held.handle.stat();
    if (!found.isFile() || found.size > MAX_PEM) {
      throw new SignerError('KEY_FILE_BAD', `the ${place} is no file that holds a key: name another one`);
    }
    if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
      options.warn?.(`the ${place} can be used by others on this machine: chmod 600 it`);
    }
    return await held.handle.readFile();
  } catch (cause) {
    throw accessError('read', place, cause);
  }
}

const hold = (handle: FileHandle): AsyncDisposable & { readonly handle: FileHandle } => ({
  handle,
  [Symbol.asyncDispose]: () => handle.close(),
});

/** Tells an error of the file system in our words; any other is given back as it is. */
export function accessError(verb: string, place: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || !('syscall' in cause) || !('code' in cause)) return cause;
  switch (cause.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new SignerError('KEY_FILE_MISSING', `the ${place} is not there: check its path`, { cause });
    case 'EEXIST':
      return new SignerError('KEY_FILE_EXISTS', `the ${place} is there already: it is never overwritten`, {
        cause,
      });
    default:
      return new SignerError('KEY_FILE_ACCESS', `can not ${verb} the ${place} (${String(cause.code)})`, {
        cause,
      });
  }
}

/** PKCS#8 as one PEM block, nothing around it. Sources: RFC 7468 sections 10 and 11, RFC 5958. */
const PKCS8 =
  /^\s*-----BEGIN (ENCRYPTED )?PRIVATE KEY-----\r?\n[A-Za-z0-9+/=\s]+-----END (ENCRYPTED )?PRIVATE KEY-----\s*$/;

function openPem(pem: Buffer, place: string, uri: FileUri, options: FileOptions): KeyObject {
  const match = PKCS8.exec(pem.toString('latin1'));
  if (match === null || match[1] !== match[2]) {
    throw new SignerError(
      'KEY_FILE_BAD',
      `the ${place} is no PKCS#8 key in PEM: openssl pkcs8 -topk8 turns other forms into one`,
    );
  }
  const encrypted = match[1] !== undefined;
  const passphrase = encrypted ? requirePassphrase(place, uri, options) : undefined;
  try {
    return privateKeyOf({ key: pem, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (cause) {
    // OpenSSL's errors carry no type of their own, and tell a wrong passphrase from a broken file by luck only.
    throw encrypted
      ? new SignerError(
          'PASSPHRASE',
          `the ${place} does not open: is ${String(uri.passphraseName)} its passphrase?`,
          { cause },
        )
      : new SignerError('KEY_FILE_BAD', `the ${place} can not be read as a private key`, { cause });
  } finally {
    passphrase?.fill(0);
  }
}

/**
 * A failed TLS connection of this process leaves an error behind in OpenSSL, which Node 24 (24.9 does) takes for this call's own. Thrown
 * once it is gone: what fails twice is the key's fault.
 */
function privateKeyOf(input: PrivateKeyInput): KeyObject {
  try {
    return createPrivateKey(input);
  } catch {
    return createPrivateKey(input);
  }
}

function requirePassphrase(place: string, uri: FileUri, options: FileOptions): Buffer {
  const { passphraseName } = uri;
  if (passphraseName === undefined) {
    throw new SignerError('PASSPHRASE', `the ${place} is encrypted: add ;passphrase-env=NAME to its URI`);
  }
  const text = variable(options, passphraseName);
  if (text === undefined || text === '') {
    throw new SignerError('PASSPHRASE', `the ${place} is encrypted: set ${passphraseName} to its passphrase`);
  }
  return Buffer.from(text, 'utf8');
}

/** An environment variable by its name; never an inherited member. */
export const variable = ({ environment }: FileOptions, name: string): string | undefined =>
  Object.hasOwn(environment, name) ? environment[name] : undefined;
