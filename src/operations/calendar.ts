import type { Instant } from '../clock.ts';
import { type Calendar, calendarOf, type OpenRenewal } from '../event/calendar.ts';
import { deadlineOf } from '../event/deadlines.ts';
import type { DrillStanding } from '../event/drill/standing.ts';
import type { BranchName } from '../git/names.ts';
import type { CommitSha } from '../git/oid.ts';
import type { RoleName } from '../metadata/names.ts';
import { delegationGraph } from '../repository/delegators.ts';
import { documentOf } from '../repository/tree.ts';
import { readIdentity } from './drill/read.ts';
import { readStanding } from './drill/standing.ts';
import { type OpenDrill, openDrills } from './drill/status.ts';
import { TreeReader } from './read-tree.ts';
import { coversRole, openEvents } from './renewal-events.ts';
import { verifiedMain } from './verified-main.ts';
import { findMain, pullRemote, type Workspace } from './workspace.ts';

export interface RepositoryCalendar extends Calendar {
  readonly main: { readonly branch: BranchName; readonly commit: CommitSha };
  readonly now: Instant;
  readonly until: Instant;
  /** Which repository this is, wherever its clone lies; `undefined` where main has no first root. */
  readonly identity: string | undefined;
  /** Drills that are open. */
  readonly drills: readonly OpenDrill[];
  readonly standing: DrillStanding;
}

/**
 * When people have to sign until then, by main and the open events as last fetched: no remote is asked. Throws
 * {@link OperationError} `REFUSED` where main does not verify, `NOT_FOUND`; git's errors.
 */
export async function readCalendar(workspace: Workspace, until: Instant): Promise<RepositoryCalendar> {
  const now = workspace.clock.now();
  const main = await findMain(workspace);
  const tree = await verifiedMain(workspace, main);
  const events = pullRemote(workspace) === undefined ? [] : await openEvents(workspace);
  const renewals = new Map<RoleName, OpenRenewal>();
  for (const role of delegationGraph(tree).roles.keys()) {
    if (deadlineOf(tree, role, now)?.isSigning !== true) continue;
    const event = events.find(one => coversRole(one, tree, role, now));
    const signed = event === undefined ? undefined : documentOf(event.tree, role)?.signed;
    if (event !== undefined && signed !== undefined)
      renewals.set(role, { event: event.branch, expiresAt: signed.expiresAt });
  }
  const { standing } = await readStanding(workspace, tree);
  return {
    ...calendarOf(tree, renewals, now, until),
    main,
    now,
    until,
    identity: await readIdentity(new TreeReader(workspace.objects), tree),
    drills: pullRemote(workspace) === undefined ? [] : await openDrills(workspace),
    standing,
  };
}
