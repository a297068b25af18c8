import { GitError } from '../../git/error.ts';
import type { ObjectReader } from '../../git/objects.ts';
import type { CommitSha } from '../../git/oid.ts';
import { TREE_MODE, type TreeEntry } from '../../git/tree.ts';
import type { ObjectId } from '../../repository/tree.ts';

/** What of a workflow the checks look at. */
export interface ParsedWorkflow {
  /** Whatever stands behind `uses`, in steps and in jobs. */
  readonly uses: readonly string[];
  /** The events that start it. */
  readonly triggers: readonly string[];
  /** At its top, or in each of its jobs. */
  readonly hasPermissions: boolean;
}

/** A file in `.github/workflows` of a commit. Written by anybody who could merge. */
export interface WorkflowFile {
  readonly path: string;
  readonly text: string;
  readonly parsed: ParsedWorkflow | { readonly problem: string };
}

const FOLDER = ['.github', 'workflows'] as const;
/** Bytes, and files: more is no set of workflows. */
const MAX_BYTES = 512 * 1024;
const MAX_FILES = 200;

/** Reads the workflows of a commit from git objects. */
export async function readWorkflows(
  objects: ObjectReader,
  commit: CommitSha,
): Promise<readonly WorkflowFile[]> {
  let oid: ObjectId = (await objects.readCommit(commit)).tree;
  for (const name of FOLDER) {
    const found = (await objects.readTree(oid)).find(
      entry => entry.name === name && entry.mode === TREE_MODE,
    );
    if (found === undefined) return [];
    oid = found.oid;
  }
  const entries = (await objects.readTree(oid)).filter(({ name }) => /\.ya?ml$/.test(name));
  const files = await Promise.all(entries.slice(0, MAX_FILES).map(entry => readWorkflow(objects, entry)));
  return entries.length <= MAX_FILES
    ? files
    : [...files, unreadable(FOLDER.join('/'), `more than ${MAX_FILES} files`)];
}

async function readWorkflow(objects: ObjectReader, { name, mode, oid }: TreeEntry): Promise<WorkflowFile> {
  const path = [...FOLDER, name].join('/');
  if (!mode.startsWith('100')) return unreadable(path, 'it is no file');
  try {
    const text = (await objects.readBlob(oid, MAX_BYTES)).toString('utf8');
    return { path, text, parsed: await parseWorkflow(text) };
  } catch (error) {
    if (!(error instanceof GitError) || error.code !== 'OBJECT_TOO_LARGE') throw error;
    return unreadable(path, `more than ${MAX_BYTES} bytes`);
  }
}

const unreadable = (path: string, problem: string): WorkflowFile => ({ path, text: '', parsed: { problem } });

/** YAML as GitHub reads it, anchors and all; loaded when there is a workflow to look at. */
export async function parseWorkflow(text: string): Promise<WorkflowFile['parsed']> {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { logLevel: 'silent', uniqueKeys: true });
  const [problem] = document.errors;
  if (problem !== undefined) return { problem: 'it is no YAML' };
  let value: unknown;
  try {
    value = document.toJS({ mapAsMap: true, maxAliasCount: 100 });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { problem: 'its aliases can not be followed' };
  }
  const jobs = [...entriesOf(get(value, 'jobs')).values()];
  const steps = jobs.flatMap(job => itemsOf(get(job, 'steps')));
  return {
    uses: [...jobs, ...steps].map(part => get(part, 'uses')).filter(isText),
    triggers: triggersOf(get(value, 'on')),
    hasPermissions:
      get(value, 'permissions') !== undefined ||
      (jobs.length > 0 && jobs.every(job => get(job, 'permissions') !== undefined)),
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const entriesOf = (value: unknown): ReadonlyMap<unknown, unknown> =>
  value instanceof Map ? value : new Map();
const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const get = (value: unknown, name: string): unknown => entriesOf(value).get(name);

const triggersOf = (on: unknown): readonly string[] =>
  isText(on) ? [on] : [...itemsOf(on), ...entriesOf(on).keys()].filter(isText);
