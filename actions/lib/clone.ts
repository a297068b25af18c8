import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Identity } from '../../src/git/commit-object.ts';
import { runGit } from '../../src/git/process.ts';
import { openWorkspace, type Workspace } from '../../src/operations/workspace.ts';
import { hide } from './commands.ts';
import { type ActionWorld, input, repositoryName } from './world.ts';

/**
 * An empty clone of the job's repository, which operations fetch into: full history and no checkout. An event's files are
 * hostile, so that they never lie on the runner's disk but as git objects; and no step before us can have bent its
 * configuration.
 */
export async function openClone(world: ActionWorld): Promise<Workspace> {
  const server = world.context.serverUrl;
  const folder = await mkdtemp(join(world.environment['RUNNER_TEMP'] ?? tmpdir(), 'tuf-signer-'));
  await runGit(folder, ['init', '--quiet', '--initial-branch=main', '.']);
  await runGit(folder, ['remote', 'add', '--', 'origin', `${server}/${repositoryName(world)}`]);
  authorize(world, server);
  return openWorkspace(folder, world.clock);
}

/**
 * Lets the git processes of this process, and of no other, use the token: by a variable of theirs, never by a file or an
 * argument. Without a token a public repository can be read.
 */
function authorize(world: ActionWorld, server: string): void {
  const token = input(world, 'token');
  if (token === undefined || !/^https?:/.test(server)) return;
  const header = Buffer.from(`x-access-token:${token}`).toString('base64');
  hide(header);
  const name = `http.${server}/.extraheader`;
  let count = Number(process.env['GIT_CONFIG_COUNT'] ?? 0);
  // An empty one takes back what others have set: two tokens in one request are refused.
  for (const value of ['', `AUTHORIZATION: basic ${header}`]) {
    process.env[`GIT_CONFIG_KEY_${count}`] = name;
    process.env[`GIT_CONFIG_VALUE_${count}`] = value;
    count++;
  }
  process.env['GIT_CONFIG_COUNT'] = String(count);
}

/** Whom commits of the automation name. Source: the account of GitHub's own app for Actions. */
export const automation: Identity = {
  name: 'github-actions[bot]',
  email: '41898282+github-actions[bot]@users.noreply.github.com',
};
