import { CodedError } from '../../../src/errors.ts';
import type { KeyUses } from '../../../src/operations/card-inventory.ts';
import { isNoClone, repositoryKeys } from '../../../src/operations/repository-keys.ts';
import { type GlobalFlags, type RunContext, workspaceOf } from '../../run-context.ts';

/** What keys are in the repository of this clone; none where this is no clone. Whatever is wrong with it is said, never thrown. */
export async function keysOfClone(flags: GlobalFlags, { output }: RunContext): Promise<KeyUses> {
  try {
    await using workspace = await workspaceOf(flags);
    return await repositoryKeys(workspace);
  } catch (error) {
    // Cards are to be seen whatever the clone looks like; a defect is not hidden.
    if (!(error instanceof CodedError) || error.code === 'INVARIANT') throw error;
    if (!isNoClone(error)) output.say(`warning: this clone's keys are not known: ${error.message}`);
    return new Map();
  }
}
