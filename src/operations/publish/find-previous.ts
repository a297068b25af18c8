import { directoryFetcher } from '../../client/directory.ts';
import { historyOf } from '../../event/rules/history.ts';
import { listStates } from '../../git/history.ts';
import type { CommitSha } from '../../git/oid.ts';
import { TIMESTAMP } from '../../metadata/names.ts';
import { isImmutable } from '../../repository/layout.ts';
import { documentOf, type RepositoryTree, roleFile } from '../../repository/tree.ts';
import { OperationError } from '../error.ts';
import type { Workspace } from '../workspace.ts';
import type { OutFolder } from './out-folder.ts';
import { isAbsent, type PreviousSite } from './previous.ts';
import { type KnownFiles, sharing } from './share.ts';

export interface PreviousRequest {
  readonly commit: CommitSha;
  /** As the person named it. */
  readonly out: string;
  readonly previous?: PreviousSite | 'none' | undefined;
}

/**
 * What clients have now. `undefined`: nothing was ever published, on somebody's word or because nothing can have been. Throws
 * {@link OperationError} `ALREADY_THERE`, `MISSING_ANSWER`, `REFUSED`.
 */
export async function findPrevious(
  workspace: Workspace,
  { commit, previous, out: name }: PreviousRequest,
  out: OutFolder,
  tree: RepositoryTree,
  known: KnownFiles,
): Promise<PreviousSite | undefined> {
  if (previous === 'none') {
    if (!holdsSite(out)) return undefined;
    throw new OperationError(
      'ALREADY_THERE',
      `${name} holds a site, or what is left of one: this is not the first`,
    );
  }
  if (previous === undefined) {
    if (holdsSite(out)) return { files: sharing(directoryFetcher(out.path), known), name };
    if (await isFirst(workspace, commit, tree)) return undefined;
    throw new OperationError(
      'MISSING_ANSWER',
      `there is no site at ${name} to compare with: say by --previous URL or FOLDER what clients have now, or by --first-publish that they have nothing`,
    );
  }
  const oldest = Math.min(...historyOf(tree).keys());
  if (!(await isAbsent(previous, oldest))) return { ...previous, files: sharing(previous.files, known) };
  if (await isFirst(workspace, commit, tree)) return undefined;
  throw new OperationError(
    'REFUSED',
    `there is no site at ${previous.name}: correct the address, or say by --first-publish that clients have nothing`,
  );
}

/** Metadata is there: a site, whole, or without the timestamp that an upload which broke off brings last. */
const holdsSite = ({ files }: OutFolder): boolean =>
  [...files].some(file => file === `${TIMESTAMP}.json` || (!file.includes('/') && isImmutable(file)));

/** Before the first timestamp that main ever held, nothing can have been published. An imported one goes on from another's. */
async function isFirst({ repository }: Workspace, commit: CommitSha, tree: RepositoryTree): Promise<boolean> {
  const states = await listStates(repository, commit, `metadata/${roleFile(TIMESTAMP)}`);
  return (
    new Set(states.map(({ oid }) => oid)).size === 1 && documentOf(tree, TIMESTAMP)?.signed.version === 1
  );
}
