import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { directoryFetcher } from '../client/directory.ts';
import { verifyRepository } from '../client/verify-repository.ts';
import type { Reason } from '../event/reason.ts';
import { isOnFirstParent } from '../git/history.ts';
import type { CommitSha } from '../git/oid.ts';
import { sitePage } from '../render/site/page.ts';
import { type PublishedFile, publishLayout } from '../repository/layout.ts';
import type { ObjectId } from '../repository/tree.ts';
import { OperationError } from './error.ts';
import { followMain } from './main-departures.ts';
import { TreeReader } from './read-tree.ts';
import { readSiteView } from './site-view.ts';
import { SITE_LAYOUT, verifyCommit } from './verify.ts';
import { findMain, type Workspace } from './workspace.ts';

export interface PublishRequest {
  readonly commit: CommitSha;
  /** The folder that becomes the site. */
  readonly out: string;
  readonly trustedRoot?: Uint8Array | undefined;
}

export interface PublishOutcome {
  readonly files: number;
  readonly reasons: readonly Reason[];
  /** Was the site written? */
  readonly published: boolean;
}

/**
 * Builds the site of a commit: verified before, also against what main was before it, built beside, walked through by the client, then put in place whole.
 * Where anything is refused `out` stays what it was. Throws {@link OperationError} `ALREADY_THERE` where `out` is a
 * folder of something else; {@link ClientError} where our own client refuses what was built.
 */
export async function publishSite(workspace: Workspace, request: PublishRequest): Promise<PublishOutcome> {
  const out = resolve(request.out);
  await requireReplaceable(out);
  await requireOnMain(workspace, request.commit);
  const { commit, trustedRoot } = request;
  const verified = await verifyCommit(workspace, { commit, trustedRoot });
  if (verified.verdict !== 'accepted') return { files: 0, reasons: verified.reasons, published: false };
  const history = await new TreeReader(workspace.objects).history(verified.tree);
  const state = { tree: verified.tree, facts: { history } };
  const { departures } = await followMain(workspace, commit, state, trustedRoot);
  if (departures.length > 0) {
    return { files: 0, reasons: [...verified.reasons, ...departures], published: false };
  }
  const building = join(dirname(out), `.${basename(out)}.${randomBytes(6).toString('hex')}`);
  const files = publishLayout(verified.tree);
  try {
    await writeFiles(workspace, files, building);
    await writeFile(
      join(building, 'index.html'),
      sitePage(await readSiteView(workspace, verified.tree, commit)),
    );
    const first = trustedRoot ?? (await firstRoot(building, files));
    await verifyRepository(directoryFetcher(building), first, workspace.clock.now(), {
      layout: SITE_LAYOUT,
      everyTarget: true,
    });
    await putInPlace(building, out);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return { files: files.length + 1, reasons: verified.reasons, published: true };
}

/** Only what main itself is or was is published, never an event. */
async function requireOnMain(workspace: Workspace, commit: CommitSha): Promise<void> {
  const main = await findMain(workspace);
  if (await isOnFirstParent(workspace.repository, commit, main.commit)) return;
  throw new OperationError(
    'NOT_FROM_MAIN',
    `${commit.slice(0, 12)} is no state of ${main.branch}: merge it first`,
  );
}

/** Bytes: what one buffer of Node can hold. */
export const MAX_ARTIFACT: number = 2 ** 31 - 1;

/** What stands at the top of a site of ours. */
const OWN_FILE = /^(timestamp\.json|\d+\.[A-Za-z0-9_][A-Za-z0-9._-]*\.json|index\.html|targets)$/;

/** An empty or absent folder, or a site that an earlier run built. */
async function requireReplaceable(out: string): Promise<void> {
  let names: readonly string[];
  try {
    names = await readdir(out);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'ENOENT') return;
    if (error.code !== 'ENOTDIR') throw error;
    names = ['']; // a file
  }
  if (names.length === 0) return;
  // A checkout of a site's branch or a whole web root has more in it than we may take away.
  if (names.includes('timestamp.json') && names.every(name => OWN_FILE.test(name))) return;
  throw new OperationError('ALREADY_THERE', `${out} is there and is no site of ours: name another folder`);
}

async function writeFiles(
  { objects }: Workspace,
  files: readonly PublishedFile[],
  folder: string,
): Promise<void> {
  const places = new Map<ObjectId, string[]>();
  const folders = new Set<string>([folder]);
  for (const { path, oid } of files) {
    const place = join(folder, ...path.split('/'));
    folders.add(dirname(place));
    places.set(oid, [...(places.get(oid) ?? []), place]);
  }
  for (const inner of folders) await mkdir(inner, { recursive: true });
  for await (const { oid, content } of objects.readMany(places.keys(), MAX_ARTIFACT)) {
    for (const place of places.get(oid) ?? []) await writeFile(place, content, { flag: 'wx' });
  }
}

async function firstRoot(folder: string, files: readonly PublishedFile[]): Promise<Uint8Array> {
  const versions = files.flatMap(({ path }) => /^(\d+)\.root\.json$/.exec(path)?.[1] ?? []).map(Number);
  const bytes = await directoryFetcher(folder).fetch(`${Math.min(...versions)}.root.json`, 512_000);
  if (bytes === undefined) throw new OperationError('NOT_FOUND', 'there is no root to start from');
  return bytes;
}

async function putInPlace(building: string, out: string): Promise<void> {
  const old = `${building}.old`;
  await mkdir(out, { recursive: true });
  await rename(out, old);
  try {
    await rename(building, out);
  } catch (error) {
    await rename(old, out);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}
