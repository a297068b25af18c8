import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { publishSite } from '../../src/operations/publish.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { openClone } from '../lib/clone.ts';
import { addSummary, say, setOutput } from '../lib/commands.ts';
import { inBrief, showReasons } from '../lib/reasons.ts';
import type { Action } from '../lib/run.ts';
import { trustedRoot } from '../lib/trusted-root.ts';
import { variable } from '../lib/world.ts';

/** Builds the site of main, verified and walked through by our client, for the step that uploads it. */
export const uploadRepository: Action = async world => {
  await using workspace = await openClone(world);
  const { commit } = await fetchMain(workspace, false);
  const out = join(await mkdtemp(join(variable(world, 'RUNNER_TEMP'), 'tuf-signer-site-')), 'site');
  const root = trustedRoot(world);
  const { published, files, reasons } = await publishSite(workspace, { commit, out, trustedRoot: root });
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
