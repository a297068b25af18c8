import { printable } from './decode.ts';
import { MetadataError } from './error.ts';

/**
 * A role's name: `root`, `targets`, `snapshot`, `timestamp` or that of a delegated role. One that a document brought is
 * as its delegator wrote it: only {@link parseRoleName} says that it is safe as a file name.
 */
export type RoleName = string & { readonly __brand: 'RoleName' };
/** An artifact's path relative to the repository's targets, `/` between segments. */
export type TargetPath = string & { readonly __brand: 'TargetPath' };
/** The identifier under which a document lists a key: 64 lower-case hex digits where it was computed by the spec. */
export type Keyid = string & { readonly __brand: 'Keyid' };
/** Who holds a key: `@` and a forge account in lower case. */
export type KeyOwner = string & { readonly __brand: 'KeyOwner' };

export const ROOT: RoleName = 'root' as RoleName;
export const TARGETS: RoleName = 'targets' as RoleName;
export const SNAPSHOT: RoleName = 'snapshot' as RoleName;
export const TIMESTAMP: RoleName = 'timestamp' as RoleName;

/** UTF-16 units. */
export const MAX_TARGET_PATH = 1_024;
/** Bytes of UTF-8 that a file system takes for one segment of a path. Source: `NAME_MAX` of Linux, macOS and the BSDs. */
export const MAX_SEGMENT = 255;

/** The roles that automation signs on its own. */
export const isOnlineRole = (role: RoleName): boolean => role === SNAPSHOT || role === TIMESTAMP;
export const isTopLevelRole = (role: RoleName): boolean =>
  role === ROOT || role === TARGETS || isOnlineRole(role);

// Names that a file system gives another meaning. Source: Microsoft, "Naming Files, Paths, and Namespaces".
const DEVICE_NAME = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/**
 * Why `name` can't be a role's name; `undefined` where it can. ASCII letters, digits and `. _ -` only, so that it is
 * one file name on every system, and no two of them look alike.
 */
export function roleNameProblem(name: string): string | undefined {
  if (name.length === 0 || name.length > 100) return 'has to have 1 to 100 characters';
  if (!/^[A-Za-z0-9._-]+$/.test(name))
    return 'may hold only ASCII letters, digits, dots, hyphens and underscores';
  if (!/^[A-Za-z0-9_]/.test(name)) return 'may not start with a dot or a hyphen';
  if (name.endsWith('.')) return 'may not end with a dot';
  if (DEVICE_NAME.test(name)) return 'is a device name on Windows';
  if (/^\d+\.(root|targets|snapshot|timestamp)$/.test(name)) return 'looks like a versioned file name';
  // On a file system that folds case its file would be that of the top-level role.
  const folded = name.toLowerCase() as RoleName;
  if (folded !== name && isTopLevelRole(folded)) return 'differs from a top-level role in case alone';
  return undefined;
}

/** Throws {@link MetadataError} `BAD_NAME` unless `name` is a safe role name. */
export function parseRoleName(name: string): RoleName {
  const problem = roleNameProblem(name);
  if (problem !== undefined) throw new MetadataError('BAD_NAME', `role name ${printable(name)} ${problem}`);
  return name as RoleName;
}

// Code points that a person does not see, or that turn the direction of the text around them.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]/u;
// FRACTION SLASH, DIVISION SLASH, BIG SOLIDUS; SET MINUS, REVERSE SOLIDUS OPERATOR, BIG REVERSE SOLIDUS.
const SLASH_LIKE = /[\u2044\u2215\u29f8\u2216\u29f5\u29f9]/;
const SCRIPTS_LIKE_LATIN = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;

const PLAIN_PATH = /^[\w-][\w.+-]*(?:\/[\w-][\w.+-]*)*$/;

/**
 * Is `path` of plain segments, ASCII letters, digits and `_-.+`, none with a dot or plus first? Then nothing but its length can be
 * wrong with it. Most paths are, and it takes a tenth of the time to see that.
 */
export const isPlainPath = (path: string): boolean => PLAIN_PATH.test(path);

/**
 * Why `path` can't be a target path; `undefined` where it can. Relative, `/`-separated, no empty, `.` or `..` segment,
 * no backslash, nothing that looks like a slash, nothing invisible, in compatibility normal form, no segment with a space
 * at its ends, none with a word that mixes Latin letters with those of a script that looks like it, and none of more than
 * {@link MAX_SEGMENT} bytes.
 */
export const targetPathProblem = (path: string): string | undefined =>
  spellingProblem(path) ??
  (longestSegment(path) > MAX_SEGMENT
    ? `has a segment of more than ${MAX_SEGMENT} bytes, which file systems do not take`
    : undefined);

/**
 * As {@link targetPathProblem}, of whatever makes a path another one to somebody. A segment that is too long does not: such a path has
 * one owner, and what main has of it is for main's own judgement.
 */
export function spellingProblem(path: string): string | undefined {
  if (path.length === 0 || path.length > MAX_TARGET_PATH) return 'has to have 1 to 1024 characters';
  if (isPlainPath(path)) return undefined;
  if (path.includes('\\')) return 'holds a backslash';
  if (!path.isWellFormed() || INVISIBLE.test(path)) return 'holds a character that can not be seen';
  if (path.normalize('NFKC') !== path) return 'is not in Unicode normal form (NFKC)';
  if (SLASH_LIKE.test(path)) return 'holds a look-alike of a slash';
  for (const segment of path.split('/')) {
    if (segment === '') return 'starts or ends with a slash or has two in a row';
    if (segment === '.' || segment === '..') return 'has a segment . or ..';
    if (/^[\p{M} ]| $/u.test(segment)) return 'has a segment that starts or ends with what can not be seen';
    // Word by word: an honest name may well end in .txt.
    if (segment.match(/[\p{L}\p{M}\p{N}]+/gu)?.some(mixesLookAlikes) === true) {
      return 'mixes Latin letters with look-alikes of another script';
    }
  }
  return undefined;
}

/** Bytes of the longest segment of `path`; 0 where none can be longer than {@link MAX_SEGMENT}. */
function longestSegment(path: string): number {
  // No UTF-16 unit takes more than three bytes, and most paths are short.
  if (path.length * 3 <= MAX_SEGMENT) return 0;
  return Math.max(...path.split('/').map(segment => Buffer.byteLength(segment)));
}

const mixesLookAlikes = (word: string): boolean =>
  /\p{Script=Latin}/u.test(word) && SCRIPTS_LIKE_LATIN.test(word);

/**
 * What people should look at twice in a target path that is sound; empty where nothing. A word may be made of look-alikes
 * throughout, and no list of those is ever complete: hence whatever is beyond ASCII is named.
 */
export function targetPathDoubts(path: string): readonly string[] {
  const doubts: string[] = [];
  const strange = [...new Set(path.match(/[^ -~]/gu))].map(codePoint);
  if (strange.length > 0) {
    const more = strange.length > MAX_SPELLED ? ` and ${strange.length - MAX_SPELLED} more` : '';
    const spelled = strange.slice(0, MAX_SPELLED).join(' ') + more;
    doubts.push(`holds ${spelled}, beyond ASCII: make sure that it is no look-alike of another path`);
  }
  const segments = path.split('/');
  if (segments.some(segment => DEVICE_NAME.test(segment))) {
    doubts.push('has a segment that is a device name on Windows');
  }
  if (segments.some(segment => /[<>:"|?*]|\.$/.test(segment))) {
    doubts.push('is no file name on Windows, or that of another file');
  }
  return doubts;
}

const MAX_SPELLED = 8;
const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/**
 * Equal for names that are one on a file system that folds case. Through upper case first: as NTFS does it, so that both
 * forms of sigma are one.
 */
export const foldCase = (name: string): string =>
  // Most names are folded as they are; 100,000 of them need not be copied.
  /^[a-z0-9/._-]*$/.test(name) ? name : name.toUpperCase().toLowerCase();

/** Throws {@link MetadataError} `BAD_NAME` unless `path` is a safe target path. */
export function parseTargetPath(path: string): TargetPath {
  const problem = targetPathProblem(path);
  if (problem !== undefined) throw new MetadataError('BAD_NAME', `target path ${printable(path)} ${problem}`);
  return path as TargetPath;
}

/** Throws {@link MetadataError} `BAD_NAME` unless `owner` is `@` and an account name; the case is folded. */
export function parseKeyOwner(owner: string): KeyOwner {
  // Wider than GitHub's account names: import tools write stand-ins such as @-npm-signer for what is no person.
  // Matched before folding, which would turn the Kelvin sign into a k.
  if (!/^@[A-Za-z0-9_-]{1,64}(\[bot\])?$/.test(owner)) {
    throw new MetadataError('BAD_NAME', `${printable(owner)} is no account name of the form @name`);
  }
  return owner.toLowerCase() as KeyOwner;
}
