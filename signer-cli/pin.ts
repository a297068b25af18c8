import { CardError } from '../src/signers/piv/error.ts';
import type { PinPrompts } from '../src/signers/piv/pin.ts';
import type { Asker } from './ask.ts';
import type { Output } from './output.ts';
import { readGivenSecret, type SecretSource } from './secret-source.ts';

/** Asks for PINs at the terminal, or takes the one that was given; the last try is only spent on a yes. */
export function pinPrompts(source: SecretSource, asker: Asker, output: Output): PinPrompts {
  return {
    requestPin: async ({ serial, reader, triesLeft, refused, slot }) => {
      const card = serial === undefined ? `the card in ${reader}` : `card ${serial}`;
      if (refused)
        output.say(`That PIN was wrong.${triesLeft === undefined ? '' : ` Tries left: ${triesLeft}.`}`);
      // A descriptor gives its PIN once; and to give the same one again would spend another try.
      if (refused && isGiven(source))
        throw new CardError(
          'PIN_WRONG',
          'the PIN that was given is not the one of the card; no further try was spent: find the right one',
          triesLeft === undefined ? {} : { triesLeft },
        );
      const given = await readGivenSecret(source, 'PIN');
      if (given !== undefined) return given;
      const tries = triesLeft === undefined ? '' : ` (tries left: ${triesLeft})`;
      return asker.secret(`PIN of ${card}, slot ${slot}${tries}:`);
    },
    confirmLastTry: card => confirmLastTry(asker, 'PIN', card),
    announceTouch: ({ serial, reader }) => {
      output.say(`Touch ${serial === undefined ? `the card in ${reader}` : `card ${serial}`} now.`);
    },
  };
}

const isGiven = ({ file, fd, variable }: SecretSource): boolean =>
  file !== undefined || fd !== undefined || variable !== undefined;

/** May the last try be spent? Only a person at the terminal can say so: `--yes` is no answer to this. */
export async function confirmLastTry(
  asker: Asker,
  name: 'PIN' | 'PUK',
  { serial, reader }: { readonly serial: number | undefined; readonly reader: string },
): Promise<boolean> {
  const card = serial === undefined ? `the card in ${reader}` : `card ${serial}`;
  if (!asker.isInteractive) return false;
  const answer = await asker.text(
    `One ${name} try is left on ${card}; a wrong one blocks it. Type the word "spend" to use it:`,
  );
  return answer === 'spend';
}
