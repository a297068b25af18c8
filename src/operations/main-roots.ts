import type { Facts } from '../event/context.ts';
import type { Finding } from '../event/reason.ts';
import { digestOf, identityOf, type Standing, seenIn, successionFindings } from '../event/succession.ts';
import { listStates } from '../git/history.ts';
import type { CommitSha } from '../git/oid.ts';
import { type Document, isRoot, type Root } from '../metadata/document.ts';
import { ROOT } from '../metadata/names.ts';
import { verifyQuorum } from '../metadata/quorum.ts';
import { type RepositoryTree, roleFile } from '../repository/tree.ts';
import { TreeReader } from './read-tree.ts';
import type { Workspace } from './workspace.ts';

/** A state of main with its roots. */
export interface OwnState {
  readonly tree: RepositoryTree;
  readonly facts: Pick<Facts, 'history'>;
}

/**
 * Where the chain of roots that main holds now is not the one that it always had, or ends before it did. It may be sound in
 * itself: whoever can push to main can make one of their own, or put an old root back whose keys they hold. The chain begins
 * with `trusted` where that is given, else with main's first root. Throws {@link GitError}.
 */
export async function rootDepartures(
  workspace: Workspace,
  main: CommitSha,
  { tree, facts }: OwnState,
  trusted?: Document<Root>,
): Promise<readonly Finding[]> {
  const reader = new TreeReader(workspace.objects);
  const states = await listStates(workspace.repository, main, `metadata/${roleFile(ROOT)}`);
  let newest = trusted;
  let first: CommitSha | undefined;
  for (const { oid, commit } of states.toReversed()) {
    const parsed = await reader.document(oid);
    if (!parsed.ok || !isRoot(parsed.value) || !follows(parsed.value, newest)) continue;
    newest = parsed.value;
    first ??= commit;
  }
  if (newest === undefined) return [];
  const then = trusted === undefined && first !== undefined ? await identityAt(reader, first) : undefined;
  const identity = then ?? identityOf(facts) ?? digestOf(newest);
  const standing: Standing = { identity, roles: new Map([[ROOT, seenIn(newest)]]) };
  return [...successionFindings(standing, tree, facts)];
}

/** As a client takes a new root, but for steps that main itself left out. */
const follows = (root: Document<Root>, before: Document<Root> | undefined): boolean =>
  verifyQuorum(root, root.signed.delegations, ROOT).met &&
  (before === undefined ||
    (root.signed.version > before.signed.version && verifyQuorum(root, before.signed.delegations, ROOT).met));

async function identityAt(reader: TreeReader, commit: CommitSha): Promise<string | undefined> {
  return identityOf({ history: await reader.history(await reader.read(commit)) });
}
