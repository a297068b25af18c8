import { constants, hash, type KeyObject, verify } from 'node:crypto';

/** One way to sign: what a keytype and scheme mean. The table of these is the allow-list. */
export interface Scheme {
  readonly name: string;
  /** Verified in what was imported, for its roots to hand over; rule `schema` refuses each document that names such a key, once it is signed anew or published. */
  readonly isLegacy?: true;
  /** Verified by our client; rule `schema` refuses every document that names such a key, as TAP 21 is a draft. */
  readonly isDraft?: true;
  /** The first Node that can read such keys, where not every supported one can. */
  readonly since?: string;
  /** @internal Reads `keyval.public` into DER SubjectPublicKeyInfo of exactly this scheme's layout. Throws `TypeError`. */
  spki(publicText: string): Buffer;
  /** @internal Is this a key of the right kind, curve and strength? */
  accepts(key: KeyObject): boolean;
  /** @internal Verifies `signature` over `payload`. Never throws for a bad signature. */
  verify(key: KeyObject, payload: Uint8Array, signature: Uint8Array): boolean;
}

// DER AlgorithmIdentifier. Sources: RFC 5480 section 2.1.1, RFC 8410 section 3, RFC 3279 section 2.3.1.
const P256_ALGORITHM = Buffer.from('301306072a8648ce3d020106082a8648ce3d030107', 'hex');
const P384_ALGORITHM = Buffer.from('301006072a8648ce3d020106052b81040022', 'hex');
const ED25519_ALGORITHM = Buffer.from('300506032b6570', 'hex');
const RSA_ALGORITHM = Buffer.from('300d06092a864886f70d0101010500', 'hex');

const ecdsa = (name: string, curve: string, digest: string, algorithm: Buffer, size: number): Scheme => ({
  name,
  spki: text => ecSpki(text, algorithm, size),
  accepts: key => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === curve,
  verify: (key, payload, signature) => verify(digest, payload, { key, dsaEncoding: 'der' }, signature),
});

const P256 = ecdsa('ecdsa-sha2-nistp256', 'prime256v1', 'sha256', P256_ALGORITHM, 32);
const P384 = ecdsa('ecdsa-sha2-nistp384', 'secp384r1', 'sha384', P384_ALGORITHM, 48);

const ED25519: Scheme = {
  name: 'ed25519',
  spki: text => {
    if (!isHex(text, 64)) throw new TypeError('an ed25519 key is 64 hex digits');
    const point = Buffer.from(text, 'hex');
    if (isWeakEd25519(point)) throw new TypeError('an ed25519 key that anyone can sign for');
    return smallSpki(ED25519_ALGORITHM, point);
  },
  accepts: key => key.asymmetricKeyType === 'ed25519',
  verify: (key, payload, signature) => verify(null, payload, key, signature),
};

const RSA_PSS: Scheme = {
  name: 'rsassa-pss-sha256',
  spki: text => {
    const der = pemToDer(text);
    if (!der.subarray(4, 4 + RSA_ALGORITHM.length).equals(RSA_ALGORITHM)) throw new TypeError('no RSA key');
    return der;
  },
  // Exponents: with 1 anyone could sign; beyond 32 bits verifying gets slow. Source: NIST SP 800-56B, section 6.2.
  accepts: key => {
    if (key.asymmetricKeyType !== 'rsa') return false;
    const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
    return (
      modulusLength >= 2_048 &&
      modulusLength <= 8_192 &&
      publicExponent >= 3n &&
      publicExponent < 2n ** 32n &&
      publicExponent % 2n === 1n
    );
  },
  verify: (key, payload, signature) =>
    verify(
      'sha256',
      payload,
      { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
      signature,
    ),
};

/** Source: RFC 8017, section 8.2. Of the common clients python-tuf alone knows it. */
const RSA_PKCS1: Scheme = {
  ...RSA_PSS,
  name: 'rsa-pkcs1v15-sha256',
  isLegacy: true,
  verify: (key, payload, signature) =>
    verify('sha256', payload, { key, padding: constants.RSA_PKCS1_PADDING }, signature),
};

/** Source: TAP 21, version 1 of its pre-hash: a domain, the version, and SHA-512, so that a key in hardware is given 68 bytes. */
const ML_DSA_DOMAIN = Buffer.from('tuf\x01', 'latin1');

/** `size`: bytes of a public key. Sources: FIPS 204 section 4, table 2; RFC 9881 section 2 for the `arc` of its OID. */
const mlDsa = (level: number, arc: number, size: number): Scheme => {
  const algorithm = Buffer.from([
    0x30,
    0x0b,
    0x06,
    0x09,
    0x60,
    0x86,
    0x48,
    0x01,
    0x65,
    0x03,
    0x04,
    0x03,
    arc,
  ]);
  const head = Buffer.concat([
    largeDer(0x30, algorithm.length + 4 + 1 + size),
    algorithm,
    largeDer(0x03, 1 + size),
    Buffer.of(0),
  ]);
  return {
    name: `ml-dsa-${level}/1`,
    isDraft: true,
    since: '24.6',
    spki: text => {
      const der = pemToDer(text);
      if (der.length !== head.length + size || !der.subarray(0, head.length).equals(head))
        throw new TypeError(`no ML-DSA-${level} key`);
      return der;
    },
    accepts: key => (key.asymmetricKeyType as string) === `ml-dsa-${level}`,
    verify: (key, payload, signature) =>
      verify(null, Buffer.concat([ML_DSA_DOMAIN, hash('sha512', payload, 'buffer')]), key, signature),
  };
};

/** The head of a DER value of 256 to 65,535 bytes. */
const largeDer = (tag: number, length: number): Buffer => Buffer.of(tag, 0x82, length >> 8, length & 0xff);

/** `keytype scheme` -> how to verify. Source: TUF section 4.2; the keytypes equal to their scheme are from before 2020. */
const TABLE: ReadonlyMap<string, Scheme> = new Map([
  ['ecdsa ecdsa-sha2-nistp256', P256],
  ['ecdsa ecdsa-sha2-nistp384', P384],
  ['ecdsa-sha2-nistp256 ecdsa-sha2-nistp256', P256],
  ['ecdsa-sha2-nistp384 ecdsa-sha2-nistp384', P384],
  ['ed25519 ed25519', ED25519],
  ['rsa rsassa-pss-sha256', RSA_PSS],
  ['rsa rsa-pkcs1v15-sha256', RSA_PKCS1],
  ['ml-dsa ml-dsa-44/1', mlDsa(44, 0x11, 1_312)],
  ['ml-dsa ml-dsa-65/1', mlDsa(65, 0x12, 1_952)],
  ['ml-dsa ml-dsa-87/1', mlDsa(87, 0x13, 2_592)],
]);

export const schemeOf = (keytype: string, scheme: string): Scheme | undefined =>
  TABLE.get(`${keytype} ${scheme}`);

/**
 * An EC key as PEM, or as an uncompressed point in hex (from before 2020). OpenSSL would read more: explicit curve
 * parameters, hybrid points, and the point at infinity, at whose sight Node 20 aborts the process.
 */
function ecSpki(text: string, algorithm: Buffer, size: number): Buffer {
  const uncompressed = (point: Buffer): boolean => point.length === 1 + 2 * size && point[0] === 4;
  const compressed = (point: Buffer): boolean =>
    point.length === 1 + size && (point[0] === 2 || point[0] === 3);
  if (isHex(text, 2 + 4 * size)) {
    const point = Buffer.from(text, 'hex');
    if (uncompressed(point)) return smallSpki(algorithm, point);
  } else {
    const der = pemToDer(text);
    const point = der.subarray(2 + algorithm.length + 3);
    if ((uncompressed(point) || compressed(point)) && smallSpki(algorithm, point).equals(der)) return der;
  }
  throw new TypeError('no point of the curve, compressed or uncompressed');
}

/** DER SubjectPublicKeyInfo around a key of fewer than 100 bytes. Source: RFC 5280, section 4.1. */
function smallSpki(algorithm: Buffer, key: Buffer): Buffer {
  const head = Buffer.of(0x03, key.length + 1, 0);
  return Buffer.concat([Buffer.of(0x30, algorithm.length + head.length + key.length), algorithm, head, key]);
}

const ED25519_PRIME = 2n ** 255n - 19n;
/** The y coordinates of the eight points of small order: for such a key, one signature is valid for every payload. */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  ED25519_PRIME - 1n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
]);

/** Of small order, or not in the one canonical form? Source: RFC 8032 section 5.1.3; eprint 2020/1244. */
function isWeakEd25519(point: Buffer): boolean {
  const y = BigInt(`0x${Buffer.from(point).reverse().toString('hex')}`) & (2n ** 255n - 1n);
  return y >= ED25519_PRIME || SMALL_ORDER_Y.has(y);
}

/** Exactly one PEM public key. OpenSSL would search the text, and take a private key or a certificate too. */
function pemToDer(text: string): Buffer {
  const body = /^\s*-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/.exec(
    text,
  )?.[1];
  if (body === undefined) throw new TypeError('not a PEM public key');
  return Buffer.from(body, 'base64');
}

const isHex = (text: string, digits: number): boolean => text.length === digits && /^[0-9a-f]+$/.test(text);
