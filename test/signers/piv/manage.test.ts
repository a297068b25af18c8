import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { VirtualCard } from '../../../signer-cli/demo/virtual-card/card.ts';
import { virtualTransport } from '../../../signer-cli/demo/virtual-card/transport.ts';
import { changePin, changePuk, unblock } from '../../../src/signers/piv/manage.ts';
import { bytes, chosen, newCard } from '../../support/card-management.ts';

describe('PIN and PUK', () => {
  const pair = (): readonly [Uint8Array, Uint8Array] => [bytes('12345678'), bytes('newpin1')];

  it('are changed, and zeroed', async () => {
    const card = newCard();
    const transport = virtualTransport([card]);
    const secrets = { pin: bytes('123456'), newPin: bytes('abcdef') };
    await changePin(transport, chosen(), secrets);
    expect(Object.values(secrets).flatMap(secret => [...secret])).toEqual(
      Array.from({ length: 12 }, () => 0),
    );
    await changePin(transport, chosen(), { pin: bytes('abcdef'), newPin: bytes('123456') });
    await changePuk(transport, chosen(), { puk: bytes('12345678'), newPuk: bytes('87654321') });
    await unblock(transport, chosen(), { puk: bytes('87654321'), newPin: bytes('fedcba') });
    await changePin(transport, chosen(), { pin: bytes('fedcba'), newPin: bytes('123456') });
  });

  it('blocked by wrong tries, and unblocked by the PUK', async () => {
    const card = newCard();
    const transport = virtualTransport([card]);
    const wrong = (lastTryAgreed = false): Promise<void> =>
      changePin(transport, chosen(), { pin: bytes('999999'), newPin: bytes('abcdef'), lastTryAgreed });
    await expect(wrong()).rejects.toMatchObject({ code: 'PIN_WRONG', triesLeft: 2 });
    await expect(wrong()).rejects.toMatchObject({ code: 'PIN_WRONG', triesLeft: 1 });
    await expect(wrong()).rejects.toMatchObject({ code: 'PIN_LAST_TRY', triesLeft: 1 });
    expect(card.pinTriesLeft).toBe(1);
    await expect(wrong(true)).rejects.toMatchObject({ code: 'PIN_BLOCKED', triesLeft: 0 });
    await expect(wrong(true)).rejects.toMatchObject({ code: 'PIN_BLOCKED', triesLeft: 0 });
    const [puk, newPin] = pair();
    await unblock(transport, chosen(), { puk, newPin });
    expect(card.pinTriesLeft).toBe(3);
  });

  it('a wrong PUK is counted, its last try is not spent unasked, and then it is blocked', async () => {
    const card = newCard();
    const transport = virtualTransport([card]);
    const wrong = (lastTryAgreed = false): Promise<void> =>
      unblock(transport, chosen(), { puk: bytes('99999999'), newPin: bytes('abcdef'), lastTryAgreed });
    await expect(wrong()).rejects.toMatchObject({ code: 'PUK_WRONG', triesLeft: 2 });
    await expect(wrong()).rejects.toMatchObject({ code: 'PUK_WRONG', triesLeft: 1 });
    await expect(wrong()).rejects.toMatchObject({ code: 'PIN_LAST_TRY' });
    await expect(wrong(true)).rejects.toMatchObject({ code: 'PUK_BLOCKED' });
    await expect(wrong(true)).rejects.toMatchObject({ code: 'PUK_BLOCKED' });
    const both = { puk: bytes('12345678'), newPuk: bytes('87654321') };
    await expect(changePuk(transport, chosen(), both)).rejects.toMatchObject({ code: 'PUK_BLOCKED' });
  });

  for (const bad of ['', '12345', '123456789', 'päss12', '12345\n']) {
    it(`can not be ${JSON.stringify(bad)}: the card never sees it`, async () => {
      const sent = vi.fn();
      const transport = virtualTransport([newCard()], (_reader, apdu) => {
        if ([0x24, 0x2c].includes(apdu[1] ?? 0)) sent();
      });
      for (const attempt of [
        changePin(transport, chosen(), { pin: bytes('123456'), newPin: bytes(bad) }),
        changePin(transport, chosen(), { pin: bytes(bad), newPin: bytes('123456') }),
      ]) {
        await expect(attempt).rejects.toMatchObject({ code: 'PIN_FORM' });
      }
      expect(sent).not.toHaveBeenCalled();
    });
  }

  it('go to no other card than the chosen one', async () => {
    const transport = virtualTransport([new VirtualCard({ serial: 8 })]);
    const secrets = { pin: bytes('999999'), newPin: bytes('abcdef') };
    await expect(changePin(transport, chosen(), secrets)).rejects.toMatchObject({ code: 'WRONG_CARD' });
  });

  it('are sent once, also when the card is reset in the midst', async () => {
    const card = newCard();
    const transport = virtualTransport([card], (reader, apdu) => {
      if (apdu[1] !== 0x24) return;
      card.process(apdu);
      transport.resetByOther(reader);
    });
    const secrets = { pin: bytes('999999'), newPin: bytes('abcdef') };
    await expect(changePin(transport, chosen(), secrets)).rejects.toMatchObject({ code: 'CARD_RESET' });
    expect(card.pinTriesLeft).toBe(2);
  });

  it('appear in no error', async () => {
    const secrets = { pin: bytes('zyxwvu'), newPin: bytes('abcdef') };
    const outcome: unknown = await changePin(virtualTransport([newCard()]), chosen(), secrets).catch(
      (error: unknown) => error,
    );
    expect(inspect(outcome, { depth: 9 })).not.toMatch(/zyxwvu|7a797877/);
  });
});
