import { isJsonObject, type JsonObject, type JsonValue, member, withMembers } from '../json.ts';
import { type BinSet, binCount, binName, binOf, binPrefixes } from '../metadata/bins.ts';
import { computeKeyid } from '../metadata/key.ts';
import type { Keyid } from '../metadata/names.ts';
import type { KeyObject } from './delegator-edits.ts';
import { RepositoryError } from './error.ts';

/** Who signs each of the bins. */
export interface BinSigners {
  readonly keys: ReadonlyMap<Keyid, KeyObject>;
  readonly threshold: number;
}

/** How the bins are written: one by one, as every version of the specification has it, or as TAP 15 has it. */
export type BinForm = 'listed' | 'succinct';

/** `signed` with delegations to these bins alone. What it lists as its own artifacts is left to {@link shareOut}. */
export function withBins(signed: JsonObject, bins: BinSet, signers: BinSigners, form: BinForm): JsonObject {
  const keyids = [...signers.keys.keys()];
  const { threshold } = signers;
  const roles: JsonObject =
    form === 'succinct'
      ? {
          succinct_roles: {
            bit_length: bins.bitLength,
            keyids,
            name_prefix: bins.namePrefix,
            threshold,
          },
        }
      : {
          roles: Array.from({ length: binCount(bins) }, (_, index) => ({
            keyids,
            name: binName(bins, index),
            path_hash_prefixes: binPrefixes(bins, index),
            terminating: true,
            threshold,
          })),
        };
  const delegations: JsonObject = { keys: Object.fromEntries(signers.keys), ...roles };
  return withMembers(signed, new Map([['delegations', delegations]]));
}

/** Entries of `targets`, as they stand, by the number of the bin that each falls into. */
export function shareOut(
  targets: Iterable<readonly [string, JsonObject]>,
  bins: BinSet,
): ReadonlyMap<number, JsonObject> {
  const shares = new Map<number, [string, JsonValue][]>();
  for (const [path, file] of targets) {
    const index = binOf(bins, path);
    const share = shares.get(index);
    if (share === undefined) shares.set(index, [[path, file]]);
    else share.push([path, file]);
  }
  return new Map([...shares].map(([index, share]) => [index, Object.fromEntries(share)]));
}

/** Gives the bins of `succinct_roles` these keys in place of those that they had. Throws {@link RepositoryError} `BAD_EDIT`. */
export function withBinKeys(signed: JsonObject, keys: readonly KeyObject[]): JsonObject {
  const delegations = member(signed, 'delegations');
  const succinct = isJsonObject(delegations) ? member(delegations, 'succinct_roles') : undefined;
  if (!isJsonObject(delegations) || !isJsonObject(succinct))
    throw new RepositoryError('BAD_EDIT', 'there are no bins of succinct_roles to change');
  const byKeyid = new Map(keys.map(key => [computeKeyid(key), key] as const));
  const bins = withMembers(succinct, new Map([['keyids', [...byKeyid.keys()]]]));
  const edited = new Map<string, JsonValue>([
    ['keys', Object.fromEntries(byKeyid)],
    ['succinct_roles', bins],
  ]);
  return withMembers(signed, new Map([['delegations', withMembers(delegations, edited)]]));
}
