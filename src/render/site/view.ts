import { createHash } from 'node:crypto';
import { DAY_MS, type Instant } from '../../clock.ts';
import type { DrillStanding } from '../../event/drill/standing.ts';
import { digestOf } from '../../event/succession.ts';
import { keyName, longId } from '../../event/words.ts';
import { parseDocumentOf } from '../../metadata/document.ts';
import { MetadataError } from '../../metadata/error.ts';
import { publicKeyOf } from '../../metadata/key.ts';
import { isOnlineRole, ROOT, type RoleName } from '../../metadata/names.ts';
import { effectivePeriods } from '../../metadata/periods.ts';
import { distinctKeys } from '../../metadata/quorum.ts';
import { type Delegated, delegationGraph } from '../../repository/delegators.ts';
import { documentOf, type RepositoryTree, rootOf, targetsOf } from '../../repository/tree.ts';
import { type DrillsView, drillsViewOf } from './drills.ts';
import { MANY } from './names.ts';

/** What the page of a repository shows, as plain data. Names in it are as their documents have them: untrusted. */
export interface SiteView {
  readonly commit: string;
  /** When the commit was made, as it says itself. */
  readonly committedAt: Instant;
  readonly firstRoot: FirstRoot;
  readonly roles: readonly RoleView[];
  readonly events: readonly EventView[];
  /** Missing where the commit has no record of a drill. */
  readonly drills: DrillsView | undefined;
  /** Each role's artifacts: path and bytes. */
  readonly artifacts: ReadonlyMap<RoleName, readonly (readonly [string, number])[]>;
}

/** Where a client starts. */
export interface FirstRoot {
  readonly version: number;
  /** SHA-256 of the file in hex, as `sha256sum` gives it. */
  readonly file: string;
  /** SHA-256 of its signed bytes in hex: what `tuf-signer pin show` gives. */
  readonly identity: string;
}

/** One role, or many that the same keys sign alike. */
export interface RoleView {
  /** The first one's name. */
  readonly role: RoleName;
  /** The last one's, where they are many. */
  readonly last: RoleName | undefined;
  readonly count: number;
  /** Below `root`: 1 for its own roles. Root itself: 0. */
  readonly depth: number;
  readonly delegator: RoleName;
  readonly threshold: number;
  readonly signers: readonly SignerView[];
  /** Of the one that ends first. */
  readonly version: number | undefined;
  readonly expiresAt: Instant | undefined;
  readonly signingFrom: Instant | undefined;
  /** How long it lives after it was signed. Days. */
  readonly expiryDays: number | undefined;
  /** Path patterns or hash prefixes, in words; empty for the roles of root. */
  readonly paths: readonly string[];
  readonly terminating: boolean;
  readonly artifacts: number;
}

export interface SignerView {
  readonly name: string;
  readonly isOnline: boolean;
  /** `ecdsa-sha2-nistp256` and the like. */
  readonly scheme: string;
  /** Of the public key; `undefined` where it can't be read. */
  readonly fingerprint: string | undefined;
}

/** A change that people signed. */
export interface EventView {
  readonly commit: string;
  readonly time: Instant;
  /** The commit's first line. */
  readonly subject: string;
  /** `root 3 → 4`. */
  readonly changes: readonly string[];
}

export interface SiteFacts {
  readonly commit: string;
  readonly committedAt: Instant;
  /** The bytes of the oldest root of root_history/. */
  readonly firstRoot: Uint8Array;
  readonly events: readonly EventView[];
  /** What the drills of the commit say when it was made. */
  readonly standing?: DrillStanding;
}

/** Gathers what the page shows from a verified commit. Pure. Throws {@link MetadataError} where the first root is none. */
export function siteViewOf(tree: RepositoryTree, { firstRoot, standing, ...facts }: SiteFacts): SiteView {
  const first = parseDocumentOf('root', firstRoot);
  return {
    ...facts,
    firstRoot: {
      version: first.signed.version,
      file: createHash('sha256').update(firstRoot).digest('hex'),
      identity: digestOf(first),
    },
    roles: roleViews(tree),
    drills: drillsViewOf(standing),
    artifacts: new Map(
      [...delegationGraph(tree).roles.keys()].flatMap(role => {
        const targets = targetsOf(tree, role)?.signed.targets;
        if (targets === undefined || targets.size === 0) return [];
        return [[role, [...targets].map(([path, { length }]) => [path, length] as const)] as const];
      }),
    ),
  };
}

function roleViews(tree: RepositoryTree): readonly RoleView[] {
  const children = new Map<RoleName, Delegated[]>();
  for (const delegated of delegationGraph(tree).roles.values()) {
    if (delegated.role === ROOT) continue;
    const siblings = children.get(delegated.delegator);
    if (siblings === undefined) children.set(delegated.delegator, [delegated]);
    else siblings.push(delegated);
  }
  const views: RoleView[] = [];
  const root = delegationGraph(tree).roles.get(ROOT);
  if (root !== undefined) views.push(viewOf(tree, [root], 0));
  // A stack and no recursion: delegations may be nested deeper than the stack goes.
  const open = groupsOf(children.get(ROOT) ?? []).map(group => ({ group, depth: 1 }));
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { group, depth } = next;
    views.push(viewOf(tree, group, depth));
    const below = group.flatMap(({ role }) => (role === ROOT ? [] : (children.get(role) ?? [])));
    open.unshift(...groupsOf(below).map(inner => ({ group: inner, depth: depth + 1 })));
  }
  return views;
}

/** Neighbours that are alike, where they are many; each other role by itself. */
function groupsOf(siblings: readonly Delegated[]): readonly (readonly Delegated[])[] {
  const runs: Delegated[][] = [];
  for (const delegated of siblings) {
    const run = runs.at(-1);
    const [first] = run ?? [];
    if (run !== undefined && first !== undefined && isAlike(first, delegated)) run.push(delegated);
    else runs.push([delegated]);
  }
  return runs.flatMap(run => (run.length > MANY ? [run] : run.map(delegated => [delegated])));
}

const isAlike = (a: Delegated, b: Delegated): boolean =>
  a.delegator === b.delegator &&
  a.definition.threshold === b.definition.threshold &&
  a.definition.keyids.join() === b.definition.keyids.join();

function viewOf(tree: RepositoryTree, group: readonly Delegated[], depth: number): RoleView {
  const [first] = group as readonly [Delegated];
  const { role, delegator, definition, delegations } = first;
  const signed = group.flatMap(({ role: name }) => documentOf(tree, name)?.signed ?? []);
  const next = signed.reduce<(typeof signed)[number] | undefined>(
    (soonest, one) => (soonest === undefined || one.expiresAt < soonest.expiresAt ? one : soonest),
    undefined,
  );
  const periods = isOnlineRole(role)
    ? rootOf(tree)?.signed.delegations.roles.get(role)?.periods
    : next?.periods;
  const days = periods === undefined ? undefined : effectivePeriods(periods);
  return {
    role,
    last: group.length > 1 ? group.at(-1)?.role : undefined,
    count: group.length,
    depth,
    delegator,
    threshold: definition.threshold,
    signers: [...distinctKeys(delegations, definition).values()].map(key => {
      const publicKey = publicKeyOf(key);
      return {
        name:
          key.onlineUri === undefined ? keyName(key) : `online key (${key.onlineUri.replace(/:.*/s, '')})`,
        isOnline: key.onlineUri !== undefined,
        scheme: key.scheme,
        fingerprint: publicKey instanceof MetadataError ? undefined : longId(publicKey.fingerprint),
      };
    }),
    version: next?.version,
    expiresAt: next?.expiresAt,
    signingFrom:
      next === undefined || days === undefined ? undefined : daysBefore(next.expiresAt, days.signingDays),
    expiryDays: days?.expiryDays,
    paths: group.length > 1 || delegator === ROOT ? [] : pathsOf(first),
    terminating: definition.terminating,
    artifacts: group.reduce(
      (sum, { role: name }) => sum + (targetsOf(tree, name)?.signed.targets.size ?? 0),
      0,
    ),
  };
}

/** `undefined` for what is before 1970: no date that anybody plans by. */
function daysBefore(time: Instant, days: number): Instant | undefined {
  const from = time - days * DAY_MS;
  return from < 0 ? undefined : (from as Instant);
}

const pathsOf = ({ definition: { paths, pathHashPrefixes } }: Delegated): readonly string[] =>
  pathHashPrefixes.length > 0
    ? [`SHA-256 of the path begins with ${pathHashPrefixes.slice(0, 8).join(', ')}`]
    : paths;

/** Who could be lost, and the role could still be signed. Negative: it can not be signed at all. */
export const marginOf = ({ signers, threshold }: RoleView): number => signers.length - threshold;
