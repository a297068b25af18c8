import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  verify,
  X509Certificate,
} from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CARD_ALGORITHMS } from '../../signer-cli/demo/virtual-card/algorithms.ts';
import type { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import { required } from '../../src/errors.ts';
import {
  ask,
  generate,
  getObject,
  openedCard,
  type Reply,
  sign,
  signature,
  tlv,
  value,
  verifyPin,
} from './host.ts';

const MESSAGE = Buffer.from('what the card signs');
const NEW = [5, 7, 1] as const;

interface Row {
  readonly name: string;
  readonly id: number;
  readonly slot: number;
  readonly make: () => KeyObject;
  readonly publicKey: (template: Buffer) => KeyObject;
  readonly isSigned: (signature: Buffer, key: KeyObject) => boolean;
  readonly challenge: (key: KeyObject) => Buffer;
  readonly parts: (key: KeyObject) => Buffer;
}

const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');

const ecRow = (name: 'P-256' | 'P-384', id: number, slot: number, hash: string, size: number): Row => ({
  name,
  id,
  slot,
  make: () => generateKeyPairSync('ec', { namedCurve: name }).privateKey,
  publicKey: template => {
    const point = value(template, 0x86).subarray(1);
    const [x, y] = [point.subarray(0, size), point.subarray(size)].map(part => part.toString('base64url'));
    return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: name, x: x ?? '', y: y ?? '' } });
  },
  challenge: () => createHash(hash).update(MESSAGE).digest(),
  isSigned: (made, key) => verify(hash, MESSAGE, key, made),
  parts: key => tlv(0x06, bytes(key.export({ format: 'jwk' }).d)),
});

const rsaRow = (size: number, id: number, slot: number): Row => ({
  name: `RSA-${size}`,
  id,
  slot,
  make: () => generateKeyPairSync('rsa', { modulusLength: size }).privateKey,
  publicKey: template =>
    createPublicKey({
      format: 'jwk',
      key: {
        kty: 'RSA',
        n: value(template, 0x81).toString('base64url'),
        e: value(template, 0x82).toString('base64url'),
      },
    }),
  challenge: () => Buffer.concat([Uint8Array.of(0, 1), Buffer.alloc(size / 8 - 2, 0x5a)]),
  isSigned: (made, key) =>
    publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, made).equals(
      Buffer.concat([Uint8Array.of(0, 1), Buffer.alloc(size / 8 - 2, 0x5a)]),
    ),
  parts: key => {
    const { p, q, dp, dq, qi } = key.export({ format: 'jwk' });
    return Buffer.concat([p, q, dp, dq, qi].map((part, index) => tlv(index + 1, bytes(part))));
  },
});

const ROWS: readonly Row[] = [
  ecRow('P-256', 0x11, 0x9c, 'sha256', 32),
  ecRow('P-384', 0x14, 0x9a, 'sha384', 48),
  {
    name: 'Ed25519',
    id: 0xe0,
    slot: 0x95,
    make: () => generateKeyPairSync('ed25519').privateKey,
    publicKey: template =>
      createPublicKey({
        format: 'jwk',
        key: { kty: 'OKP', crv: 'Ed25519', x: value(template, 0x86).toString('base64url') },
      }),
    challenge: () => MESSAGE,
    isSigned: (made, key) => verify(null, MESSAGE, key, made),
    parts: key => tlv(0x07, bytes(key.export({ format: 'jwk' }).d)),
  },
  rsaRow(2048, 0x07, 0x9d),
  rsaRow(3072, 0x05, 0x82),
  rsaRow(4096, 0x16, 0x9e),
];

const signWith = (card: VirtualCard, row: Row, key: KeyObject): Reply => {
  verifyPin(card);
  return sign(card, row.id, row.slot, row.challenge(key));
};

describe.each(ROWS)('$name', row => {
  it('is generated, described and used', { timeout: 60_000 }, () => {
    const card = openedCard({ firmware: NEW });
    const made = generate(card, row.id, row.slot);
    expect(made.sw).toBe('9000');
    const key = row.publicKey(value(made.data, 0x7f49));
    expect(card.publicKey(row.slot)?.equals(key)).toBe(true);
    const metadata = ask(card, 0xf7, 0, row.slot).data;
    expect([...value(metadata, 0x01), ...value(metadata, 0x03)]).toEqual([row.id, 1]);
    expect(row.publicKey(value(metadata, 0x04)).equals(key)).toBe(true);
    expect(row.isSigned(signature(signWith(card, row, key)), key)).toBe(true);
  });

  // Larger RSA keys go the same way, and take seconds to make.
  it.skipIf(row.id === 0x05 || row.id === 0x16)('is imported and used; bad parts are refused', () => {
    const card = openedCard({ firmware: NEW });
    const privateKey = row.make();
    const key = createPublicKey(privateKey);
    const parts = row.parts(privateKey);
    expect(ask(card, 0xfe, row.id, row.slot, parts.subarray(0, -1)).sw).toBe('6a80');
    expect(ask(card, 0xfe, row.id, row.slot, Buffer.concat([parts, tlv(0xaa, [2])])).sw).toBe('9000');
    const metadata = ask(card, 0xf7, 0, row.slot).data;
    expect([...value(metadata, 0x02), ...value(metadata, 0x03)]).toEqual([2, 1, 2]);
    expect(row.isSigned(signature(signWith(card, row, key)), key)).toBe(true);
    expect(ask(card, 0xf9, row.slot).sw).toBe('6a80');
  });
});

describe('what does not fit', () => {
  it('a key that the firmware has not', () => {
    const card = openedCard({ firmware: [5, 4, 3] });
    const old = openedCard({ firmware: [3, 4, 0] });
    expect([0xe0, 0x05, 0x16, 0x06, 0x99].map(id => generate(card, id, 0x9c).sw)).toEqual(
      Array.from({ length: 5 }, () => '6a80'),
    );
    expect([generate(old, 0x14, 0x9c).sw, generate(old, 0x11, 0x9c, tlv(0xaa, [2])).sw]).toEqual([
      '6a80',
      '6a80',
    ]);
    expect(generate(old, 0x11, 0x9c).sw).toBe('9000');
  });

  it('a slot that is none, a policy that is none, no management key', () => {
    const card = openedCard();
    expect([0x04, 0x81, 0x96, 0x9b].map(slot => generate(card, 0x11, slot).sw)).toEqual(
      Array.from({ length: 4 }, () => '6a86'),
    );
    expect(generate(card, 0x11, 0x9c, tlv(0xab, [4])).sw).toBe('6a80');
    card.reset();
    ask(card, 0xa4, 4, 0, Buffer.from('a000000308', 'hex'));
    expect([generate(card, 0x11, 0x9c).sw, ask(card, 0xfe, 0x11, 0x9c, tlv(6, [1])).sw]).toEqual([
      '6982',
      '6982',
    ]);
  });

  it('a challenge of another size, or for another algorithm', () => {
    const card = openedCard({ firmware: NEW });
    const rsa = required(
      ROWS.find(row => row.name === 'RSA-2048'),
      'row',
    ).make();
    card.putKey(0x9a, rsa, { pinPolicy: 1 });
    card.putKey(0x9d, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, { pinPolicy: 1 });
    card.putKey(0x9e, generateKeyPairSync('ed25519').privateKey);
    expect([
      sign(card, 0x07, 0x9a, Buffer.alloc(255)).sw,
      sign(card, 0x07, 0x9a, Buffer.alloc(256, 0xff)).sw,
      sign(card, 0x11, 0x9a, Buffer.alloc(32)).sw,
      sign(card, 0x11, 0x9d, Buffer.alloc(33)).sw,
      sign(card, 0xe0, 0x9e, Buffer.alloc(4_000)).sw,
      sign(card, 0x11, 0x9c, Buffer.alloc(32)).sw,
    ]).toEqual(['6a80', '6a80', '6a80', '6a80', '6700', '6a86']);
    expect(sign(card, 0xe0, 0x9e, Buffer.alloc(2_900)).sw).toBe('9000');
  });
});

it('puts a key of any kind, with a certificate of its own', () => {
  const card = openedCard();
  for (const row of ROWS.slice(0, 4)) {
    const privateKey = row.make();
    card.putKey(0x9a, privateKey, { touchPolicy: 3, origin: 'imported' });
    const object = value(getObject(card, '5fc105').data, 0x53);
    const certificate = new X509Certificate(value(object, 0x70));
    expect(certificate.verify(createPublicKey(privateKey))).toBe(true);
  }
  expect(() => card.putKey(0x80, required(ROWS[0], 'row').make())).toThrow(RangeError);
  expect(() => card.putKey(0x9a, generateKeyPairSync('ed448').privateKey)).toThrow(RangeError);
  expect(CARD_ALGORITHMS.map(({ name }) => name)).toEqual(ROWS.map(({ name }) => name));
});
