import { stat } from 'node:fs/promises';
import { directoryFetcher } from '../../src/client/directory.ts';
import type { Fetcher, RepositorySource } from '../../src/client/fetcher.ts';
import { below, singleSource } from '../../src/client/fetcher.ts';
import { httpFetcher } from '../../src/client/http.ts';
import { parseSigningEvent } from '../../src/git/names.ts';
import { type ImportOutcome, importRepository } from '../../src/operations/import/import.ts';
import { renderJson, reportJson } from '../../src/render/json.ts';
import { renderTerminal } from '../../src/render/terminal.ts';
import { EXIT } from '../exit-codes.ts';
import { givenFile } from '../given.ts';
import { pinsOf, prompterOf, type RunContext, workspaceOf } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';
import { type AdoptionFlags, adoptionOf } from './import/adoption.ts';

export interface ImportFlags extends AdoptionFlags {
  readonly metadataUrl?: string;
  readonly targetsUrl?: string;
  readonly fromTrustedRoot?: boolean;
  readonly allowExpired?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Makes a published repository one that lives in this clone. */
export async function run(
  [place = '', event = 'sign/import']: readonly string[],
  flags: ImportFlags,
  context: RunContext,
): Promise<number> {
  const branch = parseSigningEvent(event);
  const trustedRoot =
    flags.trustedRoot === undefined ? undefined : await givenFile(flags.trustedRoot, '--trusted-root');
  const source = await sourceOf(place, flags);
  await using workspace = await workspaceOf(flags);
  const outcome = await importRepository(workspace, {
    source,
    trustedRoot,
    fromTrustedRoot: flags.fromTrustedRoot === true,
    allowExpired: flags.allowExpired === true,
    event: branch,
    adoption: published => adoptionOf(published, flags, context),
    dryRun: flags.dryRun === true,
    prompter: prompterOf(context),
    pins: pinsOf(context),
  });
  tell(outcome, branch, flags, context);
  return EXIT.accepted;
}

function tell(outcome: ImportOutcome, branch: string, flags: ImportFlags, { output }: RunContext): void {
  const { published, main, became, report } = outcome;
  const { root, documents, expired, artifacts } = published;
  const isDry = flags.dryRun === true;
  if (flags.json === true) {
    const versions = Object.fromEntries([...documents].map(([role, { signed }]) => [role, signed.version]));
    output.result(
      renderJson({
        main: isDry ? null : main,
        became,
        pushed: !isDry,
        root: root.signed.version,
        firstRoot: Math.min(...published.roots.keys()),
        versions,
        expired: expired.map(({ role, expires }) => ({ role, expires })),
        artifacts: artifacts.length,
        event: report === undefined ? null : branch,
        status: report === undefined ? null : reportJson(report),
      }),
    );
    return;
  }
  if (isDry && report !== undefined)
    output.show(renderTerminal(report, { colour: output.colour.err, width: output.width }));
  const would = isDry ? 'would ' : '';
  const verb = {
    new: `${would}hold${isDry ? '' : 's'}`,
    same: 'holds already',
    newer: `${would}be brought up to`,
  }[became];
  output.say(
    `main ${verb} what is published: root ${root.signed.version}, ${documents.size} other roles, ${artifacts.length} artifacts.`,
  );
  if (isDry) output.say('Nothing was pushed (--dry-run).');
  else if (report === undefined) output.say('Nothing lacks: this is a repository of tuf-signer.');
  else {
    output.say(`${branch} makes it one of tuf-signer. Each of its signers runs: tuf-signer sign ${branch}`);
    const awaited = report.awaited.map(({ name, roles }) => `${name} (${roles.join(', ')})`);
    if (report.invites.size > 0) output.say(`Invited: ${[...report.invites.keys()].join(', ')}.`);
    if (awaited.length > 0) output.say(`Awaited: ${awaited.join('; ')}.`);
    output.say('What has to happen before clients are led over is in docs/adopt.md.');
  }
}

/** A URL or a folder, with metadata/ and targets/ in it, or metadata at its top. */
async function sourceOf(place: string, { metadataUrl, targetsUrl }: ImportFlags): Promise<RepositorySource> {
  const [metadata, targets] = [metadataUrl, targetsUrl].map(given =>
    given === undefined ? undefined : fetcherOf(given),
  );
  if (place === '' && (metadata === undefined || targets === undefined))
    throw new UsageError(
      'say where the repository is published: a URL, a folder, or --metadata-url and --targets-url',
    );
  if (place !== '' && !isUrl(place)) await requireFolder(place);
  const site = place === '' ? undefined : fetcherOf(place);
  return singleSource({
    metadata: metadata ?? (site === undefined ? nowhere : await metadataOf(site, place)),
    targets: targets ?? (site === undefined ? nowhere : below(site, 'targets')),
  });
}

/** Throws {@link UsageError}. */
async function requireFolder(place: string): Promise<void> {
  const stats = await stat(place).catch(() => undefined);
  if (stats?.isDirectory() !== true)
    throw new UsageError(
      `${JSON.stringify(place)} is no folder here, and no address as in https://tuf.example.org/`,
    );
}

const isUrl = (place: string): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(place);
const fetcherOf = (place: string): Fetcher => (isUrl(place) ? httpFetcher(place) : directoryFetcher(place));
const nowhere: Fetcher = { fetch: () => Promise.resolve(undefined) };

async function metadataOf(site: Fetcher, place: string): Promise<Fetcher> {
  for (const folder of ['metadata', '']) {
    const found = below(site, folder);
    if ((await found.fetch('timestamp.json', MAX_TIMESTAMP)) !== undefined) return found;
  }
  throw new UsageError(
    `there is no timestamp.json at ${place} nor in metadata/ below it: name the place of the metadata by --metadata-url`,
  );
}

/** Bytes. */
const MAX_TIMESTAMP = 16_384;
