import {
  constants,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  sign,
} from 'node:crypto';
import { atLeast, type Firmware } from '../../../src/signers/piv/applet.ts';
import { encodeTlv, type Tlv } from '../../../src/signers/piv/tlv.ts';
import { toNumber } from './der.ts';
import { type Curve, P256, P384, signDigest } from './ecdsa.ts';
import { loadEc, loadEd25519, loadRsa } from './load-key.ts';

/** What a virtual card can do with one kind of key. */
export interface CardAlgorithm {
  readonly name: string;
  /** Algorithm identifier. Source: NIST SP 800-78-5, table 10; E0: Yubico. */
  readonly id: number;
  /** The first firmware that has it. Source: Yubico. */
  readonly since: Firmware;
  accepts(key: KeyObject): boolean;
  generate(): KeyObject;
  /** Content of a public key template. Source: NIST SP 800-73-4 part 2, table 11. */
  publicTemplate(privateKey: KeyObject): Uint8Array;
  /** Signs what GENERAL AUTHENTICATE brings; `undefined` where its size does not fit the key. */
  sign(privateKey: KeyObject, challenge: Uint8Array): Uint8Array | undefined;
  /** A key from the parts of IMPORT KEY; `undefined` where they do not fit. */
  load(parts: readonly Tlv[]): KeyObject | undefined;
}

const spkiTail = (privateKey: KeyObject, bytes: number): Uint8Array =>
  createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-bytes);

const ec = (name: string, id: number, since: Firmware, curve: Curve): CardAlgorithm => ({
  name,
  id,
  since,
  accepts: key => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === curve.name,
  generate: () => generateKeyPairSync('ec', { namedCurve: curve.name }).privateKey,
  publicTemplate: key => encodeTlv(0x86, spkiTail(key, 1 + 2 * curve.bytes)),
  sign: (key, digest) => (digest.length > curve.bytes ? undefined : signDigest(curve, key, digest)),
  load: parts => loadEc(curve, parts),
});

const ED25519: CardAlgorithm = {
  name: 'Ed25519',
  id: 0xe0,
  since: [5, 7, 0],
  accepts: key => key.asymmetricKeyType === 'ed25519',
  generate: () => generateKeyPairSync('ed25519').privateKey,
  publicTemplate: key => encodeTlv(0x86, spkiTail(key, 32)),
  sign: (key, message) => sign(null, message, key),
  load: loadEd25519,
};

const rsa = (bitLength: number, id: number, since: Firmware): CardAlgorithm => ({
  name: `RSA-${bitLength}`,
  id,
  since,
  accepts: key => key.asymmetricKeyType === 'rsa' && key.asymmetricKeyDetails?.modulusLength === bitLength,
  generate: () => generateKeyPairSync('rsa', { modulusLength: bitLength }).privateKey,
  publicTemplate: key => {
    const { n, e } = rsaNumbers(key);
    return Buffer.concat([encodeTlv(0x81, n), encodeTlv(0x82, e)]);
  },
  // The bare function: the host has padded.
  sign: (key, block) => {
    if (block.length !== bitLength / 8 || toNumber(block) >= toNumber(rsaNumbers(key).n)) return undefined;
    return privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, block);
  },
  load: parts => loadRsa(bitLength, parts),
});

function rsaNumbers(key: KeyObject): { readonly n: Uint8Array; readonly e: Uint8Array } {
  const { n, e } = createPublicKey(key).export({ format: 'jwk' });
  return { n: Buffer.from(n ?? '', 'base64url'), e: Buffer.from(e ?? '', 'base64url') };
}

export const CARD_P256: CardAlgorithm = ec('P-256', 0x11, [1, 0, 0], P256);

export const CARD_ALGORITHMS: readonly CardAlgorithm[] = [
  CARD_P256,
  ec('P-384', 0x14, [4, 0, 0], P384),
  ED25519,
  rsa(2048, 0x07, [1, 0, 0]),
  rsa(3072, 0x05, [5, 7, 0]),
  rsa(4096, 0x16, [5, 7, 0]),
];

/** The algorithm of that identifier; `undefined` where a card of that firmware has none. */
export const algorithmOf = (id: number | undefined, firmware: Firmware): CardAlgorithm | undefined =>
  CARD_ALGORITHMS.find(algorithm => algorithm.id === id && atLeast(firmware, algorithm.since));

/** The algorithm of a key, whatever the firmware. Throws `RangeError` for a key that no card has. */
export function algorithmFor(key: KeyObject): CardAlgorithm {
  const found = CARD_ALGORITHMS.find(algorithm => algorithm.accepts(key));
  if (found === undefined) throw new RangeError('no PIV card has such a key');
  return found;
}
