import { createECDH, type KeyObject } from 'node:crypto';
import { encodeTlv } from '../../../src/signers/piv/tlv.ts';

/** Order of the P-256 group. Source: FIPS 186-5, NIST SP 800-186 section 3.2.1.3. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const BYTES = 32;

/**
 * Signs a SHA-256 digest that the host made, in DER, as a card does it; node:crypto signs only what it hashes itself. Not hardened
 * against timing: a virtual card guards nothing. Source: FIPS 186-5, section 6.4.1.
 */
export function signDigestP256(key: KeyObject, digest: Uint8Array): Uint8Array {
  const secret = toNumber(Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url'));
  const z = toNumber(digest.subarray(0, BYTES));
  for (;;) {
    const nonce = createECDH('prime256v1');
    const r = modulo(toNumber(nonce.generateKeys().subarray(1, 1 + BYTES)));
    const s = modulo(inverse(toNumber(nonce.getPrivateKey())) * (z + r * secret));
    if (r !== 0n && s !== 0n) return encodeTlv(0x30, integer(r), integer(s));
  }
}

const toNumber = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);

const modulo = (value: bigint): bigint => ((value % ORDER) + ORDER) % ORDER;

/** Inverse modulo the (prime) order, by Fermat. */
function inverse(value: bigint): bigint {
  let [result, base] = [1n, modulo(value)];
  for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = modulo(result * base);
    base = modulo(base * base);
  }
  return result;
}

function integer(value: bigint): Uint8Array {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return encodeTlv(
    0x02,
    Buffer.from(Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even, 'hex'),
  );
}
