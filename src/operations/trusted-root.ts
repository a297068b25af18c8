import type { Facts } from '../event/context.ts';
import { JsonError } from '../json.ts';
import { type Document, parseDocumentOf, type Root, signedBytes } from '../metadata/document.ts';
import { MetadataError } from '../metadata/error.ts';

/**
 * Why the repository's chain of roots does not lead through `trusted`; `undefined` where it does. A chain that is sound in
 * itself may be another one, made by whoever could push to main, or may lack its beginning, without which clients of that
 * age stay where they are. That the chain holds together is for rule `root-quorum` to say.
 */
export function trustedRootProblem(
  { history }: Pick<Facts, 'history'>,
  trusted: Uint8Array,
): string | undefined {
  const root = readRoot(trusted);
  if (root instanceof Error) return `the trusted root can not be read: ${root.message}`;
  const { version } = root.signed;
  const own = history.get(version);
  if (own === undefined)
    return `the trusted root is of version ${version}, which root_history/ does not hold`;
  const same = own.ok && Buffer.compare(signedBytes(own.value), signedBytes(root)) === 0;
  return same ? undefined : `root_history/${version}.root.json is not the trusted root`;
}

/** A root file, or why it is none. */
export function readRoot(bytes: Uint8Array): Document<Root> | JsonError | MetadataError {
  try {
    return parseDocumentOf('root', bytes);
  } catch (error) {
    if (error instanceof JsonError || error instanceof MetadataError) return error;
    throw error;
  }
}
