import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualCard } from '../../../signer-cli/demo/virtual-card/card.ts';
import { virtualReaderName, virtualTransport } from '../../../signer-cli/demo/virtual-card/transport.ts';
import { parseInstant } from '../../../src/clock.ts';
import { required } from '../../../src/errors.ts';
import { encodeCommand, exchange } from '../../../src/signers/piv/apdu.ts';
import { readCardFacts } from '../../../src/signers/piv/facts.ts';
import { generateSlotKey } from '../../../src/signers/piv/generate.ts';
import { changePin, changePuk, unblock } from '../../../src/signers/piv/manage.ts';
import { PivSigner } from '../../../src/signers/piv/signer.ts';
import { encodeTlv } from '../../../src/signers/piv/tlv.ts';
import { tracingTransport } from '../../../src/signers/piv/trace.ts';
import type { CardTransport } from '../../../src/signers/piv/transport.ts';
import { CARD_KEYS, scriptedPrompts, tufKeyOf } from '../../support/card-keys.ts';
import { scriptedCard, transportTo } from '../../support/card-scripts.ts';

const READER = virtualReaderName(0);
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const instant = (text: string): NonNullable<ReturnType<typeof parseInstant>> =>
  required(parseInstant(text), text);

/** Everything that PIN, PUK and management key are sent for. */
async function useSecrets(
  transport: CardTransport,
  secrets: { readonly pin: string; readonly puk: string; readonly managementKey: Uint8Array },
): Promise<void> {
  const card = { reader: READER, serial: 7, firmware: [5, 7, 1] } as const;
  const { pin, puk } = secrets;
  await using signer = new PivSigner({ transport, prompts: scriptedPrompts([pin]) });
  await signer.sign(tufKeyOf(CARD_KEYS[0]), Buffer.from('{}'));
  await readCardFacts(transport, card);
  const period = { notBefore: instant('2026-01-01T00:00:00Z'), notAfter: instant('2036-01-01T00:00:00Z') };
  const input = { slot: '9a', algorithm: 'P-256', commonName: 'x', overwrite: true, ...period } as const;
  await generateSlotKey(transport, card, { ...input, pin: bytes(pin) });
  const managementKey = Uint8Array.from(secrets.managementKey);
  await generateSlotKey(transport, card, { ...input, pin: bytes(pin), managementKey });
  await changePin(transport, card, { pin: bytes(pin), newPin: bytes(pin) });
  await changePuk(transport, card, { puk: bytes(puk), newPuk: bytes(puk) });
  await unblock(transport, card, { puk: bytes(puk), newPin: bytes(pin) });
}

describe('tracingTransport', () => {
  it('shows what passes', async () => {
    const lines: string[] = [];
    const inner = scriptedCard(['61049000', '0504039000', '6a82']);
    const transport = tracingTransport(transportTo(inner), line => lines.push(line));
    await using connection = await transport.connect('Scripted Reader');
    await connection.transact(async channel => {
      const send = (apdu: string): Promise<unknown> => channel.transmit(Buffer.from(apdu, 'hex'), 1_000);
      await send('00a4040005a00000030800');
      await send('00fd000000');
      await send('00cb3fff055c035fc10a00');
      channel.resetAfterwards();
    });
    expect(lines.map(line => line.replace(/\(\d+ ms\)/, '(N ms)'))).toEqual([
      'connected to "Scripted Reader"',
      'transaction begins',
      '> 00a40400 a000000308 le 256',
      '< 9000 (N ms) 6104',
      '> 00fd0000 le 256',
      '< 9000 (N ms) 050403',
      '> 00cb3fff 5c035fc10a le 256',
      '< 6a82 (N ms)',
      'the card will be reset afterwards',
    ]);
  });

  it('never shows a PIN, PUK or management key in whatever commands use them', async () => {
    const pins = fc.stringMatching(/^[\x20-\x7e]{6,8}$/);
    await fc.assert(
      fc.asyncProperty(
        pins,
        pins,
        fc.uint8Array({ minLength: 24, maxLength: 24 }),
        async (pin, puk, managementKey) => {
          const lines: string[] = [];
          const options = { serial: 7, firmware: [5, 7, 1], pin, puk, managementKey } as const;
          const card = new VirtualCard({
            ...options,
            privateKey: CARD_KEYS[0],
            isManagementKeyProtected: true,
          });
          const transport = tracingTransport(virtualTransport([card]), line => lines.push(line));
          await useSecrets(transport, { pin, puk, managementKey });
          const text = lines.join('\n');
          expect(lines.length).toBeGreaterThan(50);
          for (const secret of [bytes(pin), bytes(puk), managementKey])
            expect(text).not.toContain(hex(secret));
          expect(text.includes(pin) && /[^0-9a-f]/.test(pin) && pin.trim() !== '').toBe(false);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('shows nothing of commands that can carry a secret, chained, extended or broken', async () => {
    const secret = fc.uint8Array({ minLength: 6, maxLength: 40 });
    const instructions = fc.constantFrom(0x20, 0x24, 0x2c, 0x87, 0xdb, 0xfe, 0xff, 0x2a, 0x00);
    await fc.assert(
      fc.asyncProperty(
        secret,
        instructions,
        fc.nat(400),
        fc.constantFrom(0, 0x10),
        fc.boolean(),
        async (value, ins, padding, cla, isExtended) => {
          const lines: string[] = [];
          const echo = Uint8Array.from([...value, 0x61, 0x10]);
          const inner = scriptedCard([echo, Uint8Array.from([...value, 0x90, 0])]);
          const transport = tracingTransport(transportTo(inner), line => lines.push(line));
          await using connection = await transport.connect('x');
          await connection.transact(async channel => {
            const data = Uint8Array.from([...new Uint8Array(padding), ...value]);
            const command = { cla, ins, p1: 0, p2: 0x9b, data };
            if (isExtended) await channel.transmit(encodeCommand({ ...command, le: 65_536 }), 1_000);
            else await exchange(apdu => channel.transmit(apdu, 1_000), command);
            await channel.transmit(Uint8Array.of(0, 0xc0, 0, 0, 0), 1_000);
            await channel.transmit(Uint8Array.from(value), 1_000);
          });
          for (const line of lines) expect(line).not.toContain(hex(value));
        },
      ),
    );
  });

  it('shows nothing of the objects that hold a management key', async () => {
    const key = '0102030405060708090a0b0c0d0e0f101112131415161718';
    const printed = `53${(28).toString(16)}881a8918${key}`;
    const lines: string[] = [];
    const inner = scriptedCard([`${printed}9000`, `${printed.slice(0, 20)}6114`, `${printed.slice(20)}9000`]);
    const transport = tracingTransport(transportTo(inner), line => lines.push(line));
    await using connection = await transport.connect('x');
    await connection.transact(async channel => {
      const ask = {
        cla: 0,
        ins: 0xcb,
        p1: 0x3f,
        p2: 0xff,
        data: encodeTlv(0x5c, Buffer.from('5fc109', 'hex')),
        le: 256,
      };
      for (const _round of [1, 2]) await exchange(apdu => channel.transmit(apdu, 1_000), ask);
    });
    expect(lines.join('\n')).not.toContain(key.slice(0, 12));
    expect(lines.filter(line => line.includes('5c035fc109'))).toHaveLength(2);
  });

  it('shows the code of a failure, and passes it on', async () => {
    const lines: string[] = [];
    const card = new VirtualCard({ serial: 7 });
    const inner = virtualTransport([card], reader => inner.remove(reader));
    const transport = tracingTransport(inner, line => lines.push(line));
    expect(await transport.readers()).toHaveLength(1);
    await using connection = await transport.connect(READER);
    const outcome = connection.transact(channel => channel.transmit(Uint8Array.of(0, 0xfd, 0, 0, 0), 1_000));
    await expect(outcome).rejects.toMatchObject({ code: 'CARD_REMOVED' });
    expect(lines.at(-1)).toBe('! CARD_REMOVED');
    await transport[Symbol.asyncDispose]();
  });
});
