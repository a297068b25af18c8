import { siteOf } from '../../src/client/fetcher.ts';
import { httpFetcher } from '../../src/client/http.ts';
import { parseDestination } from '../../src/operations/deploy/destination.ts';
import { runProgram } from '../../src/operations/deploy/program.ts';
import { deploySite } from '../../src/operations/deploy.ts';
import { testSite } from '../../src/operations/test-site.ts';
import { SITE_LAYOUT } from '../../src/operations/verify.ts';
import { renderJson } from '../../src/render/json.ts';
import { givenFile } from '../given.ts';
import { clockOf, type GlobalFlags, type RunContext } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';
import { siteExit } from './test-repository.ts';

interface DeployFlags extends GlobalFlags {
  readonly to?: string;
  readonly delete?: boolean;
  readonly dryRun?: boolean;
  readonly repair?: boolean;
  readonly url?: string;
  readonly json?: boolean;
}

/** Brings a built site to where clients fetch it, and follows it there. */
export async function run(
  [folder]: readonly string[],
  flags: DeployFlags,
  { output }: RunContext,
): Promise<number> {
  const { to, url, dryRun = false } = flags;
  if (folder === undefined) throw new UsageError('name the folder of the site: tuf-signer deploy FOLDER');
  if (to === undefined) throw new UsageError('name where it goes: --to DESTINATION');
  const served = url === undefined ? undefined : siteOf(httpFetcher(url), SITE_LAYOUT);
  const now = clockOf(flags).now();
  const request = {
    folder,
    to: parseDestination(to),
    remove: flags.delete === true,
    repair: flags.repair === true,
    dryRun,
    trustedRoot:
      flags.trustedRoot === undefined ? undefined : await givenFile(flags.trustedRoot, '--trusted-root'),
    now,
    progress: (message: string) => output.say(`… ${message}`),
  };
  const { sent, kept, removed, trustedRoot } = await deploySite(request, runProgram);
  const { problems, outage } =
    served === undefined || dryRun
      ? { problems: [], outage: undefined }
      : await testSite({ site: served, trustedRoot, now, onlineDays: 0, offlineDays: 0 });
  if (flags.json === true) {
    output.result(renderJson({ dryRun, sent, kept, removed, problems, outage }));
  } else {
    for (const file of dryRun ? sent : []) output.say(`would send ${file}`);
    for (const file of dryRun ? removed : []) output.say(`would remove ${file}`);
    for (const problem of problems) output.say(`problem: ${problem}`);
    if (outage !== undefined) output.say(`outage: ${outage}`);
    const words = dryRun ? ['Would send', 'would be removed'] : ['Sent', 'removed'];
    const gone = removed.length === 0 ? '' : `, ${removed.length} ${words[1]}`;
    output.say(
      `${words[0]} ${sent.length} ${sent.length === 1 ? 'file' : 'files'}; ${kept} were there already${gone}.`,
    );
  }
  return siteExit(problems, outage);
}
