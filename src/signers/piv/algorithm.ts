import { createHash, type KeyObject } from 'node:crypto';
import type { Scheme } from '../../metadata/scheme.ts';
import { CardError } from './error.ts';
import { emsaPkcs1, emsaPss } from './padding.ts';
import { strictPublicKey } from './public-key.ts';
import { encodeTlv, findTlv, type Tlv } from './tlv.ts';

export type AlgorithmName = 'P-256' | 'P-384' | 'Ed25519' | 'RSA-2048' | 'RSA-3072' | 'RSA-4096';

export interface Algorithm {
  readonly name: AlgorithmName;
  /** Algorithm identifier, P1 of the key commands. Sources: NIST SP 800-78-4, table 6-2; E0, 05 and 16: Yubico (5.7). */
  readonly id: number;
  /** The TUF scheme that a key of this kind signs by. */
  readonly scheme: Scheme['name'];
  /** TUF `keytype` of such a key. */
  readonly keytype: string;
  /** Does the card get the whole message, so that a large one may not fit? Otherwise a digest. */
  readonly signsMessage: boolean;
  /** What the card signs for `scheme`: a digest, a padded digest, or the payload itself. Throws `PAYLOAD_TOO_LARGE`. */
  challenge(payload: Uint8Array): Uint8Array;
  /** Reads the public key template of GENERATE and GET METADATA, strictly; `undefined` where it does not fit. */
  publicKey(template: readonly Tlv[]): KeyObject | undefined;
  /** Is it a key of this kind? Only for keys that were decoded strictly. */
  accepts(key: KeyObject): boolean;
  /** How a certificate is signed with such a key: AlgorithmIdentifier in DER, and what the card signs. */
  readonly certificate: {
    readonly identifier: Uint8Array;
    challenge(toBeSigned: Uint8Array): Uint8Array;
  };
}

const hex = (text: string): Uint8Array => Buffer.from(text, 'hex');

/** Tags of a public key template. Source: NIST SP 800-73-4 part 2, table 11. */
const TAG_MODULUS = 0x81;
const TAG_EXPONENT = 0x82;
const TAG_POINT = 0x86;

/** ecdsa-with-SHA256 and -SHA384: RFC 5758 section 3.2. Ed25519: RFC 8410 section 3. RSA: RFC 4055 section 5. */
const ECDSA_SHA256 = hex('300a06082a8648ce3d040302');
const ECDSA_SHA384 = hex('300a06082a8648ce3d040303');
const ED25519_IDENTIFIER = hex('300506032b6570');
const RSA_SHA256 = hex('300d06092a864886f70d01010b0500');
const RSA_SPKI_IDENTIFIER = hex('300d06092a864886f70d0101010500');

function ecdsa(
  name: 'P-256' | 'P-384',
  id: number,
  scheme: string,
  hash: string,
  curve: string,
  identifier: Uint8Array,
): Algorithm {
  const digest = (data: Uint8Array): Uint8Array => createHash(hash).update(data).digest();
  return {
    name,
    id,
    scheme,
    keytype: 'ecdsa',
    signsMessage: false,
    challenge: digest,
    publicKey: template => {
      const point = findTlv(template, TAG_POINT);
      // The scheme takes a point in hex: uncompressed, of exactly this curve's length.
      return point === undefined
        ? undefined
        : strictPublicKey('ecdsa', scheme, Buffer.from(point).toString('hex'));
    },
    accepts: key => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === curve,
    certificate: { identifier, challenge: digest },
  };
}

/** What fits one data object with its wrapping; no card takes nearly as much. */
const MAX_MESSAGE = 65_500;

const ED25519: Algorithm = {
  name: 'Ed25519',
  id: 0xe0,
  scheme: 'ed25519',
  keytype: 'ed25519',
  signsMessage: true,
  challenge: payload => {
    if (payload.length > MAX_MESSAGE) throw payloadTooLarge(payload.length);
    return payload;
  },
  publicKey: template => {
    const point = findTlv(template, TAG_POINT);
    return point === undefined
      ? undefined
      : strictPublicKey('ed25519', 'ed25519', Buffer.from(point).toString('hex'));
  },
  accepts: key => key.asymmetricKeyType === 'ed25519',
  certificate: { identifier: ED25519_IDENTIFIER, challenge: toBeSigned => toBeSigned },
};

function rsa(bits: 2_048 | 3_072 | 4_096, id: number): Algorithm {
  const accepts = (key: KeyObject): boolean =>
    key.asymmetricKeyType === 'rsa' && key.asymmetricKeyDetails?.modulusLength === bits;
  return {
    name: `RSA-${bits}`,
    id,
    scheme: 'rsassa-pss-sha256',
    keytype: 'rsa',
    signsMessage: false,
    challenge: payload => emsaPss(payload, bits),
    publicKey: template => {
      const modulus = findTlv(template, TAG_MODULUS);
      const exponent = findTlv(template, TAG_EXPONENT);
      if (modulus?.length !== bits / 8 || exponent === undefined) return undefined;
      const key = strictPublicKey('rsa', 'rsassa-pss-sha256', spkiPem(rsaSpki(modulus, exponent)));
      return key !== undefined && accepts(key) ? key : undefined;
    },
    accepts,
    certificate: { identifier: RSA_SHA256, challenge: toBeSigned => emsaPkcs1(toBeSigned, bits) },
  };
}

/** SubjectPublicKeyInfo of an RSA key. Source: RFC 3279, section 2.3.1. */
function rsaSpki(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  const key = encodeTlv(0x30, unsignedInteger(modulus), unsignedInteger(exponent));
  return encodeTlv(0x30, RSA_SPKI_IDENTIFIER, encodeTlv(0x03, Uint8Array.of(0), key));
}

/** A DER INTEGER of a number that is not negative, given with any leading zeros. */
export function unsignedInteger(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex(byte => byte !== 0);
  const value = start < 0 ? Uint8Array.of(0) : bytes.subarray(start);
  return encodeTlv(0x02, (value[0] ?? 0) < 0x80 ? new Uint8Array(0) : Uint8Array.of(0), value);
}

export const spkiPem = (spki: Uint8Array): string =>
  `-----BEGIN PUBLIC KEY-----\n${Buffer.from(spki).toString('base64')}\n-----END PUBLIC KEY-----\n`;

/** The message does not fit the card, which signs it as a whole. */
export const payloadTooLarge = (bytes: number, sw?: number): CardError =>
  new CardError(
    'PAYLOAD_TOO_LARGE',
    `${bytes} bytes are more than the card signs with Ed25519, which needs all of them: use a P-256 key for this role`,
    sw === undefined ? {} : { sw },
  );

/** The algorithms that this signer uses, the one that every TUF client can verify first. */
export const ALGORITHMS: readonly Algorithm[] = [
  ecdsa('P-256', 0x11, 'ecdsa-sha2-nistp256', 'sha256', 'prime256v1', ECDSA_SHA256),
  ecdsa('P-384', 0x14, 'ecdsa-sha2-nistp384', 'sha384', 'secp384r1', ECDSA_SHA384),
  ED25519,
  rsa(2_048, 0x07),
  rsa(3_072, 0x05),
  rsa(4_096, 0x16),
];

export const isAlgorithmName = (text: string): text is AlgorithmName =>
  ALGORITHMS.some(({ name }) => name === text);

/** Algorithms that cards know and that no TUF scheme uses: to name them. Source: NIST SP 800-78-4; Yubico. */
const OTHERS: ReadonlyMap<number, string> = new Map([
  [0x06, 'RSA-1024'],
  [0xe1, 'X25519'],
]);

/** For people: "P-256", "X25519", "algorithm 2e". */
export const algorithmLabel = (id: number): string =>
  ALGORITHMS.find(row => row.id === id)?.name ??
  OTHERS.get(id) ??
  `algorithm ${id.toString(16).padStart(2, '0')}`;
