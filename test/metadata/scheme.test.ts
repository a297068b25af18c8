import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MetadataError } from '../../src/metadata/error.ts';
import { decodeKey, type PublicKey, publicKeyOf, requirePublicKey } from '../../src/metadata/key.ts';
import { verifySignature } from '../../src/metadata/quorum.ts';
import { schemeOf } from '../../src/metadata/scheme.ts';
import { legacyVector } from '../support/legacy-vector.ts';
import {
  derSignature,
  ecPrivateKey,
  signDeterministically,
  type TestKey,
  type TestKeyKind,
  testCurves,
  testKey,
} from '../support/test-keys.ts';
import { readVectors } from '../support/vectors.ts';

const KINDS: readonly TestKeyKind[] = ['p256', 'p384', 'ed25519', 'rsa'];
const payload = Buffer.from('{"_type":"root"}');

const accepts = (by: TestKey, signature: Uint8Array | string, over: Uint8Array = payload): boolean =>
  verifySignature(
    requirePublicKey(by.key),
    over,
    typeof signature === 'string' ? signature : Buffer.from(signature).toString('hex'),
  );

describe.each(KINDS)('%s', kind => {
  const key = testKey(1, { kind });
  const good = Buffer.from(key.sign(payload));

  it('accepts its own signature', () => expect(accepts(key, good)).toBe(true));
  it('accepts one over nothing', () => {
    const empty = new Uint8Array();
    expect(accepts(key, key.sign(empty), empty)).toBe(true);
  });
  it("accepts one by Node's own signer", () => {
    const digest = { p256: 'sha256', p384: 'sha384', ed25519: null, rsa: 'sha256' }[kind];
    const options = kind === 'rsa' ? { key: key.privateKey, padding: 6, saltLength: 32 } : key.privateKey;
    expect(accepts(key, sign(digest, payload, options))).toBe(true);
  });

  it.each<[string, (good: Buffer) => Uint8Array | string]>([
    ['nothing', () => ''],
    ['one cut by a byte', s => s.subarray(0, -1)],
    ['one with a byte behind it', s => Buffer.concat([s, Buffer.of(0)])],
    ['one with a byte before it', s => Buffer.concat([Buffer.of(0), s])],
    ['one with a bit turned', s => Buffer.from(s.map((b, i) => (i === s.length - 1 ? b ^ 1 : b)))],
    ['zeros', s => Buffer.alloc(s.length)],
    ['a single byte', () => '00'],
    ['a megabyte', () => '30'.repeat(1_000_000)],
    ['an empty DER sequence', () => '3000'],
    ['DER of two zeros', () => '3006020100020100'],
    ['DER of endless length', () => '3080020101020101'],
    ['capital hex', s => `AB${s.toString('hex').toUpperCase()}`],
    ['hex of odd length', s => s.toString('hex').slice(1)],
    ['hex with a digit behind it', s => `${s.toString('hex')}0`],
    ['hex with what is none behind it', s => `${s.toString('hex')}zz`],
    ['hex with a prefix', s => `0x${s.toString('hex')}`],
    ['hex with white space', s => `${s.toString('hex')}\n`],
    ['base64', s => s.toString('base64')],
    ['digits of another script', () => '\u0661\u0662'],
  ])('refuses %s', (_, make) => expect(accepts(key, make(good))).toBe(false));

  it('refuses a signature over something else', () => {
    expect(accepts(key, good, Buffer.from('{"_type":"root" }'))).toBe(false);
  });

  it("refuses another key's signature", () => {
    for (const other of KINDS.filter(o => o !== kind)) {
      expect(accepts(key, testKey(1, { kind: other }).sign(payload)), other).toBe(false);
    }
    if (kind !== 'rsa') expect(accepts(key, testKey(2, { kind }).sign(payload))).toBe(false);
  });
});

describe('digests and encodings', () => {
  it.each<[string, TestKeyKind, string]>([
    ['P-384 with SHA-256, as tuf-js does on Node 20', 'p384', 'sha256'],
    ['P-384 with SHA-512', 'p384', 'sha512'],
    ['P-256 with SHA-1', 'p256', 'sha1'],
    ['P-256 with SHA-384', 'p256', 'sha384'],
    ['RSA with PKCS#1 1.5 padding', 'rsa', 'sha256'],
  ])('refuses %s', (_, kind, digest) => {
    const key = testKey(1, { kind });
    expect(accepts(key, sign(digest, payload, key.privateKey))).toBe(false);
  });

  it('refuses ECDSA as r and s side by side', () => {
    const { privateKey } = testKey(1);
    const raw = sign('sha256', payload, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    expect(accepts(testKey(1), raw)).toBe(false);
  });

  it.each<[string, (r: bigint, s: bigint, n: bigint) => [bigint, bigint]]>([
    ['r of zero', (_r, s) => [0n, s]],
    ['s of zero', r => [r, 0n]],
    ['r of the order', (_r, s, n) => [n, s]],
    ['s beyond the order', (r, s, n) => [r, s + n]],
    ['r beyond the order', (r, s, n) => [r + n, s]],
    ['r and s exchanged', (r, s) => [s, r]],
  ])('refuses ECDSA with %s', (_, forge) => {
    const [r, s] = pointOf(testKey(1));
    expect(accepts(testKey(1), derSignature(...forge(r, s, testCurves.p256.order), 33))).toBe(false);
  });

  it('accepts either of the two values of s: one key counts once however it signed', () => {
    const [r, s] = pointOf(testKey(1));
    expect(accepts(testKey(1), derSignature(r, testCurves.p256.order - s, 32))).toBe(true);
  });

  function pointOf(key: TestKey): [bigint, bigint] {
    const raw = sign('sha256', payload, { key: key.privateKey, dsaEncoding: 'ieee-p1363' }).toString('hex');
    return [BigInt(`0x${raw.slice(0, 64)}`), BigInt(`0x${raw.slice(64)}`)];
  }
});

interface SignatureVectors {
  readonly payload: string;
  readonly cases: readonly {
    readonly name: string;
    readonly keytype: string;
    readonly scheme: string;
    readonly public: string;
    readonly sig: string;
  }[];
}

describe("signatures of Python's cryptography", () => {
  const vectors = readVectors('signatures.json') as SignatureVectors;
  it.each(vectors.cases)('$name', ({ keytype, scheme, public: publicText, sig }) => {
    const raw = { keytype, scheme, keyval: { public: publicText } };
    const key = requirePublicKey(decodeKey('id', raw, 'key'));
    expect(verifySignature(key, Buffer.from(vectors.payload), sig)).toBe(true);
    expect(verifySignature(key, Buffer.from(`${vectors.payload} `), sig)).toBe(false);
  });
});

describe('RSA with the old padding', () => {
  const { payload, public: publicText, sig } = legacyVector.pkcs1v15;
  const keyOf = (scheme: string): PublicKey =>
    requirePublicKey(decodeKey('id', { keytype: 'rsa', scheme, keyval: { public: publicText } }, 'key'));
  it('verifies what Python signed, and is marked as what nothing new may have', () => {
    const key = keyOf('rsa-pkcs1v15-sha256');
    expect(key.scheme.isLegacy).toBe(true);
    expect(verifySignature(key, Buffer.from(payload), sig)).toBe(true);
    expect(verifySignature(key, Buffer.from(`${payload} `), sig)).toBe(false);
    expect(verifySignature(key, Buffer.from(payload), sig.replace(/^../, '00'))).toBe(false);
  });
  it('is not taken for the new one, nor makes two keys of one', () => {
    expect(verifySignature(keyOf('rsassa-pss-sha256'), Buffer.from(payload), sig)).toBe(false);
    expect(keyOf('rsassa-pss-sha256').fingerprint).toBe(keyOf('rsa-pkcs1v15-sha256').fingerprint);
  });
});

/** Does this Node know such keys? 24.6 is the first. */
const knowsMlDsa = ((): boolean => {
  try {
    generateKeyPairSync('ml-dsa-44' as 'ed25519');
    return true;
  } catch {
    return false;
  }
})();

describe('ML-DSA as TAP 21 has it', () => {
  const vectors = readVectors('ml-dsa.json') as Omit<SignatureVectors, 'name'>;
  const keyOf = (scheme: string, publicText: string): PublicKey | MetadataError =>
    publicKeyOf(decodeKey('id', { keytype: 'ml-dsa', scheme, keyval: { public: publicText } }, 'key'));

  it('is known from Node 24.6 on', () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    expect(knowsMlDsa).toBe(major > 24 || (major === 24 && minor >= 6));
  });

  it.each(vectors.cases)('$scheme: what Python signed, or a word about the Node that it needs', row => {
    const key = keyOf(row.scheme, row.public);
    if (!knowsMlDsa) {
      expect(key).toMatchObject({ code: 'BAD_KEY', message: `key id: ${row.scheme} needs Node 24.6` });
      return;
    }
    if (key instanceof MetadataError) throw key;
    expect([key.scheme.name, key.scheme.isDraft]).toEqual([row.scheme, true]);
    expect(verifySignature(key, Buffer.from(vectors.payload), row.sig)).toBe(true);
    expect(verifySignature(key, Buffer.from(`${vectors.payload} `), row.sig)).toBe(false);
    expect(verifySignature(key, Buffer.from(vectors.payload), row.sig.replace(/^../, '00'))).toBe(false);
    expect(verifySignature(key, Buffer.from(vectors.payload), row.sig.slice(2))).toBe(false);
    expect(verifySignature(key, Buffer.from(vectors.payload), '')).toBe(false);
  });

  const [small, middle] = vectors.cases;
  const der = Buffer.from((small?.public ?? '').replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const pem = (bytes: Buffer): string =>
    `-----BEGIN PUBLIC KEY-----\n${bytes.toString('base64')}\n-----END PUBLIC KEY-----\n`;
  const at = (offset: number, byte: number): Buffer => {
    const other = Buffer.from(der);
    other[offset] = byte;
    return other;
  };
  it.each([
    ['a key of another level', 'ml-dsa-44/1', middle?.public ?? ''],
    ['a key under the scheme of another level', 'ml-dsa-65/1', small?.public ?? ''],
    ['a key that is cut short', 'ml-dsa-44/1', pem(der.subarray(0, -1))],
    ['a byte after the key', 'ml-dsa-44/1', pem(Buffer.concat([der, Buffer.of(0)]))],
    ['another algorithm', 'ml-dsa-44/1', pem(at(16, 0x1f))],
    ['bits left over', 'ml-dsa-44/1', pem(at(21, 1))],
    ['hex', 'ml-dsa-44/1', der.toString('hex')],
    ['nothing', 'ml-dsa-44/1', ''],
  ])('refuses %s on every Node', (_, scheme, text) => {
    expect(keyOf(scheme, text)).toMatchObject({
      code: 'BAD_KEY',
      message: 'key id: the public key can not be read',
    });
  });

  it.each(['ml-dsa-44', 'ml-dsa-44/2', 'ml-dsa-66/1', 'ML-DSA-44/1'])('knows no %s', scheme =>
    expect(schemeOf('ml-dsa', scheme)).toBeUndefined(),
  );
});

describe('the table of schemes', () => {
  it.each([
    ['ecdsa', 'ecdsa-sha2-nistp256'],
    ['ecdsa', 'ecdsa-sha2-nistp384'],
    ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp256'],
    ['ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp384'],
    ['ed25519', 'ed25519'],
    ['rsa', 'rsassa-pss-sha256'],
    ['rsa', 'rsa-pkcs1v15-sha256'],
    ['ml-dsa', 'ml-dsa-44/1'],
    ['ml-dsa', 'ml-dsa-65/1'],
    ['ml-dsa', 'ml-dsa-87/1'],
  ])('has %s with %s', (keytype, scheme) => expect(schemeOf(keytype, scheme)?.name).toBe(scheme));

  it.each([
    ['RSA with the old padding and another digest', 'rsa', 'rsa-pkcs1v15-sha512'],
    ['capitals', 'ECDSA', 'ecdsa-sha2-nistp256'],
    ['nothing', '', ''],
    ['a curve under the keytype of the other', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384'],
  ])('has not %s', (_, keytype, scheme) => expect(schemeOf(keytype, scheme)).toBeUndefined());
});

describe('the nonce of test signatures', () => {
  // Source: RFC 6979, appendices A.2.5 and A.2.6, message "sample".
  it.each([
    [
      'P-256',
      testCurves.p256,
      'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721',
      'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
      'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
    ],
    [
      'P-384',
      testCurves.p384,
      '6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5',
      '94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46',
      '99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8',
    ],
  ] as const)('is that of RFC 6979 on %s', (_, curve, scalar, r, s) => {
    const key = ecPrivateKey(curve, Buffer.from(scalar, 'hex'));
    const signature = signDeterministically(curve, key, Buffer.from('sample'));
    expect(signature.toString('hex')).toBe(
      derSignature(BigInt(`0x${r}`), BigInt(`0x${s}`), curve.size).toString('hex'),
    );
    expect(verify(curve.digest, Buffer.from('sample'), key, signature)).toBe(true);
  });

  it('gives the same signature each time', () => {
    for (const kind of ['p256', 'p384', 'ed25519'] as const) {
      expect(testKey(7, { kind }).sign(payload)).toEqual(testKey(7, { kind }).sign(payload));
    }
  });
});
