import { readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { PinPrompts } from '../src/signers/piv/pin.ts';
import type { Asker } from './ask.ts';
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

async function readGiven({ file, fd, variable }: PinSource): Promise<Uint8Array | undefined> {
  if (file !== undefined) return firstLine(await readFile(file));
  if (fd !== undefined) return firstLine(readDescriptor(fd));
  return variable === undefined ? undefined : Buffer.from(variable);
}

function readDescriptor(fd: number): Buffer {
  const buffer = Buffer.alloc(256);
  const length = readSync(fd, buffer);
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
