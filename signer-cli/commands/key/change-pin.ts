import { blocked } from '../../../src/signers/piv/attempt.ts';
import { changePin } from '../../../src/signers/piv/manage.ts';
import { EXIT } from '../../exit-codes.ts';
import { confirmLastTry } from '../../pin.ts';
import { pinSource, type RunContext } from '../../run-context.ts';
import { parseDescriptor, type SecretSource } from '../../secret-source.ts';
import { type CardFlags, findCard, nameOf } from './card.ts';
import { Secrets } from './secrets.ts';

export interface NewPinFlags extends CardFlags {
  readonly newPinFile?: string;
  readonly newPinFd?: string;
}

export const newPinSource = (flags: NewPinFlags): SecretSource => ({
  file: flags.newPinFile,
  fd: parseDescriptor(flags.newPinFd, '--new-pin-fd'),
});

/** Sets a new PIN. */
export async function run(
  _args: readonly string[],
  flags: NewPinFlags,
  context: RunContext,
): Promise<number> {
  const sources = [pinSource(flags, context), newPinSource(flags)] as const;
  await using cards = context.openCards();
  const card = await findCard(cards, flags);
  if (card.triesLeft === 0) throw blocked(card);
  const lastTryAgreed = card.triesLeft === 1 && (await confirmLastTry(context.asker, 'PIN', card));
  using secrets = new Secrets(context.asker);
  const pin = await secrets.current('PIN', nameOf(card), sources[0]);
  const newPin = await secrets.replacement('PIN', nameOf(card), sources[1]);
  await changePin(cards, card, { pin, newPin, lastTryAgreed });
  context.output.say(`The PIN of ${nameOf(card)} is changed.`);
  return EXIT.accepted;
}
