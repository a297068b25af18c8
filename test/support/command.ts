import type { Asker } from '../../signer-cli/ask.ts';
import { exitCodeOf } from '../../signer-cli/exit-codes.ts';
import { printFailure } from '../../signer-cli/failure.ts';
import { openOutput } from '../../signer-cli/output.ts';
import { buildProgram, isHelp, isUsageError } from '../../signer-cli/program.ts';
import { tracedCards } from '../../signer-cli/run-context.ts';
import { CodedError } from '../../src/errors.ts';
import type { CardTransport } from '../../src/signers/piv/transport.ts';

/** What a person types, in order; nobody is there where it is absent. */
export interface Person {
  readonly texts?: readonly string[];
  readonly secrets?: readonly string[];
}

export interface CommandOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What the person was asked. */
  readonly asked: readonly string[];
  /** The very arrays that the person typed, so that a test can see them zeroed. */
  readonly typed: readonly Uint8Array[];
}

export interface CommandWorld {
  readonly cards: CardTransport;
  readonly person?: Person;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Runs `tuf-signer ARGS` in this process, as its `main.ts` does, on other cards than those of the machine. */
export async function runCommand(
  { cards, person, environment = {} }: CommandWorld,
  ...args: readonly string[]
): Promise<CommandOutcome> {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err'): { write(text: string): void } => ({
    write: text => {
      written[name] += text;
    },
  });
  const { asker, asked, typed } = scriptedAsker(person);
  let code = -1;
  const output = openOutput(stream('out'), stream('err'), environment);
  const program = buildProgram(
    given => {
      code = given;
    },
    () => ({ output, asker, environment, openCards: () => tracedCards(cards, environment, output) }),
  );
  const mute = { writeOut: () => undefined, writeErr: () => undefined };
  for (const command of [program, ...program.commands, ...program.commands.flatMap(group => group.commands)])
    command.configureOutput(mute);
  try {
    await program.parseAsync(['node', 'tuf-signer', ...args]);
  } catch (error) {
    if (!(error instanceof CodedError) && !isUsageError(error)) throw error;
    if (isHelp(error)) return { code: 0, ...written, asked, typed };
    printFailure(error, args, output);
    code = isUsageError(error) ? 64 : exitCodeOf(error);
    output.say(`tuf-signer: ${error instanceof Error ? error.message : ''}`);
  }
  return { code, ...written, asked, typed };
}

function scriptedAsker(person: Person | undefined): {
  readonly asker: Asker;
  readonly asked: string[];
  readonly typed: Uint8Array[];
} {
  const asked: string[] = [];
  const typed: Uint8Array[] = [];
  const texts = [...(person?.texts ?? [])];
  const secrets = [...(person?.secrets ?? [])];
  const next = (queue: string[], question: string): string => {
    asked.push(question);
    const answer = queue.shift();
    if (answer === undefined) throw new Error(`nobody answers ${JSON.stringify(question)}`);
    return answer;
  };
  const asker: Asker = {
    isInteractive: person !== undefined,
    text: async question => next(texts, question),
    confirm: async question => next(texts, question) === 'y',
    confirmTrust: async question => next(texts, question) === 'y',
    secret: async question => {
      const bytes = Uint8Array.from(Buffer.from(next(secrets, question), 'latin1'));
      typed.push(bytes);
      return bytes;
    },
  };
  return { asker, asked, typed };
}
