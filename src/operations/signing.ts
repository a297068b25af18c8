import type { CodedError } from '../errors.ts';
import { fingerprintOf } from '../event/cards.ts';
import { isNameless } from '../event/named-keys.ts';
import type { Obligation } from '../event/plan.ts';
import { planOf } from '../event/plan.ts';
import { longId } from '../event/words.ts';
import type { BranchName } from '../git/names.ts';
import { signedBytes } from '../metadata/document.ts';
import { computeKeyid, decodeKey, requirePublicKey } from '../metadata/key.ts';
import type { KeyOwner, RoleName } from '../metadata/names.ts';
import { verifySignature } from '../metadata/quorum.ts';
import { personKey } from '../repository/documents.ts';
import { documentOf, type RepositoryTree } from '../repository/tree.ts';
import { CardError } from '../signers/piv/error.ts';
import type { PersonalSigner } from '../signers/signer.ts';
import { commitAndPush, type EventCommit, keepCommit } from './commit.ts';
import { OperationError } from './error.ts';
import { type LoadedEvent, loadRemoteEvent } from './event.ts';
import {
  fittingSignatures,
  forgetArrived,
  forgetKept,
  keptSignatures,
  type Signatures,
  signatureFiles,
  withSignature,
} from './made-signatures.ts';
import { showFirstRoot } from './pin/first-root.ts';
import { proposePin, type Trust } from './pin/trust.ts';
import type { TrustedMain } from './pin/trusted-main.ts';
import type { Prompter } from './prompter.ts';
import { byWhichKey, cardWanted } from './wanted-card.ts';
import { requireUser, type Workspace } from './workspace.ts';

export interface SignRequest {
  readonly branch: BranchName;
  readonly signer: PersonalSigner;
  readonly prompter: Prompter;
  readonly trust: Trust;
  /** Fingerprints of keys that nobody has any more: nothing is asked of them. */
  readonly lost?: ReadonlySet<string>;
}

export interface SignedEvent {
  /** Roles signed. */
  readonly signed: readonly RoleName[];
  /** The event as it is now. */
  readonly event: LoadedEvent;
}

const MAX_TRIES = 5;

/**
 * Signs what the person's keys are asked for in an event that was just loaded, is not rejected, and stands on a main that was
 * fetched. What was `agreed` to ({@link contentOf}) is not asked about again. Throws as `signEvent`.
 */
export async function signAsAsked(
  workspace: Workspace,
  request: SignRequest,
  main: TrustedMain,
  event: LoadedEvent,
  agreed = '',
): Promise<SignedEvent> {
  const signing = new Signing(workspace, requireUser(workspace), request, main, agreed);
  const outcome = await signing.run(event);
  // Where nothing was signed, nobody has said yes to its root.
  if (main.isEmpty && outcome.signed.length > 0)
    await proposePin(workspace, outcome.event.gathered.event, request.trust.pins);
  return outcome;
}

/** What `user`'s keys are asked to sign now, but for those that are `lost` (fingerprints). */
export const obligationsOf = (
  event: LoadedEvent,
  user: KeyOwner,
  lost: ReadonlySet<string> = new Set(),
): readonly Obligation[] =>
  openObligations(event).filter(
    ({ key }) => key.owner === user && !lost.has(fingerprintOf(key) ?? key.keyid),
  );

/** What keys are asked to sign now of which nobody says whose they are: those of a root that was imported. */
export const namelessObligations = (event: LoadedEvent): readonly Obligation[] =>
  openObligations(event).filter(({ key }) => isNameless(key));

const openObligations = (event: LoadedEvent): readonly Obligation[] => {
  const unsettled = new Set(
    event.judgement.reasons
      .filter(({ rule, severity }) => rule === 'artifacts' && severity === 'await')
      .map(({ role }) => role),
  );
  return planOf(event.judgement.context).obligations.filter(({ role }) => !unsettled.has(role));
};

/** One person's signing of one event, through as many looks at it as it takes. */
class Signing {
  readonly #workspace: Workspace;
  readonly #user: KeyOwner;
  readonly #signer: PersonalSigner;
  readonly #prompter: Prompter;
  readonly #trust: Trust;
  readonly #main: TrustedMain;
  readonly #lost: ReadonlySet<string>;
  #made: Signatures = new Map();
  #agreed: string;

  constructor(
    workspace: Workspace,
    user: KeyOwner,
    { signer, prompter, trust, lost = new Set() }: SignRequest,
    main: TrustedMain,
    agreed: string,
  ) {
    this.#agreed = agreed;
    this.#workspace = workspace;
    this.#user = user;
    this.#signer = signer;
    this.#prompter = prompter;
    this.#trust = trust;
    this.#main = main;
    this.#lost = lost;
  }

  async run(first: LoadedEvent): Promise<SignedEvent> {
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
    const owed = [...obligationsOf(event, this.#user, this.#lost), ...(await this.#held(event))];
    const wanted = owed.filter(({ role, key }) => have.get(role)?.has(key.keyid) !== true);
    if (wanted.length === 0) return;
    const content = contentOf(wanted, tree);
    if (this.#agreed !== content) {
      if (this.#main.isEmpty) await showFirstRoot(tree, this.#trust, this.#prompter);
      this.#prompter.show(event.report);
      await agree(wanted, this.#prompter);
      this.#agreed = content;
    }
    let absent: readonly Absence[];
    try {
      absent = await this.#makeOneCardAfterTheOther(event, wanted);
    } catch (error) {
      await this.#keep(event);
      throw error;
    }
    // Of two cards one is in the reader: what it can sign goes out, and the other's turn is the next run.
    if (have.size === 0 && absent.length === wanted.length && absent[0] !== undefined) throw absent[0].reason;
    for (const { reason } of absent) this.#prompter.progress(`left for later: ${reason.message}`);
  }

  /** Of the keys that are nobody's by name, the one that this person has: whoever holds it may sign. */
  async #held(event: LoadedEvent): Promise<readonly Obligation[]> {
    const nameless = namelessObligations(event);
    if (nameless.length === 0) return [];
    if (this.#signer.holds !== undefined) return nameless.filter(({ key }) => this.#signer.holds?.(key));
    const own = personKey(await this.#signer.readPublicKey(), this.#user);
    const { fingerprint } = requirePublicKey(decodeKey(computeKeyid(own), own, 'your key'));
    return nameless.filter(({ key }) => requirePublicKey(key).fingerprint === fingerprint);
  }

  /** Makes what the cards that are here can make, then asks for the other ones. Gives what is still wanted. */
  async #makeOneCardAfterTheOther(
    event: LoadedEvent,
    wanted: readonly Obligation[],
  ): Promise<readonly Absence[]> {
    let left = wanted;
    let asked: Obligation | undefined;
    for (;;) {
      const absent: Absence[] = [];
      for (const obligation of left) {
        await this.#make(event, obligation).catch(noteAbsence(absent, obligation, this.#prompter));
      }
      const [first, ...others] = absent.map(({ obligation }) => obligation);
      if (first === undefined) return [];
      if (first === asked) this.#prompter.progress(absent[0]?.reason.message ?? '');
      asked = first;
      if ((await this.#prompter.insert?.(cardWanted(event, [first, ...others]))) !== true) return absent;
      left = [first, ...others];
    }
  }

  async #make(event: LoadedEvent, obligation: Obligation): Promise<void> {
    const { role, key } = obligation;
    const document = documentOf(event.gathered.event, role);
    if (document === undefined) return;
    const payload = signedBytes(document);
    const publicKey = requirePublicKey(key);
    // One key under two ids, as where an imported one was given its owner's name, signs once.
    const twin = [...(this.#made.get(role)?.values() ?? [])].find(sig =>
      verifySignature(publicKey, payload, sig),
    );
    if (twin !== undefined) {
      this.#made = withSignature(this.#made, role, key.keyid, twin);
      return;
    }
    this.#prompter.progress(
      `signing ${role} version ${document.signed.version}${byWhichKey(event, obligation)}`,
    );
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

/** A signature whose card is not here. */
interface Absence {
  readonly obligation: Obligation;
  readonly reason: CodedError;
}

/**
 * Takes a missing card as a value; every other fault ends the signing. So does an empty reader, unless somebody can put a card
 * into it.
 */
const noteAbsence =
  (absent: Absence[], obligation: Obligation, { insert }: Prompter) =>
  (error: unknown): void => {
    const isElsewhere = error instanceof OperationError && error.code === 'NO_SIGNER';
    const isNowhere =
      insert !== undefined &&
      error instanceof CardError &&
      (error.code === 'NO_CARD' || error.code === 'NO_READER');
    if (!isElsewhere && !isNowhere) throw error;
    absent.push({ obligation, reason: error });
  };

async function agree(wanted: readonly Obligation[], prompter: Prompter): Promise<void> {
  const roles = [...new Set(wanted.map(({ role }) => role))];
  if (await prompter.confirm(`Sign ${roles.join(' and ')}?`)) return;
  throw new OperationError('DECLINED', 'nothing was signed');
}

/** What is agreed to: these keys, these roles, these bytes. */
export const contentOf = (wanted: readonly Obligation[], tree: RepositoryTree): string =>
  wanted
    .map(({ role, key }) => {
      const document = documentOf(tree, role);
      return `${role} ${key.keyid} ${document === undefined ? '' : Buffer.from(signedBytes(document)).toString('base64')}`;
    })
    .join('\n');

/** Nobody is asked to sign what the rules refuse. Throws {@link OperationError} `REFUSED` after showing why. */
export function requireSound(event: LoadedEvent, prompter: Prompter): void {
  if (event.judgement.verdict !== 'rejected') return;
  prompter.show(event.report);
  throw new OperationError('REFUSED', `${event.branch} is rejected: do not sign it; the reasons are above`);
}

function requireBranch(event: LoadedEvent): BranchName {
  if (event.branch === undefined)
    throw new OperationError('NOT_FOUND', 'only an event on a branch can be signed');
  return event.branch;
}
