import { createECDH, createHmac, type KeyObject } from 'node:crypto';
import { integer, sequence, toBytes, toNumber } from './der.ts';

/** A prime curve of the NIST. Source of the orders: NIST SP 800-186 section 3.2.1. */
export interface Curve {
  /** As node:crypto calls it. */
  readonly name: 'prime256v1' | 'secp384r1';
  /** As JWK calls it. Source: RFC 7518 section 6.2.1.1. */
  readonly jwk: 'P-256' | 'P-384';
  readonly order: bigint;
  /** Bytes of a coordinate, and of a number below the order. */
  readonly bytes: number;
}

export const P256: Curve = {
  name: 'prime256v1',
  jwk: 'P-256',
  order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  bytes: 32,
};

export const P384: Curve = {
  name: 'secp384r1',
  jwk: 'P-384',
  order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  bytes: 48,
};

/**
 * Signs a digest that the host made, in DER, as a card does it; node:crypto signs only what it hashes itself. The nonce is random,
 * or for `repeatable` follows from key and digest, so that a certificate comes out the same each time. Not hardened against
 * timing: a virtual card guards nothing. Source: FIPS 186-5, section 6.4.1.
 */
export function signDigest(
  curve: Curve,
  key: KeyObject,
  digest: Uint8Array,
  nonces: 'random' | 'repeatable' = 'random',
): Uint8Array {
  const secret = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
  const z = toNumber(digest.subarray(0, curve.bytes));
  for (let round = 0; ; round += 1) {
    const nonce = createECDH(curve.name);
    if (nonces === 'random') nonce.generateKeys();
    else nonce.setPrivateKey(derivedScalar(curve, secret, Uint8Array.of(...digest, round)));
    const r = modulo(toNumber(nonce.getPublicKey().subarray(1, 1 + curve.bytes)), curve.order);
    const inverse = power(toNumber(nonce.getPrivateKey()), curve.order - 2n, curve.order);
    const s = modulo(inverse * (z + r * toNumber(secret)), curve.order);
    if (r !== 0n && s !== 0n) return sequence(integer(r), integer(s));
  }
}

/** A number from 1 to the order less one that follows from `secret` and `data`. */
export function derivedScalar(curve: Curve, secret: Uint8Array, data: Uint8Array): Buffer {
  const wide = toNumber(createHmac('sha512', secret).update(data).digest());
  return toBytes((wide % (curve.order - 1n)) + 1n, curve.bytes);
}

export const modulo = (value: bigint, modulus: bigint): bigint => ((value % modulus) + modulus) % modulus;

/** `value` to the power of `exponent`; with the modulus (a prime) less two, the inverse (Fermat). */
function power(value: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, base] = [1n, modulo(value, modulus)];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = modulo(result * base, modulus);
    base = modulo(base * base, modulus);
  }
  return result;
}
