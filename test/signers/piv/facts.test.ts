import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { VirtualCard } from '../../../signer-cli/demo/virtual-card/card.ts';
import { virtualTransport } from '../../../signer-cli/demo/virtual-card/transport.ts';
import { required } from '../../../src/errors.ts';
import { ALGORITHMS } from '../../../src/signers/piv/algorithm.ts';
import type { Firmware } from '../../../src/signers/piv/applet.ts';
import {
  advisoriesOf,
  attestationPem,
  listAllSlots,
  readAttestation,
  readCardFacts,
  readChosenAttestation,
} from '../../../src/signers/piv/facts.ts';
import { type GeneratedKey, generateSlotKey } from '../../../src/signers/piv/generate.ts';
import { ALL_SLOTS } from '../../../src/signers/piv/slot.ts';
import { CARD_KEYS } from '../../support/card-keys.ts';
import { bytes, chosen, GENERATE, newCard } from '../../support/card-management.ts';
import { cardKey } from '../../support/card-private-keys.ts';

const generate = (card: VirtualCard): Promise<GeneratedKey> =>
  generateSlotKey(virtualTransport([card]), chosen(), { ...GENERATE, pin: bytes('123456') });

describe('facts', () => {
  it('tell what is still as it came from the factory', async () => {
    const facts = await readCardFacts(virtualTransport([newCard()]), chosen());
    expect(facts).toMatchObject({
      pin: { isDefault: true, tries: 3, triesLeft: 3 },
      puk: { isDefault: true, tries: 3, triesLeft: 3 },
      management: {
        algorithm: { name: 'AES-192' },
        isDefault: true,
        isPinProtected: false,
        touchPolicy: 'never',
      },
    });
  });

  it('tell what was changed', async () => {
    const card = newCard({
      pin: '271828',
      puk: '31415926',
      managementKey: new Uint8Array(24),
      isManagementKeyProtected: true,
    });
    const facts = await readCardFacts(virtualTransport([card]), chosen());
    expect([facts.pin.isDefault, facts.puk.isDefault]).toEqual([false, false]);
    expect(facts.management).toMatchObject({ isDefault: false, isPinProtected: true });
  });

  it('of an old card: the default management key is tried', async () => {
    const firmware: Firmware = [5, 2, 4];
    for (const [managementKey, isDefault] of [
      [undefined, true],
      [new Uint8Array(24).fill(3), false],
    ] as const) {
      const card = newCard({ firmware, ...(managementKey === undefined ? {} : { managementKey }) });
      const facts = await readCardFacts(virtualTransport([card]), chosen(firmware));
      expect(facts.pin).toEqual({ isDefault: undefined, tries: undefined, triesLeft: 3 });
      expect(facts.management.isDefault).toBe(isDefault);
    }
  });

  it('list all 24 slots', async () => {
    const card = newCard({ privateKey: CARD_KEYS[0] });
    card.putKey(0x82, cardKey('RSA-2048'), { origin: 'imported' });
    card.putKey(0x95, cardKey('Ed25519'));
    const [listed] = await listAllSlots(virtualTransport([card]));
    expect([...(listed?.slots.keys() ?? [])]).toEqual(ALL_SLOTS.map(slot => slot.name));
    expect(listed?.slots.get('82')).toMatchObject({ algorithm: { name: 'RSA-2048' }, origin: 'imported' });
    expect(listed?.slots.get('95')).toMatchObject({ algorithm: { name: 'Ed25519' }, pinPolicy: 'once' });
    expect(listed?.slots.get('9a')).toMatchObject({ code: 'SLOT_EMPTY' });
  });

  it('attest a generated key, and no other', async () => {
    const card = newCard();
    const transport = virtualTransport([card]);
    await generate(card);
    const attestation = await readAttestation(transport, chosen(), '9c');
    const statement = new X509Certificate(attestation.certificate);
    expect(statement.verify(new X509Certificate(required(attestation.issuers[0], 'F9')).publicKey)).toBe(
      true,
    );
    expect(statement.publicKey.equals(required(card.publicKey(), 'key'))).toBe(true);
    expect(attestationPem(attestation).match(/-----BEGIN CERTIFICATE-----/g)).toHaveLength(2);
    expect(new X509Certificate(attestationPem(attestation)).serialNumber).toBe(statement.serialNumber);
    expect(await readChosenAttestation(transport)).toMatchObject({ issuers: attestation.issuers });
    card.putKey(0x9a, cardKey('P-256'), { origin: 'imported' });
    expect(await readChosenAttestation(transport, { slot: '9a' })).toBeUndefined();
    await expect(readChosenAttestation(transport, { serial: 9 })).rejects.toMatchObject({ code: 'NO_CARD' });
    for (const slot of ['9a', '9d'] as const) {
      await expect(readAttestation(transport, chosen(), slot)).rejects.toMatchObject({
        code: 'NOT_ATTESTED',
      });
    }
    const old: Firmware = [4, 2, 0];
    const without = readAttestation(
      virtualTransport([newCard({ firmware: old })]),
      { ...chosen(old), serial: undefined },
      '9c',
    );
    await expect(without).rejects.toMatchObject({
      code: 'NOT_ATTESTED',
      message: expect.stringContaining('can not attest') as string,
    });
  });

  it('know the advisories', () => {
    const [p256, p384, ed25519] = ALGORITHMS;
    const of = (firmware: Firmware | undefined, row = p256): readonly string[] =>
      advisoriesOf(firmware, required(row, 'row'));
    expect([of([5, 4, 3]), of([5, 6, 9], p384)]).toEqual([['YSA-2024-03'], ['YSA-2024-03']]);
    expect([of([5, 7, 0]), of(undefined), of([5, 4, 3], ed25519)]).toEqual([[], [], []]);
  });
});
