import { describe, expect, it } from 'vitest';
import { type CardAction, statusError, triesOf } from '../../../src/signers/piv/status.ts';
import { STATUS_WORDS } from '../../../src/signers/piv/status-table.ts';

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
  ['generate', 0x6982, 'MANAGEMENT_KEY', /management key/],
  ['generate', 0x6a80, 'UNSUPPORTED_KEY', /algorithm/],
  ['authenticate', 0x6982, 'MANAGEMENT_KEY', /management key/],
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

/** Those of NIST SP 800-73-4 part 2, table 6, of ISO/IEC 7816-4 section 5.6, and of FIELD.md; x stands for any digit. */
const NAMED =
  '61xx 6281 6282 6283 6285 62xx 6300 63cx 64xx 6581 65xx 66xx 6700 6881 6882 6883 6884 68xx 6981 6982 6983 6984 6985 6986 6987 6988 69xx 6a80 6a81 6a82 6a84 6a86 6a88 6axx 6b00 6cxx 6d00 6e00 6fxx';

const HEAD = `# What a card's status words mean here

A card ends each answer with a status word of two bytes. This is what tuf-signer makes of those that are not 9000: a coded
error and a sentence, to which the word itself is added. The same word means different things for different commands, so the
command's own rows come first; \`x\` stands for any digit. A word that is in no row is shown by its value.

Sources: NIST SP 800-73-4 part 2 (table 6 and the tables of section 3), ISO/IEC 7816-4 section 5.6, Yubico's PIV documentation,
and what cards in the field answer. Made from \`src/signers/piv/status-table.ts\` by its test: change it there.

| word | asked | code | what is said |
|---|---|---|---|
`;

describe('STATUS_WORDS', () => {
  it('has a meaning, whatever was asked, for each that the standards name', () => {
    const everywhere = STATUS_WORDS.filter(row => row.action === 'any').map(row => row.word);
    expect(everywhere.filter(word => word !== '63xx').sort()).toEqual(NAMED.split(' ').sort());
  });

  it('says each thing once, as a fact and what to do', () => {
    const names = STATUS_WORDS.map(row => `${row.action} ${row.word}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { says } of STATUS_WORDS) expect(says).toMatch(/^.{8,}: .{5,}$|\{tries\} left$/);
  });

  it('is what statusError says', () => {
    for (const { word, action, code, says } of STATUS_WORDS) {
      const sw = Number.parseInt(word.replace('63cx', '63c5').replaceAll('x', 'f'), 16);
      const error = statusError(sw, action === 'any' ? 'write' : action);
      if (action === 'any' && STATUS_WORDS.some(row => row.action === 'write' && row.word === word)) continue;
      expect(error).toMatchObject({ code, sw });
      expect(error.message).toContain(says.replace('{tries}', '5 tries'));
    }
  });

  it('is what docs/status-words.md shows (vitest -u writes it)', async () => {
    const rows = STATUS_WORDS.map(
      ({ word, action, code, says }) =>
        `| ${word} | ${action === 'any' ? '(anything else)' : action} | ${code} | ${says.replace('{tries}', 'N tries')} |`,
    );
    await expect(`${HEAD}${rows.join('\n')}\n`).toMatchFileSnapshot('../../../docs/status-words.md');
  });
});
