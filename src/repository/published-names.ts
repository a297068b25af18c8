import { foldCase, MAX_SEGMENT } from '../metadata/names.ts';

// An artifact DIR/FILE is published as DIR/DIGEST.FILE, once for each digest that is signed (`layout.ts`). What is said here is what
// can go wrong with these names, and not with the artifacts' own.

/**
 * Bytes of UTF-8 for a published artifact, `targets/` before it. What object stores take (S3's and Google Cloud Storage's documentation
 * on object names: 1024), less some for the folder in the bucket.
 */
export const MAX_PUBLISHED_PATH = 960;

/** Why an artifact can't be published under a digest of that many hex digits; `undefined` where it can. */
export function publishedNameProblem(path: string, digits: number): string | undefined {
  const slash = path.lastIndexOf('/') + 1;
  if (digits + 1 + (path.length - slash) * 3 <= MAX_SEGMENT) return undefined;
  return tooLong(digits + 1 + Buffer.byteLength(path.slice(slash)), MAX_SEGMENT, 'file name');
}

/** As {@link publishedNameProblem}, of the whole path, which matters where a site is deployed into a bucket. */
export function publishedPathProblem(path: string, digits: number): string | undefined {
  const before = 'targets/'.length + digits + 1;
  if (before + path.length * 3 <= MAX_PUBLISHED_PATH) return undefined;
  return tooLong(before + Buffer.byteLength(path), MAX_PUBLISHED_PATH, 'path');
}

const tooLong = (bytes: number, limit: number, what: string): string | undefined =>
  bytes <= limit
    ? undefined
    : `would be published under a ${what} of ${bytes} bytes, as its digest goes into it, and ${limit} is the most: shorten the name by ${bytes - limit}`;

/** An artifact that is published where other artifacts have a folder: no file system can hold both. */
export interface PublishedClash {
  readonly path: string;
  readonly digest: string;
  /** As it is spelt in the path of one of those artifacts, {@link below}. */
  readonly folder: string;
  readonly below: string;
}

/** `DIGEST.FILE`, as a folder: a digest of any algorithm, hence hex digits in pairs. */
const FOLDER = /^((?:[0-9a-f]{2})+)\.(.+)$/is;
const HAS_FOLDER = /(?:^|\/)(?:[0-9a-f]{2})+\.[^/]+\//i;

/**
 * All clashes among artifacts of these paths, but for case; `digestsOf` says by which digests one is published. There is no other way in
 * which published names come together: a digest has no dot, so that one name is of one digest and one path, and paths that differ in
 * case only are refused as they are. Looks closely only at folders whose names begin with hex digits and a dot.
 */
export function* publishedClashes(
  artifacts: Pick<ReadonlyMap<string, unknown>, 'keys'>,
  digestsOf: (path: string) => readonly string[],
): Iterable<PublishedClash> {
  const folders = digestFolders(artifacts.keys());
  if (folders.size === 0) return;
  for (const path of artifacts.keys()) {
    const found = folders.get(foldCase(path));
    if (found === undefined) continue;
    for (const digest of digestsOf(path)) {
      const folder = found.get(digest);
      if (folder !== undefined) yield { path, digest, ...folder };
    }
  }
}

export type DigestFolder = Pick<PublishedClash, 'folder' | 'below'>;

/** The folders in whose place an artifact could be published: by its path, the case folded, then by its digest. */
export function digestFolders(
  paths: Iterable<string>,
): ReadonlyMap<string, ReadonlyMap<string, DigestFolder>> {
  const folders = new Map<string, Map<string, DigestFolder>>();
  for (const path of paths) {
    if (!HAS_FOLDER.test(path)) continue;
    let start = 0;
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', start)) {
      const [, digest, file] = FOLDER.exec(path.slice(start, end)) ?? [];
      if (digest !== undefined && file !== undefined) {
        const folded = foldCase(path.slice(0, start) + file);
        const known = folders.get(folded) ?? new Map<string, DigestFolder>();
        folders.set(folded, known);
        const lower = digest.toLowerCase();
        if (!known.has(lower)) known.set(lower, { folder: path.slice(0, end), below: path });
      }
      start = end + 1;
    }
  }
  return folders;
}

/** Digits of SHA-256, the shortest digest that artifacts are signed with. */
export const SHA256_DIGITS = 64;

const LIKE_PUBLISHED = new RegExp(`(?:^|/)[0-9a-f]{${SHA256_DIGITS},}\\.[^/]*(?=/)`, 'i');

/**
 * The folder of `path` that could be the published name of an artifact, of one that is gone or is still to come as well; `undefined`
 * where it has none.
 */
export function folderLikePublished(path: string): string | undefined {
  const match = LIKE_PUBLISHED.exec(path);
  return match === null ? undefined : path.slice(0, match.index + match[0].length);
}
