import type { Instant } from '../clock.ts';
import { contextOf } from '../event/context.ts';
import { checkFileNames } from '../event/rules/ownership.ts';
import type { Identity } from '../git/commit-object.ts';
import { fetchBranches } from '../git/fetch.ts';
import type { BranchName } from '../git/names.ts';
import { trackingRef } from '../git/names.ts';
import type { CommitSha } from '../git/oid.ts';
import { readRef } from '../git/refs.ts';
import { type JsonObject, withMembers } from '../json.ts';
import type { RoleName } from '../metadata/names.ts';
import { artifactEdits, artifactEditsSince } from '../repository/artifact-edits.ts';
import { delegationGraph } from '../repository/delegators.ts';
import { Draft, type FileEdits } from '../repository/draft.ts';
import { type VoidedSignature, voidedSignatures } from '../repository/voided.ts';
import { commitAndPush } from './commit.ts';
import { OperationError } from './error.ts';
import { knownGoodOf, noSuchEvent } from './event.ts';
import { type GatheredEvent, gatherEvent } from './gather.ts';
import { findMain, requirePullRemote, type Workspace } from './workspace.ts';

/** Roles whose metadata was made to agree with the files of `targets/`. */
export interface UpdateOutcome {
  readonly updated: readonly RoleName[];
  /** Signatures of the event that this made worthless. */
  readonly voided: readonly VoidedSignature[];
  /** Why the event will be rejected for the names of its files, one sentence each: better told before anybody is asked to sign. */
  readonly refusals: readonly string[];
}

const MAX_TRIES = 5;

/**
 * Makes the targets metadata of an event say what lies in `targets/`, one commit a role (or all bins of one), and pushes it. Safe to run
 * again: where all agrees nothing is written. Throws {@link OperationError} `NOT_FOUND`, `RACE_LOST`; git's errors.
 */
export async function updateTargets(
  workspace: Workspace,
  branch: BranchName,
  author?: Identity,
): Promise<UpdateOutcome> {
  const updated: RoleName[] = [];
  const voided: VoidedSignature[] = [];
  const remote = await requirePullRemote(workspace);
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const main = await findMain(workspace);
    const head = await readRef(workspace.repository, trackingRef(remote, branch));
    if (head === undefined) throw await noSuchEvent(workspace, branch);
    const knownGood = await knownGoodOf(workspace, head, main);
    const now = workspace.clock.now();
    const commits = { event: head, knownGood, main: undefined };
    const gathered = await gatherEvent(workspace.objects, commits, { now });
    let tip: CommitSha | undefined = head;
    for (const { roles, subject, files } of editsOf(gathered, now)) {
      const result = await commitAndPush(workspace, {
        branch,
        head: tip,
        parents: [tip],
        changes: files,
        message: [`Update targets metadata for ${subject}`],
        ...(author === undefined ? {} : { author }),
      });
      tip = result.status === 'pushed' ? result.commit : undefined;
      if (tip === undefined) break;
      updated.push(...roles);
      voided.push(...voidedSignatures(gathered.knownGood, gathered.event, files));
      attempt = -1; // progress was made: every role gets all its tries
    }
    if (tip !== undefined) return { updated, voided, refusals: refusalsOf(gathered, now) };
    await fetchBranches(workspace.repository, remote, [main.branch]);
  }
  throw new OperationError('RACE_LOST', `${branch} kept changing under us: run the command again`);
}

function refusalsOf({ knownGood, event, policy, facts }: GatheredEvent, now: Instant): readonly string[] {
  const context = contextOf({ mode: 'event', knownGood, tree: event, policy, facts, now });
  return [...checkFileNames(context)].flatMap(({ severity, message, role }) =>
    severity === 'refuse' ? [role === undefined ? message : `${role}: ${message}`] : [],
  );
}

/** One commit: of one role, or of the bins of one role, of which one event may touch thousands. */
interface TargetsEdit {
  readonly roles: readonly RoleName[];
  /** `role tools`, `12 bins of role packages`. */
  readonly subject: string;
  readonly files: FileEdits;
}

/** No edit bears on another: each is of one role's `targets` alone. */
function* editsOf({ knownGood, event, facts }: GatheredEvent, now: Instant): Iterable<TargetsEdit> {
  const { roles } = delegationGraph(event);
  const bins = new Map<RoleName, (readonly [RoleName, JsonObject])[]>();
  const edited = (edits: readonly (readonly [RoleName, JsonObject])[]): FileEdits => {
    const draft = new Draft(knownGood, event);
    for (const [role, targets] of edits)
      draft.edit(role, signed => withMembers(signed, new Map([['targets', targets]])));
    return draft.files(now);
  };
  const found =
    facts.knownGoodVerified && facts.knownGoodArtifactsVerified
      ? artifactEditsSince(knownGood, event, facts.digests)
      : artifactEdits(event, facts.digests);
  for (const edit of found) {
    const [role] = edit;
    const delegated = roles.get(role);
    if (delegated !== undefined && delegated.definition.pathHashPrefixes.length > 0) {
      const known = bins.get(delegated.delegator);
      if (known === undefined) bins.set(delegated.delegator, [edit]);
      else known.push(edit);
      continue;
    }
    const files = edited([edit]);
    if (files.size > 0) yield { roles: [role], subject: `role ${role}`, files };
  }
  for (const [delegator, edits] of bins) {
    const files = edited(edits);
    const names = edits.map(([role]) => role);
    const subject =
      names.length === 1 ? `role ${names.join('')}` : `${names.length} bins of role ${delegator}`;
    if (files.size > 0) yield { roles: names, subject, files };
  }
}
