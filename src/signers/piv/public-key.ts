import { createPublicKey, type KeyObject } from 'node:crypto';
import { MetadataError } from '../../metadata/error.ts';
import { decodeKey, publicKeyOf } from '../../metadata/key.ts';

/**
 * Decodes a public key that a card gave, by the decoder that documents are read with: no point at infinity (at whose sight Node
 * 20 aborts the process), none off the curve or of another length, no weak Ed25519 or RSA key, no explicit curve parameters.
 * `publicText` is what a TUF key object holds in `keyval.public`. `undefined`: it is none.
 */
export function strictPublicKey(keytype: string, scheme: string, publicText: string): KeyObject | undefined {
  const key = publicKeyOf(decodeKey('', { keytype, scheme, keyval: { public: publicText } }, 'card'));
  if (key instanceof MetadataError) return undefined;
  // A compressed point is a key, too; what gets enrolled and compared has the one form that every client reads.
  return createPublicKey({ key: key.keyObject.export({ format: 'jwk' }), format: 'jwk' });
}
