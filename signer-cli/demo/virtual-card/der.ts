import { encodeTlv } from '../../../src/signers/piv/tlv.ts';

/** The little DER that certificates need. Source: ITU-T X.690. */

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => encodeTlv(0x30, ...parts);
export const octets = (bytes: Uint8Array): Uint8Array => encodeTlv(0x04, bytes);
export const utf8 = (text: string): Uint8Array => encodeTlv(0x0c, Buffer.from(text));
/** A BIT STRING of whole bytes. */
export const bits = (bytes: Uint8Array): Uint8Array => encodeTlv(0x03, Uint8Array.of(0), bytes);

/** A number that is not negative, in as few bytes as it needs. */
export function integer(value: bigint): Uint8Array {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  const bytes = Buffer.from(even, 'hex');
  return (bytes[0] ?? 0) >= 0x80 ? encodeTlv(0x02, Uint8Array.of(0), bytes) : encodeTlv(0x02, bytes);
}

/** Object identifier from its dotted form. Source: X.690 section 8.19. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const groups = [first * 40 + second, ...rest].map(arc => {
    const bytes = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) bytes.unshift((left & 0x7f) | 0x80);
    return bytes;
  });
  return encodeTlv(0x06, Uint8Array.from(groups.flat()));
}

/** `YYYYMMDDHHMMSSZ`; UTCTime up to 2049, GeneralizedTime from 2050 on. Source: RFC 5280 section 4.1.2.5. */
export const time = (text: string): Uint8Array =>
  text < '2050' ? encodeTlv(0x17, Buffer.from(text.slice(2))) : encodeTlv(0x18, Buffer.from(text));

/** A Name of one attribute, commonName (2.5.4.3). Source: RFC 5280 section 4.1.2.4. */
export const commonName = (text: string): Uint8Array =>
  sequence(encodeTlv(0x31, sequence(oid('2.5.4.3'), utf8(text))));

export const toNumber = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);

/** `value` in exactly `length` bytes, big-endian. */
export const toBytes = (value: bigint, length: number): Buffer =>
  Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex');
