import { changePuk } from '../../../src/signers/piv/manage.ts';
import { EXIT } from '../../exit-codes.ts';
import type { RunContext } from '../../run-context.ts';
import { parseDescriptor } from '../../secret-source.ts';
import { findCard, nameOf } from './card.ts';
import { agreeToPukTry, type PukFlags, pukSource } from './puk.ts';
import { Secrets } from './secrets.ts';

export interface NewPukFlags extends PukFlags {
  readonly newPukFile?: string;
  readonly newPukFd?: string;
}

/** Sets a new PUK. */
export async function run(
  _args: readonly string[],
  flags: NewPukFlags,
  context: RunContext,
): Promise<number> {
  const source = pukSource(flags);
  const newSource = { file: flags.newPukFile, fd: parseDescriptor(flags.newPukFd, '--new-puk-fd') };
  await using cards = context.openCards();
  const card = await findCard(cards, flags);
  const lastTryAgreed = await agreeToPukTry(cards, card, context);
  using secrets = new Secrets(context.asker);
  const puk = await secrets.current('PUK', nameOf(card), source);
  const newPuk = await secrets.replacement('PUK', nameOf(card), newSource);
  await changePuk(cards, card, { puk, newPuk, lastTryAgreed });
  context.output.say(`The PUK of ${nameOf(card)} is changed: keep it where you find it, away from the card.`);
  return EXIT.accepted;
}
