import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { fetchBundle, listBundle, requireWholeBundle } from '../../git/bundle.ts';
import { configure, ensureBare, ensureClone } from '../../git/init.ts';
import { branchRef, parseRemoteName } from '../../git/names.ts';
import { openObjectReader } from '../../git/objects.ts';
import type { ObjectFormat, ObjectId } from '../../git/oid.ts';
import { type GitRepository, runGit } from '../../git/process.ts';
import { writeSetting } from '../../git/settings.ts';
import type { KeyOwner } from '../../metadata/names.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';
import { decodeNote, MAX_NOTE, NOTE_REF, type RequestNote } from './note.ts';
import { badFile } from './strict.ts';

/** A request, laid out as a remote and a clone of it. Use it with `await using`. */
export interface OpenedRequest extends AsyncDisposable {
  readonly note: RequestNote;
  /** Its only remote is what the request brought. */
  readonly workspace: Workspace;
}

const ORIGIN = parseRemoteName('origin');

/**
 * Opens a request below `folder`, where each repository has a place that stays: what was verified of it, and signatures that did not
 * leave this machine yet, are there the next time. Nothing of the file is trusted: git checks every object that is new, and a file that was
 * damaged, or a bundle of anything but a request, is refused. `user` is taken from the request where none is given. Throws {@link OperationError} `BAD_FILE`,
 * {@link JsonError}, {@link GitError}.
 */
export async function openRequest(
  file: string,
  folder: string,
  clock: Clock,
  user?: KeyOwner,
): Promise<OpenedRequest> {
  const heads = await listBundle(file);
  const noteId = heads.get(NOTE_REF);
  if (heads.size !== 3 || noteId === undefined) throw badFile('the bundle holds no request');
  const format: ObjectFormat = noteId.length === 64 ? 'sha256' : 'sha1';
  await requireWholeBundle(file, format);
  const note = await readNote(file, await ensureBare(join(folder, `incoming-${format}.git`), format), noteId);
  for (const { branch, commit } of [note.main, note.event]) {
    if (heads.get(branchRef(branch)) !== commit)
      throw badFile(`the bundle holds another ${branch} than the request says`);
  }
  const own = join(folder, createHash('sha256').update(note.place).digest('hex'));
  const remote = await ensureBare(join(own, 'remote.git'), format);
  // Main first: it may have gone from one name to another.
  await runGit(remote, ['symbolic-ref', '--', 'HEAD', branchRef(note.main.branch)]);
  await fetchBundle(remote, file, [note.main.branch, note.event.branch].map(branchRef));
  const clone = await ensureClone(join(own, 'clone'), format, { name: ORIGIN, url: remote.folder });
  const whose = user ?? note.user;
  await writeSetting(clone, 'user', whose);
  // Commits of this clone never leave it: what goes back are signatures alone.
  await configure(clone, 'user.name', whose);
  await configure(clone, 'user.email', `${whose.slice(1)}@request.invalid`);
  const workspace = await openWorkspace(clone.folder, clock);
  return { note, workspace, [Symbol.asyncDispose]: () => workspace[Symbol.asyncDispose]() };
}

async function readNote(file: string, incoming: GitRepository, oid: ObjectId): Promise<RequestNote> {
  await fetchBundle(incoming, file, [NOTE_REF]);
  await using objects = openObjectReader(incoming);
  return decodeNote(await objects.readBlob(oid, MAX_NOTE));
}
