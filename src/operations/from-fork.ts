import { ForgeError } from '../forge/error.ts';
import { apiOf, comparePage, type GithubPlace, parseGithubPlace } from '../forge/github/place.ts';
import type { BranchName } from '../git/names.ts';
import { pushRemote, requirePullRemote, requireUser, type Workspace } from './workspace.ts';

/** What is left to do after a push to a fork. */
export interface FromFork {
  /** The pull request; where it could not be opened, the page on which a person opens it. */
  readonly url: string;
  readonly opened: boolean;
  /** Why it could not be opened, though there is a token. */
  readonly problem?: string;
}

export interface ForkToken {
  readonly token: string | undefined;
  /** The server that the token is for. No other gets it, whatever a remote's URL says. */
  readonly server: string;
}

/**
 * Asks for what was pushed to a fork's branch to be taken into the event. `undefined` where pushes go to where events come
 * from, or to places that look like no GitHub. Never throws for the forge's faults: the signature is made and pushed.
 */
export async function requestFromFork(
  workspace: Workspace,
  branch: BranchName,
  { token, server }: ForkToken,
): Promise<FromFork | undefined> {
  const upstream = placeOf(workspace, await requirePullRemote(workspace));
  const fork = placeOf(workspace, await pushRemote(workspace));
  if (upstream === undefined || fork === undefined || isSame(upstream, fork)) return undefined;
  const page = comparePage(upstream, fork, branch);
  if (token === undefined || upstream.server !== server) return { url: page, opened: false };
  const user = requireUser(workspace);
  // Most signers push to no fork, and should not wait for GitHub's client.
  const { openFromFork } = await import('../forge/github/from-fork.ts');
  try {
    const request = { upstream, fork, branch, title: `${user} signs ${branch}`, body: BODY };
    return { url: await openFromFork(request, { token, ...apiOf(server) }), opened: true };
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    return { url: page, opened: false, problem: error.message };
  }
}

const BODY = 'Signatures for this event. Merging this brings them into it; automation judges them there.';

const placeOf = ({ remotes }: Workspace, name: string): GithubPlace | undefined => {
  const url = remotes.find(remote => remote.name === name)?.url;
  return url === undefined ? undefined : parseGithubPlace(url);
};

/** Two servers have no pull requests between them: that is as good as no fork. */
const isSame = (a: GithubPlace, b: GithubPlace): boolean =>
  a.server !== b.server || `${a.owner}/${a.repo}`.toLowerCase() === `${b.owner}/${b.repo}`.toLowerCase();
