import { ActionError } from './error.ts';
import { type ActionWorld, input } from './world.ts';

/**
 * Input `trusted-root`: a root document as JSON, or that in base64; `undefined` where it is empty. It has to come from where
 * a push to the repository can't reach, as a variable of the environment is. Throws {@link ActionError} `BAD_INPUT`.
 */
export function trustedRoot(world: ActionWorld): Uint8Array | undefined {
  const text = input(world, 'trusted-root');
  if (text === undefined) return undefined;
  if (text.startsWith('{')) return Buffer.from(text);
  if (/^[A-Za-z0-9+/\s]+=*$/.test(text)) return Buffer.from(text, 'base64');
  throw new ActionError(
    'BAD_INPUT',
    'input trusted-root is no root document: give its JSON, or that in base64',
  );
}
