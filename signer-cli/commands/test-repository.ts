import { siteOf } from '../../src/client/fetcher.ts';
import { httpFetcher } from '../../src/client/http.ts';
import { gatherRepository } from '../../src/operations/gather.ts';
import { testSite } from '../../src/operations/test-site.ts';
import { SITE_LAYOUT } from '../../src/operations/verify.ts';
import { findMain } from '../../src/operations/workspace.ts';
import { renderJson } from '../../src/render/json.ts';
import type { RepositoryTree } from '../../src/repository/tree.ts';
import { EXIT } from '../exit-codes.ts';
import { givenFile } from '../given.ts';
import { clockOf, type GlobalFlags, type RunContext, workspaceOf } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';

interface TestFlags extends GlobalFlags {
  readonly targetsUrl?: string;
  readonly artifact?: string;
  readonly validDays?: string;
  readonly offlineValidDays?: string;
  readonly source?: boolean;
  readonly json?: boolean;
}

/** Runs our client against a site as it is served, and says what is not in order. */
export async function run(
  [url]: readonly string[],
  flags: TestFlags,
  { output }: RunContext,
): Promise<number> {
  const { trustedRoot, targetsUrl, artifact } = flags;
  if (url === undefined) throw new UsageError('name the address of the site: tuf-signer test-repository URL');
  if (trustedRoot === undefined) throw new UsageError('name the root to start from: --trusted-root FILE');
  const site = siteOf(httpFetcher(url), SITE_LAYOUT);
  const { problems, outage, versions } = await testSite({
    site: targetsUrl === undefined ? site : { metadata: site.metadata, targets: [httpFetcher(targetsUrl)] },
    trustedRoot: await givenFile(trustedRoot, '--trusted-root'),
    now: clockOf(flags).now(),
    onlineDays: givenDays(flags.validDays, '--valid-days'),
    offlineDays: givenDays(flags.offlineValidDays, '--offline-valid-days'),
    artifact,
    source: flags.source === true ? await mainOf(flags) : undefined,
  });
  if (flags.json === true) {
    const ok = problems.length === 0 && outage === undefined;
    output.result(renderJson({ ok, problems, outage, versions: Object.fromEntries(versions) }));
  } else {
    for (const problem of problems) output.say(`problem: ${problem}`);
    if (outage !== undefined) output.say(`outage: ${outage}`);
    const seen = [...versions].map(([role, version]) => `${role} ${version}`).join(', ');
    output.say(`${resultOf(problems, outage)}.${seen === '' ? '' : ` A client gets ${seen}.`}`);
  }
  return siteExit(problems, outage);
}

function resultOf(problems: readonly string[], outage: string | undefined): string {
  if (problems.length > 0)
    return `Not in order: ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`;
  return outage === undefined ? 'In order' : 'Not known: try again once it answers';
}

/** What is known to be wrong counts before what is not known. */
export function siteExit(problems: readonly string[], outage: string | undefined): number {
  if (problems.length > 0) return EXIT.rejected;
  return outage === undefined ? EXIT.accepted : EXIT.unavailable;
}

async function mainOf(flags: GlobalFlags): Promise<RepositoryTree> {
  await using workspace = await workspaceOf(flags);
  const { commit } = await findMain(workspace);
  return (await gatherRepository(workspace.objects, commit)).tree;
}

function givenDays(text: string | undefined, flag: string): number {
  if (text === undefined) return 0;
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new UsageError(`${flag} ${JSON.stringify(text)} is no number of days`);
}
