import { writeFile } from 'node:fs/promises';
import { resolveCommit } from '../../src/git/refs.ts';
import { readSiteView } from '../../src/operations/site-view.ts';
import { verifyCommit } from '../../src/operations/verify.ts';
import { findMain } from '../../src/operations/workspace.ts';
import { reasonJson, renderJson } from '../../src/render/json.ts';
import { sitePage } from '../../src/render/site/page.ts';
import { EXIT } from '../exit-codes.ts';
import { givenFile } from '../given.ts';
import { type GlobalFlags, type RunContext, workspaceOf } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';
import { showReasons } from './show-reasons.ts';

interface PageFlags extends GlobalFlags {
  readonly out?: string;
  readonly rev?: string;
  readonly json?: boolean;
}

/** Writes the page that a site has as index.html, of a commit that verifies. */
export async function run(
  _args: readonly string[],
  flags: PageFlags,
  { output }: RunContext,
): Promise<number> {
  const { out, rev } = flags;
  if (out === undefined) throw new UsageError('name the file to write: --out page.html');
  await using workspace = await workspaceOf(flags);
  const commit =
    rev === undefined ? (await findMain(workspace)).commit : await resolveCommit(workspace.repository, rev);
  const trustedRoot =
    flags.trustedRoot === undefined ? undefined : await givenFile(flags.trustedRoot, '--trusted-root');
  const { verdict, reasons, tree } = await verifyCommit(workspace, { commit, trustedRoot });
  const written = verdict === 'accepted';
  if (written) await writeFile(out, sitePage(await readSiteView(workspace, tree, commit)));
  if (flags.json === true) {
    output.result(renderJson({ written, commit, reasons: reasons.map(reasonJson) }));
  } else {
    showReasons(output, reasons);
    output.say(
      written
        ? `${out} shows ${commit.slice(0, 12)}: open it in a browser.`
        : `Commit ${commit.slice(0, 12)} does not verify: no page was written.`,
    );
  }
  return written ? EXIT.accepted : EXIT.rejected;
}
