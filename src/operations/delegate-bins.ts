import { commonLimits } from '../event/clients/matrix.ts';
import { plural } from '../event/words.ts';
import type { BranchName } from '../git/names.ts';
import { type JsonObject, member, withMembers } from '../json.ts';
import { type BinSet, binCount, binName } from '../metadata/bins.ts';
import { listedRoles } from '../metadata/delegation.ts';
import type { Document, Targets } from '../metadata/document.ts';
import { computeKeyid } from '../metadata/key.ts';
import { type Keyid, type KeyOwner, type RoleName, roleNameProblem, SNAPSHOT } from '../metadata/names.ts';
import { serializeJson } from '../metadata/serialize.ts';
import { type BinForm, type BinSigners, shareOut, withBins } from '../repository/bin-edits.ts';
import type { KeyObject } from '../repository/delegator-edits.ts';
import { delegationGraph } from '../repository/delegators.ts';
import { newTargets, onlineKey, type RolePeriods } from '../repository/documents.ts';
import { Draft, type FileEdits } from '../repository/draft.ts';
import { documentOf, type RepositoryTree, roleFile, targetsOf } from '../repository/tree.ts';
import { type VoidedSignature, voidedSignatures } from '../repository/voided.ts';
import { commitAndPush } from './commit.ts';
import { defaultRolePeriods, type OnlineKey } from './delegate.ts';
import { OperationError } from './error.ts';
import { type Ground, groundOf } from './ground.ts';
import { fetchMain, type Workspace } from './workspace.ts';

/** How many bins there may be: what fits a snapshot of ours, whatever they are called. */
export const MAX_BINS = 16_384;
/** Bins that people sign: each of them is one more signature by a card. */
export const MAX_BINS_OF_PEOPLE = 256;

/** A role whose artifacts are to be shared out among bins. */
export interface DelegateBinsRequest {
  /** Created where it is not there yet. */
  readonly event: BranchName;
  /** `targets`, or a delegated role that is there. Its own signers and paths stay. */
  readonly role: RoleName;
  /** A power of two, 2 to {@link MAX_BINS}. */
  readonly bins: number;
  readonly form: BinForm;
  /** An online key that signs all bins, or people who have a key in this repository. One of the two. */
  readonly online?: OnlineKey | undefined;
  readonly signers?: readonly KeyOwner[] | undefined;
  /** All bins' (default: 1). */
  readonly threshold?: number | undefined;
  /** The bins' (default: 365 and 60 days). */
  readonly periods?: RolePeriods | undefined;
  /** Make all of it, and write nothing. */
  readonly dryRun?: boolean | undefined;
}

export interface DelegateBinsOutcome {
  /** `packages-00` and `packages-ff`. */
  readonly first: RoleName;
  readonly last: RoleName;
  /** Bins that were not there before. */
  readonly created: number;
  /** Artifacts that the role listed, and its bins do now. */
  readonly moved: number;
  /** Signatures of the event that this edit made worthless. */
  readonly voided: readonly VoidedSignature[];
}

/** The bins that a request of so many means. Throws {@link OperationError} `REFUSED`, and names the counts that would do. */
export function binSet(role: RoleName, count: number): BinSet {
  const bitLength = Math.log2(count);
  if (!Number.isInteger(bitLength) || bitLength < 1 || count > MAX_BINS) {
    const below = 2 ** Math.min(Math.max(Math.floor(bitLength), 1), Math.log2(MAX_BINS));
    const near = count > 2 && below < MAX_BINS ? `${below} or ${below * 2}` : `${below}`;
    throw new OperationError(
      'REFUSED',
      `there can not be ${count} bins: bins are shared out by the bits of a hash, so their number is a power of two from 2 to ${MAX_BINS}, here ${near}`,
    );
  }
  const bins = { namePrefix: role, bitLength };
  const problem = roleNameProblem(binName(bins, count - 1));
  if (problem !== undefined)
    throw new OperationError('REFUSED', `a bin called ${binName(bins, count - 1)} ${problem}`);
  return bins;
}

/**
 * Shares the artifacts of a role out among hash bins, each a role of its own, in an event: the bins are made, and take over
 * what the role lists. Where these bins are there already, their signers and form become those asked for. One commit; nothing
 * is written where clients could not take the result. Throws {@link OperationError} `REFUSED`, `NOT_FOUND`, `RACE_LOST`.
 */
export async function delegateBins(
  workspace: Workspace,
  request: DelegateBinsRequest,
): Promise<DelegateBinsOutcome> {
  const { role, event } = request;
  const bins = binSet(role, request.bins);
  const main = await fetchMain(workspace);
  const ground = await groundOf(workspace, event, main);
  const { knownGood, tree } = ground;
  const document = requireSharable(tree, role, bins);
  const signers = signersOf(tree, request);
  const draft = new Draft(knownGood, tree);
  const base = newTargets(workspace.clock.now(), request.periods ?? defaultRolePeriods);
  const created = fillBins(draft, tree, bins, shareOut(document.signed.targets, bins), base);
  draft.edit(role, signed =>
    withBins(withMembers(signed, new Map([['targets', {}]])), bins, signers, request.form),
  );
  const changes = draft.files(workspace.clock.now());
  if (changes.size === 0)
    throw new OperationError('REFUSED', `${role} has these bins already: nothing to change`);
  requireTakable(tree, request, bins, changes);
  if (request.dryRun !== true) await push(workspace, request, ground, changes);
  return {
    first: binName(bins, 0),
    last: binName(bins, binCount(bins) - 1),
    created,
    moved: document.signed.targets.size,
    voided: voidedSignatures(knownGood, tree, changes),
  };
}

async function push(
  workspace: Workspace,
  { event, role }: DelegateBinsRequest,
  { head, parent }: Ground,
  changes: FileEdits,
): Promise<void> {
  const { status } = await commitAndPush(workspace, {
    branch: event,
    head,
    parents: [parent],
    changes,
    message: [`'${role}' role/delegation change`],
  });
  if (status === 'rejected')
    throw new OperationError('RACE_LOST', `${event} changed meanwhile: look at it and run the command again`);
}

/** Makes the bins that are not there yet, and gives each its share. Gives how many were made. */
function fillBins(
  draft: Draft,
  tree: RepositoryTree,
  bins: BinSet,
  shares: ReadonlyMap<number, JsonObject>,
  base: JsonObject,
): number {
  let created = 0;
  for (let index = 0; index < binCount(bins); index++) {
    const [name, share] = [binName(bins, index), shares.get(index)];
    if (documentOf(tree, name) === undefined) {
      draft.create(name, share === undefined ? base : withMembers(base, new Map([['targets', share]])));
      created++;
    } else if (share !== undefined) {
      draft.edit(name, signed => {
        const known = member(signed, 'targets') as JsonObject;
        return withMembers(signed, new Map([['targets', { ...known, ...share }]]));
      });
    }
  }
  return created;
}

/** A role that delegates to nobody but these bins. Throws {@link OperationError} `NOT_FOUND`, `REFUSED`. */
function requireSharable(tree: RepositoryTree, role: RoleName, bins: BinSet): Document<Targets> {
  const document = targetsOf(tree, role);
  if (document === undefined) {
    throw new OperationError(
      'NOT_FOUND',
      `there is no role ${role} to share out: make it first, with those who sign for its bins (tuf-signer delegate EVENT ${role} --signers @name,@other)`,
    );
  }
  requirePeople(tree, role);
  const { delegations } = document.signed;
  const wanted = new Set(Array.from({ length: binCount(bins) }, (_, index) => binName(bins, index)));
  const others = [...delegations.roles.keys()].filter(name => !wanted.has(name));
  const has = delegations.roles.size;
  if (has > 0 && others.length === 0 && has === wanted.size) return document;
  if (delegations.succinct !== undefined || others.some(name => name.startsWith(`${role}-`))) {
    throw new OperationError(
      'REFUSED',
      `${role} has ${plural(has, 'bin')} already, and their number can not change: clients would find their artifacts in neither. Make another role, and move the artifacts there`,
    );
  }
  if (listedRoles(delegations).size > 0) {
    const [first] = others;
    throw new OperationError(
      'REFUSED',
      `${role} delegates to ${first ?? 'others'} already: a path would belong to that role and to a bin. Make a role of its own for the bins`,
    );
  }
  const taken = [...wanted].find(name => tree.metadata.has(roleFile(name)));
  if (taken !== undefined)
    throw new OperationError('REFUSED', `there is a role ${taken} already, and a bin would be called so`);
  return document;
}

/** Automation signs nothing below a delegator that has no quorum yet, and automation would be the quorum. */
function requirePeople(tree: RepositoryTree, role: RoleName): void {
  const own = delegationGraph(tree).roles.get(role);
  const owners = own?.definition.keyids.map(id => own.delegations.keys.get(id)?.owner) ?? [];
  if (owners.length === 0 || owners.some(owner => owner !== undefined)) return;
  throw new OperationError(
    'REFUSED',
    `${role} is signed by an online key, and whoever has that could hand its artifacts on: let people sign ${role}, and the online key its bins`,
  );
}

function signersOf(tree: RepositoryTree, request: DelegateBinsRequest): BinSigners {
  const { role, bins, online, signers = [], threshold = 1 } = request;
  const keys = new Map<Keyid, KeyObject>();
  if (online !== undefined) {
    const key = onlineKey(online.key, online.uri);
    keys.set(computeKeyid(key), key);
  }
  if (signers.length > 0 && bins > MAX_BINS_OF_PEOPLE) {
    throw new OperationError(
      'REFUSED',
      `each signer would have to sign ${bins} documents by card: people sign ${MAX_BINS_OF_PEOPLE} bins at most, an online key all of them (--online-key URI)`,
    );
  }
  for (const owner of signers) {
    const [keyid, key] = keyOfOwner(tree, role, owner);
    keys.set(keyid, key);
  }
  if (keys.size === 0) {
    throw new OperationError(
      'MISSING_ANSWER',
      'say who signs the bins: automation (--online-key URI), or people who have a key here (--signers @name,@other)',
    );
  }
  if (threshold < 1 || threshold > keys.size) {
    throw new OperationError(
      'REFUSED',
      `a threshold of ${threshold} can not be met by ${plural(keys.size, 'signer')}: it has to be 1 to ${keys.size}`,
    );
  }
  return { keys, threshold };
}

/** The key that `owner` signs `role` with, else the only one that they have anywhere. */
function keyOfOwner(tree: RepositoryTree, role: RoleName, owner: KeyOwner): readonly [Keyid, KeyObject] {
  const found = new Map<Keyid, KeyObject>();
  const { roles } = delegationGraph(tree);
  const own = roles.get(role);
  for (const { definition, delegations } of [...(own === undefined ? [] : [own]), ...roles.values()]) {
    for (const keyid of definition.keyids) {
      const key = delegations.keys.get(keyid);
      if (key?.owner === owner) found.set(keyid, key.raw);
    }
    const [first] = found;
    if (definition === own?.definition && first !== undefined && found.size === 1) return first;
  }
  const [first, ...more] = found;
  if (first !== undefined && more.length === 0) return first;
  throw new OperationError(
    'REFUSED',
    first === undefined
      ? `${owner} has no key in this repository yet: nobody is invited to thousands of bins. Let ${owner} join ${role} first`
      : `${owner} has several keys here: let ${owner} sign ${role} with one of them first`,
  );
}

/** Refuses what clients would not take: they stop reading at a limit, and the whole repository with it. */
function requireTakable(
  tree: RepositoryTree,
  { role, bins, form }: DelegateBinsRequest,
  set: BinSet,
  changes: FileEdits,
): void {
  const list = changes.get(`metadata/${roleFile(role)}`)?.length ?? 0;
  if (list > commonLimits.targets) {
    const other =
      form === 'listed' ? 'write them as succinct_roles (--succinct), or take fewer' : 'take fewer';
    throw new OperationError(
      'REFUSED',
      `the list of ${bins} bins would make ${role} ${list} bytes long, and clients take ${commonLimits.targets}: ${other}`,
    );
  }
  const known = documentOf(tree, SNAPSHOT);
  const entries = Array.from({ length: bins }, (_, index) => [roleFile(binName(set, index)), { version: 1 }]);
  const snapshot =
    (known?.bytes.length ?? 0) + serializeJson({ meta: Object.fromEntries(entries) as JsonObject }).length;
  if (snapshot <= commonLimits.snapshot) return;
  throw new OperationError(
    'REFUSED',
    `a snapshot of ${bins} bins more would be ${snapshot} bytes long, and clients take ${commonLimits.snapshot}: take fewer`,
  );
}
