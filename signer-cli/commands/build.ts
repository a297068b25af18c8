import { resolveCommit } from '../../src/git/refs.ts';
import { publishSite } from '../../src/operations/publish.ts';
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
  readonly trustedRoot?: string;
  readonly json?: boolean;
}

/** Builds the site of a commit on main. */
export async function run(
  _args: readonly string[],
  flags: BuildFlags,
  { output }: RunContext,
): Promise<number> {
  const { out } = flags;
  if (out === undefined) throw new UsageError('name the folder that becomes the site: --out FOLDER');
  await using workspace = await workspaceOf(flags);
  const { rev } = flags;
  const commit =
    rev === undefined ? (await findMain(workspace)).commit : await resolveCommit(workspace.repository, rev);
  const trustedRoot =
    flags.trustedRoot === undefined ? undefined : await givenFile(flags.trustedRoot, '--trusted-root');
  const { published, files, reasons } = await publishSite(workspace, { commit, out, trustedRoot });
  if (flags.json === true)
    output.result(renderJson({ published, files, commit, reasons: reasons.map(reasonJson) }));
  else {
    showReasons(output, reasons);
    output.say(
      published ? `Built ${files} files in ${out} from ${commit.slice(0, 12)}.` : 'Nothing was built.',
    );
  }
  return published ? EXIT.accepted : EXIT.rejected;
}
