import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MetadataError } from '../../src/metadata/error.ts';
import { decodeKey, type PublicKey, publicKeyOf } from '../../src/metadata/key.ts';
import { testKey } from '../support/test-keys.ts';

const load = (keytype: string, scheme: string, publicText: string): PublicKey | MetadataError =>
  publicKeyOf(decodeKey('id', { keytype, scheme, keyval: { public: publicText } }, 'key'));

const base64url = (value: bigint): string => {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
};

/** PEM of an RSA key with the exponent `e` and a modulus of so many bits: odd, and otherwise any number. */
function rsa(bits: number, e: bigint): string {
  const key: JsonWebKey = { kty: 'RSA', e: base64url(e), n: base64url(2n ** BigInt(bits - 1) + 12_345n) };
  return createPublicKey({ key, format: 'jwk' }).export({ format: 'pem', type: 'spki' }) as string;
}

describe('an RSA key', () => {
  const rows: readonly (readonly [string, number, bigint, boolean])[] = [
    ['of a bit less than 2048', 2_047, 65_537n, false],
    ['of 2048 bits', 2_048, 65_537n, true],
    ['of 8192 bits', 8_192, 65_537n, true],
    ['of a bit more', 8_193, 65_537n, false],
    ['with the exponent 1, for which anyone can sign', 2_048, 1n, false],
    ['with the exponent 2', 2_048, 2n, false],
    ['with the exponent 3', 2_048, 3n, true],
    ['with an even exponent', 2_048, 65_536n, false],
    ['with the largest exponent of 32 bits', 2_048, 2n ** 32n - 1n, true],
    ['with an exponent beyond 32 bits', 2_048, 2n ** 32n + 1n, false],
  ];
  it.each(rows)('%s', (_, bits, e, expected) => {
    const key = load('rsa', 'rsassa-pss-sha256', rsa(bits, e));
    expect(key instanceof MetadataError ? key.message : true).toEqual(
      expected || expect.stringContaining('does not fit rsassa-pss-sha256'),
    );
  });
});

describe('an EC key', () => {
  const keys = Array.from({ length: 12 }, (_, index) => createPublicKey(testKey(index).privateKey));
  const point = (key: (typeof keys)[number], compressed: boolean): Buffer => {
    const { x = '', y = '' } = key.export({ format: 'jwk' });
    const [left, right] = [x, y].map(text => Buffer.from(text, 'base64url')) as [Buffer, Buffer];
    return compressed
      ? Buffer.concat([Buffer.of(2 + ((right.at(-1) ?? 0) & 1)), left])
      : Buffer.concat([Buffer.of(4), left, right]);
  };
  const pem = (bytes: Buffer): string => {
    const bits = Buffer.concat([Buffer.of(3, bytes.length + 1, 0), bytes]);
    const algorithm = Buffer.from('301306072a8648ce3d020106082a8648ce3d030107', 'hex');
    const der = Buffer.concat([Buffer.of(0x30, algorithm.length + bits.length), algorithm, bits]);
    return `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
  };

  it('is one key, compressed to either sign or not', () => {
    const signs = new Set<number>();
    for (const key of keys) {
      const short = point(key, true);
      signs.add(short.readUInt8());
      const [a, b] = [short, point(key, false)].map(bytes =>
        load('ecdsa', 'ecdsa-sha2-nistp256', pem(bytes)),
      );
      if (a === undefined || a instanceof MetadataError) throw a ?? new Error('nothing was loaded');
      expect(b).toMatchObject({ fingerprint: a.fingerprint });
    }
    expect(signs).toEqual(new Set([2, 3]));
  });

  it('keeps the reason why it can not be read', () => {
    const key = load('ecdsa', 'ecdsa-sha2-nistp256', `04${'07'.repeat(64)}`);
    expect(key instanceof MetadataError && key.cause instanceof Error).toBe(true);
  });
});

describe('an Ed25519 key', () => {
  it('is not the zero written as the prime', () => {
    expect(load('ed25519', 'ed25519', `ed${'ff'.repeat(30)}7f`)).toBeInstanceOf(MetadataError);
  });
});
