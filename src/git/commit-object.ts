import type { Instant } from '../clock.ts';
import { SECOND_MS } from '../clock.ts';
import { GitError } from './error.ts';
import { type CommitSha, isObjectId, type ObjectId } from './oid.ts';

/** Whom a commit names. Anybody can write anything here: it proves nothing. */
export interface Identity {
  readonly name: string;
  readonly email: string;
}

export interface Stamp extends Identity {
  /** Full seconds. Claimed, not proven. */
  readonly time: Instant;
}

export interface GitCommit {
  readonly tree: ObjectId;
  readonly parents: readonly CommitSha[];
  readonly author: Stamp;
  readonly committer: Stamp;
  /** Decoded leniently: for showing only. */
  readonly message: string;
}

// "Name <email> SECONDS ZONE"; times beyond what a Date can hold are refused by the number of digits.
const STAMP = /^([^<>]*?) ?<([^<>]*)> (\d{1,11}) [+-]\d{4}$/;

/**
 * Parses the content of a commit object. Headers it does not know (`gpgsig`, `encoding`) are skipped.
 * Throws {@link GitError} `BAD_OBJECT`. Source: git's commit.c, parse_commit_buffer.
 */
export function parseCommit(content: Buffer): GitCommit {
  const text = content.toString('utf8');
  const end = text.indexOf('\n\n');
  const lines = (end < 0 ? text.replace(/\n$/, '') : text.slice(0, end)).split('\n');
  let at = 0;
  const header = (name: string): string | undefined =>
    lines[at]?.startsWith(`${name} `) === true ? lines[at++]?.slice(name.length + 1) : undefined;
  const tree = parseName(header('tree'));
  const parents: CommitSha[] = [];
  for (let parent = header('parent'); parent !== undefined; parent = header('parent')) {
    parents.push(parseName(parent) as string as CommitSha);
  }
  const author = parseStamp(header('author'));
  const committer = parseStamp(header('committer'));
  return { tree, parents, author, committer, message: end < 0 ? '' : text.slice(end + 2) };
}

/** The content of a commit object; its times are written as UTC. */
export function encodeCommit(commit: GitCommit): Buffer {
  return Buffer.from(
    [
      `tree ${commit.tree}`,
      ...commit.parents.map(parent => `parent ${parent}`),
      `author ${encodeStamp(commit.author)}`,
      `committer ${encodeStamp(commit.committer)}`,
      '',
      commit.message,
    ].join('\n'),
  );
}

const encodeStamp = ({ name, email, time }: Stamp): string =>
  `${name} <${email}> ${Math.floor(time / SECOND_MS)} +0000`;

function parseName(text: string | undefined): ObjectId {
  if (text === undefined || !isObjectId(text)) throw malformed('an object name');
  return text;
}

function parseStamp(text: string | undefined): Stamp {
  const match = STAMP.exec(text ?? '');
  if (match === null) throw malformed('its author or committer');
  return {
    name: match[1] ?? '',
    email: match[2] ?? '',
    time: (Number(match[3]) * SECOND_MS) as Instant,
  };
}

const malformed = (what: string): GitError =>
  new GitError('BAD_OBJECT', `a commit is malformed at ${what}: look at it with git fsck`);
