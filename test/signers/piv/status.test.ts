import { describe, expect, it } from 'vitest';
import { type CardAction, statusError, triesOf } from '../../../src/signers/piv/status.ts';

/** Every status word of NIST SP 800-73-4 part 2 (table 6, section 3) and of the field notes, with what is made of it. */
const TABLE: readonly (readonly [action: CardAction, sw: number, code: string, says: RegExp])[] = [
  ['select', 0x6a82, 'NOT_PIV', /no PIV applet/],
  ['select', 0x6d00, 'NOT_PIV', /no PIV applet/],
  ['read', 0x6a82, 'SLOT_EMPTY', /no key in this slot/],
  ['read', 0x6a86, 'SLOT_EMPTY', /no key in this slot/],
  ['read', 0x6a88, 'SLOT_EMPTY', /no key in this slot/],
  ['read', 0x6985, 'SLOT_EMPTY', /no key in this slot/],
  ['verify', 0x63c2, 'PIN_WRONG', /2 tries left/],
  ['verify', 0x63c1, 'PIN_WRONG', /1 try left/],
  ['verify', 0x63c0, 'PIN_BLOCKED', /PUK/],
  ['verify', 0x6983, 'PIN_BLOCKED', /PUK/],
  ['verify', 0x6300, 'PIN_WRONG', /wrong PIN/],
  ['verify', 0x6a80, 'PIN_FORM', /6 to 8/],
  ['verify', 0x6700, 'PIN_FORM', /6 to 8/],
  ['sign', 0x6982, 'NOT_AUTHORIZED', /touched in time/],
  ['sign', 0x6a86, 'SLOT_EMPTY', /no key/],
  ['sign', 0x6985, 'SLOT_EMPTY', /no key/],
  ['sign', 0x6a88, 'SLOT_EMPTY', /no key/],
  ['sign', 0x6a80, 'UNSUPPORTED_KEY', /another algorithm/],
  ['sign', 0x6883, 'CARD_RESET', /another program/],
  ['sign', 0x6884, 'CARD_STATUS', /chained/],
  ['sign', 0x6f00, 'CARD_STATUS', /failed inside/],
  ['generate', 0x6982, 'NOT_AUTHORIZED', /management key/],
  ['generate', 0x6a80, 'UNSUPPORTED_KEY', /algorithm/],
  ['authenticate', 0x6982, 'NOT_AUTHORIZED', /management key/],
  ['read', 0x6581, 'CARD_STATUS', /memory/],
  ['read', 0x6700, 'CARD_STATUS', /length/],
  ['read', 0x6881, 'CARD_STATUS', /channel/],
  ['read', 0x6882, 'CARD_STATUS', /secure messaging/],
  ['read', 0x6982, 'NOT_AUTHORIZED', /PIN/],
  ['read', 0x6987, 'CARD_STATUS', /secure messaging/],
  ['read', 0x6988, 'CARD_STATUS', /secure messaging/],
  ['read', 0x6a80, 'CARD_STATUS', /data/],
  ['read', 0x6a81, 'CARD_STATUS', /function/],
  ['read', 0x6a84, 'CARD_STATUS', /full/],
  ['read', 0x6b00, 'CARD_STATUS', /parameters/],
  ['read', 0x6d00, 'CARD_STATUS', /command/],
  ['read', 0x6e00, 'CARD_STATUS', /class/],
  ['read', 0x1234, 'CARD_STATUS', /1234/],
  ['sign', 0x63c1, 'CARD_STATUS', /63c1/],
];

describe('statusError', () => {
  for (const [action, sw, code, says] of TABLE) {
    it(`${action} ${sw.toString(16)}: ${code}`, () => {
      const error = statusError(sw, action);
      expect(error).toMatchObject({ code, sw });
      expect(error.message).toMatch(says);
    });
  }

  it('tells the tries left where the card does', () => {
    expect(statusError(0x63c2, 'verify').triesLeft).toBe(2);
    expect(statusError(0x6983, 'verify').triesLeft).toBe(0);
    expect(statusError(0x6300, 'verify').triesLeft).toBeUndefined();
    expect([0x63c0, 0x63cf, 0x6300, 0x6983].map(triesOf)).toEqual([0, 15, undefined, undefined]);
  });

  it('has a sentence for each of the 65,536', () => {
    for (let sw = 0; sw <= 0xffff; sw += 7)
      expect(statusError(sw, 'sign').message.length).toBeGreaterThan(20);
  });
});
