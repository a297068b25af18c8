import { cardSigner } from '../../signer-cli/personal-signer.ts';
import { type RotateOutcome, type RotateRequest, rotateKey } from '../../src/operations/rotate-key.ts';
import { parsePivUri } from '../../src/signers/piv/uri.ts';
import { scriptedPrompts } from './card-keys.ts';
import { type Name, PIN, prompter, type TestPrompter, type TestWorld, UPDATE } from './world.ts';

/** PINs for two cards. */
export const BOTH_PINS: readonly string[] = [PIN, PIN];

export interface RotateOptions extends Partial<Omit<RotateRequest, 'signer' | 'trust'>> {
  readonly pins?: readonly string[];
  /** Where the new key is. */
  readonly uri?: string;
}

/** `tuf-signer key rotate` by a person, with the cards that are in their readers, in {@link UPDATE} unless told otherwise. */
export async function rotate(
  world: TestWorld,
  name: Name,
  { pins = BOTH_PINS, uri = 'piv:', ...request }: RotateOptions = {},
): Promise<RotateOutcome> {
  const person = world.person(name);
  person.prompts = scriptedPrompts(pins);
  const anywhere = parsePivUri('piv:');
  await using signer = cardSigner(person.transport, person.prompts, parsePivUri(uri), anywhere);
  return await world.in(person, workspace =>
    rotateKey(workspace, {
      branch: UPDATE,
      prompter: prompter(),
      ...request,
      signer,
      trust: { pins: person.pins },
    }),
  );
}

/** Somebody who puts in the card that they are asked for: the answers in turn, then "later". */
export function swapper(...acts: readonly (() => void)[]): TestPrompter & { readonly inserts: string[] } {
  const inserts: string[] = [];
  const left = [...acts];
  return {
    ...prompter(),
    inserts,
    insert: async what => {
      inserts.push(what);
      const act = left.shift();
      act?.();
      return act !== undefined;
    },
  };
}
