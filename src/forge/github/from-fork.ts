import { ForgeError } from '../error.ts';
import { type GithubOptions, githubClient } from './client.ts';
import type { GithubPlace } from './place.ts';

export interface ForkRequest {
  /** Where a branch of that name is to be changed. */
  readonly upstream: GithubPlace;
  readonly fork: GithubPlace;
  readonly branch: string;
  /** Plain text. */
  readonly title: string;
  readonly body: string;
}

/** Opens a pull request from a fork's branch to the one of the same name, where none is open. Gives its page. */
export async function openFromFork(
  { upstream, fork, branch, title, body }: ForkRequest,
  options: Pick<GithubOptions, 'token' | 'apiUrl' | 'graphqlUrl'>,
): Promise<string> {
  const { owner, repo } = upstream;
  const client = githubClient({ ...options, owner, repo });
  const head = `${fork.owner}:${branch}`;
  const find = async (): Promise<string | undefined> => {
    const open = await client.call('look for your pull request', rest =>
      rest.pulls.list({ ...client.here, state: 'open', head, base: branch, per_page: 1 }),
    );
    return open[0]?.html_url;
  };
  const known = await find();
  if (known !== undefined) return known;
  try {
    const made = await client.call('open a pull request from your fork', rest =>
      rest.pulls.create({ ...client.here, head, base: branch, title, body }),
    );
    return made.html_url;
  } catch (error) {
    // Another run of ours was faster.
    const other = error instanceof ForgeError && error.code === 'UNFIT' ? await find() : undefined;
    if (other === undefined) throw error;
    return other;
  }
}
