import { digestOf } from '../../event/succession.ts';
import { createBundle } from '../../git/bundle.ts';
import { type BranchName, branchRef } from '../../git/names.ts';
import type { ObjectId } from '../../git/oid.ts';
import { requireFullHistory } from '../../git/repository.ts';
import { rootOf } from '../../repository/tree.ts';
import { type Asks, asksOf, isAsked, wantsSignature } from '../asks.ts';
import { OperationError } from '../error.ts';
import { type LoadedEvent, loadRemoteEvent } from '../event.ts';
import { pinsHere, placeHere, type Trust } from '../pin/trust.ts';
import { TrustedMain } from '../pin/trusted-main.ts';
import type { Prompter } from '../prompter.ts';
import { requireSound } from '../signing.ts';
import { findMain, requireUser, type Workspace } from '../workspace.ts';
import { encodeNote, NOTE_REF, type RequestNote } from './note.ts';

export interface ExportRequest {
  readonly branch: BranchName;
  /** The file to write. */
  readonly out: string;
  readonly prompter: Prompter;
  readonly trust: Trust;
}

export interface ExportOutcome {
  readonly note: RequestNote;
  /** Is the first root in the event only, as main has none yet? */
  readonly isFirst: boolean;
  readonly asks: Asks;
}

/**
 * Puts an event, main and their history into one file, for a machine without network to judge and sign. Main is verified before, and
 * a rejected event goes nowhere. Throws {@link OperationError} `NOT_FOUND` where nothing is asked of the person, `REFUSED`, `UNTRUSTED`;
 * git's errors.
 */
export async function exportRequest(
  workspace: Workspace,
  { branch, out, prompter, trust }: ExportRequest,
): Promise<ExportOutcome> {
  const user = requireUser(workspace);
  const { repository } = workspace;
  await requireFullHistory(repository);
  prompter.progress('fetching main and the signing events');
  const trusted = new TrustedMain(workspace, branch, trust, prompter);
  await trusted.fetch();
  const event = await loadRemoteEvent(workspace, branch);
  requireSound(event, prompter);
  const asks = asksOf(event, user);
  if (!isAsked(asks))
    throw new OperationError('NOT_FOUND', `${branch} asks nothing of ${user} now: see tuf-signer status`);
  const main = await findMain(workspace);
  const note: RequestNote = {
    place: placeHere(workspace),
    main,
    event: { branch, commit: event.head },
    user,
    firstRoot: trusted.isEmpty
      ? firstRootOf(event, asks)
      : (await pinsHere(workspace, trust.pins))[0]?.identity,
  };
  prompter.progress('writing main, the event and their history');
  const refs = new Map<string, ObjectId>(
    [note.main, note.event].map(({ branch: name, commit }) => [
      branchRef(name),
      commit as string as ObjectId,
    ]),
  );
  await createBundle(repository, out, refs, { ref: NOTE_REF, content: encodeNote(note) });
  return { note, isFirst: trusted.isEmpty, asks };
}

/** What the other machine asks about, where main has no root; `undefined` where a key that joins changes it first. */
function firstRootOf({ gathered }: LoadedEvent, asks: Asks): string | undefined {
  const root = rootOf(gathered.event);
  return root !== undefined && wantsSignature(asks) ? digestOf(root) : undefined;
}
