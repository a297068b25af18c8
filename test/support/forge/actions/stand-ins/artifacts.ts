import { cpSync, existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { WorkflowError } from '../fields.ts';
import { matchesPattern } from '../glob.ts';
import { flag, input, NO_OUTPUTS, type StandIn, type StandInCall } from './stand-in.ts';

// Artifacts are folders beside the run. Left out: wildcards in `path`, retention, compression, artifacts of other runs.

/** actions/upload-artifact. Hidden files stay out unless asked for, as there. */
export const uploadArtifact: StandIn = async call => {
  const name = input(call, 'name', 'artifact');
  const paths = input(call, 'path')
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '');
  if (paths.some(path => /[*?[\]!]/.test(path)))
    throw new WorkflowError('wildcards in path are not supported here');
  const found = paths.map(path => resolve(call.job.folders.workspace, path)).filter(path => existsSync(path));
  if (found.length === 0) {
    const words = `No files were found with the provided path: ${paths.join(', ')}. No artifacts will be uploaded.`;
    const policy = input(call, 'if-no-files-found', 'warn');
    if (policy === 'error') throw new WorkflowError(words);
    if (policy === 'warn') call.job.log.line(`::warning::${words}`);
    return NO_OUTPUTS;
  }
  const folder = store(call, name, flag(call, 'overwrite', false));
  const top = commonFolder(found);
  for (const path of found)
    copy(path, join(folder, relative(top, path)), flag(call, 'include-hidden-files', false));
  return new Map([['artifact-id', String(call.job.run.id)]]);
};

/** Makes an artifact's folder; names are taken once in a run. */
export function store({ job }: StandInCall, name: string, overwrite: boolean): string {
  const { artifacts, folder } = job.run;
  if (artifacts.has(name) && !overwrite)
    throw new WorkflowError(
      'Failed to CreateArtifact: an artifact with this name already exists on the workflow run',
    );
  const path = join(folder, 'artifacts', encodeURIComponent(name));
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  artifacts.set(name, path);
  return path;
}

/** One folder is uploaded as what is in it; several paths keep what they have not in common. */
const commonFolder = (paths: readonly string[]): string =>
  paths
    .map(path => (lstatSync(path).isDirectory() ? path : dirname(path)))
    .reduce((common, path) => {
      let at = common;
      while (path !== at && !path.startsWith(`${at}/`)) at = dirname(at);
      return at;
    });

export const copy = (from: string, to: string, hidden: boolean): void =>
  cpSync(from, to, {
    recursive: true,
    dereference: true,
    filter: path => hidden || path === from || !basename(path).startsWith('.'),
  });

/** actions/download-artifact: by name into `path`, or all (or those of a pattern) into a folder each. */
export const downloadArtifact: StandIn = async call => {
  const { job } = call;
  const target = resolve(job.folders.workspace, input(call, 'path', '.'));
  const name = input(call, 'name');
  if (input(call, 'run-id') !== '') throw new WorkflowError('artifacts of other runs are not supported here');
  const chosen = [...job.run.artifacts].filter(([one]) =>
    name === '' ? matchesPattern(input(call, 'pattern', '**'), one) : one === name,
  );
  if (name !== '' && chosen.length === 0)
    throw new WorkflowError(`Unable to download artifact(s): Artifact not found for name: ${name}`);
  mkdirSync(target, { recursive: true });
  for (const [one, folder] of chosen)
    cpSync(folder, name !== '' || flag(call, 'merge-multiple', false) ? target : join(target, one), {
      recursive: true,
    });
  return new Map([['download-path', target]]);
};
