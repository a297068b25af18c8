import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, member, parseJson } from '../json.ts';
import { ForgeError } from './error.ts';
import type { PullRequestRequest, PullRequestState } from './forge.ts';

export interface LocalComment {
  /** Empty for a comment that is never written over. */
  readonly marker: string;
  readonly body: string;
}

/** All that the local forge knows of one pull request: the content of its JSON file. */
export interface LocalPullRequest extends PullRequestRequest {
  readonly number: number;
  readonly state: PullRequestState;
  readonly comments: readonly LocalComment[];
}

const STATES: readonly PullRequestState[] = ['open', 'merged', 'closed'];

/** Throws {@link ForgeError} `BAD_STATE` or {@link JsonError}. */
export function parseLocalPullRequest(bytes: Uint8Array, file: string): LocalPullRequest {
  const json = parseJson(bytes);
  const bad = (what: string): ForgeError => new ForgeError('BAD_STATE', `${file}: ${what}`);
  if (!isJsonObject(json)) throw bad('has to be an object');
  const text = (object: JsonObject, name: string): string => {
    const value = member(object, name);
    if (typeof value !== 'string') throw bad(`${name} has to be a string`);
    return value;
  };
  const number = member(json, 'number');
  const draft = member(json, 'draft');
  const comments = member(json, 'comments');
  const state = STATES.find(name => name === member(json, 'state'));
  if (typeof number !== 'number' || number < 1) throw bad('number has to be a number');
  if (typeof draft !== 'boolean') throw bad('draft has to be true or false');
  if (state === undefined) throw bad(`state has to be ${STATES.join(', ')}`);
  if (!isJsonArray(comments)) throw bad('comments has to be a list');
  return {
    number,
    branch: text(json, 'branch'),
    title: text(json, 'title'),
    body: text(json, 'body'),
    draft,
    state,
    comments: comments.map((comment: JsonValue) => {
      if (!isJsonObject(comment)) throw bad('a comment has to be an object');
      return { marker: text(comment, 'marker'), body: text(comment, 'body') };
    }),
  };
}

/** JSON of a value of ours. Half a surrogate pair, which could not be read back, becomes U+FFFD. */
export const serializeLocal = (value: object): string =>
  `${JSON.stringify(value, (_, item: unknown) => (typeof item === 'string' ? item.toWellFormed() : item), 2)}\n`;

/** The pull request as a page that a person reads. */
export function localPage({ number, branch, title, body, draft, state, comments }: LocalPullRequest): string {
  const status = state === 'open' && draft ? 'open, a draft' : state;
  return [
    `# ${plainMarkdown(title)} (#${number})`,
    `Branch ${plainMarkdown(branch)}: ${status}.`,
    body,
    ...comments.flatMap((comment, index) => ['---', `_Comment ${index + 1}_`, comment.body]),
  ]
    .map(part => `${part.trim()}\n`)
    .join('\n');
}

/** Titles and branches are plain text: whatever Markdown could see in them is escaped. Source: CommonMark 0.31, 2.4. */
const plainMarkdown = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').replace(/[!-,:-@[-`{-~]/g, character => `\\${character}`);

/** `7-sign_root-v5`: safe on every file system whatever the branch is called, and unique by its number. */
export const localName = (number: number, branch: string): string =>
  `${number}-${branch.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, 80)}`.replace(/\.+$/, '');
