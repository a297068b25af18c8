import type { KeyObject } from 'node:crypto';
import { publicKeyFingerprint } from '../../metadata/key.ts';
import { ALGORITHMS, type Algorithm, algorithmLabel } from './algorithm.ts';
import { atLeast, type Firmware, METADATA_FIRMWARE, readMetadata } from './applet.ts';
import { certificateKey } from './certificate.ts';
import { CardError } from './error.ts';
import { readCertificate } from './objects.ts';
import { type PinPolicy, pinPolicyOf, type TouchPolicy, touchPolicyOf } from './policy.ts';
import type { Slot } from './slot.ts';
import { decodeTlv, findTlv, requireTlv, type Tlv } from './tlv.ts';
import type { CardChannel } from './transport.ts';

/** The key in a slot, as far as the card tells. */
export interface SlotKey {
  readonly slot: Slot;
  readonly algorithm: Algorithm;
  readonly publicKey: KeyObject;
  /** As {@link publicKeyFingerprint} gives it. */
  readonly fingerprint: string;
  /** `undefined`: the card does not tell. */
  readonly pinPolicy: PinPolicy | undefined;
  /** `undefined`: the card does not tell. */
  readonly touchPolicy: TouchPolicy | undefined;
  /** Does the key wait for a touch? `undefined`: the card does not tell. */
  readonly needsTouch: boolean | undefined;
  /** Made on the card, or brought to it? `undefined`: the card does not tell. */
  readonly origin: 'generated' | 'imported' | undefined;
}

/** What GET METADATA tells beside the key. */
export type KeyUse = Pick<SlotKey, 'pinPolicy' | 'touchPolicy' | 'origin'>;

const UNKNOWN_USE: KeyUse = { pinPolicy: undefined, touchPolicy: undefined, origin: undefined };

/**
 * Reads the slot's public key: by GET METADATA, else from the certificate in the slot. No PIN is needed. A certificate can
 * lie about the key; then the signature does not verify, and is not used.
 *
 * Throws {@link CardError} `SLOT_EMPTY`, `UNSUPPORTED_KEY`, `CARD_REPLY`.
 */
export async function readSlotKey(
  channel: CardChannel,
  slot: Slot,
  firmware: Firmware | undefined,
): Promise<SlotKey> {
  if (atLeast(firmware, METADATA_FIRMWARE)) {
    return metadataKey(slot, await readMetadata(channel, slot.reference));
  }
  const publicKey = certificateKey(await readCertificate(channel, slot));
  const algorithm = publicKey && ALGORITHMS.find(row => row.accepts(publicKey));
  if (publicKey === undefined || algorithm === undefined) throw unsupported(slot, 'of another kind');
  return slotKey(slot, algorithm, publicKey, UNKNOWN_USE);
}

/** Source of the tags: Yubico, "GET METADATA". */
function metadataKey(slot: Slot, metadata: readonly Tlv[]): SlotKey {
  const [id, ...more] = requireTlv(metadata, 0x01);
  if (id === undefined || more.length > 0) throw new CardError('CARD_REPLY', 'the card names no algorithm');
  const algorithm = ALGORITHMS.find(row => row.id === id);
  if (algorithm === undefined) throw unsupported(slot, algorithmLabel(id));
  const [pin, touch] = findTlv(metadata, 0x02) ?? [];
  const [origin] = findTlv(metadata, 0x03) ?? [];
  return slotKey(slot, algorithm, requireTemplateKey(algorithm, decodeTlv(requireTlv(metadata, 0x04))), {
    pinPolicy: pinPolicyOf(pin),
    touchPolicy: touchPolicyOf(touch),
    origin: origin === 1 ? 'generated' : origin === 2 ? 'imported' : undefined,
  });
}

/** The key in a public key template, decoded strictly. Throws `CARD_REPLY`. */
export function requireTemplateKey(algorithm: Algorithm, template: readonly Tlv[]): KeyObject {
  const publicKey = algorithm.publicKey(template);
  if (publicKey !== undefined) return publicKey;
  throw new CardError('CARD_REPLY', "the card's public key is none: take it out and try again");
}

export const slotKey = (slot: Slot, algorithm: Algorithm, publicKey: KeyObject, use: KeyUse): SlotKey => ({
  slot,
  algorithm,
  publicKey,
  fingerprint: publicKeyFingerprint(publicKey),
  ...use,
  needsTouch: use.touchPolicy === undefined ? undefined : use.touchPolicy !== 'never',
});

const unsupported = (slot: Slot, kind: string): CardError =>
  new CardError(
    'UNSUPPORTED_KEY',
    `the key in slot ${slot.name} (${kind}) is not ${ALGORITHMS.map(row => row.name).join(', ')}: choose another slot or card`,
  );
