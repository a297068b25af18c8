import { isJsonArray, isJsonObject, type JsonObject, jsonEqual, member } from '../../json.ts';
import { type BinSet, binCount, binName, binPrefixes, MAX_BIT_LENGTH } from '../../metadata/bins.ts';
import { type Delegations, type RoleDefinition, writtenRoles } from '../../metadata/delegation.ts';
import type { RoleName } from '../../metadata/names.ts';
import { describeOthers } from './leaves.ts';
import { definedIn, describeSigners, signersText } from './signers.ts';
import { append, grouped, roleText } from './text.ts';

/** Hash bins that are told as one: there may be 16,384 of them, and they differ in nothing but their number. */
export interface Bins {
  readonly set: BinSet;
  /** What is true of each of them, under a name that stands for all. */
  readonly role: RoleDefinition;
  /** `succinct_roles` as it stands there; `undefined` where the bins are listed one by one. */
  readonly succinct: JsonObject | undefined;
  readonly delegations: Delegations;
}

/** The bins that a document hands on to; `undefined` where its list holds anything that is not told by saying so. */
export function binsIn(delegations: Delegations, raw: JsonObject | undefined): Bins | undefined {
  const [first] = writtenRoles(delegations);
  if (first === undefined) return undefined;
  const succinct = delegations.succinct === undefined ? undefined : member(raw ?? {}, 'succinct_roles');
  const set = delegations.succinct ?? listedSet(delegations, first, raw);
  if (set === undefined || !(succinct === undefined || isJsonObject(succinct))) return undefined;
  const role = { ...first, name: `${set.namePrefix}-*` as RoleName };
  return { set, role, succinct, delegations };
}

/** Is the list, to the letter, what one rule makes: every bin in order, with the signers of the first? */
function listedSet(
  { roles }: Delegations,
  first: RoleDefinition,
  raw: JsonObject | undefined,
): BinSet | undefined {
  const bitLength = Math.log2(roles.size);
  const namePrefix = /^(.*)-0+$/s.exec(first.name)?.[1];
  if (namePrefix === undefined || !Number.isInteger(bitLength) || bitLength < 1 || bitLength > MAX_BIT_LENGTH)
    return undefined;
  const set: BinSet = { namePrefix, bitLength };
  const list = member(raw ?? {}, 'roles');
  if (!isJsonArray(list) || list.length !== roles.size) return undefined;
  const { keyids, threshold, terminating } = first;
  const isBin = (item: unknown, index: number): boolean =>
    jsonEqual(item as JsonObject, {
      keyids,
      name: binName(set, index),
      path_hash_prefixes: binPrefixes(set, index),
      terminating,
      threshold,
    });
  return list.every(isBin) ? set : undefined;
}

/** Who signs the bins, how many there are and how they are written; nothing where both are the same. */
export function describeBins(before: Bins | undefined, after: Bins | undefined): readonly string[] {
  if (after === undefined) {
    return before === undefined ? [] : [`it no longer delegates to ${binsText(before)}`];
  }
  const { role, succinct, delegations } = after;
  const defined = definedIn(delegations)(role);
  const others = describeOthers(before?.succinct, succinct ?? {}, MEMBERS, ['delegations', 'succinct_roles']);
  if (before === undefined) {
    const end = role.terminating ? 'the search ends there' : 'the search goes on after them';
    return [
      `it delegates to ${binsText(after)}, by the SHA-256 of the path; ${end}; each is signed by ${signersText(defined)}`,
      ...others,
    ];
  }
  const sentences: string[] = [];
  if (binsText(before) !== binsText(after))
    sentences.push(`it now delegates to ${binsText(after)}, no longer to ${binsText(before)}`);
  append(sentences, describeSigners(definedIn(before.delegations)(before.role), defined));
  if (before.role.terminating !== role.terminating)
    sentences.push(`the search now ${role.terminating ? 'ends at' : 'goes on after'} the bins`);
  return [...sentences, ...others];
}

const MEMBERS: readonly string[] = ['keyids', 'threshold', 'bit_length', 'name_prefix'];

/** `256 bins packages-00 to packages-ff, written as succinct_roles`: count, first name and form say all of the names. */
function binsText({ set, succinct }: Bins): string {
  const last = binCount(set) - 1;
  const names = `${roleText(binName(set, 0))} to ${roleText(binName(set, last))}`;
  const form = succinct === undefined ? 'listed one by one' : 'written as succinct_roles';
  return `${grouped(last + 1)} bins ${names}, ${form}`;
}
