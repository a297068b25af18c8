import { type BranchName, parseSigningEvent } from '../../src/git/names.ts';
import { type Proposal, proposeDelegation } from '../../src/operations/delegate.ts';
import type { RoleChanges } from '../../src/operations/delegate-request.ts';
import { OperationError } from '../../src/operations/error.ts';
import { openGround, pushProposed } from '../../src/operations/propose.ts';
import { fetchMain, type Workspace } from '../../src/operations/workspace.ts';
import { renderJson } from '../../src/render/json.ts';
import { type RoleChangeView, renderRoleChange } from '../../src/render/roles.ts';
import { roleChangeJson } from '../../src/render/roles-json.ts';
import { roleTable } from '../../src/repository/role-table.ts';
import { EXIT } from '../exit-codes.ts';
import { givenRole } from '../given.ts';
import { personalSigner, type RunContext, workspaceOf } from '../run-context.ts';
import { runBins } from './delegate-bins.ts';
import { CHANGE_FLAGS, changesOf, type DelegateFlags, isChange } from './delegate-flags.ts';
import { DelegateQuestions } from './delegate-questions.ts';

/** Roles that do not change and are shown nevertheless. */
const MAX_SHOWN = 24;

/** Creates, changes or removes a role in an event, after showing what becomes of it. */
export async function run(
  [eventText, roleText]: readonly string[],
  flags: DelegateFlags,
  context: RunContext,
): Promise<number> {
  const event = eventText === undefined ? undefined : parseSigningEvent(eventText);
  const role = roleText === undefined ? undefined : givenRole(roleText);
  if (flags.bins !== undefined || flags.succinct === true) return runBins(event, role, flags, context);
  const changes = await changesOf(flags, context);
  requireEnough(event, role, changes, context);
  await using workspace = await workspaceOf(flags);
  await using signer = personalSigner(flags, context);
  const proposal = await propose(workspace, { event, role, changes }, flags, context, {
    ownKey: () => signer.readPublicKey(),
    ownAttestation: async () => signer.readAttestation?.(),
  });
  const { output } = context;
  const isDry = flags.dryRun === true;
  output.show(
    renderRoleChange(viewOf(proposal, MAX_SHOWN), { colour: output.colour.err, width: output.width }),
  );
  if (!isDry) {
    await agree(proposal, flags, context);
    await pushProposed(workspace, proposal);
  }
  if (flags.json === true) output.result(renderJson(roleChangeJson(viewOf(proposal, Infinity), !isDry)));
  output.say(isDry ? 'A dry run: nothing was written.' : outcomeOf(proposal));
  if (!isDry) sayNext(proposal, context);
  return EXIT.accepted;
}

interface Given {
  readonly event: BranchName | undefined;
  readonly role: ReturnType<typeof givenRole> | undefined;
  readonly changes: RoleChanges;
}

/** Without a person at the terminal everything has to be said beforehand. */
function requireEnough(
  event: Given['event'],
  role: Given['role'],
  changes: RoleChanges,
  { asker }: RunContext,
): void {
  if (asker.isInteractive) return;
  const missing = (what: string): OperationError =>
    new OperationError('MISSING_ANSWER', `nobody is here to be asked: ${what}`);
  if (event === undefined || role === undefined)
    throw missing('name the event and the role, as in tuf-signer delegate sign/tools tools --threshold 2');
  if (!isChange(changes)) throw missing(`say what is to change, by ${CHANGE_FLAGS.join(', ')}`);
}

/** Asks for what was not given, and makes the change without writing it. */
async function propose(
  workspace: Workspace,
  given: Given,
  flags: DelegateFlags,
  context: RunContext,
  own: Pick<Parameters<typeof proposeDelegation>[2], 'ownKey' | 'ownAttestation'>,
): Promise<Proposal> {
  const questions = new DelegateQuestions(workspace, flags, context);
  const main = await fetchMain(workspace);
  const event = given.event ?? (await questions.event());
  const ground = await openGround(workspace, event, main);
  const tree = ground.gathered.event;
  const role = given.role ?? (await questions.role(event, tree));
  const changes = await questions.changes(role, tree, given.changes);
  return proposeDelegation(workspace, ground, { ...changes, event, role, ...own });
}

const viewOf = (proposal: Proposal, limit: number): RoleChangeView => ({
  event: proposal.ground.event,
  table: roleTable(proposal.before, proposal.after, limit),
  removedArtifacts: proposal.removedArtifacts,
  overlaps: proposal.overlaps,
  voided: proposal.voided,
  report: proposal.report,
});

async function agree(
  { ground: { event } }: Proposal,
  { yes }: DelegateFlags,
  { asker }: RunContext,
): Promise<void> {
  if (yes === true) return;
  if (!asker.isInteractive) {
    throw new OperationError(
      'MISSING_ANSWER',
      'nobody is here to agree to this: give --yes, or --dry-run to look only. Nothing was written',
    );
  }
  if (!(await asker.confirm(`Push this to ${event}?`)))
    throw new OperationError('DECLINED', 'nothing was written');
}

function outcomeOf({ role, created, removed, ground: { event } }: Proposal): string {
  const what = removed.length > 1 ? `roles ${removed.join(', ')}` : `role ${role}`;
  const deed = removed.length > 0 ? 'Removed' : created ? 'Created' : 'Changed';
  return `${deed} ${what} in ${event} and pushed it.`;
}

function sayNext({ invited, removed, ground: { event } }: Proposal, { output }: RunContext): void {
  if (invited.length > 0 && removed.length === 0)
    output.say(`Invited: ${invited.join(', ')}. Each of them runs: tuf-signer sign ${event}`);
  output.say(`See what is left to do: tuf-signer status ${event}`);
}
