import { createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { VirtualCard } from '../../../signer-cli/demo/virtual-card/card.ts';
import { type VirtualTransport, virtualTransport } from '../../../signer-cli/demo/virtual-card/transport.ts';
import { required } from '../../../src/errors.ts';
import { ALGORITHMS } from '../../../src/signers/piv/algorithm.ts';
import type { Firmware } from '../../../src/signers/piv/applet.ts';
import { readCertificates } from '../../../src/signers/piv/facts.ts';
import { type GeneratedKey, type GenerateInput, generateSlotKey } from '../../../src/signers/piv/generate.ts';
import { CARD_KEYS } from '../../support/card-keys.ts';
import { bytes, chosen, GENERATE, NEW, newCard } from '../../support/card-management.ts';
import { cardKey } from '../../support/card-private-keys.ts';

const generate = (
  card: VirtualCard | VirtualTransport,
  input: Partial<GenerateInput> = {},
  firmware: Firmware = NEW,
): Promise<GeneratedKey> =>
  generateSlotKey(card instanceof VirtualCard ? virtualTransport([card]) : card, chosen(firmware), {
    ...GENERATE,
    pin: bytes('123456'),
    ...input,
  });

describe('generateSlotKey', () => {
  for (const { name } of ALGORITHMS.filter(row => !/RSA-[34]/.test(row.name))) {
    it(`makes ${name}, and a certificate that verifies`, async () => {
      const card = newCard();
      const { key, certificate } = await generate(card, { algorithm: name, slot: '9a' });
      const held = required(card.publicKey(0x9a), 'key');
      expect(key).toMatchObject({ algorithm: { name }, slot: { name: '9a' }, origin: 'generated' });
      expect(key.publicKey.equals(held)).toBe(true);
      const x509 = new X509Certificate(certificate);
      expect(x509.verify(held)).toBe(true);
      expect(x509.subject).toBe('CN=tuf-signer');
      const found = await readCertificates(virtualTransport([card]), chosen(), ['9a', '9c']);
      expect([...found]).toEqual([['9a', certificate]]);
    });
  }

  for (const [name, options, input] of [
    ['3DES', { managementAlgorithm: 0x03 }, {}],
    ['AES-192', { managementAlgorithm: 0x0a }, {}],
    [
      'AES-128 of its own',
      { managementAlgorithm: 0x08, managementKey: new Uint8Array(16).fill(7) },
      { managementKey: new Uint8Array(16).fill(7) },
    ],
    [
      'AES-256 of its own',
      { managementAlgorithm: 0x0c, managementKey: new Uint8Array(32).fill(7) },
      { managementKey: new Uint8Array(32).fill(7) },
    ],
    [
      'a PIN-protected one',
      { managementKey: new Uint8Array(24).fill(9), isManagementKeyProtected: true },
      {},
    ],
  ] as const) {
    for (const firmware of [[5, 2, 4], NEW] as const) {
      it(`takes a management key: ${name}, firmware ${firmware.join('.')}`, async () => {
        const card = newCard({ ...options, firmware });
        const managementKey = 'managementKey' in input ? Uint8Array.from(input.managementKey) : undefined;
        await generate(card, { managementKey }, firmware);
        expect(card.publicKey()).toBeDefined();
        if (managementKey !== undefined) expect(managementKey.every(byte => byte === 0)).toBe(true);
      });
    }
  }

  it('keeps policies, and announces touches only where they are wanted', async () => {
    const card = newCard({ managementTouchPolicy: 2 });
    const announceTouch = vi.fn();
    const policies = { pinPolicy: 'once', touchPolicy: 'always' } as const;
    const { key } = await generate(card, { ...policies, announceTouch });
    expect(key).toMatchObject({ ...policies, needsTouch: true });
    expect(announceTouch).toHaveBeenCalledTimes(2);
    const quiet = vi.fn();
    await generate(newCard(), { announceTouch: quiet });
    expect(quiet).not.toHaveBeenCalled();
  });

  it('needs no PIN for a key that wants none', async () => {
    const { key } = await generate(newCard(), { pinPolicy: 'never', pin: undefined });
    expect(key.pinPolicy).toBe('never');
  });

  for (const [name, prepare] of [
    ['a key', (card: VirtualCard): void => card.putKey(0x9c, cardKey('P-384'))],
    ['a key without certificate', (card: VirtualCard): void => forgetCertificate(card)],
  ] as const) {
    for (const firmware of [[5, 2, 4], NEW] as const) {
      it(`never overwrites ${name} unasked, firmware ${firmware.join('.')}`, async () => {
        const card = newCard({ firmware });
        prepare(card);
        const before = required(card.publicKey(), 'key');
        await expect(generate(card, {}, firmware)).rejects.toMatchObject({ code: 'SLOT_TAKEN' });
        expect(card.publicKey()?.equals(before)).toBe(true);
        await generate(card, { overwrite: true }, firmware);
        expect(card.publicKey()?.equals(before)).toBe(false);
      });
    }
  }

  for (const [name, options, input, code] of [
    ['a wrong management key', {}, { managementKey: Uint8Array.from(randomBytes(24)) }, 'MANAGEMENT_KEY'],
    ['one of the wrong length', {}, { managementKey: new Uint8Array(16) }, 'MANAGEMENT_KEY'],
    ['one of a length that none has', {}, { managementKey: new Uint8Array(5) }, 'MANAGEMENT_KEY'],
    ['no management key where it was changed', { managementKey: new Uint8Array(24) }, {}, 'MANAGEMENT_KEY'],
    ['a wrong PIN', {}, { pin: bytes('654321') }, 'PIN_WRONG'],
    ['a PIN that can not be', {}, { pin: bytes('1') }, 'PIN_FORM'],
    ['no PIN', {}, { pin: undefined }, 'NOT_AUTHORIZED'],
    [
      'an algorithm that the card does not have',
      { firmware: [5, 4, 3] },
      { algorithm: 'Ed25519' },
      'UNSUPPORTED_KEY',
    ],
  ] as const) {
    it(`refuses ${name}, and leaves the old key`, async () => {
      const card = newCard({ ...options, privateKey: CARD_KEYS[0] });
      const given = 'pin' in input ? input : { ...input, pin: bytes('123456') };
      await expect(generate(card, { ...given, overwrite: true })).rejects.toMatchObject({ code });
      expect(card.publicKey()?.equals(createPublicKey(CARD_KEYS[0]))).toBe(true);
    });
  }

  it('refuses RSA from cards that make weak keys', async () => {
    const firmware: Firmware = [4, 3, 4];
    const card = { ...chosen(firmware), serial: undefined };
    const input = { ...GENERATE, algorithm: 'RSA-2048', pin: bytes('123456') } as const;
    await expect(
      generateSlotKey(virtualTransport([newCard({ firmware })]), card, input),
    ).rejects.toMatchObject({
      code: 'UNSUPPORTED_KEY',
      message: expect.stringContaining('YSA-2017-01') as string,
    });
  });

  it('makes no second key when the card is reset in its midst', async () => {
    const card = newCard();
    let count = 0;
    const transport = virtualTransport([card], (reader, apdu) => {
      if (apdu[1] !== 0x47) return;
      count += 1;
      card.process(apdu);
      transport.resetByOther(reader);
    });
    await expect(generate(transport)).rejects.toMatchObject({ code: 'CARD_RESET' });
    expect(count).toBe(1);
  });

  it('leaves the card with nothing verified', async () => {
    const card = newCard();
    await generate(card);
    card.process(Buffer.from('00a4040005a000000308', 'hex'));
    expect([...card.process(Buffer.from('00200080', 'hex'))]).toEqual([0x63, 0xc3]);
    expect([...card.process(Buffer.from('00db3fff085c035fc109530155', 'hex'))].slice(-2)).toEqual([
      0x69, 0x82,
    ]);
  });
});

/** Makes a key by hand: the slot then has no certificate. */
function forgetCertificate(card: VirtualCard): void {
  card.putKey(0x9c, cardKey('P-256'));
  const tag = 0x5f_c10a;
  (card.object(tag) ?? new Uint8Array()).fill(0);
}
