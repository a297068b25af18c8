import type { DrillOutcome } from '../../event/drill/drill-of.ts';
import type { Keyholder } from '../../event/drill/keyholders.ts';
import { listed, longId } from '../../event/words.ts';
import type { BranchName } from '../../git/names.ts';
import { requirePublicKey } from '../../metadata/key.ts';
import type { KeyOwner } from '../../metadata/names.ts';
import { verifySignature } from '../../metadata/quorum.ts';
import { drillBytes } from '../../repository/drill-file.ts';
import type { Signer } from '../../signers/signer.ts';
import { commitAndPush, type EventCommit, keepCommit } from '../commit.ts';
import { OperationError } from '../error.ts';
import { type LoadedEvent, loadRemoteEvent } from '../event.ts';
import { forgetArrived, forgetKept } from '../made-signatures.ts';
import type { TrustedMain } from '../pin/trusted-main.ts';
import type { Prompter } from '../prompter.ts';
import { requireSound } from '../signing.ts';
import type { Workspace } from '../workspace.ts';
import { drillIn, fittingProofs, keptProofs, type Proofs, proofFiles } from './proofs.ts';

export interface ProveRequest {
  readonly branch: BranchName;
  readonly signer: Signer;
  readonly prompter: Prompter;
}

export interface ProveOutcome {
  /** Fingerprints of the keys whose proof went out. */
  readonly proved: readonly string[];
  readonly event: LoadedEvent;
}

const MAX_TRIES = 5;

/** This person's keys that have not proved themselves in the drill yet. */
export const proofsOwed = (drill: DrillOutcome | undefined, user: KeyOwner): readonly Keyholder[] =>
  drill?.missing.filter(({ owner }) => owner === user) ?? [];

/**
 * Proves `user`'s keys in the drill that `first` is, which the caller has found sound on a main that is trusted. As in
 * signing metadata: shown before one confirmation, kept through lost races, cut networks and pulled cards. Throws
 * {@link OperationError} `REFUSED`, `DECLINED`, `NO_SIGNER`, `RACE_LOST`; the errors of git and of the signer.
 */
export async function proveKeys(
  workspace: Workspace,
  request: ProveRequest,
  user: KeyOwner,
  main: Pick<TrustedMain, 'fetch'>,
  first: LoadedEvent,
): Promise<ProveOutcome> {
  const { branch, prompter } = request;
  const proving = new Proving(workspace, user, request, await keptProofs(workspace, first));
  let event = first;
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const drill = requireDrill(event);
    await proving.makeWanted(event, drill);
    const fitting = fittingProofs(drill, user, proving.made);
    if (fitting.size === 0) {
      await forgetArrived(workspace, event);
      return { proved: [], event };
    }
    if ((await proving.push(event, drill, fitting)) === 'pushed') {
      await forgetKept(workspace, event);
      return { proved: [...fitting.keys()], event: await loadRemoteEvent(workspace, branch) };
    }
    await main.fetch();
    event = await loadRemoteEvent(workspace, branch);
    prompter.progress('somebody else changed the event meanwhile: your proof is kept, looking again');
    requireSound(event, prompter);
  }
  throw new OperationError(
    'RACE_LOST',
    `${branch} kept changing under us; your proof is kept in this clone: run the command again`,
  );
}

class Proving {
  readonly #workspace: Workspace;
  readonly #user: KeyOwner;
  readonly #request: ProveRequest;
  #agreed: string | undefined;
  made: Proofs;

  constructor(workspace: Workspace, user: KeyOwner, request: ProveRequest, kept: Proofs) {
    this.#workspace = workspace;
    this.#user = user;
    this.#request = request;
    this.made = kept;
  }

  /** Makes what is asked for and not made yet, after showing it: only another drill is asked about again. */
  async makeWanted(event: LoadedEvent, drill: DrillOutcome): Promise<void> {
    const { prompter } = this.#request;
    const have = fittingProofs(drill, this.#user, this.made);
    const wanted = proofsOwed(drill, this.#user).filter(({ fingerprint }) => !have.has(fingerprint));
    if (wanted.length === 0) return;
    const payload = drillBytes(drill.file.drill);
    const content = Buffer.from(payload).toString('base64');
    if (this.#agreed !== content) {
      prompter.show(event.report);
      await agree(drill, wanted, prompter);
      this.#agreed = content;
    }
    const absent: OperationError[] = [];
    try {
      for (const holder of wanted) await this.#make(holder, payload).catch(noteAbsence(absent));
    } catch (error) {
      await this.#keep(event, drill);
      throw error;
    }
    if (have.size === 0 && absent.length === wanted.length && absent[0] !== undefined) throw absent[0];
    for (const { message } of absent) prompter.progress(`left for later: ${message}`);
  }

  async #make({ key, fingerprint, roles }: Keyholder, payload: Uint8Array): Promise<void> {
    const { prompter, signer } = this.#request;
    const name = `your key ${longId(fingerprint)}`;
    prompter.progress(`proving ${name}, which signs ${listed(roles, 6)}`);
    const signature = await signer.sign(key, payload);
    if (signature === undefined) {
      throw new OperationError(
        'NO_SIGNER',
        `${name} is not on what you sign with: insert the card that holds it, or name it by --key. If it is lost, say so now: the others can still replace it`,
      );
    }
    const sig = Buffer.from(signature).toString('hex');
    if (!verifySignature(requirePublicKey(key), payload, sig))
      throw new OperationError('NO_SIGNER', `what ${name} signed does not verify: nothing was written`);
    this.made = new Map([...this.made, [fingerprint, sig]]);
  }

  async push(event: LoadedEvent, drill: DrillOutcome, proofs: Proofs): Promise<'pushed' | 'rejected'> {
    try {
      return (await commitAndPush(this.#workspace, this.#commitOf(event, drill, proofs))).status;
    } catch (error) {
      this.#request.prompter.progress('your proof is kept in this clone: run the command again to push it');
      throw error;
    }
  }

  /** What was made before a card failed is kept for the next run. */
  async #keep(event: LoadedEvent, drill: DrillOutcome): Promise<void> {
    const fitting = fittingProofs(drill, this.#user, this.made);
    if (fitting.size === 0) return;
    await keepCommit(this.#workspace, this.#commitOf(event, drill, fitting));
    this.#request.prompter.progress('the proof that was made is kept in this clone for the next run');
  }

  #commitOf(event: LoadedEvent, drill: DrillOutcome, proofs: Proofs): EventCommit {
    return {
      branch: this.#request.branch,
      head: event.head,
      parents: [event.head],
      changes: proofFiles(drill, proofs),
      message: [`Drill proof from ${this.#user}`],
      precious: true,
    };
  }
}

function requireDrill(event: LoadedEvent): DrillOutcome {
  const drill = drillIn(event);
  if (drill === undefined)
    throw new OperationError('REFUSED', 'the event is no drill any more: somebody changed it meanwhile');
  return drill;
}

async function agree(
  { file: { drill } }: DrillOutcome,
  wanted: readonly Keyholder[],
  prompter: Prompter,
): Promise<void> {
  const keys = wanted.map(({ fingerprint }) => longId(fingerprint));
  prompter.progress('this signs no metadata: it says that your key still works, and nothing else');
  const question = `Prove ${keys.length === 1 ? 'your key' : 'your keys'} ${listed(keys)} in drill ${drill.name}?`;
  if (await prompter.confirm(question)) return;
  throw new OperationError('DECLINED', 'nothing was signed');
}

/** Takes a missing card as a value; every other fault ends the drill. */
const noteAbsence =
  (absent: OperationError[]) =>
  (error: unknown): void => {
    if (!(error instanceof OperationError && error.code === 'NO_SIGNER')) throw error;
    absent.push(error);
  };
