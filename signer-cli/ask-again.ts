import { GitError } from '../src/git/error.ts';
import { SignerError } from '../src/signers/error.ts';
import type { RunContext } from './run-context.ts';
import { UsageError } from './usage-error.ts';

type Terminal = Pick<RunContext, 'asker' | 'output'>;

/**
 * Asks until `parse` takes the answer: whoever has answered seven questions does not answer them again for a slip in the
 * eighth. An empty answer is `preset`, where there is one. What `parse` throws for another reason than what was typed is thrown.
 */
export async function askAgain<T>(
  { asker, output }: Terminal,
  question: string,
  preset: string | undefined,
  parse: (text: string) => T | Promise<T>,
): Promise<T> {
  for (;;) {
    const text = await asker.text(question, preset);
    try {
      if (text === '') throw new UsageError('an answer is needed here (Ctrl-C ends it, nothing is written)');
      return await parse(text);
    } catch (error) {
      if (!isTyped(error)) throw error;
      output.say(`  ${error.message}`);
    }
  }
}

/** Is it what a person typed that is wrong? */
const isTyped = (error: unknown): error is Error =>
  error instanceof UsageError ||
  error instanceof SignerError ||
  (error instanceof GitError && error.code === 'BAD_REF_NAME');
