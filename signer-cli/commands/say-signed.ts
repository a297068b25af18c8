import type { SignedEvent } from '../../src/operations/signing.ts';
import { joinedRoles } from '../../src/render/words.ts';
import type { Output } from '../output.ts';

/** What was signed, and who is still awaited. */
export function saySigned(output: Output, { signed, event }: SignedEvent): void {
  if (signed.length > 0) output.say(`You have signed ${signed.join(' and ')}. Thank you.`);
  sayAwaited(output, event);
}

/** Who is still awaited. */
export function sayAwaited(output: Output, { branch, report }: SignedEvent['event']): void {
  const awaited = report.awaited.map(({ name, roles }) => `${name} (${joinedRoles(roles)})`);
  if (awaited.length > 0) output.say(`Still awaited: ${awaited.join('; ')}.`);
  else if (report.verdict === 'accepted')
    output.say(`${branch ?? 'The event'} is complete: it can be merged.`);
}
