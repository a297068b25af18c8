import { MetadataError } from '../metadata/error.ts';
import { type Key, publicKeyOf } from '../metadata/key.ts';
import type { Keyid } from '../metadata/names.ts';
import { type AttestationResult, type Attested, firmwareText, YUBICO } from '../policy/attestation.ts';
import { longId } from './words.ts';

export type Attestations = ReadonlyMap<Keyid, AttestationResult>;

/** The card that was verified to hold this very key; `undefined` where none was, whatever a file says. */
export function cardOf(key: Key, attestations: Attestations): Attested | undefined {
  const result = attestations.get(key.keyid);
  return result?.ok === true && result.fingerprint === fingerprintOf(key) ? result : undefined;
}

/** Of the public key; `undefined` where it can't be read. */
export function fingerprintOf(key: Key): string | undefined {
  const publicKey = publicKeyOf(key);
  return publicKey instanceof MetadataError ? undefined : publicKey.fingerprint;
}

/** `YubiKey 15743677, firmware 5.2.7, PIN policy always, touch policy always, usb-c-nano`. */
export function cardText(card: Attested): string {
  const { ca, firmware, pinPolicy, touchPolicy, formFactor } = card;
  const name = cardName(card);
  const by = ca === YUBICO ? '' : `, attested by CA ${longId(ca)}`;
  const shape = formFactor === undefined ? '' : `, ${formFactor}`;
  return `${name}, firmware ${firmwareText(firmware)}, PIN policy ${pinPolicy}, touch policy ${touchPolicy}${shape}${by}`;
}

/** `YubiKey 15743677`: what stands on the card. */
export const cardName = ({ ca, serial }: Attested): string =>
  `${ca === YUBICO ? 'YubiKey' : 'card'} ${serial}`;
