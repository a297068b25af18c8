import type { JsonValue } from '../json.ts';
import { stringifySorted } from './canonical.ts';

/**
 * A document as it lies in the repository: ASCII JSON, one space of indent a level, members sorted by code point, no
 * newline at the end. The peers of this format write the same bytes. `indent` 2 is the invitation file's. Throws
 * {@link MetadataError} `MALFORMED` for what `parseJson` would not read back as it was.
 *
 * Source: CPython's `json.dumps(…, indent=1, separators=(',', ': '), sort_keys=True)`, as python-tuf's JSONSerializer.
 */
export function serializeJson(value: JsonValue, indent = 1): Uint8Array {
  return Buffer.from(escapeNonAscii(stringifySorted(value, indent)), 'latin1');
}

/** JSON text in printable ASCII: what is beyond it can only stand in strings, where `\uXXXX` means the same. */
export const escapeNonAscii = (json: string): string =>
  json.replace(/[\u007f-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
