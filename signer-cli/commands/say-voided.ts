import { keyName } from '../../src/event/words.ts';
import type { VoidedSignature } from '../../src/repository/voided.ts';
import type { Output } from '../output.ts';

/** Tells whose signatures an edit has made worthless, a line each. */
export function sayVoided(output: Output, voided: readonly VoidedSignature[]): void {
  for (const { role, key } of voided)
    output.say(
      `The signature of ${keyName(key)} on ${role} was over other bytes and is void: it has to be made again.`,
    );
}
