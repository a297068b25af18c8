import type { Obligation } from '../event/plan.ts';
import { listed, longId } from '../event/words.ts';
import type { BranchName } from '../git/names.ts';
import type { RoleName } from '../metadata/names.ts';
import { type VoidedSignature, voidedSignatures } from '../repository/voided.ts';
import { pushEvent } from './commit.ts';
import { OperationError } from './error.ts';
import { type LoadedEvent, loadRemoteEvent } from './event.ts';
import { TrustedMain } from './pin/trusted-main.ts';
import type { Prompter } from './prompter.ts';
import { draftRotation, freeBranch, isFork, rotationGround } from './rotation/event.ts';
import { handoverOf } from './rotation/handover.ts';
import { findNewKey, type NewKey } from './rotation/new-key.ts';
import { fingerprintsOf, goneSeats, newnessOf, rolesOf, type Seat, seatsIn } from './rotation/own-keys.ts';
import { contentOf, obligationsOf, requireSound, type SignRequest, signAsAsked } from './signing.ts';
import { requireUser, type Workspace } from './workspace.ts';

export interface RotateRequest extends Omit<SignRequest, 'branch'> {
  /** Created where it is not there; `sign/rotate-NAME` where nothing is said. */
  readonly branch?: BranchName | undefined;
  /** Roles to change the key in; all that hold the old one where nothing is said. */
  readonly roles?: readonly RoleName[] | undefined;
  /** How the fingerprint of the key to replace begins, where the person has several. */
  readonly replace?: string | undefined;
  /** The old key can't sign any more: refuse where it would have to. */
  readonly isLost?: boolean;
  /** Show what would be done, and do nothing. */
  readonly isDryRun?: boolean;
}

export interface RotateOutcome {
  readonly branch: BranchName;
  /** Roles whose key was replaced in this run; none where the event had that already. */
  readonly roles: readonly RoleName[];
  /** Fingerprint of the key that goes; `undefined` where the event had replaced it already. */
  readonly old: string | undefined;
  /** Fingerprint of the key that comes. */
  readonly fresh: string;
  /** Roles signed in this run. */
  readonly signed: readonly RoleName[];
  /** Signatures of the event that this edit made worthless. */
  readonly voided: readonly VoidedSignature[];
  /** The event as it is now; in a dry run, as it would be. */
  readonly event: LoadedEvent;
}

const MAX_TRIES = 5;

/**
 * Puts a new key of the person's in the place of an old one, in every role that holds it, and signs what both of them are
 * asked for. Main is verified from what this machine trusts; the change is judged and shown before one confirmation. Run again, it goes on
 * with what is left to sign.
 *
 * Throws {@link OperationError} `NOT_FOUND` (no key of theirs there), `NO_SIGNER` (no new key here), `MISSING_ANSWER`, `REFUSED`,
 * `UNTRUSTED`, `DECLINED`, `RACE_LOST`; the errors of git and of the signer.
 */
export async function rotateKey(workspace: Workspace, request: RotateRequest): Promise<RotateOutcome> {
  const user = requireUser(workspace);
  const { prompter, trust, signer, isLost = false, isDryRun = false } = request;
  prompter.progress('fetching main and the signing events');
  const branch = request.branch ?? (await freeBranch(workspace, user));
  const main = new TrustedMain(workspace, branch, trust, prompter);
  const agreement = new Agreement(prompter);
  let fresh: NewKey | undefined;
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    await main.fetch();
    const ground = await rotationGround(workspace, branch);
    const seats = seatsIn(ground.tree, user, request.roles, branch);
    const newness = newnessOf(ground.knownGood, seats, user);
    fresh ??= await findNewKey({ signer, prompter, owner: user, ...newness });
    const gone = fresh === undefined ? [] : goneSeats(seats, fresh.fingerprint, request.replace);
    const [first] = gone;
    const lost = isLost ? lostKeys(newness.present, seats, first) : new Set<string>();
    const signing = { branch, signer, trust, prompter, lost };
    if (fresh === undefined || first === undefined) {
      const event = await loadRemoteEvent(workspace, branch);
      requireSound(event, prompter);
      // Whoever may push to the branch can have put it there.
      for (const fingerprint of fingerprintsOf(seats))
        prompter.progress(`${branch} has your key as ${longId(fingerprint)}: sign only if that is yours`);
      const found = { branch, roles: [], old: undefined, fresh: seats[0]?.fingerprint ?? '', voided: [] };
      return {
        ...found,
        ...(isDryRun ? { signed: [], event } : await signAsAsked(workspace, signing, main, event)),
      };
    }
    const draft = await draftRotation(workspace, { branch, user, ground, gone, fresh });
    const { commit, changes, event } = draft;
    requireSensible(event, first.fingerprint, isLost, prompter);
    const voided = voidedSignatures(ground.knownGood, ground.tree, changes);
    const result = { branch, roles: rolesOf(gone), old: first.fingerprint, fresh: fresh.fingerprint, voided };
    if (isDryRun) return { ...result, signed: [], event };
    const toSign = obligationsOf(event, user, lost);
    const content = contentOf(toSign, event.gathered.event);
    await agreement.require(questionOf(gone, fresh, toSign, ground.head === undefined), content);
    if ((await pushEvent(workspace, { branch, head: ground.head, commit })).status === 'pushed') {
      prompter.progress(`your new key stands in ${listed(rolesOf(gone))}, in ${branch}`);
      if (await isFork(workspace)) return { ...result, signed: [], event };
      const pushed = await loadRemoteEvent(workspace, branch);
      requireSound(pushed, prompter); // somebody may have pushed on top of it
      return { ...result, ...(await signAsAsked(workspace, signing, main, pushed, content)) };
    }
    prompter.progress('somebody else changed the event meanwhile: looking at it again');
  }
  throw new OperationError('RACE_LOST', `${branch} kept changing under us: run the command again`);
}

/** One yes, that holds as long as it is to the same. */
class Agreement {
  readonly #prompter: Prompter;
  #agreed: string | undefined;

  constructor(prompter: Prompter) {
    this.#prompter = prompter;
  }

  /** Throws {@link OperationError} `DECLINED`. */
  async require(question: string, content: string): Promise<void> {
    const now = `${question}\n${content}`;
    if (this.#agreed !== now && !(await this.#prompter.confirm(question)))
      throw new OperationError('DECLINED', 'the key was not replaced: nothing was changed');
    this.#agreed = now;
  }
}

function questionOf(
  gone: readonly Seat[],
  fresh: NewKey,
  toSign: readonly Obligation[],
  isNew: boolean,
): string {
  const old = longId(gone[0]?.fingerprint ?? '');
  const what = `Replace your key ${old} in ${listed(rolesOf(gone))} by that of ${fresh.place} (fingerprint ${longId(fresh.fingerprint)})${isNew ? '' : ', on top of what the event holds already'}`;
  const roles = [...new Set(toSign.map(({ role }) => role))];
  return roles.length === 0 ? `${what}?` : `${what}, and sign ${listed(roles)}?`;
}

/** The key that goes now, or those that went when the event replaced them: main has them, and the event has not. */
function lostKeys(
  present: ReadonlySet<string>,
  seats: readonly Seat[],
  goes: Seat | undefined,
): ReadonlySet<string> {
  if (goes !== undefined) return new Set([goes.fingerprint]);
  const kept = fingerprintsOf(seats);
  return new Set([...present].filter(fingerprint => !kept.has(fingerprint)));
}

/** Shows what the event would be. Throws {@link OperationError} `REFUSED` where it would lead nowhere. */
function requireSensible(event: LoadedEvent, old: string, isLost: boolean, prompter: Prompter): void {
  const handover = handoverOf(event, old);
  prompter.show(event.report);
  for (const sentence of handover.sentences) prompter.progress(sentence);
  if (event.judgement.verdict === 'rejected')
    throw new OperationError('REFUSED', 'this would be rejected, for the reasons above: nothing was changed');
  if (isLost && !handover.worksWithout)
    throw new OperationError(
      'REFUSED',
      'nobody could complete this without your old key: nothing was changed',
    );
}
