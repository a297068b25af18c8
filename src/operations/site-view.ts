import type { GitCommit } from '../git/commit-object.ts';
import { GitError } from '../git/error.ts';
import { listFirstParents } from '../git/history.ts';
import type { CommitSha, ObjectId } from '../git/oid.ts';
import { JsonError } from '../json.ts';
import { parseDocument } from '../metadata/document.ts';
import { MetadataError } from '../metadata/error.ts';
import { isOnlineRole, type RoleName } from '../metadata/names.ts';
import { type EventView, type SiteView, siteViewOf } from '../render/site/view.ts';
import { metadataFile, type RepositoryTree, roleFile } from '../repository/tree.ts';
import { readStanding } from './drill/standing.ts';
import { OperationError } from './error.ts';
import type { Workspace } from './workspace.ts';

/** What the page of a commit shows. The commit was verified before. Throws {@link OperationError} `NOT_FOUND`, {@link GitError}. */
export async function readSiteView(
  workspace: Workspace,
  tree: RepositoryTree,
  commit: CommitSha,
): Promise<SiteView> {
  const { committer } = await workspace.objects.readCommit(commit);
  return siteViewOf(tree, {
    commit,
    committedAt: committer.time,
    standing: (await readStanding(workspace, tree, committer.time)).standing,
    firstRoot: await readFirstRoot(workspace, tree),
    events: await lastEvents(workspace, commit, tree),
  });
}

async function readFirstRoot({ objects }: Workspace, tree: RepositoryTree): Promise<Uint8Array> {
  const roots = [...tree.metadata].flatMap(([path, { oid }]) => {
    const file = metadataFile(path);
    return file.kind === 'history' ? [{ version: file.version, oid }] : [];
  });
  const first = roots.sort((a, b) => a.version - b.version)[0];
  if (first === undefined) throw new OperationError('NOT_FOUND', 'there is no root to start from');
  return objects.readBlob(first.oid);
}

/** States of main that are looked at; with a timestamp a day that is a year. */
const MAX_STATES = 400;
const MAX_EVENTS = 10;
/** Versions that are named for one event. */
const MAX_CHANGES = 8;

/** The newest states of main in which a role that people sign moved on. */
async function lastEvents(
  { repository, objects }: Workspace,
  tip: CommitSha,
  tree: RepositoryTree,
): Promise<readonly EventView[]> {
  const states = await listFirstParents(repository, tip, MAX_STATES + 1);
  const events: EventView[] = [];
  const reader = new RoleReader(objects, versionsOf(tree));
  const tell = async (before: State | undefined, { commit, found }: State): Promise<void> => {
    const changes = await unlessUnreadable(() => reader.changes(before?.found, found));
    if (changes === undefined || changes.length === 0) return;
    const [subject = ''] = found.message.split('\n', 1);
    const more = changes.length - MAX_CHANGES;
    events.push({
      commit,
      time: found.committer.time,
      subject: subject.slice(0, 200),
      changes: [...changes.slice(0, MAX_CHANGES), ...(more > 0 ? [`and ${more} more`] : [])],
    });
  };
  let newer: State | undefined;
  for (const commit of states) {
    if (events.length === MAX_EVENTS) return events;
    const found = await unlessUnreadable(() => objects.readCommit(commit));
    if (found === undefined) continue;
    const state = { commit, found };
    if (newer !== undefined) await tell(state, newer);
    newer = state;
  }
  // The first of all came from nothing; one at which the look back ends did not.
  if (newer !== undefined && states.length <= MAX_STATES && events.length < MAX_EVENTS)
    await tell(undefined, newer);
  return events;
}

interface State {
  readonly commit: CommitSha;
  readonly found: GitCommit;
}

/**
 * `undefined` for what can't be read. Whoever pushed to an event may have left anything below its tip, and history is only shown here:
 * it must not keep what was verified from being published.
 */
async function unlessUnreadable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof JsonError || error instanceof MetadataError) return undefined;
    if (error instanceof GitError && (error.code === 'BAD_OBJECT' || error.code === 'OBJECT_TOO_LARGE'))
      return undefined;
    throw error;
  }
}

/** The versions that the files of `tree` say, which were read before. */
const versionsOf = ({ documents, metadata }: RepositoryTree): ReadonlyMap<ObjectId, number> =>
  new Map(
    [...documents].flatMap(([role, parsed]) => {
      const entry = metadata.get(roleFile(role));
      return entry === undefined || !parsed.ok ? [] : [[entry.oid, parsed.value.signed.version] as const];
    }),
  );

/** Reads which version of a role a commit holds, each file once. */
class RoleReader {
  readonly #objects: Workspace['objects'];
  readonly #known: ReadonlyMap<ObjectId, number>;
  readonly #folders = new Map<ObjectId, ReadonlyMap<RoleName, ObjectId>>();

  constructor(objects: Workspace['objects'], known: ReadonlyMap<ObjectId, number>) {
    this.#objects = objects;
    this.#known = known;
  }

  async changes(before: GitCommit | undefined, after: GitCommit): Promise<readonly string[]> {
    const now = await this.#roles(after.tree);
    const then = before === undefined ? new Map<RoleName, ObjectId>() : await this.#roles(before.tree);
    if (now === then) return [];
    const moved = [...new Set([...now.keys(), ...then.keys()])].filter(
      role => now.get(role) !== then.get(role),
    );
    const changes: string[] = [];
    for (const [index, role] of moved.sort().entries()) {
      if (index > MAX_CHANGES) {
        changes.push(role); // is counted, not named
        continue;
      }
      const [old, current] = [await this.#version(then.get(role)), await this.#version(now.get(role))];
      if (current === undefined) changes.push(`${role} ends`);
      else if (old !== current)
        changes.push(old === undefined ? `${role} ${current}` : `${role} ${old} → ${current}`);
    }
    return changes;
  }

  async #roles(top: ObjectId): Promise<ReadonlyMap<RoleName, ObjectId>> {
    const folder = (await this.#objects.readTree(top)).find(({ name }) => name === 'metadata');
    if (folder === undefined || folder.mode !== '040000') return new Map();
    const known = this.#folders.get(folder.oid);
    if (known !== undefined) return known;
    const roles = new Map<RoleName, ObjectId>();
    for (const { name, oid, mode } of await this.#objects.readTree(folder.oid)) {
      const file = metadataFile(name);
      if (file.kind === 'role' && mode.startsWith('100') && !isOnlineRole(file.role))
        roles.set(file.role, oid);
    }
    this.#folders.set(folder.oid, roles);
    return roles;
  }

  async #version(oid: ObjectId | undefined): Promise<number | undefined> {
    if (oid === undefined) return undefined;
    const known = this.#known.get(oid);
    if (known !== undefined) return known;
    return unlessUnreadable(async () => parseDocument(await this.#objects.readBlob(oid)).signed.version);
  }
}
