import { createPublicKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CARD_ALGORITHMS } from '../../../signer-cli/demo/virtual-card/algorithms.ts';
import { type Instant, parseInstant } from '../../../src/clock.ts';
import { required } from '../../../src/errors.ts';
import { ALGORITHMS } from '../../../src/signers/piv/algorithm.ts';
import {
  certificateKey,
  packCertificate,
  spkiOf,
  unpackCertificate,
} from '../../../src/signers/piv/certificate.ts';
import { CardError } from '../../../src/signers/piv/error.ts';
import { selfSignedCertificate } from '../../../src/signers/piv/self-signed.ts';
import { encodeTlv } from '../../../src/signers/piv/tlv.ts';
import { cardKey } from '../../support/card-private-keys.ts';

const at = (text: string): Instant => required(parseInstant(text), text);
const certify = (privateKey: KeyObject, notAfter = '2036-01-01T00:00:00Z'): Promise<Uint8Array> => {
  const publicKey = createPublicKey(privateKey);
  const algorithm = required(
    ALGORITHMS.find(row => row.accepts(publicKey)),
    'algorithm',
  );
  const card = required(
    CARD_ALGORITHMS.find(row => row.accepts(privateKey)),
    'algorithm',
  );
  return selfSignedCertificate({
    publicKey,
    algorithm,
    commonName: 'tuf-signer ünïcode',
    notBefore: at('2026-01-01T00:00:00Z'),
    notAfter: at(notAfter),
    sign: challenge => Promise.resolve(required(card.sign(privateKey, challenge), 'signature')),
  });
};

describe('selfSignedCertificate', () => {
  for (const algorithm of ALGORITHMS) {
    it(`is one that OpenSSL verifies: ${algorithm.name}`, async () => {
      const privateKey = cardKey(algorithm.name);
      const der = await certify(privateKey);
      const certificate = new X509Certificate(der);
      expect(certificate.verify(createPublicKey(privateKey))).toBe(true);
      expect(certificate.checkIssued(certificate)).toBe(true);
      expect(certificate.subject).toBe('CN=tuf-signer ünïcode');
      expect(certificate.validTo).toBe('Jan  1 00:00:00 2036 GMT');
      expect(certificateKey(der)?.equals(createPublicKey(privateKey))).toBe(true);
      expect(Buffer.from(spkiOf(der))).toEqual(
        createPublicKey(privateKey).export({ format: 'der', type: 'spki' }),
      );
    });
  }

  it('writes years from 2050 on in full', async () => {
    const der = await certify(cardKey('P-256'), '2051-02-03T04:05:06Z');
    expect(new X509Certificate(der).validTo).toBe('Feb  3 04:05:06 2051 GMT');
  });

  it('refuses a signature by another key', async () => {
    const other = cardKey('P-256');
    const outcome = selfSignedCertificate({
      publicKey: createPublicKey(cardKey('P-256')),
      algorithm: required(ALGORITHMS[0], 'P-256'),
      commonName: 'x',
      notBefore: at('2026-01-01T00:00:00Z'),
      notAfter: at('2027-01-01T00:00:00Z'),
      sign: challenge => Promise.resolve(sign('sha256', challenge, other)),
    });
    await expect(outcome).rejects.toMatchObject({ code: 'BAD_SIGNATURE' });
  });
});

/** A certificate as far as {@link spkiOf} looks, around any SubjectPublicKeyInfo. */
const around = (spki: Uint8Array): Uint8Array => {
  const any = encodeTlv(0x30);
  const fields = [encodeTlv(0xa0), encodeTlv(0x02, Uint8Array.of(1)), any, any, any, any, spki];
  return encodeTlv(0x30, encodeTlv(0x30, ...fields), any, encodeTlv(0x03));
};
const spki = (identifier: string, key: Uint8Array): Uint8Array =>
  encodeTlv(0x30, Buffer.from(identifier, 'hex'), encodeTlv(0x03, Uint8Array.of(0), key));
const P256_ID = '301306072a8648ce3d020106082a8648ce3d030107';
const refused = (der: Uint8Array): unknown => {
  try {
    return certificateKey(der);
  } catch (error) {
    return error instanceof CardError ? error.code : error;
  }
};

describe('certificateKey', () => {
  for (const [name, der, expected] of [
    [
      'a P-256 key at infinity, which ends a process on Node 20',
      around(spki(P256_ID, Uint8Array.of(0))),
      'CARD_REPLY',
    ],
    ['a P-256 key off the curve', around(spki(P256_ID, new Uint8Array(65).fill(4))), 'CARD_REPLY'],
    [
      'explicit curve parameters',
      around(spki('300d06072a8648ce3d020130020400', new Uint8Array(65))),
      undefined,
    ],
    ['X25519', around(spki('300506032b656e', new Uint8Array(32).fill(9))), undefined],
    [
      'a weak Ed25519 key',
      around(spki('300506032b6570', Uint8Array.of(1, ...new Uint8Array(31)))),
      'CARD_REPLY',
    ],
    ['nothing', new Uint8Array(0), 'CARD_REPLY'],
    ['no certificate', encodeTlv(0x30), 'CARD_REPLY'],
    ['a key cut short', around(encodeTlv(0x30, Buffer.from(P256_ID, 'hex'))), 'CARD_REPLY'],
  ] as const) {
    it(`refuses ${name}`, () => {
      expect(refused(der)).toBe(expected);
    });
  }

  it('reads a compressed point as the key it is', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const point = publicKey.export({ format: 'der', type: 'spki' }).subarray(-65);
    const compressed = Uint8Array.of(2 + ((point[64] ?? 0) & 1), ...point.subarray(1, 33));
    expect(certificateKey(around(spki(P256_ID, compressed)))?.equals(publicKey)).toBe(true);
  });

  it('refuses RSA of 1024 bits', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey;
    expect(certificateKey(around(weak.export({ format: 'der', type: 'spki' })))).toBeUndefined();
  });

  it('ends in a key, undefined or CARD_REPLY for every cut and every flipped byte', async () => {
    const der = await certify(cardKey('P-256'));
    for (let index = 0; index < der.length; index += 1) {
      const flipped = der.map((byte, at) => (at === index ? byte ^ 0x01 : byte));
      for (const bad of [der.subarray(0, index), flipped]) {
        const outcome = refused(bad);
        expect(outcome === undefined || outcome === 'CARD_REPLY' || typeof outcome === 'object').toBe(true);
        expect(outcome).not.toBeInstanceOf(Error);
      }
    }
  });
});

describe('the certificate object', () => {
  it('is unpacked, zipped or not', () => {
    const der = encodeTlv(0x30, new Uint8Array(100));
    expect(unpackCertificate(packCertificate(der))).toEqual(der);
    const zipped = [encodeTlv(0x70, gzipSync(der)), encodeTlv(0x71, Uint8Array.of(1)), encodeTlv(0xfe)];
    expect(unpackCertificate(Buffer.concat(zipped))).toEqual(Buffer.from(der));
    expect(unpackCertificate(encodeTlv(0x71, Uint8Array.of(0)))).toBeUndefined();
  });

  it('is refused where it would fill the memory, or is none', () => {
    const bomb = [encodeTlv(0x70, gzipSync(new Uint8Array(1_000_000))), encodeTlv(0x71, Uint8Array.of(1))];
    expect(() => unpackCertificate(Buffer.concat(bomb))).toThrow(CardError);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        for (const content of [bytes, encodeTlv(0x70, bytes)]) {
          try {
            const der = unpackCertificate(content);
            if (der !== undefined) certificateKey(der);
          } catch (error) {
            expect(error).toMatchObject({ code: 'CARD_REPLY' });
          }
        }
      }),
    );
  });
});
