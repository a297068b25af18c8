import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DEFAULT_MANAGEMENT_KEY } from '../../signer-cli/demo/virtual-card/management.ts';
import { CARD_KEYS } from '../support/card-keys.ts';
import {
  ask,
  authenticateManagement,
  generate,
  getObject,
  openedCard,
  padded,
  putObject,
  selectedCard,
  sign,
  tlv,
  value,
  verifyPin,
} from './host.ts';

const [KEY_A] = CARD_KEYS;
const DIGEST = Buffer.alloc(32, 7);
const metadata = (card: ReturnType<typeof selectedCard>, reference: number): string =>
  ask(card, 0xf7, 0, reference).data.toString('hex');
const change = (
  card: ReturnType<typeof selectedCard>,
  p2: number,
  before: string,
  after: string,
  ins = 0x24,
): string => ask(card, ins, 0, p2, Buffer.concat([padded(before), padded(after)])).sw;

describe('PIN policy', () => {
  const use = (pinPolicy: number): readonly string[] => {
    const card = selectedCard({ privateKey: KEY_A, pinPolicy });
    const steps = [() => sign(card, 0x11, 0x9c, DIGEST).sw];
    steps.push(() => verifyPin(card), ...steps, ...steps);
    steps.push(
      () => verifyPin(card),
      () => ask(card, 0xfd).sw,
      () => sign(card, 0x11, 0x9c, DIGEST).sw,
    );
    return steps.map(step => step());
  };
  it.each([
    ['never', 1, '9000 9000 9000 9000 9000 9000 9000'],
    ['once', 2, '6982 9000 9000 9000 9000 9000 9000'],
    ['always', 3, '6982 9000 9000 6982 9000 9000 6982'],
  ])('%s', (_name, policy, expected) => {
    expect(use(policy).join(' ')).toBe(expected);
  });

  it('defaults to always in 9c, never in 9e, once elsewhere', () => {
    const card = openedCard();
    for (const slot of [0x9a, 0x9c, 0x9d, 0x9e, 0x82]) generate(card, 0x11, slot);
    const policies = [0x9a, 0x9c, 0x9d, 0x9e, 0x82].map(slot => [
      ...value(ask(card, 0xf7, 0, slot).data, 0x02),
    ]);
    expect(policies).toEqual([
      [2, 1],
      [3, 1],
      [2, 1],
      [1, 1],
      [2, 1],
    ]);
  });
});

describe('touch policy', () => {
  it('always: one touch, one signature; without it 6982', async () => {
    let touches = 0;
    const card = selectedCard({
      privateKey: KEY_A,
      pinPolicy: 1,
      touchPolicy: 2,
      touch: () => Promise.resolve((touches += 1) !== 2),
    });
    const apdu = Buffer.concat([
      Uint8Array.of(0, 0x87, 0x11, 0x9c, 38),
      tlv(0x7c, tlv(0x82), tlv(0x81, DIGEST)),
      Uint8Array.of(0),
    ]);
    const statuses: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      statuses.push(
        Buffer.from((await card.respond(apdu)) as Uint8Array)
          .subarray(-2)
          .toString('hex'),
      );
    }
    expect(statuses).toEqual(['9000', '6982', '9000']);
    expect(touches).toBe(3);
  });

  it('cached: a touch lasts 15 seconds; is not asked for where the PIN is missing', () => {
    let [now, touches] = [0, 0];
    const card = selectedCard({
      privateKey: KEY_A,
      pinPolicy: 2,
      touchPolicy: 3,
      now: () => now,
      touch: () => (touches += 1) > 0,
    });
    expect(sign(card, 0x11, 0x9c, DIGEST).sw).toBe('6982');
    expect(touches).toBe(0);
    verifyPin(card);
    const counts = [0, 14_999, 15_000].map(at => {
      now = at;
      return [sign(card, 0x11, 0x9c, DIGEST).sw, touches];
    });
    expect(counts).toEqual([
      ['9000', 1],
      ['9000', 1],
      ['9000', 2],
    ]);
  });

  it('of the management key', () => {
    let isTouched = false;
    const card = selectedCard({ managementTouchPolicy: 2, touch: () => isTouched });
    expect(metadata(card, 0x9b)).toBe('01010302020002050101');
    expect(authenticateManagement(card, 0x03)).toBe(false);
    isTouched = true;
    expect(authenticateManagement(card, 0x03)).toBe(true);
  });
});

describe('PIN and PUK', () => {
  it('tell defaults and tries', () => {
    const card = selectedCard();
    expect([metadata(card, 0x80), metadata(card, 0x81)]).toEqual([
      '0101ff05010106020303',
      '0101ff05010106020303',
    ]);
    verifyPin(card, '999999');
    change(card, 0x81, '12345678', '87654321');
    expect([metadata(card, 0x80), metadata(card, 0x81)]).toEqual([
      '0101ff05010106020302',
      '0101ff05010006020303',
    ]);
    expect(ask(selectedCard({ firmware: [5, 2, 7] }), 0xf7, 0, 0x80).sw).toBe('6d00');
  });

  it('change for who knows the old one, into what is one', () => {
    const card = selectedCard();
    expect([
      change(card, 0x80, '123456', '12345'),
      change(card, 0x80, '999999', '654321'),
      change(card, 0x80, '123456', '654321'),
      verifyPin(card, '654321'),
      change(card, 0x81, '11111111', '87654321'),
      change(card, 0x82, '123456', '654321'),
    ]).toEqual(['6a80', '63c2', '9000', '9000', '63c2', '6a88']);
    expect(card.pukTriesLeft).toBe(2);
  });

  it('have as many tries as they are given, and their first values then', () => {
    const card = openedCard({ pin: '654321' });
    expect(ask(card, 0xfa, 5, 20).sw).toBe('6982');
    verifyPin(card, '654321');
    expect(ask(card, 0xfa, 0, 3).sw).toBe('6a86');
    expect(ask(card, 0xfa, 5, 20).sw).toBe('9000');
    expect([verifyPin(card, '654321'), verifyPin(card)]).toEqual(['63c4', '9000']);
    expect(metadata(card, 0x81)).toBe('0101ff05010106021414');
    expect(change(card, 0x81, '00000000', '11111111')).toBe('63cf');
  });
});

describe('reset of the applet', () => {
  it('wants both blocked, and keeps F9 alone', () => {
    const card = openedCard({ pin: '654321', privateKey: KEY_A, firmware: [5, 7, 1] });
    const attestation = card.object(0x5fff01);
    putObject(card, '5fc109', Buffer.from('8800', 'hex'));
    expect(ask(card, 0xfb).sw).toBe('6985');
    for (let round = 0; round < 3; round += 1) {
      verifyPin(card, '');
      change(card, 0x80, '', '', 0x2c);
    }
    expect([card.pinTriesLeft, card.pukTriesLeft]).toEqual([0, 0]);
    expect(ask(card, 0xfb).sw).toBe('9000');
    expect(card.publicKey()).toBeUndefined();
    expect([card.object(0x5fc10a), card.object(0x5fc109)]).toEqual([undefined, undefined]);
    expect(card.object(0x5fff01)).toEqual(attestation);
    expect(verifyPin(card)).toBe('9000');
    expect(authenticateManagement(card, 0x0a)).toBe(true);
  });
});

describe('the management key', () => {
  it.each([
    ['3DES', 0x03, 24],
    ['AES-128', 0x08, 16],
    ['AES-192', 0x0a, 24],
    ['AES-256', 0x0c, 32],
  ])('%s is set and used', (_name, id, length) => {
    const card = openedCard();
    const key = randomBytes(length);
    const set = (p1: number, p2: number, ...data: readonly number[]): string =>
      ask(card, 0xff, p1, p2, Uint8Array.from(data)).sw;
    expect(set(0xff, 0xff, id, 0x9b, length - 1, ...key.subarray(1))).toBe('6a80');
    expect(set(0xff, 0, id, 0x9b, length, ...key)).toBe('6a86');
    expect(set(0xff, 0xfe, id, 0x9b, length, ...key)).toBe('9000');
    card.reset();
    ask(card, 0xa4, 4, 0, Buffer.from('a000000308', 'hex'));
    expect(set(0xff, 0xff, id, 0x9b, length, ...key)).toBe('6982');
    expect(metadata(card, 0x9b)).toBe(`0101${id.toString(16).padStart(2, '0')}02020002050100`);
    expect(authenticateManagement(card, id, key)).toBe(true);
  });

  it('is 3DES before 5.4', () => {
    const card = openedCard({ firmware: [5, 3, 0] });
    expect(ask(card, 0xff, 0xff, 0xff, Uint8Array.of(0x08, 0x9b, 16, ...randomBytes(16))).sw).toBe('6a80');
  });

  it('may be kept on the card, for who knows the PIN', () => {
    const key = randomBytes(32);
    const card = selectedCard({
      managementKey: key,
      managementAlgorithm: 0x0c,
      isManagementKeyProtected: true,
    });
    expect(getObject(card, '5fff00').data.toString('hex')).toBe('53058003810102');
    expect(getObject(card, '5fc109').sw).toBe('6982');
    verifyPin(card);
    const kept = value(value(value(getObject(card, '5fc109').data, 0x53), 0x88), 0x89);
    expect(kept.equals(key)).toBe(true);
    expect(authenticateManagement(card, 0x0c, kept)).toBe(true);
    expect(authenticateManagement(card, 0x0c, randomBytes(32))).toBe(false);
    expect(metadata(selectedCard({ managementKey: DEFAULT_MANAGEMENT_KEY }), 0x9b)).toMatch(/050101$/);
  });
});
