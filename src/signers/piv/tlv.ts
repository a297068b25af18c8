import { CardError } from './error.ts';

/** One BER-TLV data object. `value` is a view into what was decoded. */
export interface Tlv {
  /** The tag's bytes read as one big-endian number: 0x7c, 0x5fc10a. */
  readonly tag: number;
  readonly value: Uint8Array;
}

const MAX_TAG_BYTES = 3;

/**
 * Decodes a sequence of BER-TLV objects that fills `bytes`. Strict: tags of at most 3 bytes, definite lengths of at most
 * 65,535 in their shortest form, nothing left over. Throws {@link CardError} `CARD_REPLY`.
 * Source: ISO/IEC 7816-4 section 5.2.2; NIST SP 800-73-4 part 2 uses no longer forms.
 */
export function decodeTlv(bytes: Uint8Array): readonly Tlv[] {
  const found: Tlv[] = [];
  let at = 0;
  const next = (): number => {
    const byte = bytes[at];
    if (byte === undefined) throw malformed('it ends in the middle of a data object');
    at += 1;
    return byte;
  };
  while (at < bytes.length) {
    const tag = readTag(next);
    const length = readLength(next);
    if (length > bytes.length - at) throw malformed('a data object is longer than the reply');
    found.push({ tag, value: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}

function readTag(next: () => number): number {
  let tag = next();
  if ((tag & 0x1f) !== 0x1f) return tag;
  for (let length = 2; length <= MAX_TAG_BYTES; length += 1) {
    const byte = next();
    if (length === 2 && (byte & 0x7f) === 0) throw malformed('a tag is padded');
    tag = tag * 0x100 + byte;
    if (byte < 0x80) return tag;
  }
  throw malformed('a tag has more than 3 bytes');
}

function readLength(next: () => number): number {
  const first = next();
  if (first < 0x80) return first;
  const length = first === 0x81 ? next() : first === 0x82 ? next() * 0x100 + next() : undefined;
  if (length === undefined) throw malformed('a length is indefinite or too long');
  if (length < (first === 0x81 ? 0x80 : 0x100)) throw malformed('a length is not in its shortest form');
  return length;
}

/** The value of the only object `tag`; `undefined` where there is none. Throws `CARD_REPLY` where there are two. */
export function findTlv(objects: readonly Tlv[], tag: number): Uint8Array | undefined {
  const matches = objects.filter(object => object.tag === tag);
  if (matches.length > 1) throw malformed(`data object ${tag.toString(16)} is there twice`);
  return matches[0]?.value;
}

/** As {@link findTlv}, but the object has to be there. */
export function requireTlv(objects: readonly Tlv[], tag: number): Uint8Array {
  const value = findTlv(objects, tag);
  if (value === undefined) throw malformed(`data object ${tag.toString(16)} is missing`);
  return value;
}

/** Puts `parts` together in a fresh array. Not Buffer.concat: its result may lie in Node's shared pool, and this can hold a secret. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Encodes one object; the value is the parts put together, at most 65,535 bytes. A fresh array: the caller may zero it. */
export function encodeTlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length > 0xffff) throw new RangeError('a data object has at most 65,535 bytes');
  return concatBytes([Uint8Array.from([...bigEndian(tag), ...lengthBytes(length)]), ...parts]);
}

/** A tag or number in as few bytes as it needs, at least one. */
export function bigEndian(value: number): readonly number[] {
  const rest = Math.floor(value / 0x100);
  return rest === 0 ? [value] : [...bigEndian(rest), value % 0x100];
}

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

const malformed = (what: string): CardError =>
  new CardError('CARD_REPLY', `the card's reply can not be read: ${what}`);
