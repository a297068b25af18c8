import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { virtualTransport } from '../../../signer-cli/demo/virtual-card/transport.ts';
import { CardError } from '../../../src/signers/piv/error.ts';
import { listAllSlots, readAttestation, readCardFacts } from '../../../src/signers/piv/facts.ts';
import { generateSlotKey } from '../../../src/signers/piv/generate.ts';
import { changePin, unblock } from '../../../src/signers/piv/manage.ts';
import { CARD_KEYS } from '../../support/card-keys.ts';
import { bytes, chosen, GENERATE, newCard, READER } from '../../support/card-management.ts';
import { transportTo } from '../../support/card-scripts.ts';

describe('a card that answers rubbish', () => {
  /** Honest for a while, then not: random bytes, or the true reply cut short. */
  const rubbish = fc.record({
    honest: fc.nat(40),
    cut: fc.nat(60),
    replies: fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 6 }),
    isSelected: fc.boolean(),
    ok: fc.boolean(),
  });
  const operations: readonly (readonly [
    string,
    (transport: ReturnType<typeof transportTo>) => Promise<unknown>,
  ])[] = [
    ['generate', transport => generateSlotKey(transport, chosen(), { ...GENERATE, pin: bytes('123456') })],
    ['facts', transport => readCardFacts(transport, chosen())],
    ['attest', transport => readAttestation(transport, chosen(), '9c')],
    ['list', transport => listAllSlots(transport)],
    [
      'change-pin',
      transport => changePin(transport, chosen(), { pin: bytes('123456'), newPin: bytes('abcdef') }),
    ],
    [
      'unblock',
      transport => unblock(transport, chosen(), { puk: bytes('12345678'), newPin: bytes('abcdef') }),
    ],
  ];

  for (const [name, operate] of operations) {
    it(`${name} ends in a CardError or a value, without the PIN in it`, async () => {
      await fc.assert(
        fc.asyncProperty(rubbish, async ({ honest, cut, replies, ok }) => {
          const card = newCard({ privateKey: CARD_KEYS[0], isManagementKeyProtected: true });
          let count = 0;
          const channel = {
            transmit: (apdu: Uint8Array): Promise<Uint8Array> => {
              count += 1;
              const reply = card.process(apdu);
              if (count <= honest) return Promise.resolve(reply);
              if (ok) return Promise.resolve(Uint8Array.from([...reply.subarray(0, cut), 0x90, 0x00]));
              return Promise.resolve(replies[count % replies.length] ?? reply);
            },
            resetAfterwards: () => undefined,
          };
          const outcome: unknown = await operate(transportTo(channel, READER)).catch(
            (error: unknown) => error,
          );
          if (outcome instanceof Error) {
            expect(outcome).toBeInstanceOf(CardError);
            expect(inspect(outcome, { depth: 9 })).not.toMatch(/123456|abcdef/);
          }
          expect(count).toBeLessThan(2_000);
        }),
        { numRuns: 120 },
      );
    });
  }

  for (const [name, operate] of operations) {
    it(`${name} does not hang where the card falls silent at any command`, async () => {
      vi.useFakeTimers();
      try {
        for (let honest = 0; honest < 14; honest += 1) {
          const card = newCard();
          let count = 0;
          const transport = virtualTransport([card], () => {
            count += 1;
            return count > honest ? new Promise<void>(() => undefined) : undefined;
          });
          const outcome = operate(transport).catch((error: unknown) => error);
          await vi.advanceTimersByTimeAsync(400_000);
          const result: unknown = await outcome;
          if (result instanceof Error) expect(result).toBeInstanceOf(CardError);
        }
      } finally {
        vi.useRealTimers();
      }
    });
  }

  it('and drips its answer for ever: one deadline holds for the whole exchange', async () => {
    vi.useFakeTimers();
    try {
      const slow = {
        transmit: async (): Promise<Uint8Array> => {
          await new Promise(resolve => void setTimeout(resolve, 9_000));
          return Uint8Array.of(0x61, 0x01);
        },
        resetAfterwards: () => undefined,
      };
      const deadlines: number[] = [];
      const channel = {
        ...slow,
        transmit: (_apdu: Uint8Array, deadline: number): Promise<Uint8Array> => {
          deadlines.push(deadline);
          return deadline < 9_000 ? Promise.reject(new CardError('CARD_TIMEOUT', 'late')) : slow.transmit();
        },
      };
      const outcome = listAllSlots(transportTo(channel, READER)).catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(await outcome).toMatchObject({ code: 'CARD_TIMEOUT' });
      expect(deadlines).toEqual([10_000, 1_000]);
    } finally {
      vi.useRealTimers();
    }
  });
});
