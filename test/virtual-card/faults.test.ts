import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApduQuirks } from '../../signer-cli/demo/virtual-card/apdu-port.ts';
import { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import type { FaultRule } from '../../signer-cli/demo/virtual-card/faults.ts';
import { virtualReaderName, virtualTransport } from '../../signer-cli/demo/virtual-card/transport.ts';
import { CARD_KEYS } from '../support/card-keys.ts';
import { ask, openedCard, selectedCard, tlv, verifyPin } from './host.ts';

const [KEY_A] = CARD_KEYS;
const READER = virtualReaderName(0);
const VERSION = Buffer.from('00fd000000', 'hex');
const hex = (bytes: Uint8Array | string): string =>
  typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('hex');

describe('a fault', () => {
  const answers = async (rules: readonly FaultRule[], count = 1): Promise<readonly string[]> => {
    const card = selectedCard();
    card.faults.add(...rules);
    const found: string[] = [];
    for (let round = 0; round < count; round += 1) found.push(hex(await card.respond(VERSION)));
    return found;
  };

  it.each([
    ['status', { kind: 'status', sw: 0x6f00 }, '6f00'],
    ['reply', { kind: 'reply', bytes: Uint8Array.of(1, 2, 3) }, '010203'],
    ['empty reply', { kind: 'reply', bytes: new Uint8Array(0) }, ''],
    ['truncate', { kind: 'truncate', length: 2 }, '0504'],
    ['delay', { kind: 'delay', ms: 5 }, '0504039000'],
    ['silence', { kind: 'silence' }, 'silence'],
    ['pull', { kind: 'pull' }, 'pulled'],
    ['pull after', { kind: 'pull', when: 'after' }, 'pulled'],
  ] as const)('%s', async (_name, fault, expected) => {
    expect(await answers([{ fault }])).toEqual([expected]);
  });

  it('befalls the commands that it is meant for', async () => {
    const fault = { kind: 'status', sw: 0x6f00 } as const;
    const [good, bad] = ['0504039000', '6f00'];
    expect(await answers([{ fault }], 2)).toEqual([bad, good]);
    expect(await answers([{ fault, skip: 1, times: 2 }], 4)).toEqual([good, bad, bad, good]);
    expect(await answers([{ fault, times: Number.POSITIVE_INFINITY }], 3)).toEqual([bad, bad, bad]);
    expect(await answers([{ fault, ins: 0x20 }])).toEqual([good]);
    expect(await answers([{ fault, ins: 0xfd, p1: 0, p2: 0 }])).toEqual([bad]);
    expect(await answers([{ fault, ins: 0xfd, p2: 1 }])).toEqual([good]);
  });

  it('is forgotten, and never befalls `process`', async () => {
    const card = selectedCard();
    card.faults.add({ fault: { kind: 'status', sw: 0x6f00 }, times: 9 });
    expect(hex(card.process(VERSION))).toBe('0504039000');
    card.faults.clear();
    expect(hex(await card.respond(VERSION))).toBe('0504039000');
  });
});

describe('in a reader', () => {
  it('a pull is noticed, and the card is gone; what was done is done', async () => {
    const card = new VirtualCard({ serial: 1, privateKey: KEY_A });
    await using transport = virtualTransport([card]);
    await using connection = await transport.connect(READER);
    card.faults.add({ ins: 0xa4, fault: { kind: 'pull', when: 'after' } });
    const select = Buffer.from('00a4040005a000000308', 'hex');
    await expect(connection.transact(channel => channel.transmit(select, 1_000))).rejects.toMatchObject({
      code: 'CARD_REMOVED',
    });
    expect(await transport.readers()).toEqual([{ name: READER, hasCard: false }]);
    transport.insert(READER, card);
    await using again = await transport.connect(READER);
    expect(hex(await again.transact(channel => channel.transmit(select, 1_000)))).toMatch(/9000$/);
  });

  it('silence ends with the deadline', async () => {
    const card = new VirtualCard({ serial: 1 });
    await using transport = virtualTransport([card]);
    await using connection = await transport.connect(READER);
    card.faults.add({ fault: { kind: 'silence' } });
    await expect(connection.transact(channel => channel.transmit(VERSION, 20))).rejects.toMatchObject({
      code: 'CARD_TIMEOUT',
    });
  });
});

describe('quirks', () => {
  // Select; then the certificate, whose reply has more than 256 bytes.
  const READ = '00cb3fff055c035fc10a';
  const replies = (quirks: ApduQuirks, ...apdus: readonly string[]): readonly string[] => {
    const card = selectedCard({ privateKey: KEY_A, quirks });
    return apdus.map(apdu => hex(card.process(Buffer.from(apdu, 'hex'))));
  };
  const EXTENDED = '00cb3fff0000055c035fc10a0000';

  it('none: an extended reply comes whole, a short one in pieces', () => {
    const [short = '', extended = ''] = replies({}, `${READ}00`, EXTENDED);
    expect(short).toMatch(/61[0-9a-f]{2}$/);
    expect(short).toHaveLength(2 * 258);
    expect(extended).toMatch(/9000$/);
    expect(extended.length).toBeGreaterThan(2 * 258);
  });

  it('61xx even to an extended APDU', () => {
    const [first = '', second = ''] = replies({ replyLimit: 100 }, EXTENDED, '00c0000000');
    expect([first.slice(200), second.slice(200)].map(text => text.slice(0, 2))).toEqual(['61', '61']);
  });

  it('a whole reply, whatever Le says', () => {
    const [reply = ''] = replies({ isWhole: true }, `${READ}00`);
    expect(reply.length).toBeGreaterThan(2 * 258);
    expect(reply).toMatch(/9000$/);
  });

  it('no extended APDUs, no chaining, a small buffer', () => {
    expect(replies({ refusesExtended: true }, EXTENDED)).toEqual(['6700']);
    expect(replies({ refusesChaining: true }, '10cb3fff055c035fc10a')).toEqual(['6884']);
    expect(ask(selectedCard({ quirks: { bufferBytes: 300 } }), 0xdb, 0x3f, 0xff, Buffer.alloc(301)).sw).toBe(
      '6700',
    );
    expect(ask(selectedCard({ quirks: { bufferBytes: 300 } }), 0xdb, 0x3f, 0xff, Buffer.alloc(300)).sw).toBe(
      '6982',
    );
  });
});

it('answers anything with a status word, whoever is logged in', async () => {
  const card = openedCard({ privateKey: KEY_A, firmware: [5, 7, 1] });
  verifyPin(card);
  const byte = fc.integer({ min: 0, max: 0xff });
  const ins = fc.constantFrom(0x20, 0x24, 0x2c, 0x47, 0x87, 0xcb, 0xdb, 0xf7, 0xf9, 0xfa, 0xfb, 0xfe, 0xff);
  const p1 = fc.oneof(byte, fc.constantFrom(0x11, 0x14, 0x07, 0xe0, 0x3f, 0xff));
  const p2 = fc.oneof(byte, fc.constantFrom(0x9a, 0x9c, 0x9b, 0x80, 0x81, 0xf9, 0xff));
  const leaf = fc.tuple(byte, fc.uint8Array({ maxLength: 40 })).map(([tag, content]) => tlv(tag, content));
  const tree = fc.tuple(byte, fc.array(leaf, { maxLength: 4 })).map(([tag, leaves]) => tlv(tag, ...leaves));
  const data = fc.oneof(
    fc.array(leaf, { maxLength: 6 }).map(parts => Buffer.concat(parts)),
    tree,
  );
  await fc.assert(
    fc.asyncProperty(fc.tuple(ins, p1, p2), data, async (header, content) => {
      const answer = await card.respond(
        Uint8Array.of(0, ...header, 0, content.length >> 8, content.length & 0xff, ...content, 0, 0),
      );
      return answer instanceof Uint8Array && answer.length >= 2;
    }),
    { numRuns: 500 },
  );
});
