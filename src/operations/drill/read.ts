import { historyOf } from '../../event/rules/history.ts';
import { identityOf } from '../../event/succession.ts';
import { listStatesSince } from '../../git/history.ts';
import type { CommitSha } from '../../git/oid.ts';
import {
  DRILLS_FOLDER,
  type DrillFile,
  type DrillProof,
  drillAt,
  MAX_DRILL,
  parseDrill,
} from '../../repository/drill-file.ts';
import { emptyTree, type ObjectId, type Parsed, type RepositoryTree } from '../../repository/tree.ts';
import { readParsed } from '../read-documents.ts';
import type { TreeReader } from '../read-tree.ts';

/** The top folder of drills, for {@link TreeReader.withFilesOf}. */
export const drillFolders: ReadonlySet<string> = new Set([DRILLS_FOLDER]);

/** Drills of these paths, by blob. Throws {@link GitError}. */
export async function readDrills(
  { objects }: TreeReader,
  entries: Iterable<{ readonly path: string; readonly oid: ObjectId }>,
): Promise<ReadonlyMap<ObjectId, Parsed<DrillFile>>> {
  const found = new Map<ObjectId, Parsed<DrillFile>>();
  for (const { path, oid } of entries) {
    if (drillAt(path) !== undefined) found.set(oid, await readParsed(objects, oid, parseDrill));
  }
  return found;
}

/** How many states of an event's drill are looked at. One has as many as it has proofs; more are made to hide something. */
const MAX_STATES = 1_000;
/** Bytes of all these states, and different proofs in them: a keyholder may sign again, and each is verified. */
const MAX_STATE_BYTES = 128 * 1024 * 1024;
const MAX_PROOFS = 5_000;

/**
 * The proofs that the drill at `path` held in any commit of the event, each once; `undefined` where there is more to look at
 * than any drill leaves behind. Throws {@link GitError}.
 */
export async function earlierProofs(
  { objects }: TreeReader,
  { knownGood, event }: { readonly knownGood: CommitSha; readonly event: CommitSha },
  path: string,
): Promise<readonly DrillProof[] | undefined> {
  const states = await listStatesSince(objects.repository, knownGood, event, path, MAX_STATES + 1);
  if (states.length > MAX_STATES) return undefined;
  const found = new Map<string, DrillProof>();
  let total = 0;
  for (const oid of new Set(states.map(state => state.oid))) {
    const parse = (bytes: Uint8Array): DrillFile => {
      total += bytes.length;
      return parseDrill(bytes);
    };
    const parsed = await readParsed(objects, oid, parse, MAX_DRILL);
    if (!parsed.ok && parsed.error.code === 'OBJECT_TOO_LARGE') return undefined;
    for (const proof of parsed.ok ? parsed.value.proofs : [])
      found.set(`${proof.fingerprint} ${proof.sig}`, proof);
    if (total > MAX_STATE_BYTES || found.size > MAX_PROOFS) return undefined;
  }
  return [...found.values()];
}

/** All drills that `tree` holds, by path. A file that is no drill by its name is none of ours. Throws {@link GitError}. */
export async function allDrills(
  reader: TreeReader,
  tree: RepositoryTree,
): Promise<ReadonlyMap<string, Parsed<DrillFile>>> {
  const [, { outside }] = await reader.withFilesOf(drillFolders, emptyTree, tree);
  const entries = [...outside.values()].filter(({ path }) => drillAt(path) !== undefined);
  const files = await readDrills(reader, entries);
  return new Map(
    entries.flatMap(({ path, oid }) => {
      const parsed = files.get(oid);
      return parsed === undefined ? [] : [[path, parsed] as const];
    }),
  );
}

/** As {@link identityOf}, reading the oldest root alone. Throws {@link GitError}. */
export async function readIdentity(reader: TreeReader, tree: RepositoryTree): Promise<string | undefined> {
  const oldest = [...historyOf(tree)].reduce<readonly [number, ObjectId] | undefined>(
    (first, [version, { oid }]) => (first === undefined || version < first[0] ? [version, oid] : first),
    undefined,
  );
  if (oldest === undefined) return undefined;
  const [version, oid] = oldest;
  return identityOf({ history: new Map([[version, await reader.root(oid)]]) });
}
