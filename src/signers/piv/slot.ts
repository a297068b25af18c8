import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { Scheme } from '../../metadata/scheme.ts';
import { CardError } from './error.ts';
import { findTlv, type Tlv } from './tlv.ts';

/** A key slot that this signer uses. */
export type SlotName = '9c';

export interface Slot {
  readonly name: SlotName;
  /** Key reference, P2 of the key commands. Source: NIST SP 800-73-4 part 1, table 4b. */
  readonly reference: number;
  /** Tag of the slot's certificate. Source: NIST SP 800-73-4 part 1, table 3. */
  readonly certificate: number;
}

/** The slots that can be named. 9c is "digital signature": the PIN is wanted anew for each signature. */
export const SLOTS: Readonly<Record<SlotName, Slot>> = {
  '9c': { name: '9c', reference: 0x9c, certificate: 0x5fc10a },
};

export const DEFAULT_SLOT: SlotName = '9c';

export const isSlotName = (text: string): text is SlotName => Object.hasOwn(SLOTS, text);

export interface Algorithm {
  readonly name: string;
  /** Algorithm identifier, P1 of the key commands. Source: NIST SP 800-78-4, table 6-2. */
  readonly id: number;
  /** The TUF scheme that a key of this kind signs by. */
  readonly scheme: Scheme['name'];
  /** TUF `keytype` of such a key. */
  readonly keytype: string;
  /** What the card signs: a digest of the payload, or the payload itself. */
  challenge(payload: Uint8Array): Uint8Array;
  /** Reads the public key template of GENERATE and GET METADATA; `undefined` where it does not fit. */
  publicKey(template: readonly Tlv[]): KeyObject | undefined;
  accepts(key: KeyObject): boolean;
}

// DER SubjectPublicKeyInfo up to the point. Source: RFC 5480 section 2.1.1.
const P256_SPKI = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');
/** Tag of an EC point in a public key template. Source: NIST SP 800-73-4 part 2, table 11. */
const TAG_POINT = 0x86;

const P256: Algorithm = {
  name: 'P-256',
  id: 0x11,
  scheme: 'ecdsa-sha2-nistp256',
  keytype: 'ecdsa',
  challenge: payload => createHash('sha256').update(payload).digest(),
  publicKey: template => {
    const point = findTlv(template, TAG_POINT);
    if (point?.length !== 65 || point[0] !== 0x04) return undefined;
    return spkiKey(Buffer.concat([P256_SPKI, point]));
  },
  accepts: key => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1',
};

/** The algorithms that this signer uses. */
export const ALGORITHMS: readonly Algorithm[] = [P256];

function spkiKey(der: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
  } catch (cause) {
    // OpenSSL's errors carry no type of their own; here it can only be a point off the curve.
    throw new CardError('CARD_REPLY', "the card's public key is none: take it out and try again", { cause });
  }
}
