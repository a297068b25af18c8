import type { Forge } from '../../src/forge/forge.ts';
import { githubForge } from '../../src/forge/github.ts';
import { repositoryName } from './clone.ts';
import { type ActionWorld, requiredInput, variable } from './world.ts';

/** The job's repository on GitHub, by input `token`. */
export function openForge(world: ActionWorld): Forge {
  const [owner = '', repo = ''] = repositoryName(world).split('/');
  return githubForge({
    owner,
    repo,
    token: requiredInput(world, 'token'),
    apiUrl: variable(world, 'GITHUB_API_URL'),
    graphqlUrl: variable(world, 'GITHUB_GRAPHQL_URL'),
  });
}

/** The page of this run: its summaries hold what is too long for a comment. */
export const runUrl = (world: ActionWorld): string =>
  `${variable(world, 'GITHUB_SERVER_URL')}/${repositoryName(world)}/actions/runs/${variable(world, 'GITHUB_RUN_ID')}`;
