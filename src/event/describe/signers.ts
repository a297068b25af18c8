import type { Delegations, RoleDefinition } from '../../metadata/delegation.ts';
import type { Keyid } from '../../metadata/names.ts';
import { plural } from '../words.ts';
import { type KeyWords, keyWordsOf } from './keys.ts';
import { listChange, roleText, wholeList } from './text.ts';

/** A role as one document defines it. */
export interface Defined {
  readonly role: RoleDefinition;
  readonly words: KeyWords;
}

export const definedIn = (delegations: Delegations): ((role: RoleDefinition) => Defined) => {
  const words = keyWordsOf(delegations);
  return role => ({ role, words });
};

/** `2 of 3 signers: …`, for a role that was not there before. */
export function signersText({ role, words }: Defined): string {
  const names = role.keyids.map(words.name);
  return `${role.threshold} of ${plural(names.length, 'signer')}: ${wholeList(names)}`;
}

/** Who joins, leaves or changes the key, and the threshold. */
export function describeSigners(before: Defined, after: Defined): readonly string[] {
  const name = roleText(after.role.name);
  const [old, now] = [before.role, after.role];
  const { added, removed, reordered } = listChange(old.keyids, now.keyids);
  const [joining, leaving] = [added as Keyid[], new Set(removed as Keyid[])];
  const sentences: string[] = [];
  for (const keyid of joining) {
    const holder = after.words.holder(keyid);
    const named = nameless(keyid, before, after, leaving);
    if (named !== undefined) {
      leaving.delete(named);
      sentences.push(
        `${name}: key ${after.words.fingerprint(keyid)}, which was nobody's by name, is of ${holder} and goes on signing`,
      );
      continue;
    }
    const replaced =
      holder === undefined ? undefined : [...leaving].find(gone => before.words.holder(gone) === holder);
    if (replaced === undefined) {
      sentences.push(`${name}: ${after.words.name(keyid)} becomes a signer`);
      continue;
    }
    leaving.delete(replaced);
    sentences.push(
      `${name}: ${holder} signs with another key: ${after.words.fingerprint(keyid)} instead of ${before.words.fingerprint(replaced)}`,
    );
  }
  for (const keyid of leaving) sentences.push(`${name}: ${before.words.name(keyid)} is no longer a signer`);
  if (reordered) {
    sentences.push(
      `${name}: the signers are listed in another order: ${wholeList(now.keyids.map(after.words.name))}`,
    );
  }
  const of = plural(now.keyids.length, 'signer');
  if (old.threshold !== now.threshold) {
    sentences.push(`${name}: the threshold goes from ${old.threshold} to ${now.threshold} of ${of}`);
  } else if (old.keyids.length !== now.keyids.length) {
    sentences.push(`${name}: the threshold stays ${now.threshold}, now of ${of}`);
  }
  return sentences;
}

/** The id under which the very key was a signer before, without a holder's name: so it is in a root that was imported. */
function nameless(
  keyid: Keyid,
  before: Defined,
  after: Defined,
  leaving: ReadonlySet<Keyid>,
): Keyid | undefined {
  if (after.words.holder(keyid) === undefined) return undefined;
  const fingerprint = after.words.fingerprint(keyid);
  return [...leaving].find(
    gone => before.words.holder(gone) === undefined && before.words.fingerprint(gone) === fingerprint,
  );
}
