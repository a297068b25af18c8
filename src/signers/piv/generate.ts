import type { Instant } from '../../clock.ts';
import { ALGORITHMS, type Algorithm, type AlgorithmName } from './algorithm.ts';
import {
  atLeast,
  attestSlot,
  type Firmware,
  generateKey,
  type KeyPolicies,
  METADATA_FIRMWARE,
  signChallenge,
} from './applet.ts';
import { describeCard } from './cards.ts';
import { CardError } from './error.ts';
import { readSlotKey, requireTemplateKey, type SlotKey, slotKey } from './key-slot.ts';
import { type Authorization, authorize, type ChosenCard, manageCard, verifyOnce, zeroing } from './manage.ts';
import { findObject, writeCertificate } from './objects.ts';
import { selfSignedCertificate } from './self-signed.ts';
import { SLOTS, type Slot, type SlotName } from './slot.ts';
import type { CardChannel, CardTransport } from './transport.ts';

/** What key to make. */
export interface GenerateInput extends KeyPolicies, Authorization {
  readonly slot: SlotName;
  readonly algorithm: AlgorithmName;
  /** Replace whatever the slot holds. The caller has made sure that the person means it. */
  readonly overwrite?: boolean;
  /** Subject of the certificate. */
  readonly commonName: string;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
}

/** A key that was just made. */
export interface GeneratedKey {
  readonly key: SlotKey;
  /** Self-signed, in DER, as it is in the slot now. */
  readonly certificate: Uint8Array;
}

/**
 * Makes a key on the card and writes the self-signed certificate that other tools expect. `managementKey` and `pin` belong to
 * this function, which zeroes them; the PIN is needed unless the PIN policy is `never`.
 *
 * Throws {@link CardError} `SLOT_TAKEN` without `overwrite`, `UNSUPPORTED_KEY` where the card or an advisory forbids the
 * algorithm, `MANAGEMENT_KEY`, `NOT_AUTHORIZED`, the `PIN_…` codes, `WRONG_CARD`, and as {@link manageCard}. All of these come
 * before the key is made, but those of a card that fails or is pulled.
 */
export const generateSlotKey = (
  transport: CardTransport,
  card: ChosenCard,
  input: GenerateInput,
): Promise<GeneratedKey> =>
  zeroing([input.managementKey, input.pin], () =>
    manageCard(transport, card, channel => generate(channel, card, input)),
  );

async function generate(channel: CardChannel, card: ChosenCard, input: GenerateInput): Promise<GeneratedKey> {
  const slot = SLOTS[input.slot];
  const algorithm = requireSoundAlgorithm(input.algorithm, card.firmware);
  if (input.overwrite !== true) await requireEmpty(channel, slot, card);
  const needsPin = input.pinPolicy === undefined ? slot.name !== '9e' : input.pinPolicy !== 'never';
  // Whatever is wrong with PIN or management key shows before a key is replaced.
  if (needsPin) await verifyOnce(channel, card, input);
  await authorize(channel, card, input);
  const template = await generateKey(channel, slot, algorithm, input);
  const publicKey = requireTemplateKey(algorithm, template);
  const { pinPolicy, touchPolicy } = input;
  const key = atLeast(card.firmware, METADATA_FIRMWARE)
    ? await readSlotKey(channel, slot, card.firmware)
    : slotKey(slot, algorithm, publicKey, { pinPolicy, touchPolicy, origin: 'generated' });
  const certificate = await selfSignedCertificate({
    ...input,
    publicKey,
    algorithm,
    sign: async challenge => {
      // Right before the signature: the PIN policy may be "always". It was right a moment ago.
      if (needsPin) await verifyOnce(channel, card, input);
      if (key.needsTouch === true) input.announceTouch?.();
      return signChallenge(channel, slot, algorithm, challenge);
    },
  });
  await writeCertificate(channel, slot, certificate);
  return { key, certificate };
}

/** RSA keys made by these are weak. Source: Yubico advisory YSA-2017-01 (ROCA). */
const ROCA_FIRST: Firmware = [4, 2, 6];
const ROCA_FIXED: Firmware = [4, 3, 5];

function requireSoundAlgorithm(name: AlgorithmName, firmware: Firmware | undefined): Algorithm {
  const algorithm = ALGORITHMS.find(row => row.name === name);
  if (algorithm === undefined)
    throw new CardError('UNSUPPORTED_KEY', `no algorithm ${JSON.stringify(name)} here`);
  const makesWeakRsa = atLeast(firmware, ROCA_FIRST) && !atLeast(firmware, ROCA_FIXED);
  if (algorithm.keytype === 'rsa' && makesWeakRsa) {
    throw new CardError(
      'UNSUPPORTED_KEY',
      `this card makes weak RSA keys (advisory YSA-2017-01, firmware ${firmware?.join('.')}): choose P-256`,
    );
  }
  return algorithm;
}

/**
 * Throws `SLOT_TAKEN` where there is a key or a certificate. Before firmware 5.3 a card does not tell of a key without a
 * certificate, unless it can attest it; an imported one of that kind is not seen.
 */
async function requireEmpty(channel: CardChannel, slot: Slot, card: ChosenCard): Promise<void> {
  if (!(await holdsKey(channel, slot, card.firmware)) && !(await findObject(channel, slot.certificate)))
    return;
  throw new CardError(
    'SLOT_TAKEN',
    `slot ${slot.name} of the ${describeCard(card)} is not empty, and its key could never be had back: choose another slot, or say to overwrite it`,
  );
}

async function holdsKey(channel: CardChannel, slot: Slot, firmware: Firmware | undefined): Promise<boolean> {
  const hasMetadata = atLeast(firmware, METADATA_FIRMWARE);
  try {
    await (hasMetadata ? readSlotKey(channel, slot, firmware) : attestSlot(channel, slot));
    return true;
  } catch (error) {
    if (!(error instanceof CardError)) throw error;
    if (error.code === 'SLOT_EMPTY' || error.code === 'NOT_ATTESTED') return false;
    // A key of another kind is one, too.
    if (error.code === 'UNSUPPORTED_KEY') return true;
    if (!hasMetadata && error.code === 'CARD_STATUS') return false;
    throw error;
  }
}
