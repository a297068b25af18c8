import type { PivCard } from '../../../src/signers/piv/cards.ts';
import { CardError } from '../../../src/signers/piv/error.ts';
import { manageCard } from '../../../src/signers/piv/manage.ts';
import { PUK_REFERENCE, readSecretStatus } from '../../../src/signers/piv/pin-commands.ts';
import type { CardTransport } from '../../../src/signers/piv/transport.ts';
import { confirmLastTry } from '../../pin.ts';
import type { RunContext } from '../../run-context.ts';
import { parseDescriptor, type SecretSource } from '../../secret-source.ts';
import { type CardFlags, nameOf } from './card.ts';

export interface PukFlags extends CardFlags {
  readonly pukFile?: string;
  readonly pukFd?: string;
}

export const pukSource = (flags: PukFlags): SecretSource => ({
  file: flags.pukFile,
  fd: parseDescriptor(flags.pukFd, '--puk-fd'),
});

/**
 * Looks at the PUK before anybody has to type it: may its last try be spent, where there is but one? Throws {@link CardError}
 * `PUK_BLOCKED`.
 */
export async function agreeToPukTry(
  cards: CardTransport,
  card: PivCard,
  { asker }: RunContext,
): Promise<boolean> {
  const { triesLeft } = await manageCard(cards, card, channel =>
    readSecretStatus(channel, PUK_REFERENCE, card.firmware),
  );
  if (triesLeft === 0) {
    throw new CardError('PUK_BLOCKED', `the PUK of ${nameOf(card)} is blocked: it can not be used any more`, {
      triesLeft,
    });
  }
  return triesLeft === 1 && (await confirmLastTry(asker, 'PUK', card));
}
