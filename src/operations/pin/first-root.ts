import { digestOf } from '../../event/succession.ts';
import { type RepositoryTree, rootOf } from '../../repository/tree.ts';
import { OperationError } from '../error.ts';
import type { Prompter } from '../prompter.ts';
import { trustedRootProblem } from '../trusted-root.ts';
import type { Workspace } from '../workspace.ts';
import { requireTrust, rootLines } from './introduce.ts';
import { proposePin, type Trust } from './trust.ts';

/**
 * Shows the first root that an event would give a repository whose main has none yet, unless this machine knows that very root.
 * Gives whether it was shown. Throws {@link OperationError} `UNTRUSTED` where another one was given beforehand.
 */
export async function showFirstRoot(
  tree: RepositoryTree,
  { pins, trustedRoot }: Trust,
  prompter: Prompter,
): Promise<boolean> {
  const root = rootOf(tree);
  if (root === undefined) return false;
  if (trustedRoot !== undefined) {
    const history = new Map([[root.signed.version, { ok: true, value: root } as const]]);
    const problem = trustedRootProblem({ history }, trustedRoot);
    if (problem !== undefined)
      throw new OperationError(
        'UNTRUSTED',
        `the first root of this event is not to be trusted: ${problem}. Nothing was signed`,
      );
  }
  const identity = digestOf(root);
  if ((await pins.list()).some(pin => pin.identity === identity)) return false;
  prompter.progress('main has no root yet; this event brings the first one, which all trust begins with:');
  for (const line of rootLines(identity, root)) prompter.progress(`  ${line}`);
  return true;
}

/**
 * As {@link showFirstRoot}, and asks whether to trust it, as about a main that this machine never met: what was carried here may be
 * anybody's. Keeps it as proposed. Throws {@link OperationError} `DECLINED`, `MISSING_ANSWER` as well.
 */
export async function introduceFirstRoot(
  workspace: Workspace,
  tree: RepositoryTree,
  trust: Trust,
  prompter: Prompter,
): Promise<void> {
  if (!(await showFirstRoot(tree, trust, prompter))) return;
  if (trust.trustedRoot === undefined) await requireTrust(prompter);
  await proposePin(workspace, tree, trust.pins);
}
