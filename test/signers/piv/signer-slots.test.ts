import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { VirtualCard, type VirtualCardOptions } from '../../../signer-cli/demo/virtual-card/card.ts';
import { virtualTransport } from '../../../signer-cli/demo/virtual-card/transport.ts';
import { decodeKey, requirePublicKey } from '../../../src/metadata/key.ts';
import { ALGORITHMS } from '../../../src/signers/piv/algorithm.ts';
import { CardError } from '../../../src/signers/piv/error.ts';
import { PivSigner } from '../../../src/signers/piv/signer.ts';
import { parsePivUri } from '../../../src/signers/piv/uri.ts';
import { CARD_KEYS, scriptedPrompts, tufKey, tufKeyOf } from '../../support/card-keys.ts';
import { cardKey } from '../../support/card-private-keys.ts';

const [KEY_A, KEY_B] = CARD_KEYS;
const PAYLOAD = Buffer.from('{"_type":"root"}');

const card = (options: Partial<VirtualCardOptions> = {}): VirtualCard =>
  new VirtualCard({ serial: 11_111_111, privateKey: KEY_A, ...options });
const cardB = (): VirtualCard => new VirtualCard({ serial: 22_222_222, privateKey: KEY_B });

const verifies = (
  key: ReturnType<typeof tufKeyOf>,
  signature: Uint8Array | undefined,
  payload = PAYLOAD,
): boolean => {
  const { scheme, keyObject } = requirePublicKey(key);
  return signature !== undefined && scheme.verify(keyObject, payload, signature);
};

const ed25519Key = (key: KeyObject): ReturnType<typeof tufKeyOf> => {
  const hex = key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
  const raw = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: hex } };
  return decodeKey('00'.repeat(32), raw, 'test');
};

const failure = async (promise: Promise<unknown>): Promise<CardError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CardError)) throw new Error('expected a CardError', { cause: error });
  return error;
};

describe('every algorithm in every kind of slot', () => {
  const SCHEMES = { ec: 'ecdsa', ed25519: 'ed25519', rsa: 'rsa' } as const;
  for (const [index, { name, scheme }] of ALGORITHMS.entries()) {
    const slot = ['9a', '9d', '9e', '82', '8f', '95'][index] ?? '9a';
    it(`signs with ${name} in ${slot}, found by the public key`, async () => {
      const privateKey = cardKey(name);
      const only = card({ firmware: [5, 7, 1] });
      only.putKey(Number.parseInt(slot, 16), privateKey);
      const prompts = scriptedPrompts(['123456']);
      await using signer = new PivSigner({ transport: virtualTransport([cardB(), only]), prompts });
      const publicKey = createPublicKey(privateKey);
      const keytype = SCHEMES[publicKey.asymmetricKeyType as 'ec'];
      const key = name === 'Ed25519' ? ed25519Key(publicKey) : tufKey(publicKey, scheme, keytype);
      expect(verifies(key, await signer.sign(key, PAYLOAD))).toBe(true);
      const large = Buffer.alloc(3_000, 'x');
      expect(verifies(key, await signer.sign(key, large), large)).toBe(true);
      expect(prompts.asked.map(request => request.slot)).toEqual(slot === '9e' ? [] : [slot]);
    });
  }

  it('looks no further than 9c for a key that is there, then only where it was', async () => {
    const only = card({ firmware: [5, 7, 1] });
    const privateKey = cardKey('P-384');
    only.putKey(0x95, privateKey);
    const looks: number[] = [];
    const transport = virtualTransport([only], (_reader, apdu) => {
      if (apdu[1] === 0xf7) looks.push(apdu[3] ?? 0);
    });
    await using signer = new PivSigner({ transport, prompts: scriptedPrompts(['123456']) });
    await signer.sign(tufKeyOf(KEY_A), PAYLOAD);
    expect(looks).toEqual([0x9c, 0x9c]);
    const key = tufKey(createPublicKey(privateKey), 'ecdsa-sha2-nistp384');
    await signer.sign(key, PAYLOAD);
    expect(looks.length).toBe(2 + 24 + 1);
    looks.length = 0;
    await signer.sign(key, PAYLOAD);
    expect(looks).toEqual([0x95, 0x95]);
  });

  it('keeps to the slot of its URI', async () => {
    const only = card();
    only.putKey(0x9a, createPrivateKey(KEY_B));
    const looks: number[] = [];
    const transport = virtualTransport([only], (_reader, apdu) => {
      if (apdu[1] === 0xf7) looks.push(apdu[3] ?? 0);
    });
    const signer = (uri: string): PivSigner =>
      new PivSigner({ transport, prompts: scriptedPrompts(['123456']), uri: parsePivUri(uri) });
    expect(await signer('piv:slot=9c').sign(tufKeyOf(KEY_B), PAYLOAD)).toBeUndefined();
    expect(looks).toEqual([0x9c]);
    expect(await signer('piv:slot=9a').sign(tufKeyOf(KEY_B), PAYLOAD)).toBeDefined();
  });

  it('says that a message is too long for a card that signs all of it', async () => {
    const privateKey = cardKey('Ed25519');
    const only = card({ firmware: [5, 7, 1] });
    only.putKey(0x9a, privateKey);
    const key = ed25519Key(createPublicKey(privateKey));
    await using signer = new PivSigner({
      transport: virtualTransport([only]),
      prompts: scriptedPrompts(['123456']),
    });
    for (const size of [20_000, 70_000]) {
      expect(await failure(signer.sign(key, Buffer.alloc(size)))).toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
      });
    }
    expect(only.pinTriesLeft).toBe(3);
  });

  it('asks for the PIN once for two keys of one card', async () => {
    const only = card();
    only.putKey(0x9a, createPrivateKey(KEY_B));
    const prompts = scriptedPrompts(['123456']);
    await using signer = new PivSigner({ transport: virtualTransport([only]), prompts });
    expect(await signer.sign(tufKeyOf(KEY_A), PAYLOAD)).toBeDefined();
    expect(await signer.sign(tufKeyOf(KEY_B), PAYLOAD)).toBeDefined();
    expect(prompts.asked).toHaveLength(1);
  });

  it('asks for no PIN where the key wants none, even when it is blocked', async () => {
    const only = card({ pinPolicy: 1 });
    spendTries(only, 3);
    await using signer = new PivSigner({ transport: virtualTransport([only]), prompts: scriptedPrompts([]) });
    expect(await signer.sign(tufKeyOf(KEY_A), PAYLOAD)).toBeDefined();
  });
});

function spendTries(card: VirtualCard, count: number): void {
  card.reset();
  card.process(Buffer.from('00a4040005a000000308', 'hex'));
  for (let index = 0; index < count; index += 1) {
    card.process(Buffer.from('0020008008393939393939ffff', 'hex'));
  }
  card.reset();
}
