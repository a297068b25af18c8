import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GithubAddress, githubAddress } from '../../../src/forge/github/address.ts';
import { isJsonObject, member, parseJson } from '../../../src/json.ts';
import { OperationError } from '../../../src/operations/error.ts';
import { type ActionsReference, parseActionsReference } from '../../../src/operations/github/template.ts';
import { requirePullRemote, type Workspace } from '../../../src/operations/workspace.ts';
import { packageFolder } from '../../package-folder.ts';
import type { RunContext } from '../../run-context.ts';
import { UsageError } from '../../usage-error.ts';
import { version } from '../../version.ts';

/** The workflows that this package brings. */
export const templateFolder: string = join(packageFolder, 'workflows-template');

/** The repository on GitHub that the clone's remote is. Throws {@link OperationError} `NOT_FOUND`. */
export async function readAddress(workspace: Workspace, { environment }: RunContext): Promise<GithubAddress> {
  const remote = await requirePullRemote(workspace);
  const url = workspace.remotes.find(({ name }) => name === remote)?.url ?? '';
  const address = githubAddress(url, environment);
  if (address !== undefined) return address;
  throw new OperationError(
    'NOT_FOUND',
    `remote ${remote} is no repository on github.com; for another GitHub set GITHUB_SERVER_URL and GITHUB_API_URL`,
  );
}

/**
 * Which actions the workflows are pinned to: what `--actions` says, else what the build of a release knows of itself.
 * Throws {@link UsageError}.
 */
export async function readActions({
  actions,
}: {
  readonly actions?: string;
}): Promise<ActionsReference | undefined> {
  const text = actions ?? (await builtFrom());
  if (text === undefined) return undefined;
  const reference = parseActionsReference(text, version);
  if (reference !== undefined) return reference;
  throw new UsageError(
    `${JSON.stringify(text)} names no actions: give OWNER/REPOSITORY@COMMIT, with all 40 digits of the commit`,
  );
}

/** Written by script/build.mjs where a release is built, and nowhere else. */
async function builtFrom(): Promise<string | undefined> {
  const file = join(packageFolder, 'dist', 'release.json');
  if (!existsSync(file)) return undefined;
  const release = parseJson(await readFile(file));
  const actions = isJsonObject(release) ? member(release, 'actions') : undefined;
  return typeof actions === 'string' ? actions : undefined;
}

/** Throws {@link UsageError}. */
export function readApp({ app }: { readonly app?: string }): number | undefined {
  if (app === undefined) return undefined;
  if (!/^[1-9]\d{0,9}$/.test(app))
    throw new UsageError(
      `--app ${JSON.stringify(app)} is no App's id: it is a number, on the App's settings page`,
    );
  if (Number(app) === ACTIONS_APP)
    throw new UsageError(
      '--app names GitHub Actions itself, which every branch acts as: give an App of your own',
    );
  return Number(app);
}

/** As in src/forge/github/rulesets.ts, which is not loaded here: it brings GitHub's client along. */
const ACTIONS_APP = 15_368;

/** Never from an argument, which other users of the machine can see. */
export const tokenOf = ({ environment }: RunContext): string | undefined =>
  [environment['GITHUB_TOKEN'], environment['GH_TOKEN']].find(token => token !== undefined && token !== '');
