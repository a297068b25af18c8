import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';

/** One way to sign: what a keytype and scheme mean. The table of these is the allow-list. */
export interface Scheme {
  readonly name: string;
  /** Reads `keyval.public` into DER SubjectPublicKeyInfo. Throws whatever the parser throws. */
  spki(publicText: string): Buffer;
  /** Is this a key of the right kind, curve and strength? */
  accepts(key: KeyObject): boolean;
  /** Verifies `signature` over `payload`. Never throws for a bad signature. */
  verify(key: KeyObject, payload: Uint8Array, signature: Uint8Array): boolean;
}

// DER SubjectPublicKeyInfo up to the key bytes. Source: RFC 5480 section 2.1.1, RFC 8410 section 4.
const P256_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');
const P384_PREFIX = Buffer.from('3076301006072a8648ce3d020106052b81040022036200', 'hex');
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

const ecdsa = (name: string, curve: string, digest: string, prefix: Buffer, pointHex: number): Scheme => ({
  name,
  spki: text => (isHex(text, pointHex) ? Buffer.concat([prefix, Buffer.from(text, 'hex')]) : pemToDer(text)),
  accepts: key => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === curve,
  verify: (key, payload, signature) => verify(digest, payload, { key, dsaEncoding: 'der' }, signature),
});

const P256 = ecdsa('ecdsa-sha2-nistp256', 'prime256v1', 'sha256', P256_PREFIX, 130);
const P384 = ecdsa('ecdsa-sha2-nistp384', 'secp384r1', 'sha384', P384_PREFIX, 194);

const ED25519: Scheme = {
  name: 'ed25519',
  spki: text => {
    if (!isHex(text, 64)) throw new TypeError('an ed25519 key is 64 hex digits');
    return Buffer.concat([ED25519_PREFIX, Buffer.from(text, 'hex')]);
  },
  accepts: key => key.asymmetricKeyType === 'ed25519',
  verify: (key, payload, signature) => verify(null, payload, key, signature),
};

const RSA_PSS: Scheme = {
  name: 'rsassa-pss-sha256',
  spki: pemToDer,
  accepts: key => key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2_048,
  verify: (key, payload, signature) =>
    verify(
      'sha256',
      payload,
      { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
      signature,
    ),
};

/** `keytype scheme` -> how to verify. Source: TUF section 4.2; the keytypes equal to their scheme are from before 2020. */
const TABLE: ReadonlyMap<string, Scheme> = new Map([
  ['ecdsa ecdsa-sha2-nistp256', P256],
  ['ecdsa ecdsa-sha2-nistp384', P384],
  ['ecdsa-sha2-nistp256 ecdsa-sha2-nistp256', P256],
  ['ecdsa-sha2-nistp384 ecdsa-sha2-nistp384', P384],
  ['ed25519 ed25519', ED25519],
  ['rsa rsassa-pss-sha256', RSA_PSS],
]);

export const schemeOf = (keytype: string, scheme: string): Scheme | undefined =>
  TABLE.get(`${keytype} ${scheme}`);

function pemToDer(text: string): Buffer {
  // createPublicKey would also take a private key or a certificate here.
  if (!/^\s*-----BEGIN PUBLIC KEY-----\s/.test(text)) throw new TypeError('not a PEM public key');
  return createPublicKey({ key: text, format: 'pem' }).export({ format: 'der', type: 'spki' });
}

const isHex = (text: string, digits: number): boolean => text.length === digits && /^[0-9a-f]+$/.test(text);
