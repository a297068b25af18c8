import type { KeyUses } from '../../../src/operations/card-inventory.ts';
import { OperationError } from '../../../src/operations/error.ts';
import type { PivCard } from '../../../src/signers/piv/cards.ts';
import { CardError } from '../../../src/signers/piv/error.ts';
import type { SlotName } from '../../../src/signers/piv/slot.ts';
import type { RunContext } from '../../run-context.ts';
import { UsageError } from '../../usage-error.ts';
import { nameOf } from './card.ts';
import { useText } from './list-view.ts';

/**
 * May what lies in the slot be lost for ever? Only who names the card's serial number says so: by `--overwrite`, or typed when
 * asked. `false`: the slot is empty, as far as can be seen. Throws {@link CardError} `SLOT_TAKEN` where nobody can be asked,
 * {@link OperationError} `DECLINED`, {@link UsageError} for another serial.
 */
export async function mayOverwrite(
  card: PivCard,
  slot: SlotName,
  given: string | undefined,
  uses: () => Promise<KeyUses>,
  { asker, output }: RunContext,
): Promise<boolean> {
  // A card without a serial number is named by its reader.
  const name = card.serial === undefined ? card.reader : String(card.serial);
  if (given !== undefined) {
    if (given !== name)
      throw new UsageError(`--overwrite ${given}: the chosen card is ${name}; nothing was changed`);
    return true;
  }
  const key = card.slots.get(slot);
  if (key === undefined || (key instanceof CardError && key.code === 'SLOT_EMPTY')) return false;
  const content = key instanceof CardError ? 'a key that is not used here' : `a ${key.algorithm.name} key`;
  const loss = `slot ${slot} of ${nameOf(card)} holds ${content}, which could never be had back`;
  if (!asker.isInteractive) {
    throw new CardError('SLOT_TAKEN', `${loss}: choose another --slot, or give --overwrite ${name}`);
  }
  output.say(`${loss}.`);
  if (!(key instanceof CardError)) {
    for (const use of (await uses()).get(key.fingerprint) ?? []) output.say(`It ${useText(use)}.`);
  }
  const what = card.serial === undefined ? "the reader's name" : 'the serial number of the card';
  const answer = await asker.text(`Type ${what} to replace the key, anything else to keep it:`);
  if (answer !== name) throw new OperationError('DECLINED', 'the key was kept: nothing was changed');
  return true;
}
