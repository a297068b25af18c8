import { keyName } from '../../src/event/words.ts';
import type { VoidedSignature } from '../../src/repository/voided.ts';
import type { Output } from '../output.ts';

/** Tells whose signatures an edit has made worthless, a line each. */
export function sayVoided(output: Output, voided: readonly VoidedSignature[]): void {
  for (const { role, key } of voided.slice(0, MOST))
    output.say(
      `The signature of ${keyName(key)} on ${role} was over other bytes and is void: it has to be made again.`,
    );
  if (voided.length > MOST) output.say(`And ${voided.length - MOST} more signatures are void.`);
}

/** Lines that a person reads: an edit may void the signatures of thousands of bins. */
const MOST = 20;
