import { unblock } from '../../../src/signers/piv/manage.ts';
import { EXIT } from '../../exit-codes.ts';
import type { RunContext } from '../../run-context.ts';
import { findCard, nameOf } from './card.ts';
import { type NewPinFlags, newPinSource } from './change-pin.ts';
import { agreeToPukTry, type PukFlags, pukSource } from './puk.ts';
import { Secrets } from './secrets.ts';

/** Sets a new PIN by the PUK. */
export async function run(
  _args: readonly string[],
  flags: NewPinFlags & PukFlags,
  context: RunContext,
): Promise<number> {
  const sources = [pukSource(flags), newPinSource(flags)] as const;
  await using cards = context.openCards();
  const card = await findCard(cards, flags);
  const lastTryAgreed = await agreeToPukTry(cards, card, context);
  using secrets = new Secrets(context.asker);
  const puk = await secrets.current('PUK', nameOf(card), sources[0]);
  const newPin = await secrets.replacement('PIN', nameOf(card), sources[1]);
  await unblock(cards, card, { puk, newPin, lastTryAgreed });
  context.output.say(`${nameOf(card)} has a new PIN, and all its tries.`);
  return EXIT.accepted;
}
