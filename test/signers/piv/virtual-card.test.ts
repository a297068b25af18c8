import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  randomBytes,
  verify,
  X509Certificate,
} from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualCard } from '../../../signer-cli/demo/virtual-card/card.ts';
import { DEFAULT_MANAGEMENT_KEY } from '../../../signer-cli/demo/virtual-card/management.ts';
import { required } from '../../../src/errors.ts';
import { ALGORITHMS } from '../../../src/signers/piv/algorithm.ts';
import { generateKey, selectPiv, signChallenge } from '../../../src/signers/piv/applet.ts';
import { readCertificate } from '../../../src/signers/piv/objects.ts';
import { verifyPin } from '../../../src/signers/piv/pin-commands.ts';
import { SLOTS } from '../../../src/signers/piv/slot.ts';
import { decodeTlv, encodeTlv, requireTlv } from '../../../src/signers/piv/tlv.ts';
import type { CardChannel } from '../../../src/signers/piv/transport.ts';
import { CARD_KEYS } from '../../support/card-keys.ts';

const [KEY_A] = CARD_KEYS;
const SLOT = SLOTS['9c'];
const P256 = required(ALGORITHMS[0], 'P-256');
const PIN = Buffer.from('123456');

const channelTo = (card: VirtualCard): CardChannel => ({
  transmit: apdu => Promise.resolve(card.process(apdu)),
  resetAfterwards: () => undefined,
});
const send = (card: VirtualCard, apdu: string): string =>
  Buffer.from(card.process(Buffer.from(apdu.replaceAll(' ', ''), 'hex'))).toString('hex');
const sw = (card: VirtualCard, apdu: string): string => send(card, apdu).slice(-4);
const selected = (options = {}): VirtualCard => {
  const card = new VirtualCard({ serial: 1, privateKey: KEY_A, ...options });
  send(card, '00a4040005a000000308');
  return card;
};

/** The host's side of mutual authentication, NIST SP 800-73-4 part 2, appendix A.1. */
function authenticateManagement(card: VirtualCard, id: number, cipher: string, key: Uint8Array): boolean {
  const ask = (template: Uint8Array): Uint8Array => {
    const data = encodeTlv(0x7c, template);
    const reply = Buffer.from(card.process(Uint8Array.from([0, 0x87, id, 0x9b, data.length, ...data, 0])));
    return reply.length > 2 ? requireTlv(decodeTlv(reply.subarray(0, -2)), 0x7c) : new Uint8Array(0);
  };
  const encrypted = requireTlv(decodeTlv(ask(encodeTlv(0x80))), 0x80);
  const decrypt = createDecipheriv(cipher, key, null).setAutoPadding(false);
  const witness = Buffer.concat([decrypt.update(encrypted), decrypt.final()]);
  const challenge = randomBytes(encrypted.length);
  const answer = ask(Buffer.concat([encodeTlv(0x80, witness), encodeTlv(0x81, challenge)]));
  const encrypt = createCipheriv(cipher, key, null).setAutoPadding(false);
  const expected = Buffer.concat([encrypt.update(challenge), encrypt.final()]);
  return answer.length > 0 && expected.equals(requireTlv(decodeTlv(answer), 0x82));
}

describe('VERIFY', () => {
  it('counts tries, blocks, and is unblocked by the PUK', () => {
    const card = selected();
    const wrong = '0020008008393939393939ffff';
    expect([wrong, wrong, wrong, wrong].map(apdu => sw(card, apdu))).toEqual([
      '63c2',
      '63c1',
      '63c0',
      '6983',
    ]);
    expect(sw(card, '0020008008313233343536ffff')).toBe('6983');
    expect(sw(card, '002c0080 10 3132333435363738 363534333231ffff')).toBe('9000');
    expect(sw(card, '0020008008363534333231ffff')).toBe('9000');
    expect(sw(card, '00200080')).toBe('9000');
    expect(sw(card, '0020ff80')).toBe('9000');
    expect(sw(card, '00200080')).toBe('63c3');
  });

  it('wants 8 bytes, and the PIV applet selected', () => {
    expect(sw(selected(), '0020008006313233343536')).toBe('6a80');
    expect(sw(new VirtualCard({ serial: 1 }), '0020008008313233343536ffff')).toBe('6d00');
  });
});

describe('signing', () => {
  it('wants the PIN anew each time (PIN policy of 9c), and verifies', async () => {
    const card = selected();
    const channel = channelTo(card);
    const payload = Buffer.from('payload');
    const challenge = P256.challenge(payload);
    await expect(signChallenge(channel, SLOT, P256, challenge)).rejects.toMatchObject({
      code: 'NOT_AUTHORIZED',
    });
    for (let round = 0; round < 20; round += 1) {
      await verifyPin(channel, PIN);
      const signature = await signChallenge(channel, SLOT, P256, challenge);
      expect(verify('sha256', payload, createPublicKey(KEY_A), signature)).toBe(true);
    }
    await expect(signChallenge(channel, SLOT, P256, challenge)).rejects.toMatchObject({
      code: 'NOT_AUTHORIZED',
    });
  });

  it('is forgotten by a reset', () => {
    const card = selected();
    send(card, '0020008008313233343536ffff');
    card.reset();
    expect(sw(card, '00200080')).toBe('6d00');
  });
});

describe('the management key', () => {
  for (const [name, firmware, id, cipher] of [
    ['3DES', [5, 4, 3], 0x03, 'des-ede3-ecb'],
    ['AES-192', [5, 7, 1], 0x0a, 'aes-192-ecb'],
  ] as const) {
    it(`${name} lets a key be generated, a wrong one does not`, async () => {
      const card = selected({ firmware, privateKey: undefined });
      const channel = channelTo(card);
      await expect(generateKey(channel, SLOT, P256)).rejects.toMatchObject({ code: 'MANAGEMENT_KEY' });
      expect(authenticateManagement(card, id, cipher, randomBytes(24))).toBe(false);
      await expect(generateKey(channel, SLOT, P256)).rejects.toMatchObject({ code: 'MANAGEMENT_KEY' });
      expect(authenticateManagement(card, id, cipher, DEFAULT_MANAGEMENT_KEY)).toBe(true);
      const publicKey = P256.publicKey(await generateKey(channel, SLOT, P256));
      const held = card.publicKey();
      expect(held !== undefined && publicKey?.equals(held)).toBe(true);
    });
  }

  it('is another algorithm than asked for', () => {
    expect(sw(selected(), '00870a9b047c028000')).toBe('6a86');
  });
});

it('holds a certificate for its key that stands on its own', async () => {
  const channel = channelTo(selected());
  await selectPiv(channel);
  const certificate = new X509Certificate(await readCertificate(channel, SLOT));
  expect(certificate.verify(createPublicKey(KEY_A))).toBe(true);
});

it('answers anything with a status word', () => {
  const card = selected();
  const ins = fc.constantFrom(0x20, 0x24, 0x2c, 0x47, 0x87, 0xa4, 0xc0, 0xcb, 0xdb, 0xf7, 0xf8, 0xfd, 0xff);
  const apdu = fc
    .tuple(ins, fc.uint8Array({ maxLength: 40 }))
    .map(([code, rest]) => Uint8Array.of(0, code, ...rest));
  fc.assert(
    fc.property(fc.oneof(apdu, fc.uint8Array({ maxLength: 40 })), bytes => card.process(bytes).length >= 2),
  );
});
