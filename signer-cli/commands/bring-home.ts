import type { BranchName } from '../../src/git/names.ts';
import type { Workspace } from '../../src/operations/workspace.ts';
import type { RunContext } from '../run-context.ts';

/** What went to a fork is not in the event yet. */
export async function bringHome(
  workspace: Workspace,
  branch: BranchName,
  { output, environment }: RunContext,
  what = 'Your signature',
): Promise<void> {
  const { pushRemote, pullRemote } = workspace.settings;
  if (pushRemote === undefined || pushRemote === pullRemote) return;
  // Loaded where it is needed: GitHub's client is a third of the command.
  const { requestFromFork } = await import('../../src/operations/from-fork.ts');
  // As GitHub's own command looks for it. Git's credential helpers may want it too: it stays where it is.
  const token = [environment['GH_TOKEN'], environment['GITHUB_TOKEN']].find(
    text => text !== undefined && text !== '',
  );
  const server = environment['GITHUB_SERVER_URL'] ?? 'https://github.com';
  const request = await requestFromFork(workspace, branch, { token, server });
  if (request?.problem !== undefined) output.say(`warning: ${request.problem}`);
  if (request?.opened === true) output.say(`${what} waits in a pull request from your fork: ${request.url}`);
  else if (request !== undefined)
    output.say(`${what} is in your fork. Open a pull request to bring it into ${branch}: ${request.url}`);
}
