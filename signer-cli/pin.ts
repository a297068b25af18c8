import { readSync } from 'node:fs';
import { CardError } from '../src/signers/piv/error.ts';
import type { PinPrompts } from '../src/signers/piv/pin.ts';
import type { Asker } from './ask.ts';
import { isSystemError } from './exit-codes.ts';
import { givenFile } from './given.ts';
import type { Output } from './output.ts';
import { UsageError } from './usage-error.ts';

/** Where a PIN comes from without a terminal. Never an argument: those are for everybody to see. */
export interface PinSource {
  readonly file?: string | undefined;
  readonly fd?: number | undefined;
  /** The value of TUF_SIGNER_PIN. */
  readonly variable?: string | undefined;
}

/** Asks for PINs at the terminal, or takes the one that was given; the last try is only spent on a yes. */
export function pinPrompts(source: PinSource, asker: Asker, output: Output): PinPrompts {
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
      const given = await readGiven(source);
      if (given !== undefined) return given;
      const tries = triesLeft === undefined ? '' : ` (tries left: ${triesLeft})`;
      return asker.secret(`PIN of ${card}, slot ${slot}${tries}:`);
    },
    confirmLastTry: async ({ serial, reader }) => {
      const card = serial === undefined ? `the card in ${reader}` : `card ${serial}`;
      if (!asker.isInteractive) return false; // --yes is no answer to this
      const answer = await asker.text(
        `One PIN try is left on ${card}; a wrong one blocks it. Type the word "spend" to use it:`,
      );
      return answer === 'spend';
    },
    announceTouch: ({ serial, reader }) => {
      output.say(`Touch ${serial === undefined ? `the card in ${reader}` : `card ${serial}`} now.`);
    },
  };
}

const isGiven = ({ file, fd, variable }: PinSource): boolean =>
  file !== undefined || fd !== undefined || variable !== undefined;

async function readGiven({ file, fd, variable }: PinSource): Promise<Uint8Array | undefined> {
  if (file !== undefined) return firstLine(await givenFile(file, '--pin-file'));
  if (fd !== undefined) return firstLine(readDescriptor(fd));
  return variable === undefined ? undefined : Buffer.from(variable);
}

const MAX_LINE = 256;

/** All that can be read up to the first line end: a pipe may bring it in pieces. */
function readDescriptor(fd: number): Buffer {
  const buffer = Buffer.alloc(MAX_LINE);
  let length = 0;
  try {
    while (length < MAX_LINE && !buffer.subarray(0, length).includes(0x0a)) {
      const count = readSync(fd, buffer, length, MAX_LINE - length, null);
      if (count === 0) break;
      length += count;
    }
  } catch (error) {
    buffer.fill(0);
    if (!isSystemError(error)) throw error;
    throw new UsageError(`--pin-fd ${fd} can not be read (${String(error.code)})`);
  }
  return buffer.subarray(0, length);
}

/** The bytes up to the first line end; the rest of the buffer is zeroed. */
function firstLine(bytes: Buffer): Uint8Array {
  const end = bytes.findIndex(byte => byte === 0x0a || byte === 0x0d);
  const line = Uint8Array.from(end < 0 ? bytes : bytes.subarray(0, end));
  bytes.fill(0);
  if (line.length === 0) throw new UsageError('the PIN that was given is empty');
  return line;
}
