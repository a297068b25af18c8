import { type KeyObject, X509Certificate } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { publicKeyFingerprint } from '../../metadata/key.ts';
import { atLeast, type Firmware, readCertificate, readMetadata } from './applet.ts';
import { CardError } from './error.ts';
import { ALGORITHMS, type Algorithm, type Slot } from './slot.ts';
import { decodeTlv, findTlv, requireTlv } from './tlv.ts';
import type { CardChannel } from './transport.ts';

/** The key in a slot, as far as the card tells. */
export interface SlotKey {
  readonly slot: Slot;
  readonly algorithm: Algorithm;
  readonly publicKey: KeyObject;
  /** As {@link publicKeyFingerprint} gives it. */
  readonly fingerprint: string;
  /** Does the key wait for a touch? `undefined`: the card does not tell. */
  readonly needsTouch: boolean | undefined;
}

/** GET METADATA came with this firmware. Source: Yubico, "GET METADATA". */
const METADATA_FIRMWARE: Firmware = [5, 3, 0];
const MAX_CERTIFICATE = 16_384;
const TOUCH_NEVER = 1;

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
  if (!atLeast(firmware, METADATA_FIRMWARE)) {
    return slotKey(slot, certificateKey(await readCertificate(channel, slot)), undefined);
  }
  const metadata = await readMetadata(channel, slot.reference);
  const [id, ...more] = requireTlv(metadata, 0x01);
  const algorithm = more.length === 0 ? ALGORITHMS.find(row => row.id === id) : undefined;
  if (algorithm === undefined) throw unsupported(slot);
  const publicKey = algorithm.publicKey(decodeTlv(requireTlv(metadata, 0x04)));
  if (publicKey === undefined) throw new CardError('CARD_REPLY', "the card's public key can not be read");
  const touch = findTlv(metadata, 0x02)?.[1];
  return slotKey(slot, publicKey, touch === undefined ? undefined : touch !== TOUCH_NEVER);
}

function slotKey(slot: Slot, publicKey: KeyObject, needsTouch: boolean | undefined): SlotKey {
  const algorithm = ALGORITHMS.find(row => row.accepts(publicKey));
  if (algorithm === undefined) throw unsupported(slot);
  return { slot, algorithm, publicKey, fingerprint: publicKeyFingerprint(publicKey), needsTouch };
}

function certificateKey(certificate: { readonly bytes: Uint8Array; readonly gzipped: boolean }): KeyObject {
  try {
    const der = certificate.gzipped
      ? gunzipSync(certificate.bytes, { maxOutputLength: MAX_CERTIFICATE })
      : certificate.bytes;
    return new X509Certificate(der).publicKey;
  } catch (cause) {
    // zlib's and OpenSSL's errors carry no type of their own: whatever fails here is a certificate that is none.
    throw new CardError('CARD_REPLY', "the slot's certificate can not be read: write it anew", { cause });
  }
}

const unsupported = (slot: Slot): CardError =>
  new CardError(
    'UNSUPPORTED_KEY',
    `the key in slot ${slot.name} is not ${ALGORITHMS.map(row => row.name).join(' or ')}: choose another card`,
  );
