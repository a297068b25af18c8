import type { Obligation } from '../event/plan.ts';
import { planOf } from '../event/plan.ts';
import { longId } from '../event/words.ts';
import type { BranchName } from '../git/names.ts';
import { signedBytes } from '../metadata/document.ts';
import { requirePublicKey } from '../metadata/key.ts';
import type { KeyOwner, RoleName } from '../metadata/names.ts';
import { verifySignature } from '../metadata/quorum.ts';
import { documentOf, type RepositoryTree } from '../repository/tree.ts';
import type { PersonalSigner, Signer } from '../signers/signer.ts';
import { commitAndPush, type EventCommit, keepCommit } from './commit.ts';
import { drillIn } from './drill/proofs.ts';
import { proveKeys } from './drill/prove.ts';
import { OperationError } from './error.ts';
import { type LoadedEvent, loadRemoteEvent } from './event.ts';
import { acceptInvitations, invitedRoles } from './join.ts';
import {
  fittingSignatures,
  forgetArrived,
  forgetKept,
  keptSignatures,
  type Signatures,
  signatureFiles,
  withSignature,
} from './made-signatures.ts';
import { proposePin, type Trust } from './pin/trust.ts';
import { TrustedMain } from './pin/trusted-main.ts';
import type { Prompter } from './prompter.ts';
import { requireSound } from './sound.ts';
import { requireUser, type Workspace } from './workspace.ts';

export interface SignOutcome {
  /** Roles joined by accepting an invitation. */
  readonly joined: readonly RoleName[];
  /** Roles signed. */
  readonly signed: readonly RoleName[];
  /** Of a drill: fingerprints of the keys that have proved themselves. */
  readonly proved: readonly string[];
  /** The event as it is now. */
  readonly event: LoadedEvent;
}

export interface SignRequest {
  readonly branch: BranchName;
  readonly signer: PersonalSigner;
  readonly prompter: Prompter;
  readonly trust: Trust;
}

const MAX_TRIES = 5;

/**
 * What a keyholder does in an event: main is verified from what this machine trusts, then they join where invited, and sign
 * what their keys are asked for. Everything is recomputed from git objects and shown before one confirmation. A signature, once made, is kept through lost races, cut
 * networks and pulled cards, and goes out with the next run as long as it is over what the event holds.
 *
 * Throws {@link OperationError} `REFUSED` (the event is rejected), `UNTRUSTED`, `BAD_PIN`, `DECLINED`, `NO_SIGNER`,
 * `RACE_LOST`; the errors of git and of the signer.
 */
export async function signEvent(workspace: Workspace, request: SignRequest): Promise<SignOutcome> {
  const { branch, prompter, trust } = request;
  const user = requireUser(workspace);
  prompter.progress('fetching main and the signing events');
  const main = new TrustedMain(workspace, branch, trust, prompter);
  await main.fetch();
  let event = await loadRemoteEvent(workspace, branch);
  requireSound(event, prompter);
  if (drillIn(event) !== undefined)
    return { joined: [], signed: [], ...(await proveKeys(workspace, request, user, main, event)) };
  let joined: readonly RoleName[] = [];
  if (invitedRoles(event, user).length > 0) {
    joined = await acceptInvitations(workspace, request, user, main);
    prompter.progress(`you have joined ${joined.join(' and ')}`);
    event = await loadRemoteEvent(workspace, branch);
    requireSound(event, prompter); // somebody may have pushed between the answer and now
  }
  const signing = new Signing(workspace, user, request, main);
  const outcome = { joined, proved: [], ...(await signing.run(event)) };
  if (main.isEmpty) await proposePin(workspace, outcome.event.gathered.event, trust.pins);
  return outcome;
}

/** What `user`'s keys are asked to sign now. */
export const obligationsOf = (event: LoadedEvent, user: KeyOwner): readonly Obligation[] => {
  const unsettled = new Set(
    event.judgement.reasons
      .filter(({ rule, severity }) => rule === 'artifacts' && severity === 'await')
      .map(({ role }) => role),
  );
  return planOf(event.judgement.context).obligations.filter(
    ({ key, role }) => key.owner === user && !unsettled.has(role),
  );
};

/** One person's signing of one event, through as many looks at it as it takes. */
class Signing {
  readonly #workspace: Workspace;
  readonly #user: KeyOwner;
  readonly #signer: Signer;
  readonly #prompter: Prompter;
  readonly #main: TrustedMain;
  #made: Signatures = new Map();
  #agreed = '';

  constructor(workspace: Workspace, user: KeyOwner, { signer, prompter }: SignRequest, main: TrustedMain) {
    this.#workspace = workspace;
    this.#user = user;
    this.#signer = signer;
    this.#prompter = prompter;
    this.#main = main;
  }

  async run(
    first: LoadedEvent,
  ): Promise<{ readonly signed: readonly RoleName[]; readonly event: LoadedEvent }> {
    const branch = requireBranch(first);
    this.#made = await keptSignatures(this.#workspace, first);
    let event = first;
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      await this.#makeWanted(event);
      const fitting = fittingSignatures(event, this.#user, this.#made);
      if (fitting.size === 0) {
        await forgetArrived(this.#workspace, event);
        return { signed: [], event };
      }
      if ((await this.#push(event, fitting)) === 'pushed') {
        await forgetKept(this.#workspace, event);
        return { signed: [...fitting.keys()], event: await loadRemoteEvent(this.#workspace, branch) };
      }
      await this.#main.fetch();
      event = await loadRemoteEvent(this.#workspace, branch);
      this.#prompter.progress(
        'somebody else changed the event meanwhile: your signatures are kept, looking again',
      );
      requireSound(event, this.#prompter);
    }
    throw new OperationError(
      'RACE_LOST',
      `${branch} kept changing under us; your signatures are kept in this clone: run the command again`,
    );
  }

  /** Makes what is asked for and not made yet, after showing it: only new content is asked about again. */
  async #makeWanted(event: LoadedEvent): Promise<void> {
    const tree = event.gathered.event;
    const have = fittingSignatures(event, this.#user, this.#made);
    const wanted = obligationsOf(event, this.#user).filter(
      ({ role, key }) => have.get(role)?.has(key.keyid) !== true,
    );
    if (wanted.length === 0) return;
    const content = contentOf(wanted, tree);
    if (this.#agreed !== content) {
      this.#prompter.show(event.report);
      await agree(wanted, this.#prompter);
      this.#agreed = content;
    }
    const absent: OperationError[] = [];
    try {
      for (const obligation of wanted) await this.#make(obligation, tree).catch(noteAbsence(absent));
    } catch (error) {
      await this.#keep(event);
      throw error;
    }
    // Of two cards one is in the reader: what it can sign goes out, and the other's turn is the next run.
    if (have.size === 0 && absent.length === wanted.length && absent[0] !== undefined) throw absent[0];
    for (const { message } of absent) this.#prompter.progress(`left for later: ${message}`);
  }

  async #make({ role, key }: Obligation, tree: RepositoryTree): Promise<void> {
    const document = documentOf(tree, role);
    if (document === undefined) return;
    const payload = signedBytes(document);
    const publicKey = requirePublicKey(key);
    this.#prompter.progress(`signing ${role} version ${document.signed.version}`);
    const signature = await this.#signer.sign(key, payload);
    if (signature === undefined) {
      throw new OperationError(
        'NO_SIGNER',
        `your key for ${role} (fingerprint ${longId(publicKey.fingerprint)}) is not on what you sign with: insert the card that holds it, or name it by --key`,
      );
    }
    const sig = Buffer.from(signature).toString('hex');
    if (!verifySignature(publicKey, payload, sig)) {
      throw new OperationError('NO_SIGNER', `the signature on ${role} does not verify: nothing was written`);
    }
    this.#made = withSignature(this.#made, role, key.keyid, sig);
  }

  async #push(event: LoadedEvent, signatures: Signatures): Promise<'pushed' | 'rejected'> {
    try {
      return (await commitAndPush(this.#workspace, this.#commitOf(event, signatures))).status;
    } catch (error) {
      this.#prompter.progress('your signatures are kept in this clone: run the command again to push them');
      throw error;
    }
  }

  /** What was made before a card failed is kept for the next run. */
  async #keep(event: LoadedEvent): Promise<void> {
    const fitting = fittingSignatures(event, this.#user, this.#made);
    if (fitting.size === 0) return;
    await keepCommit(this.#workspace, this.#commitOf(event, fitting));
    this.#prompter.progress(
      `your signatures on ${[...fitting.keys()].join(' and ')} are kept in this clone for the next run`,
    );
  }

  #commitOf(event: LoadedEvent, signatures: Signatures): EventCommit {
    return {
      branch: requireBranch(event),
      head: event.head,
      parents: [event.head],
      changes: signatureFiles(event.gathered.event, signatures),
      message: [`Signature from ${this.#user}`],
      precious: true,
    };
  }
}

/** Takes a missing card as a value; every other fault ends the signing. */
const noteAbsence =
  (absent: OperationError[]) =>
  (error: unknown): void => {
    if (!(error instanceof OperationError && error.code === 'NO_SIGNER')) throw error;
    absent.push(error);
  };

async function agree(wanted: readonly Obligation[], prompter: Prompter): Promise<void> {
  const roles = [...new Set(wanted.map(({ role }) => role))];
  if (await prompter.confirm(`Sign ${roles.join(' and ')}?`)) return;
  throw new OperationError('DECLINED', 'nothing was signed');
}

/** What is agreed to: these keys, these roles, these bytes. */
const contentOf = (wanted: readonly Obligation[], tree: RepositoryTree): string =>
  wanted
    .map(({ role, key }) => {
      const document = documentOf(tree, role);
      return `${role} ${key.keyid} ${document === undefined ? '' : Buffer.from(signedBytes(document)).toString('base64')}`;
    })
    .join('\n');

function requireBranch(event: LoadedEvent): BranchName {
  if (event.branch === undefined)
    throw new OperationError('NOT_FOUND', 'only an event on a branch can be signed');
  return event.branch;
}
