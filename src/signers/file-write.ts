import { generateKeyPairSync } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { required } from '../errors.ts';
import type { PublicKeyParts } from '../repository/documents.ts';
import { SignerError } from './error.ts';
import { algorithmOf, publicParts } from './file-algorithms.ts';
import { accessError, type FileOptions, placeOf, variable } from './file-read.ts';
import { type FileUri, parseFileUri } from './file-uri.ts';

/**
 * Makes a new P-256 key at `file:PATH`: PKCS#8 PEM, readable by its owner alone, encrypted where the URI names a passphrase.
 * Never over a file that is there, nor through a link.
 *
 * Throws {@link SignerError} `BAD_URI`, `KEY_FILE_EXISTS`, `KEY_FILE_MISSING` (no such folder), `KEY_FILE_ACCESS`, `PASSPHRASE`.
 */
export async function writeKeyFile(uri: string, options: FileOptions): Promise<PublicKeyParts> {
  const place = parseFileUri(uri);
  if (place.kind !== 'path') {
    throw new SignerError('BAD_URI', `${placeOf(place)}: a new key can only be written to file:PATH`);
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8', ...encryption(place, options) });
  await writeNew(path.resolve(options.folder, place.path), Buffer.from(pem), placeOf(place));
  return publicParts(privateKey, required(algorithmOf(privateKey), 'algorithm of P-256'));
}

function encryption(
  { passphraseName }: FileUri,
  options: FileOptions,
): { readonly cipher: string; readonly passphrase: string } | undefined {
  if (passphraseName === undefined) return undefined;
  const passphrase = variable(options, passphraseName);
  if (passphrase === undefined || passphrase === '') {
    throw new SignerError('PASSPHRASE', `set ${passphraseName} to the passphrase of the new key`);
  }
  return { cipher: 'aes-256-cbc', passphrase };
}

async function writeNew(file: string, pem: Buffer, place: string): Promise<void> {
  let opened = false;
  try {
    // wx is O_CREAT | O_EXCL: it fails on anything that is there, a link that leads nowhere included.
    const handle = await open(file, 'wx', 0o600);
    opened = true;
    try {
      await handle.writeFile(pem);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (opened) await rm(file, { force: true });
    throw accessError('write', place, cause);
  } finally {
    pem.fill(0);
  }
}
