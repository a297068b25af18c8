import { jsonEqual } from '../json.ts';
import { type KeyOwner, ROOT, type RoleName } from '../metadata/names.ts';
import { effectivePeriods } from '../metadata/periods.ts';
import { type Delegated, delegationGraph } from './delegators.ts';
import { isSameFile } from './diff.ts';
import type { RolePeriods } from './documents.ts';
import { invitedTo } from './state.ts';
import { documentOf, invitesOf, type RepositoryTree } from './tree.ts';

/** A role as people set it. */
export interface RoleSummary {
  readonly role: RoleName;
  /** `undefined` for root itself. */
  readonly delegator: RoleName | undefined;
  /** Each owner once, as their keys come. */
  readonly owners: readonly KeyOwner[];
  readonly onlineUris: readonly string[];
  /** Keys that the role counts, whosesoever. */
  readonly keys: number;
  readonly invited: readonly KeyOwner[];
  readonly threshold: number;
  readonly periods: RolePeriods | undefined;
  /** As written in the document; `undefined` where there is none yet. */
  readonly expires: string | undefined;
  readonly paths: readonly string[];
  readonly hashPrefixes: number;
  /** `undefined` for the roles of root. */
  readonly terminating: boolean | undefined;
}

export interface RoleRow {
  readonly change: 'same' | 'added' | 'changed' | 'removed';
  /** Below root, which is 0. */
  readonly depth: number;
  /** Which one of its delegator's clients ask, counted from 1. */
  readonly place: number;
  readonly isMoved: boolean;
  /** What it is; of a role that is removed, what it was. */
  readonly terms: RoleSummary;
  /** What it was, where that is something else. */
  readonly before: RoleSummary | undefined;
}

export interface RoleTable {
  /** Each role below its delegator, in the order of search. */
  readonly rows: readonly RoleRow[];
  /** Roles that are as they were and were left out. */
  readonly hidden: number;
}

/**
 * All roles of `after` and those of `before` that are gone, with what changes between the two. Where there are more than `limit`
 * roles, only those that change are told, with the roles of root and whoever delegates to them; the documents of others stay
 * unread. Where nothing changes, the first ones are told.
 */
export function roleTable(before: RepositoryTree, after: RepositoryTree, limit: number): RoleTable {
  const [old, now] = [delegationGraph(before).roles, delegationGraph(after).roles];
  const moved = movedRoles(before, after);
  const places = [...inOrder(after)].map(place => {
    const known = old.get(place.delegated.role);
    const isMoved = moved.has(place.delegated.role);
    const isSame = known !== undefined && !isMoved && isAsBefore(before, after, known, place.delegated);
    return { ...place, known, isMoved, isSame };
  });
  const gone = [...old.values()].filter(({ role }) => !now.has(role));
  const changing = places.filter(({ isSame }) => !isSame).map(({ delegated }) => delegated);
  const isTold = places.length <= limit ? () => true : toldBeside([...changing, ...gone], now);
  const rows = places
    .filter(({ delegated, isSame }, i) => !isSame || (before === after ? i < limit : isTold(delegated)))
    .map(({ delegated, depth, place, known, isMoved, isSame }): RoleRow => {
      const change = known === undefined ? 'added' : isSame ? 'same' : 'changed';
      const was = known === undefined || isSame ? undefined : summaryOf(before, known);
      return { change, depth, place, isMoved, terms: summaryOf(after, delegated), before: was };
    });
  const removed = gone.map((delegated): RoleRow => {
    const terms = summaryOf(before, delegated);
    return { change: 'removed', depth: 1, place: 0, isMoved: false, terms, before: undefined };
  });
  return { rows: [...rows, ...removed], hidden: places.length - rows.length };
}

/** The roles of root, and those above what changes. */
function toldBeside(
  changing: readonly Delegated[],
  roles: ReadonlyMap<RoleName, Delegated>,
): (delegated: Delegated) => boolean {
  const above = new Set<RoleName>();
  for (const { delegator } of changing) {
    for (let at: RoleName | undefined = delegator; at !== undefined && !above.has(at); ) {
      above.add(at);
      at = roles.get(at)?.delegator;
    }
  }
  return ({ role, delegator }) => delegator === ROOT || above.has(role);
}

/** As it is, without anything that changes. */
export function summaryOf(
  tree: RepositoryTree,
  { role, delegator, definition, delegations }: Delegated,
): RoleSummary {
  const keys = definition.keyids.flatMap(keyid => delegations.keys.get(keyid) ?? []);
  const document = documentOf(tree, role)?.signed;
  const isTop = delegator === ROOT;
  return {
    role,
    delegator: role === ROOT ? undefined : delegator,
    owners: [...new Set(keys.flatMap(({ owner }) => owner ?? []))],
    onlineUris: [...new Set(keys.flatMap(({ onlineUri }) => onlineUri ?? []))],
    keys: definition.keyids.length,
    invited: invitedTo(invitesOf(tree), role),
    threshold: definition.threshold,
    // Of snapshot and timestamp root says it.
    periods:
      effectivePeriods(definition.periods) ?? effectivePeriods(document?.periods ?? definition.periods),
    expires: document?.expires,
    paths: definition.paths,
    hashPrefixes: definition.pathHashPrefixes.length,
    terminating: isTop ? undefined : definition.terminating,
  };
}

/** Does a role say the same in both? Its document is read only where it is another file. */
function isAsBefore(before: RepositoryTree, after: RepositoryTree, a: Delegated, b: Delegated): boolean {
  const { role } = b;
  const sameInvites = jsonEqual(invitedTo(invitesOf(before), role), invitedTo(invitesOf(after), role));
  if (a.delegator !== b.delegator || !sameInvites) return false;
  if (a.definition === b.definition && isSameFile(before, after, role)) return true;
  const [old, now] = [a.definition, b.definition];
  const sameTerms =
    old.threshold === now.threshold &&
    old.terminating === now.terminating &&
    jsonEqual(old.keyids, now.keyids) &&
    jsonEqual(old.paths, now.paths) &&
    jsonEqual(old.pathHashPrefixes, now.pathHashPrefixes) &&
    old.periods.expiryDays === now.periods.expiryDays &&
    old.periods.signingDays === now.periods.signingDays;
  if (!sameTerms || isSameFile(before, after, role)) return sameTerms;
  const [was, is] = [documentOf(before, role)?.signed.periods, documentOf(after, role)?.signed.periods];
  return was?.expiryDays === is?.expiryDays && was?.signingDays === is?.signingDays;
}

/** Roles from root down, each followed by those below it. A stack and no recursion: a chain may be longer than the stack. */
function* inOrder(
  tree: RepositoryTree,
): Iterable<{ readonly delegated: Delegated; readonly depth: number; readonly place: number }> {
  const below = new Map<RoleName, Delegated[]>();
  let root: Delegated | undefined;
  for (const delegated of delegationGraph(tree).roles.values()) {
    if (delegated.role === ROOT) root = delegated;
    else if (below.has(delegated.delegator)) below.get(delegated.delegator)?.push(delegated);
    else below.set(delegated.delegator, [delegated]);
  }
  const stack = root === undefined ? [] : [{ delegated: root, depth: 0, place: 1 }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    yield next;
    const children = below.get(next.delegated.role) ?? [];
    for (let place = children.length; place > 0; place--) {
      const delegated = children[place - 1];
      if (delegated !== undefined) stack.push({ delegated, depth: next.depth + 1, place });
    }
  }
}

/** Roles that stand elsewhere among those that both trees have: what lies between the ends that agree. */
function movedRoles(before: RepositoryTree, after: RepositoryTree): ReadonlySet<RoleName> {
  const [old, now] = [siblings(before), siblings(after)];
  const moved = new Set<RoleName>();
  for (const [delegator, roles] of now) {
    const known = new Set(old.get(delegator));
    const present = new Set(roles);
    const a = [...known].filter(role => present.has(role));
    const b = roles.filter(role => known.has(role));
    let [from, to] = [0, b.length];
    while (from < to && a[from] === b[from]) from++;
    while (to > from && a[to - 1] === b[to - 1]) to--;
    for (const role of b.slice(from, to)) moved.add(role);
  }
  return moved;
}

function siblings(tree: RepositoryTree): ReadonlyMap<RoleName, readonly RoleName[]> {
  const lists = new Map<RoleName, RoleName[]>();
  for (const { role, delegator } of delegationGraph(tree).roles.values()) {
    const list = lists.get(delegator);
    if (delegator === ROOT) continue; // an object, in no order
    if (list === undefined) lists.set(delegator, [role]);
    else list.push(role);
  }
  return lists;
}
