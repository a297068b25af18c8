import { ForgeError } from '../forge/error.ts';
import type { Forge } from '../forge/forge.ts';
import type { Identity } from '../git/commit-object.ts';
import type { BranchName } from '../git/names.ts';
import type { RoleName } from '../metadata/names.ts';
import { listEvents } from './event.ts';
import { isFaultOfEvent } from './status.ts';
import { type TellOptions, type ToldEvent, tellEvent } from './tell-event.ts';
import { updateTargets } from './update-targets.ts';
import { fetchMain, type Workspace } from './workspace.ts';

export interface SigningEventOutcome {
  readonly told: ToldEvent;
  /** Roles whose metadata was made to agree with the files. */
  readonly updated: readonly RoleName[];
}

/**
 * What the automation does after each push to an event: metadata made to agree with files, the event judged, the verdict
 * told in the pull request and beside the commit. Safe to run again. Throws {@link ForgeError}, {@link OperationError};
 * git's errors.
 */
export async function runSigningEvent(
  workspace: Workspace,
  branch: BranchName,
  forge: Forge,
  author?: Identity,
  options: TellOptions = {},
): Promise<SigningEventOutcome> {
  await fetchMain(workspace, false);
  const updated = await updateWherePossible(workspace, branch, author);
  return { told: await tellEvent(workspace, branch, forge, options), updated };
}

/** Content that can't be updated still is judged, so that people are told what is wrong with it. */
async function updateWherePossible(
  workspace: Workspace,
  branch: BranchName,
  author: Identity | undefined,
): Promise<readonly RoleName[]> {
  try {
    return (await updateTargets(workspace, branch, author)).updated;
  } catch (error) {
    if (!isFaultOfEvent(error)) throw error;
    return [];
  }
}

export interface OpenEvents {
  readonly told: ReadonlyMap<BranchName, ToldEvent>;
  /** Events that the forge could not be told about, as their branch or pull request is going away. */
  readonly failed: ReadonlyMap<BranchName, ForgeError>;
  /** Branches whose names are not safe to use. */
  readonly ignored: readonly string[];
}

/** Judges all open events again, as main has moved on under them. One that can't be told about does not hide the others. */
export async function tellOpenEvents(
  workspace: Workspace,
  forge: Forge,
  options: TellOptions = {},
): Promise<OpenEvents> {
  await fetchMain(workspace, false);
  const { events, ignored } = await listEvents(workspace);
  const told = new Map<BranchName, ToldEvent>();
  const failed = new Map<BranchName, ForgeError>();
  for (const branch of events) {
    try {
      told.set(branch, await tellEvent(workspace, branch, forge, options));
    } catch (error) {
      if (!(error instanceof ForgeError) || (error.code !== 'UNFIT' && error.code !== 'NOT_FOUND'))
        throw error;
      failed.set(branch, error);
    }
  }
  return { told, failed, ignored };
}
