import type { Forge } from '../../src/forge/forge.ts';
import { githubForge } from '../../src/forge/github.ts';
import { type ActionWorld, repositoryName, requiredInput } from './world.ts';

/** The job's repository on GitHub, by input `token`. */
export function openForge(world: ActionWorld): Forge {
  const { repo, apiUrl, graphqlUrl } = world.context;
  return githubForge({ ...repo, token: requiredInput(world, 'token'), apiUrl, graphqlUrl });
}

/** The page of this run: its summaries hold what is too long for a comment. */
export const runUrl = (world: ActionWorld): string =>
  `${world.context.serverUrl}/${repositoryName(world)}/actions/runs/${world.context.runId}`;
