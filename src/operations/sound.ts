import { OperationError } from './error.ts';
import type { LoadedEvent } from './event.ts';
import type { Prompter } from './prompter.ts';

/** Nobody is asked to sign what the rules refuse. Throws {@link OperationError} `REFUSED`, after showing why. */
export function requireSound(event: LoadedEvent, prompter: Prompter): void {
  if (event.judgement.verdict !== 'rejected') return;
  prompter.show(event.report);
  throw new OperationError('REFUSED', `${event.branch} is rejected: do not sign it; the reasons are above`);
}
