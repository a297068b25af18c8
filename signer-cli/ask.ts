import { OperationError } from '../src/operations/error.ts';
import { escapeTerminal } from '../src/render/terminal-text.ts';
import { spoken } from './output.ts';

/** Asks the person at the terminal. */
export interface Asker {
  /** Is there a person to ask? */
  readonly isInteractive: boolean;
  /** A line of text; an empty one gives `preset` where there is one. Throws {@link OperationError} `DECLINED` at the end of input. */
  text(question: string, preset?: string): Promise<string>;
  /** `y` or `yes` is yes; everything else is no. */
  confirm(question: string): Promise<boolean>;
  /** As {@link confirm}, and a `yes` given beforehand is none. */
  confirmTrust(question: string): Promise<boolean>;
  /** Bytes typed without echo. The caller zeroes them. */
  secret(question: string): Promise<Uint8Array>;
}

interface Input extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
  setRawMode?(mode: boolean): unknown;
}

interface Screen extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Asks on `input` and `output`; a `yes` given beforehand answers every {@link Asker.confirm}. */
export function terminalAsker(input: Input, output: Screen, yes: boolean): Asker {
  const isInteractive = input.isTTY === true;
  const text = async (question: string, preset?: string, remedy?: string): Promise<string> => {
    if (!isInteractive) throw nobody(question, remedy);
    const { createInterface } = await import('node:readline/promises'); // most runs ask nothing
    const lines = createInterface({ input, output });
    let isAnswered = false;
    const ended = new Promise<never>((_resolve, reject) => {
      lines.once('close', () => {
        if (!isAnswered) output.write('\n'); // what is said next begins a line
        reject(new OperationError('DECLINED', 'no answer was given'));
      });
    });
    ended.catch(() => undefined); // the interface is closed below as well, after an answer
    try {
      // What is there already may come from a document, and so from anybody.
      const hint = preset === undefined || preset === '' ? '' : ` [${preset}]`;
      const [last = '', ...before] = spoken(`${question}${hint}`, output).split('\n').reverse();
      // Readline draws a prompt anew at every key, and only one of a single line without harm.
      if (before.length > 0) output.write(`${before.reverse().join('\n')}\n`);
      const answer = (await Promise.race([lines.question(`${last} `), ended])).trim();
      isAnswered = true;
      return answer === '' ? (preset ?? '') : answer;
    } finally {
      lines.close();
    }
  };
  const agree = async (question: string, remedy: string): Promise<boolean> =>
    /^y(es)?$/i.test(await text(`${question} [y/N]`, undefined, remedy));
  return {
    isInteractive,
    text,
    confirm: async question => yes || (await agree(question, 'give --yes if it is yes')),
    confirmTrust: question => agree(question, 'give the root that you trust by --trusted-root'),
    secret: async question => {
      if (!isInteractive) throw nobody(question);
      return readHidden(input, output, `${escapeTerminal(question)} `);
    },
  };
}

const nobody = (question: string, remedy = 'give it by a flag (see --help)'): OperationError =>
  new OperationError('MISSING_ANSWER', `nobody is here to answer "${question}": ${remedy}`);

const MAX_SECRET = 256;
const ENTER = new Set([0x0a, 0x0d]);
const ERASE = new Set([0x08, 0x7f]);
const [CTRL_C, CTRL_D, CTRL_U] = [0x03, 0x04, 0x15];

/** Reads bytes in raw mode, so that a secret is never a string and never on the screen. */
async function readHidden(input: Input, output: NodeJS.WritableStream, prompt: string): Promise<Uint8Array> {
  const typed = new Uint8Array(MAX_SECRET);
  let length = 0;
  // Before the prompt: whoever types at once is not shown either.
  input.setRawMode?.(true);
  output.write(prompt);
  input.resume();
  try {
    for (;;) {
      const chunk = await nextChunk(input);
      for (const byte of chunk) {
        if (byte === CTRL_C || byte === CTRL_D) throw new OperationError('DECLINED', 'no answer was given');
        if (ENTER.has(byte)) {
          chunk.fill(0);
          return typed.slice(0, length);
        }
        if (ERASE.has(byte)) length = Math.max(0, length - 1);
        else if (byte === CTRL_U) length = 0;
        else if (length < MAX_SECRET) typed[length++] = byte;
      }
      chunk.fill(0);
    }
  } finally {
    typed.fill(0);
    input.setRawMode?.(false);
    input.pause();
    output.write('\n');
  }
}

const nextChunk = (input: Input): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      input.off('data', onData).off('end', onEnd);
      act();
    };
    const onData = (chunk: Buffer | string): void => settle(() => resolve(Buffer.from(chunk as string)));
    const onEnd = (): void => settle(() => reject(new OperationError('DECLINED', 'no answer was given')));
    input.on('data', onData).on('end', onEnd);
  });
