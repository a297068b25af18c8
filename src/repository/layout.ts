import { type Document, type TargetFile, type Targets, targetHash } from '../metadata/document.ts';
import { ROOT, type RoleName, SNAPSHOT, TIMESTAMP } from '../metadata/names.ts';
import { artifactRoles } from './delegators.ts';
import {
  type BlobDigest,
  documentOf,
  metadataFile,
  type ObjectId,
  type RepositoryTree,
  roleFile,
  targetsOf,
} from './tree.ts';

/** One published file: which blob of the commit it is. */
export interface PublishedFile {
  /** Relative to the site, `/` between segments. */
  readonly path: string;
  readonly oid: ObjectId;
}

/** A signed artifact: one blob, under a name for each of its digests. */
export interface PublishedArtifact {
  readonly oid: ObjectId;
  /** As in {@link PublishedFile}; at least one. */
  readonly paths: readonly string[];
  /** What the signed metadata says of it. */
  readonly signed: BlobDigest;
}

/** In which order files may appear where clients look: nothing before what it names, `timestamp.json` last. */
export function publishRank(path: string): number {
  if (path.startsWith('targets/')) return 0;
  if (path === `${TIMESTAMP}.json`) return 5;
  const role = /^\d+\.(.+)\.json$/.exec(path)?.[1];
  // Roots come late: with one that names another online key the old timestamp is refused.
  return role === undefined ? 3 : role === ROOT ? 4 : role === SNAPSHOT ? 2 : 1;
}

/** May a cache keep the file for ever? Its name says which version, or which content, it is. */
export const isImmutable = (path: string): boolean => /^(\d+\.[^/]+\.json|targets\/.+)$/.test(path);

/** A version of root: a role may be called `x.root`. */
export const isRootFile = (path: string): boolean => /^\d+\.root\.json$/.test(path);

/** A file of a site as {@link publishLayout} and the page make them. Whoever finds another one is in another folder. */
export const isSiteFile = (path: string): boolean =>
  /^(timestamp\.json|\d+\.[A-Za-z0-9_][A-Za-z0-9._-]*\.json|index\.html|targets\/.+)$/.test(path);

/**
 * The files that clients fetch, timestamp last: {@link publishedArtifacts}, then {@link publishedMetadata}. Source: TUF
 * specification section 6.2. Like those two it yields one after the other: there may be 100,000 of them.
 */
export function* publishLayout(tree: RepositoryTree): Generator<PublishedFile, void, undefined> {
  for (const { oid, paths } of publishedArtifacts(tree)) for (const path of paths) yield { path, oid };
  yield* publishedMetadata(tree);
}

/** `targets/DIR/HASH.FILE`, of all artifacts that are signed. What two roles sign comes twice. */
export function* publishedArtifacts(tree: RepositoryTree): Generator<PublishedArtifact, void, undefined> {
  for (const role of artifactRoles(tree)) {
    const document: Document<Targets> | undefined = targetsOf(tree, role);
    for (const [path, file] of document?.signed.targets ?? []) {
      const entry = tree.artifacts.get(path);
      const sha256 = targetHash(file, 'sha256');
      if (entry === undefined || sha256 === undefined) continue;
      // Clients ask by whichever digest they like: go-tuf takes any, tuf-js and python-tuf the first.
      const paths = digestsOf(file).map(digest => `targets/${hashedName(path, digest)}`);
      yield { oid: entry.oid, paths, signed: { length: file.length, sha256 } };
    }
  }
}

/** The digests that a target entry states, of whatever algorithms, each once. Mostly there is one alone. */
export function digestsOf(file: TargetFile): readonly string[] {
  const digests = Object.keys(file.hashes).flatMap(name => targetHash(file, name) ?? []);
  return digests.length === 1 ? digests : [...new Set(digests)];
}

/** `DIR/HASH.FILE`. Source: TUF specification section 6.2.2. */
export function hashedName(path: string, digest: string): string {
  const slash = path.lastIndexOf('/') + 1;
  return `${path.slice(0, slash)}${digest}.${path.slice(slash)}`;
}

/** `N.root.json`, `N.ROLE.json`, `N.snapshot.json`, and `timestamp.json` last. */
export function* publishedMetadata(tree: RepositoryTree): Generator<PublishedFile, void, undefined> {
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
