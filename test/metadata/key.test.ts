import { createPublicKey } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/json.ts';
import { MetadataError } from '../../src/metadata/error.ts';
import {
  computeKeyid,
  decodeKey,
  type PublicKey,
  publicKeyFingerprint,
  publicKeyOf,
  requirePublicKey,
} from '../../src/metadata/key.ts';
import { testKey } from '../support/test-keys.ts';
import { readVectors } from '../support/vectors.ts';

type PemName = 'p256' | 'p256ExplicitParameters' | 'p384' | 'secp256k1' | 'rsa1024' | 'rsa2048';
type HexName = 'p256CompressedHex' | 'p256UncompressedHex' | 'p384UncompressedHex';
const pems = readVectors('keys.json') as Readonly<Record<PemName | HexName, string>>;

const load = (keytype: string, scheme: string, publicText: string): PublicKey | MetadataError =>
  publicKeyOf(decodeKey('id', { keytype, scheme, keyval: { public: publicText } }, 'key'));

const loadP256 = (publicText: string): PublicKey | MetadataError =>
  load('ecdsa', 'ecdsa-sha2-nistp256', publicText);

const fingerprint = (result: PublicKey | MetadataError): string => {
  if (result instanceof MetadataError) throw result;
  return result.fingerprint;
};

const pemOf = (der: Buffer, label = 'PUBLIC KEY'): string =>
  `-----BEGIN ${label}-----\n${der.toString('base64')}\n-----END ${label}-----\n`;

const P256_ALGORITHM = '301306072a8648ce3d020106082a8648ce3d030107';
/** SubjectPublicKeyInfo of P-256 around any point, also one that is none. */
const p256Spki = (point: string): Buffer => {
  const bits = `03${hexByte(point.length / 2 + 1)}00${point}`;
  return Buffer.from(
    `30${hexByte((P256_ALGORITHM.length + bits.length) / 2)}${P256_ALGORITHM}${bits}`,
    'hex',
  );
};
const hexByte = (n: number): string => n.toString(16).padStart(2, '0');

describe('keyids', () => {
  const lance: JsonObject = {
    keytype: 'ecdsa',
    keyval: {
      public:
        '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMxpPOJCIZ5otG4106fGJseEQi3V9\npkMYQ4uyV9Tj1M7WHXIyLG+jkfvuG0glQ1JZbRZZBV3gAR4sojdGHISeow==\n-----END PUBLIC KEY-----\n',
    },
    scheme: 'ecdsa-sha2-nistp256',
    'x-tuf-on-ci-keyowner': '@lance',
  };
  const id = '183e64f37670dc13ca0d28995a3053f3740954ddce44321a41e46534cf44e632';

  it('are those of a root signer of Sigstore', () => expect(computeKeyid(lance)).toBe(id));

  it('do not depend on the order of members', () => {
    expect(computeKeyid(Object.fromEntries(Object.entries(lance).toReversed()))).toBe(id);
  });

  it.each<[string, JsonObject]>([
    ['another owner', { ...lance, 'x-tuf-on-ci-keyowner': '@mallory' }],
    ['an unknown member', { ...lance, 'x-else': null }],
    ['__proto__ as a member', JSON.parse('{"__proto__":1}') as JsonObject],
  ])('depend on %s', (_, raw) => expect(computeKeyid(raw)).not.toBe(id));

  it('of test keys never change, for goldens are signed with them', () => {
    expect(testKey(0).keyid.slice(0, 16)).toMatchInlineSnapshot(`"8902e0865ec5f1c4"`);
    expect(testKey(0, { owner: '@a' }).keyid.slice(0, 16)).toMatchInlineSnapshot(`"d87501d54aca4bc9"`);
    expect(testKey(1, { kind: 'ed25519', onlineUri: 'file:x' }).keyid.slice(0, 16)).toMatchInlineSnapshot(
      `"780bbeb4d5033970"`,
    );
  });
});

describe('a public key', () => {
  it.each([
    ['PEM with a compressed point', pemOf(p256Spki(pems.p256CompressedHex))],
    ['a point in hex', pems.p256UncompressedHex],
    ['PEM with other line ends', pems.p256.replaceAll('\n', '\r\n')],
    ['PEM on one line', pemOf(p256Spki(pems.p256UncompressedHex))],
    ['PEM without the last line end', pems.p256.trimEnd()],
    ['PEM with white space around it', `\n ${pems.p256}\n`],
  ])('has one fingerprint, also as %s', (_, text) => {
    expect(fingerprint(loadP256(text))).toBe(fingerprint(loadP256(pems.p256)));
  });

  it('has one fingerprint under either keytype', () => {
    const legacy = load('ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp256', pems.p256);
    expect(fingerprint(legacy)).toBe(fingerprint(loadP256(pems.p256)));
    const p384 = load('ecdsa', 'ecdsa-sha2-nistp384', pems.p384);
    expect(fingerprint(load('ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp384', pems.p384UncompressedHex))).toBe(
      fingerprint(p384),
    );
  });

  it('has the fingerprint that a card reader gives for it', () => {
    expect(fingerprint(loadP256(pems.p256))).toBe(publicKeyFingerprint(createPublicKey(pems.p256)));
  });

  it('is a value or an error, and the same each time', () => {
    const good = testKey(3).key;
    expect(requirePublicKey(good)).toBe(publicKeyOf(good));
    const bad = decodeKey('id', { keytype: 'x', scheme: 'y', keyval: { public: '' } }, 'key');
    expect(publicKeyOf(bad)).toBe(publicKeyOf(bad));
    expect(() => requirePublicKey(bad)).toThrow(/keytype x with scheme y is not supported/);
  });

  const E1 = createPublicKey({
    format: 'jwk',
    key: { kty: 'RSA', e: 'AQ', n: createPublicKey(pems.rsa2048).export({ format: 'jwk' }).n ?? '' },
  }).export({ format: 'pem', type: 'spki' }) as string;
  const [P256, P384, ED, RSA] = [
    ['ecdsa', 'ecdsa-sha2-nistp256'],
    ['ecdsa', 'ecdsa-sha2-nistp384'],
    ['ed25519', 'ed25519'],
    ['rsa', 'rsassa-pss-sha256'],
  ] as const;

  it.each<[string, readonly [string, string], string]>([
    ['an unknown keytype', ['dsa', 'dsa-sha1'], pems.p256],
    ['an unknown scheme', ['rsa', 'rsa-pkcs1v15-sha512'], pems.rsa2048],
    ['a scheme of another keytype', ['rsa', 'ecdsa-sha2-nistp256'], pems.p256],
    ['a keytype and scheme with another gap between them', ['ecdsa ecdsa-sha2-nistp256', ''], pems.p256],
    ['a name of JavaScript', ['__proto__', 'constructor'], pems.p256],
    ['no key', P256, ''],
    ['a P-384 key as P-256', P256, pems.p384],
    ['a P-256 key as P-384', P384, pems.p256],
    ['a P-384 point in hex as P-256', P256, pems.p384UncompressedHex],
    ['another curve', P256, pems.secp256k1],
    ['an RSA key as P-256', P256, pems.rsa2048],
    ['a P-256 key as RSA', RSA, pems.p256],
    ['explicit curve parameters', P256, pems.p256ExplicitParameters],
    ['the point at infinity, which aborts Node 20', P256, pemOf(p256Spki('00'))],
    ['the point at infinity as RSA', RSA, pemOf(p256Spki('00'))],
    ['an empty point', P256, pemOf(p256Spki(''))],
    ['a point beside the curve', P256, `04${'07'.repeat(64)}`],
    ['a point beside the curve as PEM', P256, pemOf(p256Spki(`04${'07'.repeat(64)}`))],
    ['a hybrid point', P256, pemOf(p256Spki(`06${pems.p256UncompressedHex.slice(2)}`))],
    ['a hybrid point in hex', P256, `06${pems.p256UncompressedHex.slice(2)}`],
    ['capital hex', P256, pems.p256UncompressedHex.toUpperCase()],
    ['hex cut short', P256, pems.p256UncompressedHex.slice(2)],
    ['bytes behind the key', P256, pemOf(Buffer.concat([p256Spki(pems.p256UncompressedHex), Buffer.of(0)]))],
    ['a key cut short', P256, pemOf(p256Spki(pems.p256UncompressedHex).subarray(0, -1))],
    ['PEM of another label', P256, pemOf(p256Spki(pems.p256UncompressedHex), 'EC PUBLIC KEY')],
    ['text before the PEM', P256, `x${pems.p256}`],
    ['text behind the PEM', P256, `${pems.p256}x`],
    ['two PEMs', P256, pems.p256 + pems.p256],
    ['a private key', P256, testKey(0).privatePem],
    ['a private key behind the public one', P256, pems.p256 + testKey(0).privatePem],
    ['a PEM that never ends', P256, `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(1_000_000)}`],
    ['RSA of 1024 bits', RSA, pems.rsa1024],
    ['RSA with the exponent 1', RSA, E1],
    ['bytes behind an RSA key', RSA, pemOf(Buffer.concat([derOf(pems.rsa2048), Buffer.of(0)]))],
    ['ed25519 as PEM', ED, pems.p256],
    ['ed25519 of 31 bytes', ED, 'a'.repeat(62)],
    ['ed25519 in capitals', ED, testKey(0, { kind: 'ed25519' }).key.publicText.toUpperCase()],
    ['the neutral element of ed25519, for which anyone can sign', ED, `01${'00'.repeat(31)}`],
    ['the neutral element of ed25519 with its sign set', ED, `01${'00'.repeat(30)}80`],
    ['a point of order 2', ED, `ec${'ff'.repeat(30)}7f`],
    ['a point of order 4', ED, '00'.repeat(32)],
    ['a point of order 8', ED, '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['another point of order 8', ED, 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'],
    ['an ed25519 point written a second way', ED, `ee${'ff'.repeat(30)}7f`],
  ])('is not %s', (_, [keytype, scheme], text) => {
    const result = load(keytype, scheme, text);
    expect(result).toBeInstanceOf(MetadataError);
    expect(result).toMatchObject({ code: 'BAD_KEY' });
  });

  it('is not what a mutation makes of it, and no mutation crashes', () => {
    const [ec, rsa] = [derOf(pems.p256), derOf(pems.rsa2048)];
    fc.assert(
      fc.property(fc.nat(), fc.nat(255), fc.nat(100), (at, byte, cut) => {
        const mutate = (der: Buffer): Buffer => {
          const mutated = Buffer.from(der.subarray(0, der.length - (cut < 20 ? cut : 0)));
          mutated[at % mutated.length] = byte;
          return mutated;
        };
        const mutated = mutate(ec);
        if (!(load(...P256, pemOf(mutated)) instanceof MetadataError)) expect(mutated.equals(ec)).toBe(true);
        // Many a changed modulus is a modulus again.
        load(...RSA, pemOf(mutate(rsa)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('never brings its own words into a message unescaped', () => {
    const hostile = '\u001b[2J\u202e\n';
    const raw = { keytype: hostile, scheme: hostile, keyval: { public: '' } };
    expect((publicKeyOf(decodeKey(hostile, raw, 'key')) as MetadataError).message).toMatch(/^[ -~]+$/);
  });
});

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[A-Z ]+-----/g, ''), 'base64');
}

describe('decodeKey', () => {
  const good = { keytype: 'ecdsa', scheme: 's', keyval: { public: 'p', extra: 1 }, 'x-else': [1] };

  it('keeps what it does not know', () => {
    expect(decodeKey('id', good, 'key').raw).toBe(good);
    expect(decodeKey('id', good, 'key')).toMatchObject({ owner: undefined, onlineUri: undefined });
  });

  it.each<[string, JsonValue]>([
    ['a list', []],
    ['null', null],
    ['no keytype', { ...good, keytype: null }],
    ['a scheme that is a list', { ...good, scheme: ['s'] }],
    ['no keyval', { keytype: 'k', scheme: 's' }],
    ['a keyval that is text', { ...good, keyval: 'p' }],
    ['a public value that is inherited', { ...good, keyval: {} }],
    ['an owner that is no text', { ...good, 'x-tuf-on-ci-keyowner': 1 }],
    ['an owner that is null', { ...good, 'x-tuf-on-ci-keyowner': null }],
    ['an online URI that is no text', { ...good, 'x-tuf-on-ci-online-uri': {} }],
  ])('refuses %s', (_, raw) => {
    expect(() => decodeKey('id', raw, 'signed.keys.id')).toThrow(/^signed\.keys\.id: /);
  });
});
