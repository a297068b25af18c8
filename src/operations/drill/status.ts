import type { DrillReport } from '../../event/drill/report.ts';
import type { BranchName } from '../../git/names.ts';
import { listEvents, loadRemoteEvent } from '../event.ts';
import { isFaultOfEvent, isMerged } from '../status.ts';
import { verifiedMain } from '../verified-main.ts';
import { fetchMain, type Workspace } from '../workspace.ts';
import { drillIn } from './proofs.ts';
import { type ReadStanding, readStanding } from './standing.ts';

export interface OpenDrill {
  readonly branch: BranchName;
  readonly verdict: string;
  readonly drill: DrillReport;
}

/** The drills that are open on the remote, as last fetched. One that is refused asks nobody for anything. */
export async function openDrills(workspace: Workspace): Promise<readonly OpenDrill[]> {
  const found: OpenDrill[] = [];
  for (const branch of (await listEvents(workspace)).events) {
    try {
      const event = await loadRemoteEvent(workspace, branch);
      const { drill, verdict } = event.report;
      if (drill === undefined || verdict === 'rejected' || drillIn(event) === undefined) continue;
      found.push({ branch, verdict, drill });
    } catch (error) {
      if (!isMerged(error) && !isFaultOfEvent(error)) throw error;
    }
  }
  return found;
}

export interface DrillStatus extends ReadStanding {
  readonly open: readonly OpenDrill[];
}

/** What the drills on main say, and which are open: both fetched anew. Throws {@link OperationError}; git's errors. */
export async function drillStatus(workspace: Workspace): Promise<DrillStatus> {
  const main = await verifiedMain(workspace, await fetchMain(workspace));
  return { ...(await readStanding(workspace, main)), open: await openDrills(workspace) };
}
