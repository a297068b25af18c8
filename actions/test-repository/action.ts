import { siteOf } from '../../src/client/fetcher.ts';
import { httpFetcher } from '../../src/client/http.ts';
import { gatherRepository } from '../../src/operations/gather.ts';
import { testSite } from '../../src/operations/test-site.ts';
import { oldestRoot, SITE_LAYOUT } from '../../src/operations/verify.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { escapeMarkdown, sentence } from '../../src/render/markdown-text.ts';
import { openClone } from '../lib/clone.ts';
import { addSummary, say } from '../lib/commands.ts';
import type { Action } from '../lib/run.ts';
import { trustedRoot } from '../lib/trusted-root.ts';
import { booleanInput, input, numberInput, requiredInput } from '../lib/world.ts';

/** Runs our client against the site as it is served, and compares with main. */
export const testRepository: Action = async world => {
  await using workspace = await openClone(world);
  const { commit } = await fetchMain(workspace, false);
  const { tree } = await gatherRepository(workspace.objects, commit);
  const base = requiredInput(world, 'metadata-url');
  const metadata = httpFetcher(base);
  const targetsUrl = input(world, 'targets-url');
  const site = siteOf(metadata, SITE_LAYOUT);
  const {
    problems: found,
    outage,
    versions,
  } = await testSite({
    site: targetsUrl === undefined ? site : { metadata: site.metadata, targets: [httpFetcher(targetsUrl)] },
    trustedRoot: trustedRoot(world) ?? (await oldestRoot(workspace, tree)),
    now: world.clock.now(),
    onlineDays: numberInput(world, 'valid-days', 0) ?? 0,
    offlineDays: numberInput(world, 'offline-valid-days', 0) ?? 0,
    artifact: input(world, 'artifact'),
    source: booleanInput(world, 'compare-source') ? tree : undefined,
  });
  const problems = outage === undefined ? found : [...found, outage];
  for (const problem of problems) say(problem);
  const rows = [...versions].map(([role, version]) => `| ${escapeMarkdown(role)} | ${version} |`);
  const list = problems.map(problem => `- ${sentence(problem)}`);
  await addSummary([...list, '', '| Role | Version |', '|---|---|', ...rows].join('\n').trim());
  const [first] = problems;
  return first === undefined
    ? undefined
    : `${first}${problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''}`;
};
