import { createPublicKey } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualCard } from '../../../signer-cli/demo/virtual-card/card.ts';
import { virtualReaderName, virtualTransport } from '../../../signer-cli/demo/virtual-card/transport.ts';
import { publicKeyFingerprint } from '../../../src/metadata/key.ts';
import { listPivCards, readPublicKey } from '../../../src/signers/piv/cards.ts';
import { CardError } from '../../../src/signers/piv/error.ts';
import { CARD_KEYS } from '../../support/card-keys.ts';

const [KEY_A, KEY_B] = CARD_KEYS;
const cardA = (): VirtualCard => new VirtualCard({ serial: 11, privateKey: KEY_A });
const cardB = (): VirtualCard =>
  new VirtualCard({ serial: 0xffff_fffe, privateKey: KEY_B, firmware: [5, 2, 4] });
const empty = (): VirtualCard => new VirtualCard({ serial: 33 });

/** Answers every SELECT as a card without PIV does. */
class ForeignCard extends VirtualCard {
  override process(): Uint8Array {
    return Uint8Array.of(0x6a, 0x82);
  }
}

describe('listPivCards', () => {
  it('tells reader, serial, firmware, tries and slots', async () => {
    const cards = await listPivCards(
      virtualTransport([cardA(), new ForeignCard({ serial: 9 }), cardB(), empty()]),
    );
    expect(
      cards.map(({ reader, serial, firmware, triesLeft }) => ({ reader, serial, firmware, triesLeft })),
    ).toEqual([
      { reader: virtualReaderName(0), serial: 11, firmware: [5, 4, 3], triesLeft: 3 },
      { reader: virtualReaderName(2), serial: 0xffff_fffe, firmware: [5, 2, 4], triesLeft: 3 },
      { reader: virtualReaderName(3), serial: 33, firmware: [5, 4, 3], triesLeft: 3 },
    ]);
    expect(cards.map(card => card.slots.get('9c'))).toMatchObject([
      {
        algorithm: { name: 'P-256' },
        fingerprint: publicKeyFingerprint(createPublicKey(KEY_A)),
        needsTouch: false,
      },
      { fingerprint: publicKeyFingerprint(createPublicKey(KEY_B)), needsTouch: undefined },
      { code: 'SLOT_EMPTY' },
    ]);
  });

  it('says what is missing', async () => {
    const pulled = virtualTransport([cardA()]);
    pulled.remove(virtualReaderName(0));
    await expect(listPivCards(virtualTransport([]))).rejects.toMatchObject({ code: 'NO_READER' });
    await expect(listPivCards(pulled)).rejects.toMatchObject({ code: 'NO_CARD' });
    const foreign = virtualTransport([new ForeignCard({ serial: 9 })]);
    await expect(listPivCards(foreign)).rejects.toMatchObject({ code: 'NO_CARD' });
  });

  it('does not let one dead card hide a good one', async () => {
    const transport = virtualTransport([cardA(), cardB()], reader => {
      if (reader === virtualReaderName(0)) transport.remove(reader);
    });
    expect((await listPivCards(transport)).map(card => card.serial)).toEqual([0xffff_fffe]);
  });
});

describe('readPublicKey', () => {
  it('gives what a TUF key object needs', async () => {
    const key = await readPublicKey(virtualTransport([cardA()]));
    expect(key).toMatchObject({ serial: 11, slot: '9c', keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256' });
    expect(createPublicKey(key.publicPem).equals(createPublicKey(KEY_A))).toBe(true);
    expect(key.publicPem).toMatch(/^-----BEGIN PUBLIC KEY-----\n[\s\S]*-----END PUBLIC KEY-----\n$/);
  });

  for (const [name, choice, expected] of [
    ['two cards and no choice', {}, { code: 'MANY_CARDS', message: /serial 11, serial 4294967294/ }],
    ['a serial that is not here', { serial: 12 }, { code: 'NO_CARD', message: /serial 12 is not here/ }],
  ] as const) {
    it(`refuses ${name}`, async () => {
      const error = await readPublicKey(virtualTransport([cardA(), cardB()]), choice).catch(
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ code: expected.code });
      expect((error as CardError).message).toMatch(expected.message);
    });
  }

  it('refuses an empty slot', async () => {
    await expect(readPublicKey(virtualTransport([empty()]))).rejects.toMatchObject({ code: 'SLOT_EMPTY' });
  });

  it('chooses by serial', async () => {
    const key = await readPublicKey(virtualTransport([cardA(), cardB()]), {
      serial: 0xffff_fffe,
      slot: '9c',
    });
    expect(key.fingerprint).toBe(publicKeyFingerprint(createPublicKey(KEY_B)));
  });
});

describe('a card that answers rubbish', () => {
  it('ends in a CardError or a value, whatever it says', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 90 }), { minLength: 1, maxLength: 12 }),
        fc.nat(12),
        async (replies, honest) => {
          let count = 0;
          class Rubbish extends VirtualCard {
            override process(apdu: Uint8Array): Uint8Array {
              count += 1;
              const reply = super.process(apdu);
              return count <= honest ? reply : (replies[count % replies.length] ?? reply);
            }
          }
          const transport = virtualTransport([new Rubbish({ serial: 1, privateKey: KEY_A })]);
          const outcome = await readPublicKey(transport).catch((reason: unknown) => reason);
          expect(outcome instanceof CardError || 'fingerprint' in (outcome as object)).toBe(true);
        },
      ),
      { numRuns: 200, timeout: 20_000 },
    );
  });

  it('truncated at any byte: never another key', async () => {
    for (let cut = 1; cut < 90; cut += 1) {
      class Cut extends VirtualCard {
        override process(apdu: Uint8Array): Uint8Array {
          const reply = super.process(apdu);
          return apdu[1] === 0xf7
            ? Uint8Array.from([...reply.subarray(0, -2).subarray(0, -cut), 0x90, 0])
            : reply;
        }
      }
      const outcome = readPublicKey(virtualTransport([new Cut({ serial: 1, privateKey: KEY_A })]));
      await expect(outcome).rejects.toMatchObject({ code: 'CARD_REPLY' });
    }
  });
});
