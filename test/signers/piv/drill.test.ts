import { createPublicKey, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { VirtualCard } from '../../../signer-cli/demo/virtual-card/card.ts';
import { virtualTransport } from '../../../signer-cli/demo/virtual-card/transport.ts';
import type { JsonObject } from '../../../src/json.ts';
import { decodeKey, type Key, requirePublicKey } from '../../../src/metadata/key.ts';
import type { KeyOwner, RoleName } from '../../../src/metadata/names.ts';
import { verifySignature } from '../../../src/metadata/quorum.ts';
import { drillBytes, drillObject } from '../../../src/repository/drill-file.ts';
import { ALGORITHMS } from '../../../src/signers/piv/algorithm.ts';
import { PivSigner } from '../../../src/signers/piv/signer.ts';
import { parsePivUri } from '../../../src/signers/piv/uri.ts';
import { CARD_KEYS, scriptedPrompts, tufKey } from '../../support/card-keys.ts';
import { cardKey } from '../../support/card-private-keys.ts';

/** A drill of a dozen people: more than a short APDU holds, which Ed25519 is given whole. */
const drill: JsonObject = drillObject({
  name: 'june',
  repository: 'ab'.repeat(32),
  root: { version: 3, sha256: 'cd'.repeat(32) },
  opened: '2030-06-01T00:00:00Z',
  deadline: '2030-06-15T00:00:00Z',
  nonce: '5a'.repeat(32),
  keys: Array.from({ length: 12 }, (_, i) => ({
    owner: `@keyholder-${i}` as KeyOwner,
    fingerprint: i.toString(16).repeat(64),
    roles: ['root', 'targets'] as RoleName[],
  })),
});

const SCHEMES = { ec: 'ecdsa', ed25519: 'ed25519', rsa: 'rsa' } as const;

function keyFor({ scheme }: (typeof ALGORITHMS)[number], privateKey: KeyObject): Key {
  const publicKey = createPublicKey(privateKey);
  const kind = publicKey.asymmetricKeyType as keyof typeof SCHEMES;
  if (kind !== 'ed25519') return tufKey(publicKey, scheme, SCHEMES[kind]);
  const hex = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
  return decodeKey('00'.repeat(32), { keytype: 'ed25519', scheme, keyval: { public: hex } }, 'test');
}

describe('a drill is proved by a key of every algorithm that a card has', () => {
  it.each(ALGORITHMS)('$name', async algorithm => {
    const only = new VirtualCard({ serial: 11_111_111, firmware: [5, 7, 1], privateKey: CARD_KEYS[0] });
    const privateKey = cardKey(algorithm.name);
    only.putKey(0x9c, privateKey);
    await using signer = new PivSigner({
      transport: virtualTransport([only]),
      prompts: scriptedPrompts(['123456']),
      uri: parsePivUri('piv:'),
    });
    const payload = drillBytes({ raw: drill });
    expect(payload.length).toBeGreaterThan(1_500);
    const key = keyFor(algorithm, privateKey);
    const signature = await signer.sign(key, payload);
    expect(
      verifySignature(requirePublicKey(key), payload, Buffer.from(signature ?? []).toString('hex')),
    ).toBe(true);
    // And it is none over the document as metadata would be signed.
    const asMetadata = payload.subarray(payload.indexOf('{'.charCodeAt(0)));
    expect(
      verifySignature(requirePublicKey(key), asMetadata, Buffer.from(signature ?? []).toString('hex')),
    ).toBe(false);
  });
});
