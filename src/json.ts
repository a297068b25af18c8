import { CodedError } from './errors.ts';

/** Any JSON value. Objects come from `JSON.parse`: read them by {@link member} only, never by `object[name]`. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

export type JsonErrorCode =
  | 'JSON_SIZE'
  | 'JSON_ENCODING'
  | 'JSON_SYNTAX'
  | 'JSON_DEPTH'
  | 'JSON_DUPLICATE_KEY'
  | 'JSON_NUMBER';

export class JsonError extends CodedError<JsonErrorCode> {}

export interface JsonLimits {
  /** Bytes. */
  readonly maxBytes: number;
  /** Nesting of arrays and objects. */
  readonly maxDepth: number;
}

export const defaultJsonLimits: JsonLimits = { maxBytes: 64 * 1024 * 1024, maxDepth: 64 };

/**
 * Commas and opening brackets in one document; 100,000 targets have 400,000. A value of three bytes costs the parser a
 * hundred: 64 MiB of `{},` would be 2 GB of memory and 20 seconds.
 */
const MAX_VALUES = 3_000_000;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses untrusted JSON strictly: valid UTF-8 without a byte order mark, no duplicate member names, integers of at most
 * 53 bits only (no fraction, no exponent, no `-0`), no lone surrogates, bounded size, depth and number of values.
 *
 * Throws {@link JsonError}. Source: RFC 8259; the refusals are those on which TUF clients are known to disagree.
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits = defaultJsonLimits): JsonValue {
  if (bytes.length > limits.maxBytes) {
    throw new JsonError('JSON_SIZE', `the document has ${bytes.length} bytes, more than ${limits.maxBytes}`);
  }
  const scan = scanTokens(bytes, limits.maxDepth);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    throw new JsonError('JSON_ENCODING', 'the document is not valid UTF-8', { cause });
  }
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new JsonError('JSON_SYNTAX', 'the document is not valid JSON', { cause });
  }
  // JSON.parse keeps the last of two equal names, so a document with duplicates has fewer members than it has colons.
  if (countMembers(value, scan.hasSurrogateEscape) !== scan.colons) {
    throw new JsonError('JSON_DUPLICATE_KEY', 'the document names a member twice in one object');
  }
  return value;
}

/** The own member `name` of `object`; `undefined` where there is none. Never an inherited one. */
export function member(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

export const isJsonObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isJsonArray = (value: JsonValue | undefined): value is readonly JsonValue[] =>
  Array.isArray(value);

/** `object` with `changes` laid over it; a change to `undefined` removes the member. `__proto__` is a name like any other. */
export function withMembers(
  object: JsonObject,
  changes: ReadonlyMap<string, JsonValue | undefined>,
): JsonObject {
  const members = new Map(Object.entries(object));
  for (const [name, value] of changes) {
    if (value === undefined) members.delete(name);
    else members.set(name, value);
  }
  return Object.fromEntries(members);
}

/** Equal as JSON values: member order does not count, array order does. */
export function jsonEqual(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (isJsonArray(a)) {
    return isJsonArray(b) && a.length === b.length && a.every((item, i) => jsonEqual(item, b[i]));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  // for-in and not Object.keys, here as below: a third of the time.
  let names = 0;
  for (const name in a) {
    if (!Object.hasOwn(b, name) || !jsonEqual(a[name], b[name])) return false;
    names++;
  }
  for (const _ in b) names--;
  return names === 0;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** One pass over the bytes before `JSON.parse` sees them: bounds depth and values, counts members, refuses non-integers. */
function scanTokens(bytes: Uint8Array, maxDepth: number): { colons: number; hasSurrogateEscape: boolean } {
  let colons = 0;
  let depth = 0;
  let values = 1;
  let hasSurrogateEscape = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    switch (byte) {
      case QUOTE:
        for (i++; i < bytes.length && bytes[i] !== QUOTE; i++) {
          if (bytes[i] !== BACKSLASH) continue;
          i++;
          // \uDxxx: may be half of a surrogate pair
          if (bytes[i] === 0x75 && ((bytes[i + 1] ?? 0) | 0x20) === 0x64) hasSurrogateEscape = true;
        }
        break;
      case 0x3a: // :
        colons++;
        break;
      case 0x2c: // ,
        values++;
        break;
      case 0x7b: // {
      case 0x5b: // [
        values++;
        if (++depth > maxDepth) {
          throw new JsonError('JSON_DEPTH', `the document nests deeper than ${maxDepth}`);
        }
        break;
      case 0x7d:
      case 0x5d:
        depth--;
        break;
      case 0x2e: // .
        throw new JsonError('JSON_NUMBER', 'the document holds a number with a fraction');
      case 0x65: // e
      case 0x45: // E
        if (isDigit(bytes[i - 1]) || bytes[i - 1] === 0x2e) {
          throw new JsonError('JSON_NUMBER', 'the document holds a number with an exponent');
        }
        break;
      case 0x2d: // -
        if (bytes[i + 1] === 0x30) {
          throw new JsonError('JSON_NUMBER', 'the document holds a number that starts with -0');
        }
        break;
      default:
    }
  }
  if (values > MAX_VALUES) {
    throw new JsonError('JSON_SIZE', `the document holds more than ${MAX_VALUES} values`);
  }
  return { colons, hasSurrogateEscape };
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

function countMembers(value: JsonValue, checkStrings: boolean): number {
  if (typeof value === 'string') {
    if (checkStrings && !value.isWellFormed()) throw loneSurrogate();
    return 0;
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) {
      throw new JsonError('JSON_NUMBER', 'the document holds an integer beyond 2^53 - 1');
    }
    return 0;
  }
  if (value === null || typeof value === 'boolean') return 0;
  let count = 0;
  if (isJsonArray(value)) {
    for (const item of value) count += countMembers(item, checkStrings);
    return count;
  }
  const object: JsonObject = value;
  // for-in and not Object.keys: a third of the time. Were anything inherited, the count would refuse the document.
  for (const name in object) {
    if (checkStrings && !name.isWellFormed()) throw loneSurrogate();
    count += 1 + countMembers(object[name] as JsonValue, checkStrings);
  }
  return count;
}

const loneSurrogate = (): JsonError =>
  new JsonError('JSON_ENCODING', 'the document holds half of a surrogate pair');
