import { unreachable } from '../../src/errors.ts';
import type { EventReport } from '../../src/event/report.ts';
import { type BranchName, parseSigningEvent } from '../../src/git/names.ts';
import { isAsked } from '../../src/operations/asks.ts';
import { bringSignatures } from '../../src/operations/bring-signatures.ts';
import { declineInvitations } from '../../src/operations/decline.ts';
import { type SignOutcome, signEvent } from '../../src/operations/sign.ts';
import { isMerged, mergedStatus, pendingEvents } from '../../src/operations/status.ts';
import type { Workspace } from '../../src/operations/workspace.ts';
import { drillMeaning } from '../../src/render/drill-words.ts';
import { renderJson, reportJson } from '../../src/render/json.ts';
import { renderTerminal } from '../../src/render/terminal.ts';
import { EXIT } from '../exit-codes.ts';
import { givenFile, givenRole } from '../given.ts';
import {
  type GlobalFlags,
  personalSigner,
  prompterOf,
  type RunContext,
  trustOf,
  workspaceOf,
} from '../run-context.ts';
import { UsageError } from '../usage-error.ts';
import { askedWords } from './asked-words.ts';
import { bringHome } from './bring-home.ts';
import { saySigned } from './say-signed.ts';

export interface SignFlags extends GlobalFlags {
  /** A file of signatures that were made elsewhere. */
  readonly signature?: string;
  readonly json?: boolean;
  readonly decline?: boolean;
  /** With `decline`: the roles that are meant. */
  readonly role?: readonly string[];
}

/** Joins and signs one event, or declines to; without an event, lists those that wait for this person. */
export async function run(
  [event]: readonly string[],
  flags: SignFlags,
  context: RunContext,
): Promise<number> {
  if (event === undefined && flags.decline === true)
    throw new UsageError(
      'say which event has the invitation to decline: tuf-signer sign sign/NAME --decline',
    );
  if (flags.role !== undefined && flags.decline !== true)
    throw new UsageError('--role goes with --decline: who signs, signs every role that waits for them');
  if (event === undefined) return list(flags, context);
  const branch = parseSigningEvent(event);
  if (flags.decline === true) return decline(branch, flags, context);
  await using workspace = await workspaceOf(flags);
  if (flags.signature !== undefined) return await bring(workspace, branch, flags.signature, flags, context);
  await using signer = personalSigner(flags, context);
  let outcome: SignOutcome;
  try {
    outcome = await signEvent(workspace, {
      branch,
      signer,
      prompter: prompterOf(context, flags),
      trust: await trustOf(flags, context),
    });
  } catch (error) {
    if (!isMerged(error)) throw error;
    return await tellMerged(workspace, branch, flags, context);
  }
  const { output } = context;
  const { report } = outcome.event;
  if (outcome.joined.length + outcome.signed.length + outcome.proved.length > 0)
    await bringHome(workspace, branch, context);
  if (flags.json === true) {
    const { joined, signed, proved } = outcome;
    output.result(renderJson({ event: branch, joined, signed, proved, status: reportJson(report) }));
    return EXIT.accepted;
  }
  const { drill } = report;
  if (outcome.proved.length > 0) output.say('Your key works. Thank you.');
  else if (drill !== undefined) output.say('There is nothing left for you to prove in this drill.');
  else if (outcome.signed.length === 0)
    output.say(nothingToSign(outcome.joined.length > 0, report.invites.size));
  if (drill !== undefined) output.say(`Drill ${drill.name}: ${drillMeaning(drill)}.`);
  saySigned(output, outcome);
  return EXIT.accepted;
}

async function decline(branch: BranchName, flags: SignFlags, context: RunContext): Promise<number> {
  const { output } = context;
  await using workspace = await workspaceOf(flags);
  const { declined, event } = await declineInvitations(workspace, {
    branch,
    prompter: prompterOf(context),
    only: flags.role?.map(givenRole),
  });
  await bringHome(workspace, branch, context, 'Your answer');
  if (flags.json === true)
    output.result(renderJson({ event: branch, declined, status: reportJson(event.report) }));
  else output.say(`You have declined to sign ${declined.join(' and ')} in ${branch}.`);
  return EXIT.accepted;
}

/** Signatures on keys that are in no card and no file of this machine. */
async function bring(
  workspace: Workspace,
  branch: BranchName,
  file: string,
  flags: SignFlags,
  context: RunContext,
): Promise<number> {
  const { roles, event } = await bringSignatures(workspace, {
    branch,
    signatures: await givenFile(file, '--signature'),
    prompter: prompterOf(context),
    trust: await trustOf(flags, context),
  });
  await bringHome(workspace, branch, context);
  if (flags.json === true)
    context.output.result(
      renderJson({ event: branch, joined: [], signed: roles, status: reportJson(event.report) }),
    );
  else context.output.say(`Added signatures on ${roles.join(' and ')}.`);
  return EXIT.accepted;
}

async function tellMerged(
  workspace: Workspace,
  branch: BranchName,
  flags: SignFlags,
  { output }: RunContext,
): Promise<number> {
  const { report } = await mergedStatus(workspace, branch);
  if (flags.json === true)
    output.result(
      renderJson({ event: branch, joined: [], signed: [], proved: [], status: reportJson(report) }),
    );
  else output.show(renderTerminal(report, { colour: output.colour.err, width: output.width }));
  return EXIT.unchanged;
}

const nothingToSign = (joined: boolean, openInvites: number): string =>
  joined && openInvites > 0
    ? 'Others are still to join, which changes what is signed: come back to sign when they have.'
    : 'There is nothing for you to sign in this event now.';

/** Where an event stands that wants nothing of this person. */
function standsAt(event: BranchName, { verdict, awaited, invites, drill }: EventReport): string {
  switch (verdict) {
    case 'accepted':
      return 'complete, it can be merged';
    case 'unchanged':
      return 'nothing differs from main; if it is merged, its branch can be deleted';
    case 'rejected':
      return `rejected, as tuf-signer status ${event} says`;
    case 'pending': {
      if (drill !== undefined) return `a drill, ${drillMeaning(drill)}`;
      const names = [...new Set([...invites.keys(), ...awaited.map(({ name }) => name)])];
      return names.length > 0
        ? `waits for ${names.join(', ')}`
        : `pending, as tuf-signer status ${event} says`;
    }
    default:
      return unreachable(verdict);
  }
}

async function list(flags: SignFlags, { output }: RunContext): Promise<number> {
  await using workspace = await workspaceOf(flags);
  const { user, events, unreadable, merged, ignored } = await pendingEvents(workspace);
  const waiting = events.filter(isAsked);
  if (flags.json === true) {
    const rows = events.map(({ branch, invited, toSign, nameless, toProve, event }) => ({
      event: branch,
      verdict: event.report.verdict,
      invited,
      toSign,
      nameless,
      toProve,
    }));
    output.result(renderJson({ user, events: rows, unreadable, merged, ignored }));
    return EXIT.accepted;
  }
  for (const { branch, problem } of unreadable)
    output.say(`warning: ${branch} can not be judged: ${problem}`);
  for (const branch of merged) output.say(`${branch} is merged: its branch can be deleted.`);
  for (const name of ignored) output.say(`warning: ignored a branch with an unsafe name: ${name}`);
  if (waiting.length === 0) {
    const open = events.length === 0 ? 'no event is open' : `${events.length} open, none waits for you`;
    output.say(`Nothing to do for ${user}: ${open}.`);
    for (const { branch, event } of events) output.say(`  ${branch}: ${standsAt(branch, event.report)}`);
  }
  for (const { branch, event, ...asks } of waiting)
    output.result(`${branch}  ${event.report.verdict}  ${askedWords(asks).join('; ')}`);
  if (waiting.length > 0) output.say(`Next: tuf-signer sign ${waiting[0]?.branch ?? 'sign/EVENT'}`);
  return EXIT.accepted;
}
