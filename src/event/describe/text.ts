import { createHash } from 'node:crypto';
import type { JsonValue } from '../../json.ts';
import { stringifySorted } from '../../metadata/canonical.ts';
import { roleNameProblem } from '../../metadata/names.ts';
import { plural, quoted } from '../words.ts';

// Descriptions lose nothing: whatever is too long to be said whole ends in a digest of the whole. So two documents that
// differ anywhere are told apart by their words.

/** Sentences of one kind that are shown; the rest is counted. */
const MAX_SENTENCES = 50;
/** Characters of a value that are shown. As `quoted` cuts. */
const MAX_TEXT = 120;
/** Names of one list that are shown. */
const MAX_LISTED = 20;

/** 128 bits: whoever writes both texts does not find two of one digest. */
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** An untrusted text in quotes; one that is cut says how long it is, and its digest. */
export const wholeText = (text: string): string =>
  text.length > MAX_TEXT
    ? `${quoted(text)} (${text.length} characters, digest ${digestOf(text)})`
    : quoted(text);

/** A JSON value as compact JSON, cut as {@link wholeText} is. */
export function wholeJson(value: JsonValue): string {
  const json = stringifySorted(value);
  if (json.length <= MAX_TEXT) return json;
  return `${json.slice(0, MAX_TEXT)}… (${json.length} characters, digest ${digestOf(json)})`;
}

/** Is the value short enough to be said in one piece? */
export const isBrief = (value: JsonValue): boolean => stringifySorted(value).length <= MAX_TEXT;

/** A role's name: as it is where it is a safe one, else in quotes. */
export const roleText = (name: string): string =>
  roleNameProblem(name) === undefined ? name : wholeText(name);

/** `a, b and c`; of a long list the first names, a count and a digest of all. */
export function wholeList(names: readonly string[]): string {
  if (names.length === 0) return 'nobody';
  if (names.length > MAX_LISTED) {
    const rest = names.length - MAX_LISTED;
    return `${names.slice(0, MAX_LISTED).join(', ')} and ${rest} more (digest of the list ${digestOf(names.join('\n'))})`;
  }
  return names.length === 1 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** `sentences`, of many the first ones and one that counts the others and gives a digest of them. */
export function capped(
  sentences: readonly string[],
  what: string,
  details = '',
  most: number = MAX_SENTENCES,
): readonly string[] {
  if (sentences.length <= most + 1) return sentences;
  const rest = sentences.slice(most);
  const digest = digestOf(rest.join('\n'));
  return [
    ...sentences.slice(0, most),
    `and ${rest.length} more ${what} that are not listed here${details} (digest of that list ${digest})`,
  ];
}

/**
 * As {@link capped}, but what is `grave` among them comes first where not all can be shown, and twenty times as much of
 * it: fifty changes that harm nobody must not hide the one that does.
 */
export function cappedGravely(
  sentences: readonly string[],
  grave: ReadonlySet<string>,
  what: string,
): readonly string[] {
  if (sentences.length <= MAX_SENTENCES + 1) return sentences;
  return [
    ...capped(
      sentences.filter(sentence => grave.has(sentence)),
      `${what}, of who signs`,
      '',
      20 * MAX_SENTENCES,
    ),
    ...capped(
      sentences.filter(sentence => !grave.has(sentence)),
      what,
    ),
  ];
}

/** Appends however many there are: as the arguments of one call they would have to fit on the stack. */
export function append(to: string[], more: readonly string[]): void {
  for (const sentence of more) to.push(sentence);
}

/** `1,234 bytes`. */
export const bytesText = (length: number): string => (length === 1 ? '1 byte' : `${grouped(length)} bytes`);

/** `16,384`. */
export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

export const days = (count: number): string => plural(count, 'day');

/** A place in a document, as in `custom.build["a b"][0]`; unambiguous. */
export function placeText(path: readonly (string | number)[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!/^[\w-]{1,80}$/.test(step)) text += `[${wholeText(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** What two lists of distinct names have apart. */
export interface ListChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Is the new list anything else than the old one without `removed`, followed by `added`? */
  readonly reordered: boolean;
}

export function listChange(before: readonly string[], after: readonly string[]): ListChange {
  const [old, now] = [new Set(before), new Set(after)];
  const added = after.filter(name => !old.has(name));
  const removed = before.filter(name => !now.has(name));
  const expected = [...before.filter(name => now.has(name)), ...added];
  const reordered = expected.length !== after.length || expected.some((name, i) => name !== after[i]);
  return { added, removed, reordered };
}
