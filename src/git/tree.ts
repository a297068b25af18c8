import { GitError } from './error.ts';
import { type ObjectFormat, type ObjectId, objectIdLength } from './oid.ts';

/** One name in a tree. Hostile input: whatever git can store can stand here. */
export interface TreeEntry {
  /**
   * Six octal digits as `git ls-tree` prints them: `040000` folder, `100644` file, `100755` executable, `120000`
   * symbolic link, `160000` submodule. Old repositories hold others (`100664`).
   */
  readonly mode: string;
  /** Where the bytes are not valid UTF-8, each bad sequence is U+FFFD: for showing only. */
  readonly name: string;
  /** Is {@link name} exactly what the tree holds? A name that is not can't be used, only refused. */
  readonly isUtf8: boolean;
  readonly oid: ObjectId;
}

export const TREE_MODE = '040000';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const SPACE = 0x20;
const SLASH = 0x2f;
const MAX_MODE_DIGITS = 6;

/**
 * Parses the content of a tree object. Throws {@link GitError} `BAD_OBJECT` where it is cut short, out of order, names
 * something twice, or holds a name that no checkout can have (empty, `.`, `..`, `.git`, with a slash): on such trees
 * git's own commands disagree with each other. Source: git's tree.c, and fsck.c for what is refused.
 */
export function parseTree(content: Buffer, format: ObjectFormat): TreeEntry[] {
  const oidLength = objectIdLength(format);
  const entries: Omit<TreeEntry, 'oid'>[] = [];
  const oids = Buffer.allocUnsafe(content.length);
  const text = content.toString('latin1');
  // Strict order leaves but one way for a name to stand twice: as a file and as a folder.
  const names = text.includes('40000 ') ? new Set<string>() : undefined;
  const modes = new Map<number, string>();
  let previous: Span | undefined;
  for (let at = 0; at < content.length; ) {
    const { mode, next: start } = scanMode(content, at, modes);
    let end = start;
    let ascii = true;
    for (let byte = content[end]; byte !== 0; byte = content[++end]) {
      if (byte === undefined || byte === SLASH) throw malformed('a name');
      if (byte > 0x7f) ascii = false;
    }
    const next = end + 1 + oidLength;
    if (next > content.length) throw malformed('an object name');
    const { name, isUtf8 } = ascii
      ? { name: text.slice(start, end), isUtf8: true }
      : decodeName(content.subarray(start, end));
    const key = isUtf8 ? name : `\0${text.slice(start, end)}`;
    if (!isStorable(name) || names?.has(key) === true) throw malformed(`the name ${JSON.stringify(name)}`);
    const span: Span = { start, end, isTree: mode === TREE_MODE };
    if (previous !== undefined && !isBefore(content, previous, span)) throw malformed('the order of names');
    names?.add(key);
    content.copy(oids, entries.length * oidLength, end + 1, next);
    entries.push({ mode, name, isUtf8 });
    previous = span;
    at = next;
  }
  // All names are cut from one string: a hundred thousand conversions would take three times as long.
  const hex = oids.toString('hex', 0, entries.length * oidLength);
  const digits = 2 * oidLength;
  return entries.map(({ mode, name, isUtf8 }, i) => {
    const oid = hex.slice(i * digits, (i + 1) * digits) as ObjectId;
    return { mode, name, isUtf8, oid };
  });
}

/** The content of the tree with these entries, which need not be in order. The opposite of {@link parseTree}. */
export function encodeTree(entries: Iterable<TreeEntry>): Buffer {
  const sorted = [...entries]
    .map(entry => ({ entry, key: Buffer.from(entry.mode === TREE_MODE ? `${entry.name}/` : entry.name) }))
    .sort((a, b) => a.key.compare(b.key));
  return Buffer.concat(
    sorted.flatMap(({ entry }) => [
      Buffer.from(`${entry.mode.replace(/^0/, '')} ${entry.name}\0`),
      Buffer.from(entry.oid, 'hex'),
    ]),
  );
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly isTree: boolean;
}

/** Reads the octal mode and the space after it. `modes` keeps one string for each mode met. */
function scanMode(content: Buffer, at: number, modes: Map<number, string>): { mode: string; next: number } {
  let value = 0;
  let next = at;
  for (let byte = content[next]; byte !== SPACE; byte = content[++next]) {
    if (byte === undefined || byte < 0x30 || byte > 0x37) throw malformed('a mode');
    if (next - at >= MAX_MODE_DIGITS || (next === at && byte === 0x30)) throw malformed('a mode');
    value = value * 8 + (byte - 0x30);
  }
  if (next === at) throw malformed('a mode');
  const known = modes.get(value);
  const mode = known ?? value.toString(8).padStart(MAX_MODE_DIGITS, '0');
  if (known === undefined) modes.set(value, mode);
  return { mode, next: next + 1 };
}

function decodeName(bytes: Buffer): { name: string; isUtf8: boolean } {
  try {
    return { name: strictUtf8.decode(bytes), isUtf8: true };
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    return { name: bytes.toString('utf8'), isUtf8: false };
  }
}

const isStorable = (name: string): boolean =>
  name !== '' && name !== '.' && name !== '..' && (name.length !== 4 || name.toLowerCase() !== '.git');

/** Git's order: by bytes, a folder's name as if it ended in a slash. */
function isBefore(content: Buffer, a: Span, b: Span): boolean {
  const length = Math.min(a.end - a.start, b.end - b.start);
  for (let i = 0; i < length; i++) {
    const difference = (content[a.start + i] ?? 0) - (content[b.start + i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return byteAt(content, a, length) < byteAt(content, b, length);
}

const byteAt = (content: Buffer, { start, end, isTree }: Span, index: number): number =>
  start + index < end ? (content[start + index] ?? 0) : isTree ? SLASH : 0;

const malformed = (what: string): GitError =>
  new GitError('BAD_OBJECT', `a tree is malformed at ${what}: look at it with git fsck`);
