import { createECDH, createPrivateKey, type KeyObject } from 'node:crypto';
import { findTlv, type Tlv } from '../../../src/signers/piv/tlv.ts';
import { toBytes, toNumber } from './der.ts';
import { type Curve, modulo } from './ecdsa.ts';

/** Private keys from the parts that IMPORT KEY carries; `undefined` where they make no such key. Source: Yubico, "IMPORT KEY". */

const RSA_EXPONENT = 65_537n;
/** PKCS#8 of an Ed25519 key up to its seed. Source: RFC 8410 section 7. */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Tag 06: the secret number. */
export function loadEc(curve: Curve, parts: readonly Tlv[]): KeyObject | undefined {
  const secret = findTlv(parts, 0x06);
  return secret === undefined ? undefined : ecKey(curve, secret);
}

/** A key from its secret number, at most as long as the curve's order. */
export function ecKey(curve: Curve, secret: Uint8Array): KeyObject | undefined {
  const number = toNumber(secret);
  if (secret.length > curve.bytes || number === 0n || number >= curve.order) return undefined;
  const pair = createECDH(curve.name);
  const d = toBytes(number, curve.bytes);
  pair.setPrivateKey(d);
  const point = pair.getPublicKey().subarray(1);
  return createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: curve.jwk,
      d: d.toString('base64url'),
      x: point.subarray(0, curve.bytes).toString('base64url'),
      y: point.subarray(curve.bytes).toString('base64url'),
    },
  });
}

/** Tag 07: the 32-byte seed. */
export function loadEd25519(parts: readonly Tlv[]): KeyObject | undefined {
  const seed = findTlv(parts, 0x07);
  if (seed?.length !== 32) return undefined;
  return createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, seed]), format: 'der', type: 'pkcs8' });
}

/** Tags 01 to 05: both primes, both exponents, the coefficient, each half as long as the modulus. The exponent is 65537. */
export function loadRsa(bitLength: number, parts: readonly Tlv[]): KeyObject | undefined {
  const numbers = [0x01, 0x02, 0x03, 0x04, 0x05].map(tag => findTlv(parts, tag));
  const [p = 0n, q = 0n, dp, dq, qi] = numbers.map(part => (part === undefined ? 0n : toNumber(part)));
  const n = p * q;
  const isFit = numbers.every(part => part !== undefined && part.length <= bitLength / 16);
  if (!isFit || n.toString(2).length !== bitLength) return undefined;
  const d = inverse(RSA_EXPONENT, (p - 1n) * (q - 1n));
  const isWhole = d % (p - 1n) === dp && d % (q - 1n) === dq && qi !== undefined && (qi * q) % p === 1n;
  if (!isWhole) return undefined;
  const text = (value: bigint, length: number): string => toBytes(value, length).toString('base64url');
  const [full, half] = [bitLength / 8, bitLength / 16];
  return createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'RSA',
      n: text(n, full),
      e: 'AQAB',
      d: text(d, full),
      p: text(p, half),
      q: text(q, half),
      dp: text(dp, half),
      dq: text(dq, half),
      qi: text(qi, half),
    },
  });
}

/** Inverse of `value` by Euclid; 0 where there is none. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [modulo(value, modulus), modulus, 1n, 0n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return a === 1n ? modulo(x, modulus) : 0n;
}
