import { takeInventory } from '../../../src/operations/card-inventory.ts';
import { EXIT } from '../../exit-codes.ts';
import type { RunContext } from '../../run-context.ts';
import { type CardFlags, parseSerial } from './card.ts';
import { keysOfClone } from './clone-keys.ts';
import { inventoryJson, inventoryText } from './list-view.ts';

export interface ListFlags extends CardFlags {
  readonly json?: boolean;
}

/** Lists cards and what is on them. */
export async function run(_args: readonly string[], flags: ListFlags, context: RunContext): Promise<number> {
  const serial = parseSerial(flags.card);
  const uses = keysOfClone(flags, context); // git works while the cards do
  uses.catch(() => undefined); // awaited below, unless a card fails first
  await using cards = context.openCards();
  const inventory = await takeInventory(cards, uses, serial);
  const { output } = context;
  output.result(
    flags.json === true ? JSON.stringify(inventoryJson(inventory), undefined, 2) : inventoryText(inventory),
  );
  for (const { message } of inventory.failures) output.say(`warning: ${message}`);
  return inventory.cards.length > 0 ? EXIT.accepted : EXIT.unavailable;
}
