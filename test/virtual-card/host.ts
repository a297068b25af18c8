import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { VirtualCard, type VirtualCardOptions } from '../../signer-cli/demo/virtual-card/card.ts';
import { DEFAULT_MANAGEMENT_KEY } from '../../signer-cli/demo/virtual-card/management.ts';

/** The smallest host that can drive a card, and shares no code with the real one. */
export interface Reply {
  readonly data: Buffer;
  /** In hex. */
  readonly sw: string;
}

/** BER-TLV with definite length. */
export function tlv(tag: number, ...parts: readonly (Uint8Array | readonly number[])[]): Buffer {
  const value = Buffer.concat(parts.map(part => Uint8Array.from(part)));
  const { length } = value;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(tag.toString(16).padStart(2, '0'), 'hex'), Uint8Array.from(head), value]);
}

/** The value of `tag` (of one or two bytes) at the top level of `bytes`. */
export function value(bytes: Buffer, tag: number): Buffer {
  for (let at = 0; at < bytes.length; ) {
    let found = bytes.readUInt8(at++);
    if ((found & 0x1f) === 0x1f) found = found * 0x100 + bytes.readUInt8(at++);
    let length = bytes.readUInt8(at++);
    if (length >= 0x80) {
      const size = length & 0x7f;
      length = bytes.readUIntBE(at, size);
      at += size;
    }
    if (found === tag) return bytes.subarray(at, at + length);
    at += length;
  }
  throw new Error(`no ${tag.toString(16)} in ${bytes.toString('hex')}`);
}

/** Sends one command, chained where it is long, and fetches the whole reply. */
export function ask(
  card: VirtualCard,
  ins: number,
  p1 = 0,
  p2 = 0,
  data: Uint8Array = Buffer.alloc(0),
): Reply {
  const header = [ins, p1, p2];
  let rest = Buffer.from(data);
  while (rest.length > 255) {
    const link = card.process(Uint8Array.of(0x10, ...header, 255, ...rest.subarray(0, 255)));
    if (Buffer.from(link).toString('hex') !== '9000') return split(link);
    rest = rest.subarray(255);
  }
  const last = rest.length === 0 ? [0, ...header, 0] : [0, ...header, rest.length, ...rest, 0];
  let reply = split(card.process(Uint8Array.from(last)));
  const parts = [reply.data];
  while (reply.sw.startsWith('61')) {
    reply = split(card.process(Uint8Array.of(0, 0xc0, 0, 0, 0)));
    parts.push(reply.data);
  }
  return { data: Buffer.concat(parts), sw: reply.sw };
}

const split = (bytes: Uint8Array): Reply => ({
  data: Buffer.from(bytes.subarray(0, -2)),
  sw: Buffer.from(bytes.subarray(-2)).toString('hex'),
});

const PIV = Buffer.from('a000000308', 'hex');

/** A card with the PIV applet selected; serial number 1 unless told otherwise. */
export function selectedCard(options: Partial<VirtualCardOptions> = {}): VirtualCard {
  const card = new VirtualCard({ serial: 1, ...options });
  ask(card, 0xa4, 4, 0, PIV);
  return card;
}

/** A selected card whose management key is authenticated. */
export function openedCard(options: Partial<VirtualCardOptions> = {}): VirtualCard {
  const card = selectedCard(options);
  const isNew = (options.firmware?.[1] ?? 4) >= 7;
  if (!authenticateManagement(card, isNew ? 0x0a : 0x03)) throw new Error('the management key is another');
  return card;
}

export const padded = (pin: string): Buffer => Buffer.from(pin.padEnd(8, '\xff'), 'latin1');
export const verifyPin = (card: VirtualCard, pin = '123456'): string =>
  ask(card, 0x20, 0, 0x80, padded(pin)).sw;
export const sign = (card: VirtualCard, id: number, slot: number, challenge: Uint8Array): Reply =>
  ask(card, 0x87, id, slot, tlv(0x7c, tlv(0x82), tlv(0x81, challenge)));
/** The signature in a reply of {@link sign}. */
export const signature = (reply: Reply): Buffer => value(value(reply.data, 0x7c), 0x82);
export const getObject = (card: VirtualCard, tag: string): Reply =>
  ask(card, 0xcb, 0x3f, 0xff, tlv(0x5c, Buffer.from(tag, 'hex')));
export const putObject = (card: VirtualCard, tag: string, content: Uint8Array): string =>
  ask(card, 0xdb, 0x3f, 0xff, Buffer.concat([tlv(0x5c, Buffer.from(tag, 'hex')), tlv(0x53, content)])).sw;
export const generate = (
  card: VirtualCard,
  id: number,
  slot: number,
  policies: Uint8Array = Buffer.alloc(0),
): Reply => ask(card, 0x47, 0, slot, tlv(0xac, tlv(0x80, [id]), policies));

const CIPHERS: ReadonlyMap<number, string> = new Map([
  [0x03, 'des-ede3-ecb'],
  [0x08, 'aes-128-ecb'],
  [0x0a, 'aes-192-ecb'],
  [0x0c, 'aes-256-ecb'],
]);

/** Mutual authentication. Source: NIST SP 800-73-4 part 2, appendix A.1. */
export function authenticateManagement(
  card: VirtualCard,
  id: number,
  key: Uint8Array = DEFAULT_MANAGEMENT_KEY,
): boolean {
  const cipher = CIPHERS.get(id) ?? '';
  const first = ask(card, 0x87, id, 0x9b, tlv(0x7c, tlv(0x80)));
  if (first.sw !== '9000') return false;
  const encrypted = value(value(first.data, 0x7c), 0x80);
  const decrypt = createDecipheriv(cipher, key, null).setAutoPadding(false);
  const witness = Buffer.concat([decrypt.update(encrypted), decrypt.final()]);
  const challenge = randomBytes(encrypted.length);
  const second = ask(card, 0x87, id, 0x9b, tlv(0x7c, tlv(0x80, witness), tlv(0x81, challenge)));
  if (second.sw !== '9000') return false;
  const encrypt = createCipheriv(cipher, key, null).setAutoPadding(false);
  const expected = Buffer.concat([encrypt.update(challenge), encrypt.final()]);
  return expected.equals(value(value(second.data, 0x7c), 0x82));
}
