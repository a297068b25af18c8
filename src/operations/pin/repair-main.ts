import type { BranchName } from '../../git/names.ts';
import type { Prompter } from '../prompter.ts';
import { draftRepair, openRepair } from '../repair.ts';
import { fetchMain, type Main, type Workspace } from '../workspace.ts';
import { type MainStanding, type Trust, untrusted, verifyFromPin } from './trust.ts';

export type Broken = Extract<MainStanding, { status: 'broken' }>;

/** `opened`: main is broken, and the event `branch` puts back what it was; whether by this run or by another one. */
export type RepairOutcome =
  | { readonly status: 'empty' | 'sound' }
  | { readonly status: 'opened'; readonly branch: BranchName; readonly problems: readonly string[] };

/**
 * Verifies main from what this machine trusts and, where it does not follow, offers an event that puts back the newest state
 * that did: it needs nobody's signature. Throws as {@link verifyFromPin} and {@link offerRepair} do.
 */
export async function repairMain(
  workspace: Workspace,
  trust: Trust,
  prompter: Prompter,
): Promise<RepairOutcome> {
  prompter.progress('fetching main and verifying it, every hash');
  const main = await fetchMain(workspace);
  const standing = await verifyFromPin(workspace, main, trust, prompter);
  if (standing.status !== 'broken') return { status: standing.status };
  const branch = await offerRepair(workspace, main, standing, prompter);
  return { status: 'opened', branch, problems: standing.problems };
}

/**
 * Opens the event that mends a broken main, once the person agrees. Throws {@link OperationError} `UNTRUSTED` where they do
 * not, or where no event can; {@link GitError}.
 */
export async function offerRepair(
  workspace: Workspace,
  main: Main,
  { problems, sound, isConsistent }: Broken,
  prompter: Prompter,
): Promise<BranchName> {
  if (sound === undefined) throw untrusted(problems, `. ${ASK_THE_OTHERS}`);
  const repair = await draftRepair(workspace, { main, sound, isConsistent });
  if (repair === undefined) {
    const remedy = `No event can put that back: whoever may push to main restores metadata/ and targets/ from ${sound.slice(0, 12)}`;
    throw untrusted(problems, `. ${remedy}. ${ASK_THE_OTHERS}`);
  }
  for (const problem of problems) prompter.progress(`main: ${problem}`);
  const question = `Main was sound at ${sound.slice(0, 12)}. Open an event that puts back what it held then?`;
  if (!(await prompter.confirm(question))) throw untrusted(problems);
  await openRepair(workspace, repair);
  return repair.branch;
}

const ASK_THE_OTHERS = 'Ask the others what happened. If main was moved on purpose: tuf-signer pin reset';
