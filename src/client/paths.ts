import { isPlainPath, isTopLevelRole, type RoleName, type TargetPath } from '../metadata/names.ts';
import { ClientError } from './error.ts';

// The names of files in a repository. A role's name is anybody's text until proven otherwise, and always one segment.

/** The path of a role's metadata; `version` only where the repository uses consistent snapshots. TUF 5.5.1, 5.6.1. */
export const metadataPath = (role: RoleName, version: number | undefined): string =>
  version === undefined ? `${encodeSegment(role)}.json` : `${version}.${encodeSegment(role)}.json`;

/** The name under which a role is listed in snapshot's `meta`. Source: TUF specification section 4.4, "METAPATH". */
export const metaName = (role: RoleName): string => `${role}.json`;

/** The name of a role's file in the local cache. */
export function cacheName(role: RoleName): string {
  // On a file system that folds case a role "Timestamp" would overwrite what protects from rollback.
  const clash = !isTopLevelRole(role) && isTopLevelRole(role.toLowerCase() as RoleName);
  return `${clash ? `%${role.charCodeAt(0).toString(16)}` : ''}${encodeSegment(clash ? role.slice(1) : role)}.json`;
}

export const rootHistoryName = (version: number): string => `root_history/${version}.root.json`;

/** The path of an artifact; `digest` only where the repository uses consistent snapshots. TUF 5.7.3. */
export function artifactPath(targetPath: TargetPath, digest: string | undefined): string {
  const segments = targetPath.split('/').map(encodeSegment);
  const last = segments.pop() ?? '';
  return [...segments, digest === undefined ? last : `${digest}.${last}`].join('/');
}

/** Percent-encodes everything but RFC 3986's unreserved characters, as python-tuf does. */
const encodeSegment = (name: string): string =>
  encodeURIComponent(name).replaceAll(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * A path that stays below the folder it is joined to, on every system. Far less strict than what a repository of ours
 * may sign: other people's repositories have names of their own. Throws {@link ClientError} `UNSAFE_PATH`.
 */
export function requireTargetPath(path: string): TargetPath {
  const isShort = path.length <= 4_096;
  if (isShort && isPlainPath(path)) return path as TargetPath;
  const segments = path.split('/');
  const unsafe =
    !isShort ||
    !path.isWellFormed() ||
    /[\\\p{Cc}]/u.test(path) ||
    segments.some(segment => segment === '' || segment === '.' || segment === '..');
  if (unsafe) throw new ClientError('UNSAFE_PATH', `${JSON.stringify(path)} is no safe target path`);
  return path as TargetPath;
}
