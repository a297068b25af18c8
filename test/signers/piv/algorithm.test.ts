import { constants, createPublicKey, generateKeyPairSync, privateDecrypt, verify } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { required } from '../../../src/errors.ts';
import { ALGORITHMS, type AlgorithmName, unsignedInteger } from '../../../src/signers/piv/algorithm.ts';
import { emsaPkcs1, emsaPss } from '../../../src/signers/piv/padding.ts';
import { encodeTlv, type Tlv } from '../../../src/signers/piv/tlv.ts';
import { cardKey } from '../../support/card-private-keys.ts';

const algorithm = (name: AlgorithmName): (typeof ALGORITHMS)[number] =>
  required(
    ALGORITHMS.find(row => row.name === name),
    name,
  );
const point = (...bytes: readonly number[]): readonly Tlv[] => [{ tag: 0x86, value: Uint8Array.from(bytes) }];

describe('padding on the host, raw RSA on the card', () => {
  for (const bits of [2_048, 3_072, 4_096] as const) {
    it(`RSA-${bits}: PSS with salt 32 verifies, and so does PKCS #1 v1.5`, () => {
      const privateKey = cardKey(`RSA-${bits}`);
      const publicKey = createPublicKey(privateKey);
      const raw = (block: Uint8Array): Buffer =>
        privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, block);
      const message = Buffer.from('{"_type":"root"}');
      const pss = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
      expect(verify('sha256', message, pss, raw(emsaPss(message, bits)))).toBe(true);
      expect(verify('sha256', message, publicKey, raw(emsaPkcs1(message, bits)))).toBe(true);
    });
  }

  it('never exceeds the modulus, and its salt is fresh', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), message => {
        const block = emsaPss(message, 2_048);
        return block.length === 256 && (block[0] ?? 0xff) < 0x80 && block[255] === 0xbc;
      }),
      { numRuns: 50 },
    );
    expect(emsaPss(Buffer.from('a'), 2_048)).not.toEqual(emsaPss(Buffer.from('a'), 2_048));
  });
});

describe('public key templates', () => {
  const ed25519 = generateKeyPairSync('ed25519')
    .publicKey.export({ format: 'der', type: 'spki' })
    .subarray(-32);
  const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    .publicKey.export({ format: 'der', type: 'spki' })
    .subarray(-65);
  const rsa = createPublicKey(cardKey('RSA-2048'));
  const modulus = Buffer.from(required(rsa.export({ format: 'jwk' }).n, 'n'), 'base64url');
  const rsaTemplate = (n: Uint8Array, ...e: readonly number[]): readonly Tlv[] => [
    { tag: 0x81, value: n },
    { tag: 0x82, value: Uint8Array.from(e) },
  ];

  it('are read', () => {
    expect(algorithm('P-256').publicKey(point(...p256))?.asymmetricKeyType).toBe('ec');
    expect(algorithm('Ed25519').publicKey(point(...ed25519))?.asymmetricKeyType).toBe('ed25519');
    expect(
      algorithm('RSA-2048')
        .publicKey(rsaTemplate(modulus, 1, 0, 1))
        ?.equals(rsa),
    ).toBe(true);
    expect(
      algorithm('RSA-2048')
        .publicKey(rsaTemplate(modulus, 0, 1, 0, 1))
        ?.equals(rsa),
    ).toBe(true);
  });

  for (const [name, kind, template] of [
    ['the point at infinity', 'P-256', point(0)],
    ['the point at infinity of P-384', 'P-384', point(0)],
    ['zeros in the length of a point', 'P-256', point(4, ...new Uint8Array(64))],
    ['a point off the curve', 'P-256', point(...p256.subarray(0, 64), (p256[64] ?? 0) ^ 1)],
    ['a point of another curve', 'P-384', point(...p256)],
    ['a truncated point', 'P-256', point(...p256.subarray(0, 64))],
    ['a compressed point', 'P-256', point(2, ...p256.subarray(1, 33))],
    ['a hybrid point', 'P-256', point(6, ...p256.subarray(1))],
    ['no point', 'P-256', []],
    ['an Ed25519 key of small order', 'Ed25519', point(1, ...new Uint8Array(31))],
    ['an Ed25519 key that is too short', 'Ed25519', point(...ed25519.subarray(1))],
    ['a modulus of another length', 'RSA-3072', rsaTemplate(modulus, 1, 0, 1)],
    [
      'a modulus with a zero on top',
      'RSA-2048',
      rsaTemplate(Uint8Array.of(0, ...modulus.subarray(1)), 1, 0, 1),
    ],
    ['exponent 1', 'RSA-2048', rsaTemplate(new Uint8Array(256).fill(0xff), 1)],
    ['an even exponent', 'RSA-2048', rsaTemplate(new Uint8Array(256).fill(0xff), 2)],
    ['no exponent', 'RSA-2048', rsaTemplate(new Uint8Array(256).fill(0xff))],
    ['no modulus', 'RSA-2048', [{ tag: 0x82, value: Uint8Array.of(1, 0, 1) }]],
  ] as const) {
    it(`refuses ${name}`, () => {
      expect(algorithm(kind).publicKey(template)).toBeUndefined();
    });
  }

  it('never throw, whatever the bytes', () => {
    const lengths = fc.constantFrom(0, 1, 32, 33, 65, 97, 256);
    fc.assert(
      fc.property(
        lengths.chain(length => fc.uint8Array({ minLength: length, maxLength: length })),
        fc.uint8Array({ maxLength: 5 }),
        (value, exponent) => {
          const template = [
            { tag: 0x81, value },
            { tag: 0x82, value: exponent },
            { tag: 0x86, value },
          ];
          for (const row of ALGORITHMS) row.publicKey(template);
        },
      ),
    );
  });
});

it('refuses a message that no card takes, before it is sent anywhere', () => {
  expect(() => algorithm('Ed25519').challenge(new Uint8Array(70_000))).toThrow(
    expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }),
  );
});

it('writes integers as DER has them', () => {
  expect(unsignedInteger(Uint8Array.of(0, 0, 1))).toEqual(encodeTlv(0x02, Uint8Array.of(1)));
  expect(unsignedInteger(Uint8Array.of(0x80))).toEqual(encodeTlv(0x02, Uint8Array.of(0, 0x80)));
  expect(unsignedInteger(Uint8Array.of(0))).toEqual(encodeTlv(0x02, Uint8Array.of(0)));
});

it('gives keys that OpenSSL reads as they were', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
  const der = publicKey.export({ format: 'der', type: 'spki' });
  const read = algorithm('P-384').publicKey(point(...der.subarray(-97)));
  expect(read?.equals(createPublicKey(publicKey.export({ format: 'pem', type: 'spki' })))).toBe(true);
});
