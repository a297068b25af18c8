import { isJsonArray, type JsonObject, type JsonValue } from '../json.ts';
import { MetadataError } from './error.ts';

const NEEDS_ESCAPE = /["\\]/;
const ASTRAL = /[\ud800-\udfff]/;

/**
 * OLPC canonical JSON as UTF-8: members sorted by code point, no white space, only `"` and `\` escaped. These are the
 * bytes that a signature is over. Throws {@link MetadataError} `MALFORMED` for a number that is no safe integer.
 *
 * Source: TUF specification 1.0.34, section 4.2.
 */
export function canonicalJson(value: JsonValue): Uint8Array {
  const out: string[] = [];
  writeCanonical(value, out);
  return Buffer.from(out.join(''), 'utf8');
}

function writeCanonical(value: JsonValue, out: string[]): void {
  if (typeof value === 'string') {
    out.push(canonicalString(value));
  } else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) {
      throw new MetadataError('MALFORMED', 'canonical JSON has no numbers but integers of at most 53 bits');
    }
    out.push(String(value));
  } else if (value === null || typeof value === 'boolean') {
    out.push(String(value));
  } else if (isJsonArray(value)) {
    out.push('[');
    for (let i = 0; i < value.length; i++) {
      if (i > 0) out.push(',');
      writeCanonical(value[i] ?? null, out);
    }
    out.push(']');
  } else {
    const object: JsonObject = value;
    out.push('{');
    let separator = '';
    for (const name of sortedNames(object)) {
      out.push(separator, canonicalString(name), ':');
      writeCanonical(object[name] ?? null, out);
      separator = ',';
    }
    out.push('}');
  }
}

function canonicalString(text: string): string {
  return NEEDS_ESCAPE.test(text) ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : `"${text}"`;
}

/** Member names sorted by code point. JavaScript's own order is by UTF-16 unit, which differs beyond U+FFFF. */
export function sortedNames(object: JsonObject): readonly string[] {
  const names = Object.keys(object);
  for (let i = 1; i < names.length; i++) {
    if (compareCodePoints(names[i - 1] ?? '', names[i] ?? '') > 0) return names.sort(compareCodePoints);
  }
  return names;
}

/** Orders strings by Unicode code point, as Python and Go do. */
export function compareCodePoints(a: string, b: string): number {
  if (a === b) return 0;
  if (ASTRAL.test(a) || ASTRAL.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}
