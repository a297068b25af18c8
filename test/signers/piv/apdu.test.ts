import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApduPort } from '../../../signer-cli/demo/virtual-card/apdu-port.ts';
import {
  type Command,
  decodeCommand,
  decodeResponse,
  encodeCommand,
  encodeResponse,
  exchange,
  type Transmit,
} from '../../../src/signers/piv/apdu.ts';
import { CardError } from '../../../src/signers/piv/error.ts';

const header = { cla: 0, ins: 0xcb, p1: 0x3f, p2: 0xff };
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_value, index) => index & 0xff);
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

/** Replies from a list of hex strings, writing down what was sent. */
function scripted(replies: readonly string[]): {
  readonly sent: string[];
  readonly transmit: Transmit;
} {
  const sent: string[] = [];
  return {
    sent,
    transmit: apdu => {
      sent.push(hex(apdu));
      return Promise.resolve(Uint8Array.from(Buffer.from(replies[sent.length - 1] ?? '6f00', 'hex')));
    },
  };
}

describe('encodeCommand, all seven cases of ISO/IEC 7816-4', () => {
  for (const [name, command, expected] of [
    ['1', header, '00cb3fff'],
    ['2 short', { ...header, le: 16 }, '00cb3fff10'],
    ['2 short, all', { ...header, le: 256 }, '00cb3fff00'],
    ['3 short', { ...header, data: bytes(2) }, '00cb3fff020001'],
    ['4 short', { ...header, data: bytes(2), le: 256 }, '00cb3fff02000100'],
    ['2 extended', { ...header, le: 257 }, '00cb3fff000101'],
    ['2 extended, all', { ...header, le: 65_536 }, '00cb3fff000000'],
    ['3 extended', { ...header, data: bytes(256) }, `00cb3fff000100${hex(bytes(256))}`],
    ['4 extended', { ...header, data: bytes(1), le: 65_536 }, '00cb3fff000001000000'],
  ] as const) {
    it(`case ${name}`, () => {
      expect(hex(encodeCommand(command))).toBe(expected);
      expect(decodeCommand(encodeCommand(command))).toEqual(command);
    });
  }

  it('has its limits', () => {
    for (const command of [
      { ...header, data: bytes(65_536) },
      { ...header, le: 0 },
      { ...header, le: 65_537 },
    ]) {
      expect(() => encodeCommand(command)).toThrow(RangeError);
    }
  });
});

describe('decoders over any bytes', () => {
  it('decodeCommand gives a command that encodes to as much, or undefined', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), apdu => {
        const command = decodeCommand(apdu);
        return command === undefined || hex(encodeCommand(command)).length <= hex(apdu).length + 2;
      }),
    );
  });

  it('decodeResponse gives a response or CARD_REPLY', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), reply => {
        if (reply.length >= 2) return hex(encodeResponse(decodeResponse(reply))) === hex(reply);
        expect(() => decodeResponse(reply)).toThrow(CardError);
        return true;
      }),
    );
  });
});

describe('exchange', () => {
  const command: Command = { ...header, data: bytes(2), le: 256 };

  it('gathers pieces announced by 61xx', async () => {
    const card = scripted(['01026102', '03046101', '059000']);
    expect(await exchange(card.transmit, command)).toEqual({
      data: Uint8Array.of(1, 2, 3, 4, 5),
      sw: 0x9000,
    });
    expect(card.sent.slice(1)).toEqual(['00c0000002', '00c0000001']);
  });

  it('takes an extended reply that comes whole', async () => {
    const card = scripted([`${hex(bytes(3_000))}9000`]);
    expect((await exchange(card.transmit, command)).data).toHaveLength(3_000);
  });

  it('repeats once with the Le that 6Cxx names', async () => {
    const card = scripted(['6c05', '01020304059000']);
    expect((await exchange(card.transmit, command)).sw).toBe(0x9000);
    expect(card.sent[1]).toBe('00cb3fff02000105');
    const stubborn = scripted(['6c05', '6c05']);
    expect(await exchange(stubborn.transmit, command)).toMatchObject({ sw: 0x6c05 });
  });

  it('chains what does not fit one short APDU, and stops at a refusal', async () => {
    const card = scripted(['9000', '9000', '9000']);
    await exchange(card.transmit, { ...header, data: bytes(600), le: 256 });
    expect(card.sent.map(apdu => apdu.slice(0, 10))).toEqual(['10cb3fffff', '10cb3fffff', '00cb3fff5a']);
    expect(card.sent.map(apdu => apdu.length / 2)).toEqual([260, 260, 5 + 90 + 1]);
    const refusing = scripted(['9000', '6982']);
    expect(await exchange(refusing.transmit, { ...header, data: bytes(600) })).toMatchObject({ sw: 0x6982 });
    expect(refusing.sent).toHaveLength(2);
  });

  it('sends one extended APDU to a card that takes no chaining', async () => {
    const card = scripted(['6884', '01029000']);
    const response = await exchange(card.transmit, { ...header, data: bytes(600), le: 256 });
    expect([...response.data]).toEqual([1, 2]);
    expect(card.sent[1]).toBe(`00cb3fff000258${hex(bytes(600))}0000`);
    const without = scripted(['6884', '9000']);
    await exchange(without.transmit, { ...header, data: bytes(600) });
    expect(without.sent[1]).toBe(`00cb3fff000258${hex(bytes(600))}`);
    const refusing = scripted(['6884', '6884']);
    expect(await exchange(refusing.transmit, { ...header, data: bytes(600) })).toMatchObject({ sw: 0x6884 });
  });

  it('cuts off a card that never stops answering', async () => {
    const empty = exchange(() => Promise.resolve(Uint8Array.of(0x61, 0x00)), command);
    await expect(empty).rejects.toMatchObject({ code: 'CARD_REPLY' });
    const full = exchange(() => Promise.resolve(Uint8Array.from([...bytes(4_096), 0x61, 0x00])), command);
    await expect(full).rejects.toMatchObject({ code: 'CARD_REPLY' });
  });

  it('zeroes every APDU, also when the card fails', async () => {
    const sent: Uint8Array[] = [];
    const failing = exchange(
      apdu => {
        sent.push(apdu);
        return Promise.reject(new CardError('CARD_REMOVED', 'gone'));
      },
      { ...header, data: Uint8Array.of(0x31, 0x32) },
    );
    await expect(failing).rejects.toMatchObject({ code: 'CARD_REMOVED' });
    expect(sent.map(apdu => [...apdu])).toEqual([[0, 0, 0, 0, 0, 0, 0]]);
  });

  it('ends with a response or a CardError over random replies', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 20 })), async replies => {
        let index = 0;
        const transmit = (): Promise<Uint8Array> =>
          Promise.resolve(replies[index++] ?? Uint8Array.of(0x6f, 0));
        try {
          expect((await exchange(transmit, command)).sw).toBeLessThan(0x1_0000);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CARD_REPLY' });
        }
      }),
    );
  });

  it('and the card’s side agree on commands and replies of any length, chained or extended', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 4_000 }),
        fc.uint8Array({ maxLength: 4_000 }),
        async (data, reply) => {
          const got: Uint8Array[] = [];
          const port = new ApduPort(command => {
            got.push(Uint8Array.from(command.data ?? []));
            return { data: reply, sw: 0x9000 };
          });
          const transmit = (apdu: Uint8Array): Promise<Uint8Array> => Promise.resolve(port.process(apdu));
          const response = await exchange(transmit, { ...header, data, le: 256 });
          expect([Uint8Array.from(response.data), response.sw]).toEqual([reply, 0x9000]);
          const whole = decodeResponse(port.process(encodeCommand({ ...header, data, le: 65_536 })));
          expect([Uint8Array.from(whole.data), whole.sw]).toEqual([reply, 0x9000]);
          expect(got).toEqual([data, data]);
        },
      ),
      { numRuns: 30 },
    );
  });
});
