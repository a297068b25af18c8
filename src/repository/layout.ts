import { type Document, type Targets, targetHash } from '../metadata/document.ts';
import { ROOT, type RoleName, SNAPSHOT, TIMESTAMP } from '../metadata/names.ts';
import { artifactRoles } from './delegators.ts';
import { documentOf, metadataFile, type ObjectId, type RepositoryTree, roleFile, targetsOf } from './tree.ts';

/** One published file: which blob of the commit it is. */
export interface PublishedFile {
  /** Relative to the site, `/` between segments. */
  readonly path: string;
  readonly oid: ObjectId;
}

/**
 * The files that clients fetch, timestamp last: `N.root.json`, `N.ROLE.json`, `N.snapshot.json`,
 * `targets/DIR/HASH.FILE`, `timestamp.json`. Only artifacts that are signed. Source: TUF specification section 6.2.
 */
export function publishLayout(tree: RepositoryTree): readonly PublishedFile[] {
  return [...artifactFiles(tree), ...metadataFiles(tree)];
}

function* artifactFiles(tree: RepositoryTree): Iterable<PublishedFile> {
  for (const role of artifactRoles(tree)) {
    const document: Document<Targets> | undefined = targetsOf(tree, role);
    for (const [path, file] of document?.signed.targets ?? []) {
      const entry = tree.artifacts.get(path);
      if (entry === undefined || targetHash(file, 'sha256') === undefined) continue;
      // Clients ask by whichever digest they like: go-tuf takes any, tuf-js and python-tuf the first.
      for (const digest of new Set(Object.keys(file.hashes).map(name => targetHash(file, name)))) {
        if (digest !== undefined) yield { path: `targets/${hashedName(path, digest)}`, oid: entry.oid };
      }
    }
  }
}

/** `DIR/HASH.FILE`. Source: TUF specification section 6.2.2. */
export function hashedName(path: string, digest: string): string {
  const slash = path.lastIndexOf('/') + 1;
  return `${path.slice(0, slash)}${digest}.${path.slice(slash)}`;
}

function* metadataFiles(tree: RepositoryTree): Iterable<PublishedFile> {
  const last: PublishedFile[] = [];
  for (const [path, { oid }] of tree.metadata) {
    const file = metadataFile(path);
    if (file.kind === 'history') yield { path: `${file.version}.root.json`, oid };
    if (file.kind !== 'role' || file.role === ROOT) continue;
    if (file.role === TIMESTAMP) last.push({ path: 'timestamp.json', oid });
    else if (file.role === SNAPSHOT) last.unshift({ path: versioned(tree, file.role), oid });
    else yield { path: versioned(tree, file.role), oid };
  }
  yield* last;
}

const versioned = (tree: RepositoryTree, role: RoleName): string =>
  `${documentOf(tree, role)?.signed.version}.${roleFile(role)}`;
