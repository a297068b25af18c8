import type { Finding, Reason, RuleId } from '../event/reason.ts';
import { successionFindings } from '../event/succession.ts';
import type { CommitSha } from '../git/oid.ts';
import { parseDocumentOf } from '../metadata/document.ts';
import { roleFile } from '../repository/tree.ts';
import { findLastOnline, type LastOnline } from './last-online.ts';
import { type OwnState, rootDepartures } from './main-roots.ts';
import { takeoversSince } from './main-takeovers.ts';
import type { Workspace } from './workspace.ts';

export interface Followed {
  /** Empty: main goes on from where automation signed last. */
  readonly departures: readonly Reason[];
  /** `undefined` where there never was one, or there are departures. */
  readonly last: LastOnline | undefined;
}

/**
 * Where a state of main that verifies in itself does not go on from what main was before: another chain of roots, a root or a
 * role that goes back or says something else under a version that was published. `trustedRoot` was found in its chain.
 * Throws as {@link findLastOnline} does.
 */
export async function followMain(
  workspace: Workspace,
  commit: CommitSha,
  state: OwnState,
  trustedRoot?: Uint8Array,
): Promise<Followed> {
  const trusted = trustedRoot === undefined ? undefined : parseDocumentOf('root', trustedRoot);
  const forked = await rootDepartures(workspace, commit, state, trusted);
  if (forked.length > 0) return { departures: reasonsOf('version', forked), last: undefined };
  // Only now is the chain main's own, and the keys that it names are the automation's.
  const roots = [...state.facts.history.values()]
    .flatMap(parsed => (parsed.ok ? [parsed.value] : []))
    .filter(({ signed }) => signed.version >= (trusted?.signed.version ?? 0))
    .sort((a, b) => a.signed.version - b.signed.version);
  const last = await findLastOnline(workspace, commit, state, roots);
  const departures = last === undefined ? [] : await departuresSince(workspace, commit, last, state);
  return departures.length > 0 ? { departures, last: undefined } : { departures, last };
}

async function departuresSince(
  workspace: Workspace,
  tip: CommitSha,
  { standing, commit }: LastOnline,
  { tree, facts }: OwnState,
): Promise<readonly Reason[]> {
  const moved = reasonsOf('version', successionFindings(standing, tree, facts));
  if ([...standing.roles.keys()].every(role => tree.metadata.has(roleFile(role)))) return moved;
  return [...moved, ...reasonsOf('ownership', await takeoversSince(workspace, commit, tip, tree))];
}

const reasonsOf = (rule: RuleId, findings: Iterable<Finding>): readonly Reason[] =>
  [...findings].map(finding => ({ rule, ...finding }));
