import type { AlgorithmName } from '../signers/piv/algorithm.ts';
import type { Firmware } from '../signers/piv/applet.ts';
import { type PivCard, surveyCards } from '../signers/piv/cards.ts';
import { CardError } from '../signers/piv/error.ts';
import { type Advisory, advisoriesOf, readCertificates } from '../signers/piv/facts.ts';
import type { PinPolicy, TouchPolicy } from '../signers/piv/policy.ts';
import { ALL_SLOTS, type SlotName } from '../signers/piv/slot.ts';
import type { CardTransport } from '../signers/piv/transport.ts';
import { certificateSubject } from './certificate-subject.ts';
import type { KeyUseInRepository } from './repository-keys.ts';

/** A slot that holds something. What the card does not tell is `undefined`. */
export interface SlotContent {
  readonly slot: SlotName;
  readonly key: KeyContent | CardError;
  /** Untrusted text. */
  readonly subject: string | undefined;
}

export interface KeyContent {
  readonly algorithm: AlgorithmName;
  readonly fingerprint: string;
  readonly pinPolicy: PinPolicy | undefined;
  readonly touchPolicy: TouchPolicy | undefined;
  readonly origin: 'generated' | 'imported' | undefined;
  readonly advisories: readonly Advisory[];
  /** What it is in the repository of this clone. */
  readonly uses: readonly KeyUseInRepository[];
}

export interface CardContent {
  readonly reader: string;
  readonly serial: number | undefined;
  readonly firmware: Firmware | undefined;
  /** `undefined`: all of them. */
  readonly pinTriesLeft: number | undefined;
  readonly slots: readonly SlotContent[];
}

export interface Inventory {
  readonly cards: readonly CardContent[];
  /** Readers without a card that has PIV. */
  readonly otherReaders: readonly string[];
  readonly failures: readonly CardError[];
}

/** Uses of keys in a repository, by fingerprint. */
export type KeyUses = ReadonlyMap<string, readonly KeyUseInRepository[]>;

/**
 * Everything on every card, or on the one with `serial`; `uses` is awaited after the cards were read. Costs no PIN try. Throws
 * {@link CardError} as {@link surveyCards}.
 */
export async function takeInventory(
  transport: CardTransport,
  uses: Promise<KeyUses>,
  serial?: number,
): Promise<Inventory> {
  const { cards, failures } = await surveyCards(transport, {
    slots: ALL_SLOTS.map(({ name }) => name),
    serial,
  });
  const contents: CardContent[] = [];
  for (const card of cards) {
    if (serial !== undefined && card.serial !== serial) continue;
    contents.push(await contentOf(transport, card, uses));
  }
  if (serial !== undefined && contents.length === 0) {
    throw failures[0] ?? new CardError('NO_CARD', `the card with serial ${serial} is not here: insert it`);
  }
  const seen = new Set(cards.map(({ reader }) => reader));
  const otherReaders = (await transport.readers()).map(({ name }) => name).filter(name => !seen.has(name));
  return { cards: contents, otherReaders, failures };
}

async function contentOf(
  transport: CardTransport,
  card: PivCard,
  uses: Promise<KeyUses>,
): Promise<CardContent> {
  const filled = [...card.slots].filter(
    ([, key]) => !(key instanceof CardError && key.code === 'SLOT_EMPTY'),
  );
  const names = filled.map(([name]) => name);
  const certificates = names.length === 0 ? undefined : await readCertificates(transport, card, names);
  const known = await uses;
  const { reader, serial, firmware, triesLeft } = card;
  return {
    reader,
    serial,
    firmware,
    pinTriesLeft: triesLeft,
    slots: filled.map(([slot, key]): SlotContent => {
      const certificate = certificates?.get(slot);
      const isReadable = certificate !== undefined && !(certificate instanceof CardError);
      const subject = isReadable ? certificateSubject(certificate) : undefined;
      if (key instanceof CardError) return { slot, key, subject };
      const { algorithm, fingerprint, pinPolicy, touchPolicy, origin } = key;
      const advisories = advisoriesOf(firmware, algorithm);
      const used = known.get(fingerprint) ?? [];
      return {
        slot,
        key: {
          algorithm: algorithm.name,
          fingerprint,
          pinPolicy,
          touchPolicy,
          origin,
          advisories,
          uses: used,
        },
        subject,
      };
    }),
  };
}
