import { type Fetcher, siteOf } from '../../src/client/fetcher.ts';
import { plural } from '../../src/event/words.ts';
import { makeBundle } from '../../src/operations/bundle.ts';
import { renderJson } from '../../src/render/json.ts';
import { EXIT } from '../exit-codes.ts';
import { givenAddress, givenFile } from '../given.ts';
import { clockOf, type GlobalFlags, type RunContext } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';
import { siteAt } from './build.ts';
import { type ClientFlags, targetsBytesOf } from './client/flags.ts';
import { interruptible } from './interruptible.ts';

interface BundleFlags
  extends GlobalFlags,
    Pick<ClientFlags, 'json' | 'maxTargetsBytes' | 'out' | 'metadataPath'> {
  readonly site?: string;
  readonly artifact?: readonly string[];
  readonly all?: boolean;
  readonly metadataOnly?: boolean;
}

/** Packs a site into one file. */
export async function run(
  _args: readonly string[],
  flags: BundleFlags,
  { output }: RunContext,
): Promise<number> {
  const { site, out } = flags;
  if (site === undefined || out === undefined)
    throw new UsageError('name the site and the file: --site SITE --out FILE');
  const artifacts = artifactsOf(flags);
  const metadata = flags.metadataPath ?? '.';
  const targetsBytes = targetsBytesOf(flags);
  const trustedRoot =
    flags.trustedRoot === undefined ? undefined : await givenFile(flags.trustedRoot, '--trusted-root');
  const { missing, ...made } = await interruptible(async signal =>
    makeBundle({
      source: siteOf(await filesAt(site, signal), {
        metadata: metadata === '.' ? '' : metadata,
        targets: 'targets',
      }),
      trustedRoot,
      now: clockOf(flags).now(),
      out,
      artifacts,
      signal,
      ...(targetsBytes === undefined ? {} : { limits: { targetsBytes } }),
    }),
  );
  for (const [role, error] of missing) output.say(`warning: role ${role} is left out: ${error.message}`);
  if (flags.json === true) output.result(renderJson({ ...made, file: out, missing: [...missing.keys()] }));
  else {
    output.say(
      `Packed ${plural(made.artifacts, 'artifact')} (${made.bytes} bytes), ${plural(made.roles, 'role')} and ${plural(made.roots, 'root')} into ${out}. It lasts until ${made.expires}.`,
    );
  }
  return EXIT.accepted;
}

/** Throws {@link UsageError}, {@link ClientError} `BAD_URL`. */
const filesAt = async (site: string, signal: AbortSignal): Promise<Fetcher> =>
  /^https?:/i.test(site) ? givenAddress(site, '--site', { signal }) : (await siteAt(site, '--site')).files;

function artifactsOf({ artifact, all, metadataOnly }: BundleFlags): readonly string[] | 'all' {
  const asked = [artifact !== undefined, all === true, metadataOnly === true].filter(Boolean).length;
  if (asked !== 1)
    throw new UsageError('say what to pack: --artifact PATH (again for more), --all or --metadata-only');
  return all === true ? 'all' : (artifact ?? []);
}
