import { createPublicKey, type KeyObject } from 'node:crypto';
import { MetadataError } from '../metadata/error.ts';
import { type Key, publicKeyFingerprint, publicKeyOf } from '../metadata/key.ts';
import { SignerError } from './error.ts';
import { algorithmFor, algorithmOf, type FileAlgorithm, publicParts } from './file-algorithms.ts';
import { type FileOptions, placeOf, readPrivateKey } from './file-read.ts';
import { type FileUri, parseFileUri } from './file-uri.ts';
import type { PersonalSigner, PublicKeyInfo, SignatureBytes } from './signer.ts';

export type { FileOptions } from './file-read.ts';
export { writeKeyFile } from './file-write.ts';

/**
 * Signs with a private key that lies in a file or in an environment variable, for automation and for trying things out.
 * It is read for each signature and not kept. Throws {@link SignerError} `BAD_URI`; signing throws its other codes.
 */
export function fileSigner(uri: string, options: FileOptions): PersonalSigner {
  const place = parseFileUri(uri);
  return {
    sign: (key, payload) => signWithFile(place, options, key, payload),
    readPublicKey: () => readKeyFile(uri, options),
  };
}

/** The public half of the key that `uri` names. Throws {@link SignerError}. */
export async function readKeyFile(uri: string, options: FileOptions): Promise<PublicKeyInfo> {
  const place = parseFileUri(uri);
  const privateKey = await readPrivateKey(place, options);
  return { ...publicParts(privateKey, requireAlgorithm(privateKey, place)), place: placeOf(place) };
}

async function signWithFile(
  place: FileUri,
  options: FileOptions,
  key: Key,
  payload: Uint8Array,
): Promise<SignatureBytes | undefined> {
  const wanted = publicKeyOf(key);
  if (wanted instanceof MetadataError) return undefined;
  const privateKey = await readPrivateKey(place, options);
  requireAlgorithm(privateKey, place);
  const algorithm = algorithmFor(privateKey, wanted.scheme.name);
  if (algorithm === undefined) return undefined;
  if (publicKeyFingerprint(createPublicKey(privateKey)) !== wanted.fingerprint) return undefined;
  const signature = algorithm.sign(privateKey, payload);
  if (!wanted.scheme.verify(wanted.keyObject, payload, signature)) {
    throw new SignerError('BAD_SIGNATURE', `the signature by the ${placeOf(place)} does not verify`);
  }
  return signature;
}

function requireAlgorithm(privateKey: KeyObject, place: FileUri): FileAlgorithm {
  const algorithm = algorithmOf(privateKey);
  if (algorithm !== undefined) return algorithm;
  throw new SignerError(
    'KEY_FILE_BAD',
    `the ${placeOf(place)} is no ECDSA P-256 or P-384, Ed25519 or RSA key (2048 bits or more)`,
  );
}
