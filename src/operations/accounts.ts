import type { Forge } from '../forge/forge.ts';
import { GitError } from '../git/error.ts';
import type { BranchName } from '../git/names.ts';
import type { CommitSha } from '../git/oid.ts';
import type { Key } from '../metadata/key.ts';
import type { Keyid, KeyOwner, RoleName } from '../metadata/names.ts';
import { delegationGraph } from '../repository/delegators.ts';
import type { ObjectId, RepositoryTree } from '../repository/tree.ts';
import type { GatheredEvent } from './gather.ts';
import { TreeReader } from './read-tree.ts';
import type { Workspace } from './workspace.ts';

/** A role, and a key that it has or gets. */
type Seat = `${RoleName} ${Keyid}`;
type Seats = ReadonlyMap<Seat, Key>;

/**
 * Which account brought each key that joins a role: the one whose push put it there last. A commit names whom it likes; a
 * push is the forge's own word. Missing are keys of which the forge does not tell: those of a push that it does not list
 * yet, or that lie behind a commit which is gone. Where no key joins the forge is not asked.
 */
export async function accountsOf(
  { objects }: Workspace,
  forge: Pick<Forge, 'listPushes'>,
  branch: BranchName,
  head: CommitSha,
  { knownGood, event }: Pick<GatheredEvent, 'knownGood' | 'event'>,
): Promise<ReadonlyMap<Keyid, KeyOwner>> {
  const known = seatsOf(knownGood);
  const joining: Seats = new Map([...seatsOf(event)].filter(([seat]) => !known.has(seat)));
  if (joining.size === 0) return new Map();
  const trees = new TreeReader(objects);
  const open = new Set(joining.keys());
  const brought = new Map<Seat, KeyOwner>();
  /** Whatever is not in `below` came with what lies above it. */
  const settle = (below: Seats, account: KeyOwner | undefined): void => {
    for (const seat of open) {
      if (below.has(seat)) continue;
      open.delete(seat);
      if (account !== undefined) brought.set(seat, account);
    }
  };
  let above: ObjectId | undefined = head;
  for (const { before, after, account } of await forge.listPushes(branch)) {
    const [upper, lower] = [await seatsAt(trees, after), await seatsAt(trees, before)];
    if (upper === undefined || lower === undefined) break;
    // Between the two lies a push that is not listed.
    if (after !== above) settle(upper, undefined);
    settle(lower, account as KeyOwner);
    if (open.size === 0) break;
    above = before;
  }
  return byKey(joining, brought);
}

const seatsOf = (tree: RepositoryTree): Seats =>
  new Map(
    [...delegationGraph(tree).roles].flatMap(([role, { definition, delegations }]) =>
      definition.keyids.flatMap(keyid => {
        const key = delegations.keys.get(keyid);
        return key === undefined ? [] : [[`${role} ${keyid}`, key] as const];
      }),
    ),
  );

/** None where the branch was not there yet; `undefined` where it stood on a commit that has been forced away. */
async function seatsAt(trees: TreeReader, commit: ObjectId | undefined): Promise<Seats | undefined> {
  if (commit === undefined) return new Map();
  try {
    return seatsOf(await trees.read(commit as string as CommitSha));
  } catch (error) {
    if (!(error instanceof GitError) || error.code !== 'OBJECT_MISSING') throw error;
    return undefined;
  }
}

/** Of a key that joins several roles, by several accounts, the one that is not its owner: rules ask by the key alone. */
function byKey(joining: Seats, brought: ReadonlyMap<Seat, KeyOwner>): ReadonlyMap<Keyid, KeyOwner> {
  const accounts = new Map<Keyid, KeyOwner>();
  const unknown = new Set<Keyid>();
  for (const [seat, { keyid, owner }] of joining) {
    const account = brought.get(seat);
    if (account === undefined) unknown.add(keyid);
    else if (accounts.get(keyid) === undefined || accounts.get(keyid) === owner) accounts.set(keyid, account);
  }
  for (const keyid of unknown) accounts.delete(keyid);
  return accounts;
}
