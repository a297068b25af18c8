import { SETTING_CHECKS } from '../../src/operations/github/table.ts';
import { readTemplate } from '../../src/operations/github/template.ts';
import { readWorkflows } from '../../src/operations/github/workflow-file.ts';
import { existingMain } from '../../src/operations/init.ts';
import { EXIT } from '../exit-codes.ts';
import { type GlobalFlags, type RunContext, workspaceOf } from '../run-context.ts';
import { version } from '../version.ts';
import { type WrittenFile, writeFiles } from './github/files.ts';
import { readActions, readAddress, readApp, templateFolder } from './github/given.ts';
import { checkSettings } from './github/settings.ts';
import { renderFindings } from './github/view.ts';

export interface GithubFlags extends GlobalFlags {
  readonly check?: boolean;
  readonly actions?: string;
  readonly app?: string;
  readonly json?: boolean;
}

/** Brings the workflows into the checkout, and looks at the repository's settings on GitHub. */
export async function run(
  _args: readonly string[],
  flags: GithubFlags,
  context: RunContext,
): Promise<number> {
  const { output } = context;
  const { exit, result } = await setUpGithub(flags, context);
  output.result(result);
  return exit;
}

export interface GithubSetUp {
  /** `rejected`: something failed. `pending`: nothing did, but something could not be looked at. */
  readonly exit: typeof EXIT.accepted | typeof EXIT.pending | typeof EXIT.rejected;
  /** Of our workflows, are all on main? An event that begins before is judged by nobody. */
  readonly isReady: boolean;
  /** For standard output. */
  readonly result: string;
}

/** What `init --github` does as well. Pushes nothing. */
export async function setUpGithub(flags: GithubFlags, context: RunContext): Promise<GithubSetUp> {
  await using workspace = await workspaceOf(flags);
  const address = await readAddress(workspace, context);
  const [template, actions] = [await readTemplate(templateFolder), await readActions(flags)];
  const app = readApp(flags);
  const written: readonly WrittenFile[] =
    flags.check === true
      ? []
      : await writeFiles(workspace, { template, actions, owner: address.owner }, flags, context);
  const main = await existingMain(workspace);
  const workflows = main === undefined ? [] : await readWorkflows(workspace.objects, main.commit);
  const look = { main: main?.branch ?? 'main', workflows, template, actions, app, version };
  const { findings, set } = await checkSettings(look, address, flags, context);
  const onMain = new Set(workflows.map(({ path }) => path));
  return {
    exit: findings.some(({ state }) => state === 'fail')
      ? EXIT.rejected
      : findings.some(({ state }) => state === 'unknown')
        ? EXIT.pending
        : EXIT.accepted,
    isReady: template.every(({ path, kind }) => kind !== 'ours' || onMain.has(path)),
    result:
      flags.json === true
        ? JSON.stringify(
            { repository: `${address.owner}/${address.repo}`, files: written, set, checks: findings },
            undefined,
            2,
          )
        : renderFindings(findings, SETTING_CHECKS, address, context.output),
  };
}
