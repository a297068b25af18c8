import { createBundle } from '../../git/bundle.ts';
import { type BranchName, branchRef } from '../../git/names.ts';
import type { ObjectId } from '../../git/oid.ts';
import { requireFullHistory } from '../../git/repository.ts';
import { type Asks, asksOf, isAsked } from '../asks.ts';
import { OperationError } from '../error.ts';
import { loadRemoteEvent } from '../event.ts';
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
  await new TrustedMain(workspace, branch, trust, prompter).fetch();
  const event = await loadRemoteEvent(workspace, branch);
  requireSound(event, prompter);
  const asks = asksOf(event, user);
  if (!isAsked(asks))
    throw new OperationError('NOT_FOUND', `${branch} asks nothing of ${user} now: see tuf-signer status`);
  const main = await findMain(workspace);
  const [pin] = await pinsHere(workspace, trust.pins);
  const note: RequestNote = {
    place: placeHere(workspace),
    main,
    event: { branch, commit: event.head },
    user,
    firstRoot: pin?.identity,
  };
  prompter.progress('writing main, the event and their history');
  const refs = new Map<string, ObjectId>(
    [note.main, note.event].map(({ branch: name, commit }) => [
      branchRef(name),
      commit as string as ObjectId,
    ]),
  );
  await createBundle(repository, out, refs, { ref: NOTE_REF, content: encodeNote(note) });
  return { note, asks };
}
