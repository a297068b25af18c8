import { createHash, randomBytes } from 'node:crypto';
import { encodeTlv } from './tlv.ts';

const HASH_BYTES = 32;
/** As long as the digest, what TUF's clients and FIPS 186-5 section 5.4 take. */
const SALT_BYTES = 32;

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/**
 * EMSA-PSS with SHA-256, MGF1-SHA-256 and a salt of 32 bytes, for a modulus of `bits` (a multiple of 8): what a card turns into
 * a signature by its raw RSA. `salt` is there for tests. Source: RFC 8017, section 9.1.1.
 */
export function emsaPss(
  message: Uint8Array,
  bits: number,
  salt: Uint8Array = randomBytes(SALT_BYTES),
): Uint8Array {
  const hash = sha256(new Uint8Array(8), sha256(message), salt);
  const length = bits / 8;
  const block = new Uint8Array(length - HASH_BYTES - 1);
  block[block.length - salt.length - 1] = 0x01;
  block.set(salt, block.length - salt.length);
  const mask = mgf1(hash, block.length);
  const masked = block.map((byte, index) => byte ^ (mask[index] ?? 0));
  // emBits is one less than the modulus has: the top bit is zero. 8 * emLen - emBits = 1.
  masked[0] = (masked[0] ?? 0) & 0x7f;
  const encoded = new Uint8Array(length);
  encoded.set(masked);
  encoded.set(hash, masked.length);
  encoded[length - 1] = 0xbc;
  return encoded;
}

/** Source: RFC 8017, appendix B.2.1. */
function mgf1(seed: Uint8Array, length: number): Uint8Array {
  const mask = new Uint8Array(Math.ceil(length / HASH_BYTES) * HASH_BYTES);
  for (let counter = 0; counter * HASH_BYTES < length; counter += 1) {
    mask.set(sha256(seed, Uint8Array.of(0, 0, counter >> 8, counter & 0xff)), counter * HASH_BYTES);
  }
  return mask.subarray(0, length);
}

/** AlgorithmIdentifier of SHA-256 in a DigestInfo. Source: RFC 8017, section 9.2, note 1. */
const SHA256_IDENTIFIER = Buffer.from('300d06096086480165030402010500', 'hex');

/** EMSA-PKCS1-v1_5 with SHA-256, for the certificate that other tools expect. Source: RFC 8017, section 9.2. */
export function emsaPkcs1(message: Uint8Array, bits: number): Uint8Array {
  const info = encodeTlv(0x30, SHA256_IDENTIFIER, encodeTlv(0x04, sha256(message)));
  const encoded = new Uint8Array(bits / 8).fill(0xff);
  encoded.set([0x00, 0x01]);
  encoded[encoded.length - info.length - 1] = 0x00;
  encoded.set(info, encoded.length - info.length);
  return encoded;
}
