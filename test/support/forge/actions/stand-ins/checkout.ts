import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { WorkflowError } from '../fields.ts';
import { runProcess } from '../process.ts';
import { flag, input, type StandIn, type StandInCall } from './stand-in.ts';

/**
 * actions/checkout: a real fetch over HTTP with the job's token. Left out: submodules, LFS, sparse checkouts, SSH keys.
 * The token never is an argument; with `persist-credentials` (the default, as there) it is left in `.git/config`.
 */
export const checkout: StandIn = async call => {
  const { job } = call;
  const { workspace } = job.folders;
  const folder = resolve(workspace, input(call, 'path', '.'));
  if (folder !== workspace && !folder.startsWith(workspace + sep))
    throw new WorkflowError(`Repository path '${folder}' is not under '${workspace}'`);
  const { url } = job.run.engine.database;
  const token = input(call, 'token', job.token);
  const repository = input(call, 'repository', job.repository.fullName);
  if (existsSync(folder))
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  mkdirSync(folder, { recursive: true });
  const header = `AUTHORIZATION: basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  job.log.mask(header.slice('AUTHORIZATION: basic '.length));
  const key = `http.${url}/.extraheader`;
  const git = gitRunner(call, folder, key, header);
  await git('init', '-q', '-b', 'main');
  await git('remote', 'add', 'origin', `${url}/${repository}`);
  const target = await findTarget(call, git, repository === job.repository.fullName);
  await fetchHistory(call, git, target);
  if (target.branch === undefined) await git('checkout', '-q', '--force', '--detach', target.commit);
  else await git('checkout', '-q', '--force', '-B', target.branch, target.local);
  if (flag(call, 'persist-credentials', true))
    appendFileSync(join(folder, '.git', 'config'), `[http "${url}/"]\n\textraheader = ${header}\n`);
  return new Map([
    ['ref', input(call, 'ref', job.run.ref)],
    ['commit', target.commit],
  ]);
};

const ALL = ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*'] as const;

/** The commit with as much of its past as is asked for; `fetch-depth: 0` is all branches and tags, whole. */
async function fetchHistory(call: StandInCall, git: Git, target: Target): Promise<void> {
  const depth = Number(input(call, 'fetch-depth', '1'));
  const filter = input(call, 'filter') === '' ? [] : [`--filter=${input(call, 'filter')}`];
  if (depth === 0) await git('fetch', '-q', '--no-tags', ...filter, 'origin', ...ALL);
  const options = depth === 0 ? filter : [`--depth=${depth}`, ...filter];
  const tags = flag(call, 'fetch-tags', false) ? [ALL[1]] : [];
  // By its name: the branch may have moved since the event.
  await git('fetch', '-q', '--no-tags', ...options, 'origin', ...tags, `+${target.commit}:${target.local}`);
}

type Git = (...args: readonly string[]) => Promise<readonly string[]>;

/** Gives the lines of its output; a failure fails the step. */
const gitRunner =
  ({ job, step }: StandInCall, folder: string, key: string, header: string): Git =>
  async (...args) => {
    const lines: string[] = [];
    const code = await runProcess({
      command: 'git',
      args,
      folder,
      signal: step.signal,
      onLine: line => lines.push(line),
      environment: new Map([
        ...step.environment,
        ['GIT_CONFIG_COUNT', '1'],
        ['GIT_CONFIG_KEY_0', key],
        ['GIT_CONFIG_VALUE_0', header],
        ['GIT_TERMINAL_PROMPT', '0'],
      ]),
    });
    if (code === 0) return lines;
    for (const line of lines) job.log.line(line);
    throw new WorkflowError(`The process 'git' failed with exit code ${code}`);
  };

interface Target {
  readonly commit: string;
  readonly branch: string | undefined;
  readonly local: string;
}

/** The event's commit, unless `ref` names another: a branch, a tag, a full ref or a commit. */
async function findTarget(call: StandInCall, git: Git, isOwn: boolean): Promise<Target> {
  const { run } = call.job;
  const asked = input(call, 'ref');
  if (/^[0-9a-f]{40}$/.test(asked))
    return { commit: asked, branch: undefined, local: 'refs/remotes/origin/_commit' };
  if (asked === '' && isOwn) return named(run.ref, run.sha);
  const lines = await git('ls-remote', '-q', '--symref', 'origin');
  const refs = new Map(
    lines.filter(line => !line.startsWith('ref:')).map(line => [line.slice(41), line.slice(0, 40)]),
  );
  const main = lines.map(line => /^ref: (\S+)\s+HEAD$/.exec(line)?.[1]).find(ref => ref !== undefined);
  const candidates = asked === '' ? [main ?? ''] : [asked, `refs/heads/${asked}`, `refs/tags/${asked}`];
  const ref = candidates.find(candidate => candidate.startsWith('refs/') && refs.has(candidate));
  const commit = refs.get(ref ?? '');
  if (ref === undefined || commit === undefined)
    throw new WorkflowError(`A branch or tag with the name '${asked}' could not be found`);
  return named(ref, commit);
}

function named(ref: string, commit: string): Target {
  const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
  const local =
    branch === undefined ? `refs/remotes/${ref.slice('refs/'.length)}` : `refs/remotes/origin/${branch}`;
  return { commit, branch, local };
}
