import { createHash } from 'node:crypto';
import { type Document, signedBytes } from '../metadata/document.ts';
import { ROOT, type RoleName } from '../metadata/names.ts';
import { documentOf, type RepositoryTree } from '../repository/tree.ts';
import type { Facts } from './context.ts';
import { type Finding, refuse } from './reason.ts';
import { shortId } from './words.ts';

/** One version of a role, and the SHA-256 in hex of its canonical `signed`. */
export interface Seen {
  readonly version: number;
  readonly digest: string;
}

/** What a repository was once seen to say: enough to notice when it goes back on it. */
export interface Standing {
  /** SHA-256 in hex of the oldest root's canonical `signed`. It never changes, whatever the repository is called. */
  readonly identity: string;
  /** The newest version seen of each role, of those that are gone as well. */
  readonly roles: ReadonlyMap<RoleName, Seen>;
}

type History = Pick<Facts, 'history'>;

/** Which repository this is; `undefined` where no oldest root can be read. */
export function identityOf({ history }: History): string | undefined {
  const [oldest] = [...history].sort(([a], [b]) => a - b);
  return oldest?.[1].ok === true ? digestOf(oldest[1].value) : undefined;
}

/** What `tree` says now; roles that only `before` knows are remembered. `undefined` where there is no oldest root. */
export function standingOf(tree: RepositoryTree, facts: History, before?: Standing): Standing | undefined {
  const identity = identityOf(facts);
  if (identity === undefined) return undefined;
  const roles = new Map(before?.roles);
  for (const role of tree.documents.keys()) {
    const document = documentOf(tree, role);
    if (document !== undefined) roles.set(role, seenIn(document));
  }
  return { identity, roles };
}

/**
 * Where `tree` does not follow from what was seen `before`: another repository, another chain of roots, a role that goes
 * back or says something else under the same version. That `tree` verifies in itself is for the rules to say.
 */
export function* successionFindings(
  before: Standing,
  tree: RepositoryTree,
  facts: History,
): Iterable<Finding> {
  const identity = identityOf(facts);
  if (identity !== before.identity) {
    const found = identity === undefined ? 'none that can be read' : shortId(identity);
    yield refuse(`begins with another root (${found}) than before (${shortId(before.identity)})`, ROOT);
    return;
  }
  for (const [role, seen] of before.roles) {
    const now = documentOf(tree, role);
    if (now === undefined) continue; // gone with its delegation, or rules orphans, schema and online say so
    const { version } = now.signed;
    if (version < seen.version) yield refuse(`goes back from version ${seen.version} to ${version}`, role);
    else if (role === ROOT) yield* rootFindings(seen, facts);
    else if (version === seen.version && digestOf(now) !== seen.digest) {
      yield refuse(`version ${version} says something else than before`, role);
    }
  }
}

/** The root that was seen is a link of the chain: else the chain was forked before it. */
function* rootFindings({ version, digest }: Seen, { history }: History): Iterable<Finding> {
  const then = history.get(version);
  if (then === undefined) yield refuse(`version ${version} is not in root_history/ any more`, ROOT);
  else if (!then.ok || digestOf(then.value) !== digest) {
    yield refuse(`version ${version} in root_history/ is another one than before`, ROOT);
  }
}

export const seenIn = (document: Document): Seen => ({
  version: document.signed.version,
  digest: digestOf(document),
});

export const digestOf = (document: Document): string =>
  createHash('sha256').update(signedBytes(document)).digest('hex');
