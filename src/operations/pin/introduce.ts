import { identityOf } from '../../event/succession.ts';
import { keyName, listed } from '../../event/words.ts';
import type { Document, Root } from '../../metadata/document.ts';
import { ROOT } from '../../metadata/names.ts';
import { distinctKeys } from '../../metadata/quorum.ts';
import { rootOf } from '../../repository/tree.ts';
import { OperationError } from '../error.ts';
import type { GatheredRepository } from '../gather.ts';
import type { Prompter } from '../prompter.ts';
import type { Pin } from './pin.ts';

/**
 * Shows a repository that this machine never met, and asks whether to trust it from now on. `proposed` is what the person
 * made or signed at this place before. Throws {@link OperationError} `DECLINED`, `UNTRUSTED`.
 */
export async function introduce(
  { tree, facts }: GatheredRepository,
  proposed: readonly Pin[],
  prompter: Prompter,
): Promise<void> {
  const [identity, root] = [identityOf(facts), rootOf(tree)];
  if (identity === undefined || root === undefined) {
    throw new OperationError('UNTRUSTED', 'main has no root that can be read: nothing was signed');
  }
  prompter.progress('this machine sees this repository for the first time:');
  for (const line of rootLines(identity, root)) prompter.progress(`  ${line}`);
  if (proposed.length > 0) {
    prompter.progress('  it does not begin with the root that you made or signed here: ask the others why');
  }
  await requireTrust(prompter);
}

/** Asks about the root that was just shown. Throws {@link OperationError} `DECLINED`, `MISSING_ANSWER`. */
export async function requireTrust(prompter: Prompter): Promise<void> {
  const question =
    'Compare the fingerprint with what the maintainers gave you by another way. Do you trust this root from now on?';
  if (await prompter.confirmTrust(question)) return;
  throw new OperationError(
    'DECLINED',
    'nothing was signed: ask a maintainer for the fingerprint of the first root, or give --trusted-root FILE',
  );
}

/** What people compare, one fact a line. */
export function rootLines(identity: string, root: Document<Root>): readonly string[] {
  const { delegations, version, expires } = root.signed;
  const definition = delegations.roles.get(ROOT);
  const signers =
    definition === undefined ? [] : [...distinctKeys(delegations, definition).values()].map(keyName);
  return [
    `first root   SHA-256 ${identity}`,
    `root now     version ${version}, expires on ${expires}`,
    `its signers  ${definition?.threshold ?? 0} of ${listed(signers, 20)}`,
  ];
}
