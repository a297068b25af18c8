import { constants, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { PublicKeyParts } from '../repository/documents.ts';

/** How a private key signs, by the words of TUF section 4.2. */
export interface FileAlgorithm {
  readonly keytype: string;
  readonly scheme: string;
  accepts(key: KeyObject): boolean;
  sign(key: KeyObject, payload: Uint8Array): Uint8Array;
}

const ecdsa = (scheme: string, curve: string, digest: string): FileAlgorithm => ({
  keytype: 'ecdsa',
  scheme,
  accepts: key => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === curve,
  sign: (key, payload) => sign(digest, payload, { key, dsaEncoding: 'der' }),
});

/** Bytes: as long as the digest. Source: RFC 8017, section 9.1; what python-tuf writes. */
const PSS_SALT = 32;

const RSA_PSS: FileAlgorithm = {
  keytype: 'rsa',
  scheme: 'rsassa-pss-sha256',
  accepts: key => key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2_048,
  sign: (key, payload) =>
    sign('sha256', payload, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: PSS_SALT }),
};

const ALGORITHMS: readonly FileAlgorithm[] = [
  ecdsa('ecdsa-sha2-nistp256', 'prime256v1', 'sha256'),
  ecdsa('ecdsa-sha2-nistp384', 'secp384r1', 'sha384'),
  {
    keytype: 'ed25519',
    scheme: 'ed25519',
    accepts: key => key.asymmetricKeyType === 'ed25519',
    sign: (key, payload) => sign(null, payload, key),
  },
  RSA_PSS,
];

/** The algorithm of a private or public key; `undefined` for one that no metadata is signed with. */
export const algorithmOf = (key: KeyObject): FileAlgorithm | undefined =>
  ALGORITHMS.find(algorithm => algorithm.accepts(key));

/** RSA as a root that was imported may still ask for it; no key is enrolled with it. Source: RFC 8017, section 8.2. */
const RSA_PKCS1: FileAlgorithm = {
  ...RSA_PSS,
  scheme: 'rsa-pkcs1v15-sha256',
  sign: (key, payload) => sign('sha256', payload, { key, padding: constants.RSA_PKCS1_PADDING }),
};

/** As {@link algorithmOf}, by the scheme that a listed key names. */
export const algorithmFor = (key: KeyObject, scheme: string): FileAlgorithm | undefined =>
  [...ALGORITHMS, RSA_PKCS1].find(algorithm => algorithm.scheme === scheme && algorithm.accepts(key));

/** The public half in the words of TUF section 4.2: PEM, or hex for ed25519. */
export const publicParts = (privateKey: KeyObject, algorithm: FileAlgorithm): PublicKeyParts =>
  publicPartsOf(createPublicKey(privateKey), algorithm);

/** As {@link publicParts}, of a public key. */
export function publicPartsOf(publicKey: KeyObject, { keytype, scheme }: FileAlgorithm): PublicKeyParts {
  const text =
    scheme === 'ed25519'
      ? publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex')
      : publicKey.export({ format: 'pem', type: 'spki' }).toString();
  return { keytype, scheme, public: text };
}
