import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { httpFetcher } from '../../src/client/http.ts';
import { type PublishRequest, publishSite } from '../../src/operations/publish.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { openClone } from '../lib/clone.ts';
import { addSummary, say, setOutput } from '../lib/commands.ts';
import { inBrief, showReasons } from '../lib/reasons.ts';
import type { Action } from '../lib/run.ts';
import { trustedRoot } from '../lib/trusted-root.ts';
import { type ActionWorld, booleanInput, input, variable } from '../lib/world.ts';

/** Builds the site of main, verified and walked through by our client, for the step that uploads it. */
export const uploadRepository: Action = async world => {
  const [previous, repair] = [previousOf(world), isSet(world, 'repair')];
  await using workspace = await openClone(world);
  const { commit } = await fetchMain(workspace, false);
  const out = join(await mkdtemp(join(variable(world, 'RUNNER_TEMP'), 'tuf-signer-site-')), 'site');
  const root = trustedRoot(world);
  const request = { commit, out, trustedRoot: root, previous, repair };
  const { published, files, reasons } = await publishSite(workspace, request);
  if (!published) {
    await showReasons('Main can not be published', reasons);
    return `main can not be published: ${inBrief(reasons)}`;
  }
  setOutput('path', out);
  setOutput('commit', commit);
  const words = `Built ${files} files from ${commit.slice(0, 12)}.`;
  say(words);
  await addSummary(words);
  return undefined;
};

/** What clients have now. Where nobody says, only the very first publishing is let through. */
function previousOf(world: ActionWorld): PublishRequest['previous'] {
  if (isSet(world, 'first-publish')) return 'none';
  const url = input(world, 'previous-url');
  return url === undefined ? undefined : { files: httpFetcher(url), name: url };
}

const isSet = (world: ActionWorld, name: string): boolean =>
  input(world, name) !== undefined && booleanInput(world, name);
