import type { CardAttestation } from '../signer.ts';
import type { Algorithm } from './algorithm.ts';
import { atLeast, attestSlot, type Firmware } from './applet.ts';
import { type CardChoice, chooseCard, listPivCards, type PivCard } from './cards.ts';
import { CardError } from './error.ts';
import { type ChosenCard, manageCard } from './manage.ts';
import { isDefaultManagementKey, type ManagementStatus, readManagementStatus } from './management-key.ts';
import { readAttestationCertificate, readCertificate } from './objects.ts';
import { PIN_REFERENCE, PUK_REFERENCE, readSecretStatus, type SecretStatus } from './pin-commands.ts';
import { ALL_SLOTS, DEFAULT_SLOT, SLOTS, type SlotName } from './slot.ts';
import type { CardTransport } from './transport.ts';

/** What a card tells about the secrets that guard it. */
export interface CardFacts {
  readonly pin: SecretStatus;
  readonly puk: SecretStatus;
  readonly management: ManagementStatus;
}

/**
 * Looks at PIN, PUK and management key of a card. Costs no try and needs no PIN; the default management key is tried where an
 * older card does not tell. Throws `WRONG_CARD`, and as {@link manageCard}.
 */
export const readCardFacts = (transport: CardTransport, card: ChosenCard): Promise<CardFacts> =>
  manageCard(transport, card, async channel => {
    const pin = await readSecretStatus(channel, PIN_REFERENCE, card.firmware);
    const puk = await readSecretStatus(channel, PUK_REFERENCE, card.firmware);
    const management = await readManagementStatus(channel, card.firmware);
    const isDefault = management.isDefault ?? (await isDefaultManagementKey(channel, card.firmware));
    return { pin, puk, management: { ...management, isDefault } };
  });

/** All cards with all their slots, for a list. Throws as {@link listPivCards}. */
export const listAllSlots = (transport: CardTransport): Promise<readonly PivCard[]> =>
  listPivCards(transport, { slots: ALL_SLOTS.map(slot => slot.name) });

/**
 * The certificates in those slots, in DER; a {@link CardError} where one can't be read; slots without one are left out. Throws
 * as {@link manageCard}.
 */
export const readCertificates = (
  transport: CardTransport,
  card: ChosenCard,
  slots: readonly SlotName[],
): Promise<ReadonlyMap<SlotName, Uint8Array | CardError>> =>
  manageCard(transport, card, async channel => {
    const found = new Map<SlotName, Uint8Array | CardError>();
    for (const name of slots) {
      try {
        found.set(name, Uint8Array.from(await readCertificate(channel, SLOTS[name])));
      } catch (error) {
        if (!(error instanceof CardError)) throw error;
        if (error.code === 'SLOT_EMPTY') continue;
        if (error.code !== 'CARD_REPLY') throw error;
        found.set(name, error);
      }
    }
    return found;
  });

/**
 * Reads the attestation of the key in `slot`. No PIN is needed. It is not verified here. Throws {@link CardError}
 * `NOT_ATTESTED`, `WRONG_CARD`, and as {@link manageCard}.
 */
export const readAttestation = (
  transport: CardTransport,
  card: ChosenCard,
  slot: SlotName,
): Promise<CardAttestation> =>
  manageCard(transport, card, async channel => {
    const certificate = await attestSlot(channel, SLOTS[slot]);
    try {
      return { certificate, issuers: [Uint8Array.from(await readAttestationCertificate(channel))] };
    } catch (cause) {
      if (!(cause instanceof CardError) || cause.code !== 'SLOT_EMPTY') throw cause;
      const message =
        'the card has no certificate for its attestations (slot F9): use a card that has its own';
      throw new CardError('NOT_ATTESTED', message, { cause });
    }
  });

/**
 * The attestation of the key that {@link readPublicKey} would give for `choice`; `undefined` where the card attests none. Throws
 * as {@link readPublicKey} where there is no saying which card is meant, and as {@link manageCard}.
 */
export async function readChosenAttestation(
  transport: CardTransport,
  { serial, slot = DEFAULT_SLOT }: CardChoice = {},
): Promise<CardAttestation | undefined> {
  const card = chooseCard(await listPivCards(transport, { slots: [], serial }), serial);
  try {
    return await readAttestation(transport, card, slot);
  } catch (error) {
    if (error instanceof CardError && error.code === 'NOT_ATTESTED') return undefined;
    throw error;
  }
}

/** Certificates in PEM, one after the other, as `metadata/attestations/KEYID.pem` holds them. Source: RFC 7468, section 5. */
export const certificatesPem = (certificates: readonly Uint8Array[]): string =>
  certificates
    .map(der => {
      const lines =
        Buffer.from(der)
          .toString('base64')
          .match(/.{1,64}/g) ?? [];
      return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
    })
    .join('');

export const attestationPem = ({ certificate, issuers }: CardAttestation): string =>
  certificatesPem([certificate, ...issuers]);

/** Advisories of the vendor that touch a key. */
export type Advisory = 'YSA-2024-03';

/**
 * What is known to be wrong with such a key on a card of such firmware. YSA-2024-03 (EUCLEAK): who holds a YubiKey 5 before 5.7
 * long enough can read out its ECDSA keys. Source: Yubico security advisory YSA-2024-03.
 */
export function advisoriesOf(
  firmware: Firmware | undefined,
  algorithm: Pick<Algorithm, 'keytype'>,
): readonly Advisory[] {
  const isOld = atLeast(firmware, [5, 0, 0]) && !atLeast(firmware, [5, 7, 0]);
  return isOld && algorithm.keytype === 'ecdsa' ? ['YSA-2024-03'] : [];
}
