import { stat } from 'node:fs/promises';
import { directoryFetcher } from '../../src/client/directory.ts';
import { systemErrorCode } from '../../src/client/error.ts';
import { httpFetcher } from '../../src/client/http.ts';
import { resolveCommit } from '../../src/git/refs.ts';
import type { PreviousSite } from '../../src/operations/publish/previous.ts';
import { type PublishRequest, publishSite } from '../../src/operations/publish.ts';
import { findMain } from '../../src/operations/workspace.ts';
import { reasonJson, renderJson } from '../../src/render/json.ts';
import { EXIT } from '../exit-codes.ts';
import { givenFile } from '../given.ts';
import { type GlobalFlags, type RunContext, workspaceOf } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';
import { showReasons } from './show-reasons.ts';

interface BuildFlags extends GlobalFlags {
  readonly out?: string;
  readonly rev?: string;
  readonly previous?: string;
  readonly previousMetadataOnly?: boolean;
  readonly firstPublish?: boolean;
  readonly repair?: boolean;
  readonly keep?: string;
  readonly trustedRoot?: string;
  readonly json?: boolean;
}

/** Builds the site of a commit on main, for the clients that there are. */
export async function run(
  _args: readonly string[],
  flags: BuildFlags,
  { output }: RunContext,
): Promise<number> {
  const { out } = flags;
  if (out === undefined) throw new UsageError('name the folder that becomes the site: --out FOLDER');
  const [previous, keep] = [await givenPrevious(flags), givenKeep(flags.keep)];
  await using workspace = await workspaceOf(flags);
  const { rev, repair = false } = flags;
  const commit =
    rev === undefined ? (await findMain(workspace)).commit : await resolveCommit(workspace.repository, rev);
  const trustedRoot =
    flags.trustedRoot === undefined ? undefined : await givenFile(flags.trustedRoot, '--trusted-root');
  const request: PublishRequest = { commit, out, trustedRoot, previous, repair };
  const { published, files, written, reasons } = await publishSite(
    workspace,
    keep === undefined ? request : { ...request, keep },
  );
  if (flags.json === true)
    output.result(renderJson({ published, files, written, commit, reasons: reasons.map(reasonJson) }));
  else {
    showReasons(output, reasons);
    const of = `${files} ${files === 1 ? 'file' : 'files'} in ${out} from ${commit.slice(0, 12)}`;
    output.say(
      published
        ? `Built ${of}, ${written === 0 ? 'as before' : `${written} of them new`}.`
        : 'Nothing was built.',
    );
  }
  return published ? EXIT.accepted : EXIT.rejected;
}

async function givenPrevious(flags: BuildFlags): Promise<PublishRequest['previous']> {
  const { previous, firstPublish = false, previousMetadataOnly: metadataOnly = false } = flags;
  if (firstPublish && previous !== undefined)
    throw new UsageError(
      '--previous names what clients have, --first-publish says that they have nothing: give one',
    );
  if (firstPublish) return 'none';
  return previous === undefined ? undefined : { ...(await siteAt(previous, '--previous')), metadataOnly };
}

/** A site by its address, or a folder of this machine. Throws {@link UsageError}; {@link ClientError} `BAD_URL`. */
export async function siteAt(place: string, flag: string): Promise<PreviousSite> {
  if (/^https?:\/\//i.test(place)) return { files: httpFetcher(place), name: place };
  try {
    if ((await stat(place)).isDirectory()) return { files: directoryFetcher(place), name: place };
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
  throw new UsageError(`${flag} ${JSON.stringify(place)} is neither an http or https address nor a folder`);
}

function givenKeep(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,2}$/.test(text) && Number(text) <= 16) return Number(text);
  throw new UsageError(`--keep ${JSON.stringify(text)} is no number from 0 to 16`);
}
