import { isJsonArray, type JsonObject, type JsonValue } from '../json.ts';
import { sortedNames } from './canonical.ts';

/**
 * A document as it lies in the repository: ASCII JSON, one space of indent a level, members sorted by code point, no
 * newline at the end. The peers of this format write the same bytes. `indent` 2 is the invitation file's.
 */
export function serializeJson(value: JsonValue, indent = 1): Uint8Array {
  const out: string[] = [];
  write(value, '\n', ' '.repeat(indent), out);
  return Buffer.from(out.join(''), 'latin1');
}

function write(value: JsonValue, newline: string, step: string, out: string[]): void {
  if (typeof value === 'string') {
    out.push(asciiString(value));
  } else if (value === null || typeof value !== 'object') {
    out.push(String(value));
  } else if (isJsonArray(value)) {
    writeAll(value, '[', ']', newline, step, out, item => item);
  } else {
    const object: JsonObject = value;
    writeAll(sortedNames(object), '{', '}', newline, step, out, name => {
      out.push(asciiString(name), ': ');
      return object[name] ?? null;
    });
  }
}

function writeAll<T>(
  items: readonly T[],
  open: string,
  close: string,
  newline: string,
  step: string,
  out: string[],
  begin: (item: T) => JsonValue,
): void {
  if (items.length === 0) {
    out.push(open, close);
    return;
  }
  const inner = newline + step;
  let separator = open + inner;
  for (const item of items) {
    out.push(separator);
    write(begin(item), inner, step, out);
    separator = `,${inner}`;
  }
  out.push(newline, close);
}

const PLAIN = /^[ !#-[\]-~]*$/;

function asciiString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
