import {
  constants,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
} from 'node:crypto';
import { unreachable } from '../../src/errors.ts';
import type { JsonObject } from '../../src/json.ts';
import {
  computeKeyid,
  decodeKey,
  KEYOWNER_MEMBER,
  type Key,
  ONLINE_URI_MEMBER,
} from '../../src/metadata/key.ts';
import type { Keyid } from '../../src/metadata/names.ts';

export type TestKeyKind = 'p256' | 'p384' | 'ed25519' | 'rsa';

export interface TestKeyOptions {
  /** `p256` unless told. There is one RSA key: it is the same for every index. */
  readonly kind?: TestKeyKind;
  /** As written into the key object, `@` included. */
  readonly owner?: string;
  readonly onlineUri?: string;
}

export interface TestKey {
  readonly key: Key;
  /** The key object as a document lists it. */
  readonly raw: JsonObject;
  readonly keyid: Keyid;
  readonly privateKey: KeyObject;
  /** PKCS#8 PEM, as the `file:` signer reads it. */
  readonly privatePem: string;
  /** A signature as metadata holds it (ECDSA in DER). The same bytes each time, except for RSA-PSS, which is salted. */
  readonly sign: (payload: Uint8Array) => Uint8Array;
}

/**
 * A key for tests, the same on every machine: its secret is a digest of its kind and `index`. Two keys that differ only
 * in owner or URI have one public key under two keyids.
 */
export function testKey(index: number, options: TestKeyOptions = {}): TestKey {
  const kind = options.kind ?? 'p256';
  const { keytype, scheme } = WIRE[kind];
  const privateKey = privateKeyOf(kind, index);
  const raw: JsonObject = {
    keytype,
    keyval: { public: publicText(kind, createPublicKey(privateKey)) },
    scheme,
    ...(options.owner === undefined ? {} : { [KEYOWNER_MEMBER]: options.owner }),
    ...(options.onlineUri === undefined ? {} : { [ONLINE_URI_MEMBER]: options.onlineUri }),
  };
  const keyid = computeKeyid(raw);
  return {
    key: decodeKey(keyid, raw, `test key ${index}`),
    raw,
    keyid,
    privateKey,
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    sign: payload => signWith(kind, privateKey, payload),
  };
}

/** An entry of `signatures`. */
export const testSignature = (by: TestKey, payload: Uint8Array): JsonObject => ({
  keyid: by.keyid,
  sig: Buffer.from(by.sign(payload)).toString('hex'),
});

const WIRE: Readonly<Record<TestKeyKind, { readonly keytype: string; readonly scheme: string }>> = {
  p256: { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256' },
  p384: { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp384' },
  ed25519: { keytype: 'ed25519', scheme: 'ed25519' },
  rsa: { keytype: 'rsa', scheme: 'rsassa-pss-sha256' },
};

interface Curve {
  readonly openssl: string;
  readonly jwk: string;
  readonly digest: string;
  /** Bytes of a coordinate, of a scalar and (for both curves) of the digest. */
  readonly size: number;
  readonly order: bigint;
}

// Source of the orders: NIST SP 800-186, section 3.2.1.
const P256: Curve = {
  openssl: 'prime256v1',
  jwk: 'P-256',
  digest: 'sha256',
  size: 32,
  order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
};
const P384: Curve = {
  openssl: 'secp384r1',
  jwk: 'P-384',
  digest: 'sha384',
  size: 48,
  order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
};

function privateKeyOf(kind: TestKeyKind, index: number): KeyObject {
  const seed = createHash('sha512').update(`tuf-signer test key ${kind} ${index}`).digest();
  switch (kind) {
    case 'p256':
      return ecPrivateKey(P256, seed.subarray(0, P256.size));
    case 'p384':
      return ecPrivateKey(P384, seed.subarray(0, P384.size));
    case 'ed25519': {
      // PKCS#8 up to the seed. Source: RFC 8410, section 7.
      const der = Buffer.concat([
        Buffer.from('302e020100300506032b657004220420', 'hex'),
        seed.subarray(0, 32),
      ]);
      return opened({ key: der, format: 'der', type: 'pkcs8' });
    }
    case 'rsa':
      return opened(RSA_2048);
    default:
      return unreachable(kind);
  }
}

/** As in src/signers/file-read.ts: Node 24 blames a key for a TLS connection that failed before. */
function opened(input: Parameters<typeof createPrivateKey>[0]): KeyObject {
  try {
    return createPrivateKey(input);
  } catch {
    return createPrivateKey(input);
  }
}

export function ecPrivateKey({ openssl, jwk, size }: Curve, scalar: Buffer): KeyObject {
  const ecdh = createECDH(openssl);
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  return createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: jwk,
      d: scalar.toString('base64url'),
      x: point.subarray(1, 1 + size).toString('base64url'),
      y: point.subarray(1 + size).toString('base64url'),
    },
  });
}

function publicText(kind: TestKeyKind, key: KeyObject): string {
  if (kind !== 'ed25519') return key.export({ format: 'pem', type: 'spki' }).toString();
  return key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
}

function signWith(kind: TestKeyKind, key: KeyObject, payload: Uint8Array): Uint8Array {
  switch (kind) {
    case 'p256':
      return signDeterministically(P256, key, payload);
    case 'p384':
      return signDeterministically(P384, key, payload);
    case 'ed25519':
      return sign(null, payload, key);
    case 'rsa':
      return sign('sha256', payload, {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      });
    default:
      return unreachable(kind);
  }
}

/** ECDSA with the nonce of RFC 6979, section 3.2, so that goldens regenerate byte-equal. Not constant-time: test keys only. */
export function signDeterministically(curve: Curve, key: KeyObject, payload: Uint8Array): Buffer {
  const { order: n, size } = curve;
  const secret = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
  const hash = createHash(curve.digest).update(payload).digest();
  const hmac = (k: Buffer, ...parts: readonly Buffer[]): Buffer =>
    createHmac(curve.digest, k).update(Buffer.concat(parts)).digest();
  const seed = Buffer.concat([secret, toBytes(toInteger(hash) % n, size)]);
  let k: Buffer = Buffer.alloc(size, 0);
  let v: Buffer = Buffer.alloc(size, 1);
  for (const round of [0, 1]) {
    k = hmac(k, v, Buffer.of(round), seed);
    v = hmac(k, v);
  }
  for (;;) {
    v = hmac(k, v);
    const nonce = toInteger(v);
    if (nonce > 0n && nonce < n) {
      const ecdh = createECDH(curve.openssl);
      ecdh.setPrivateKey(v);
      const r = toInteger(ecdh.getPublicKey().subarray(1, 1 + size)) % n;
      const s = (power(nonce, n - 2n, n) * (toInteger(hash) + r * toInteger(secret))) % n;
      if (r > 0n && s > 0n) return derSignature(r, s, size);
    }
    k = hmac(k, v, Buffer.of(0));
    v = hmac(k, v);
  }
}

/** ECDSA-Sig-Value. Source: RFC 3279, section 2.2.3. All lengths are below 128. */
export function derSignature(r: bigint, s: bigint, size: number): Buffer {
  const integer = (value: bigint): Buffer => {
    const padded = toBytes(value, size + 1);
    let start = 0;
    while (start < size && padded[start] === 0 && (padded[start + 1] ?? 0) < 0x80) start++;
    const digits = padded.subarray(start);
    return Buffer.concat([Buffer.of(0x02, digits.length), digits]);
  };
  const body = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

export const testCurves: { readonly p256: Curve; readonly p384: Curve } = { p256: P256, p384: P384 };

const toInteger = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const toBytes = (value: bigint, size: number): Buffer =>
  Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex');

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let bits = exponent; bits > 0n; bits >>= 1n) {
    if ((bits & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

// Generated once for these tests; worth nothing anywhere else.
const RSA_2048 = `-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCVC8+ACdoGULqq
+hpcvCEMVm51d3gXkvSYrY4exNPFS1adFcBoHRDWNIqEun6Ln6SPps2b8l1Z+VKj
q9knXkM0m7qiwXEBIbeEYssubqdNKVZIRFGxvMJdF+/p1oQlNDAZusNDxqDpOR33
0IMoSdNsURYJX0UGsdNiZ1NP9AFmYfzACbWPIuP9eV2/lzSbGIjg1IDy0xvuZODF
xMkRCkRIl/DG0zG97BTdIkk96F9AtqWVb3UNhyvUgm7Dc46nUKDUC0gO2Q68ta99
+6L9697+97Wx0Nc+0xESp92/3gxZXQXvhruX1FlO1wmGMBrH8germ2ZjnGBwXO/T
9dqX/+BXAgMBAAECggEACY3VQkbfY/I+1QDtOa6Ri8HqmLsMxq4T4cmWR6CkVoxK
xA0F5WafkquRiYqO3BJisRanLWzu0PqrcnRsmhpvwmqNHyu5O7JWmjTfA13yeX7B
2iYO+o64AtGq/llS5TOgNbYEGE8eN3UC18TU83swA0x7ViR2P0Sc4TzwWTqx8EcU
ood20LG+qTRUfoh/ta1Eka20hx1a2gF58zpXQwnuBTBDNbD2+qh/E1mE4fppHuGo
o+dQtjTseSiSbBv3RKAN96ThlmI2k2qC8AxZKfdVQaVASwKEz1C/51UJuAkgZWif
T68B/dQySMVDHm/hBD+lvXQD37Wh414W1fjhl4ImkQKBgQDNZ3Wi1SPOyEv0j+hm
iU8EcoK/uzd4dBuHGnT+zszsiiCotBbvWzXQ1+gvQ+e51PHFgZIwOJ4o+wvyvCcf
HHDew2WaVCdYhzgkEaczQ17U9VARzDX+34TPaYuXNRcwwOoCw/iw6Lj3zfjrZLht
172Izj5BFksC1c9SBI06xHXruQKBgQC5wnt+hBfc53tuAjk9smu4DG+5Ps5Hruq3
aN8lpHW06SqJVyhxskSSZVnGZoPW4n1NbUNNZGFSbeecWFKBqnssqepH0zQPcdBG
1X29SJEbxZ4ECnvWvLB5mLjCyjj31os4xt21E4Vn52SNqlWFzvQVvaFQtOGhTkKm
hUO4+EzUjwKBgDblHphNFEvQVhRfXYIB0l9i5zSsqU+E4FKELJ5o0HWrGL1dm/+O
RdyxxzjSkhylH5RkY5iFmSdkqLXPuTjkVfoDCKVtNjK/uK5TFXdq2u5ZPXP0Or4K
KKlyEL9xjegWtrPUgiNtnvmDT7JBcdTRYrMsQ5ELjzKLx+OomcIJ/WXpAoGAQQtc
erx+LpfPnIGi0Xu8REH2jQL08BzLi1VpbaDcpnBOuLCQNN+bKzfZ66LR31iHT6lG
u76+ZUKeqxwyJ70uTEFjC6tku1O6/lKbKMBUL0lPP1L8cgC4OpvDdlGhCQdS0Jqx
30nqmKtphkFymNwSk9pGth/gMb9Zjz1yrT4kiPkCgYASXrgehJvORD42oDo9e1vT
BEPecPkSkzm/H+0R3SO98G/UXVYJcwYJVtCS5OUCuMlznR+F6PlrLeSWutq+tTvN
0CgdJbwI/6z8jejx4AOM6fd1Jt+bRFjZ9o8mcDOAzhxQ+NhkpHqqMBrho/0HF1U7
fkHcJReULwVsaMZmZxpFyQ==
-----END PRIVATE KEY-----
`;
