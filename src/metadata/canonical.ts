import { isJsonArray, type JsonObject, type JsonValue } from '../json.ts';
import { MetadataError } from './error.ts';

/**
 * OLPC canonical JSON as UTF-8: members sorted by code point, no white space, only `"` and `\` escaped. These are the
 * bytes that a signature is over. Throws {@link MetadataError} `MALFORMED` for what has no canonical form: a number that
 * is no safe integer, half of a surrogate pair.
 *
 * Source: TUF specification 1.0.34, section 4.2.
 */
export function canonicalJson(value: JsonValue): Uint8Array {
  return Buffer.from(unescapeStrings(stringifySorted(value)), 'utf8');
}

/**
 * `JSON.stringify` with members sorted by code point. Throws {@link MetadataError} `MALFORMED` for what `parseJson` would
 * not read back as it was.
 */
export function stringifySorted(value: JsonValue, indent = 0): string {
  // Documents mostly come sorted, and then the engine's own writer is several times faster than ours.
  if (isSorted(value)) return JSON.stringify(value, null, indent);
  return write(value, indent === 0 ? '' : '\n', ' '.repeat(indent));
}

/** Are all members, at any depth, in the order of their code points? Looks at every value, hence checks them too. */
function isSorted(value: JsonValue): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return true;
  if (typeof value !== 'object')
    throw noForm('anything but integers of at most 53 bits, text, true, false and null');
  let sorted = true;
  if (isJsonArray(value)) {
    for (const item of value) sorted = isSorted(item) && sorted;
    return sorted;
  }
  const object: JsonObject = value;
  let previous = '';
  // for-in and not Object.keys: a third of the time, and only the order is at stake, for there is nothing to inherit.
  for (const name in object) {
    sorted = isSorted(object[name] as JsonValue) && sorted;
    sorted = sorted && compareCodePoints(previous, name) <= 0;
    previous = name;
  }
  return sorted;
}

/** The same text as `JSON.stringify`, but for the order of members. Only for values that {@link isSorted} has seen. */
function write(value: JsonValue, newline: string, step: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = newline + step;
  if (isJsonArray(value)) {
    return value.length === 0
      ? '[]'
      : `[${inner}${value.map(item => write(item, inner, step)).join(`,${inner}`)}${newline}]`;
  }
  const object: JsonObject = value;
  const colon = step === '' ? ':' : ': ';
  const members = sortedNames(object).map(
    name => `${JSON.stringify(name)}${colon}${write(object[name] ?? null, inner, step)}`,
  );
  return members.length === 0 ? '{}' : `{${inner}${members.join(`,${inner}`)}${newline}}`;
}

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\b', '\b'],
  ['\\f', '\f'],
  ['\\n', '\n'],
  ['\\r', '\r'],
  ['\\t', '\t'],
]);

/** Undoes every escape of `JSON.stringify` that canonical JSON does not have: all but `\"` and `\\`. */
function unescapeStrings(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replaceAll(/\\(?:["\\]|[bfnrt]|u[0-9a-f]{4})/g, escape => {
    if (escape === '\\"' || escape === '\\\\') return escape;
    if (escape.startsWith('\\ud')) throw noForm('half of a surrogate pair');
    const code = SHORT_ESCAPES.get(escape);
    return code ?? String.fromCharCode(Number.parseInt(escape.slice(2), 16));
  });
}

const noForm = (what: string): MetadataError =>
  new MetadataError('MALFORMED', `canonical JSON has no form for ${what}`);

/** Member names sorted by code point. JavaScript's own order is by UTF-16 unit, which differs beyond U+FFFF. */
export function sortedNames(object: JsonObject): readonly string[] {
  const names = Object.keys(object);
  for (let i = 1; i < names.length; i++) {
    if (compareCodePoints(names[i - 1] ?? '', names[i] ?? '') > 0) return names.sort(compareCodePoints);
  }
  return names;
}

/** Orders well-formed strings by Unicode code point, as Python and Go do. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const unitA = a.charCodeAt(i);
    const unitB = b.charCodeAt(i);
    if (unitA !== unitB) return rank(unitA) - rank(unitB);
  }
  return a.length - b.length;
}

/** A UTF-16 unit's place among code points: surrogates stand for what lies beyond U+FFFF, so they come last. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
