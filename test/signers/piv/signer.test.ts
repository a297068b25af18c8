import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { VirtualCard, type VirtualCardOptions } from '../../../signer-cli/demo/virtual-card/card.ts';
import { virtualReaderName, virtualTransport } from '../../../signer-cli/demo/virtual-card/transport.ts';
import { requirePublicKey } from '../../../src/metadata/key.ts';
import { CardError } from '../../../src/signers/piv/error.ts';
import { PivSigner } from '../../../src/signers/piv/signer.ts';
import { parsePivUri } from '../../../src/signers/piv/uri.ts';
import { CARD_KEYS, scriptedPrompts, tufKey, tufKeyOf } from '../../support/card-keys.ts';

const [KEY_A, KEY_B] = CARD_KEYS;
const PAYLOAD = Buffer.from('{"_type":"root"}');
const INS_VERIFY = 0x20;
const INS_AUTHENTICATE = 0x87;

const card = (options: Partial<VirtualCardOptions> = {}): VirtualCard =>
  new VirtualCard({ serial: 11_111_111, privateKey: KEY_A, ...options });
const cardB = (): VirtualCard => new VirtualCard({ serial: 22_222_222, privateKey: KEY_B });

const verifies = (
  key: ReturnType<typeof tufKeyOf>,
  signature: Uint8Array | undefined,
  payload = PAYLOAD,
): boolean => {
  const { scheme, keyObject } = requirePublicKey(key);
  return signature !== undefined && scheme.verify(keyObject, payload, signature);
};

const failure = async (promise: Promise<unknown>): Promise<CardError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CardError)) throw new Error('expected a CardError', { cause: error });
  return error;
};

describe('finding the card', () => {
  for (const [name, firmware] of [
    ['GET METADATA', [5, 4, 3]],
    ['the certificate (old firmware)', [5, 2, 4]],
    ['the certificate (no serial number)', [4, 3, 5]],
  ] as const) {
    it(`signs with the card that holds the key, by ${name}`, async () => {
      const prompts = scriptedPrompts(['123456']);
      const transport = virtualTransport([cardB(), card({ firmware })]);
      await using signer = new PivSigner({ transport, prompts });
      const key = tufKeyOf(KEY_A);
      expect(verifies(key, await signer.sign(key, PAYLOAD))).toBe(true);
      expect(prompts.asked).toMatchObject([
        { reader: virtualReaderName(1), slot: '9c', triesLeft: 3, refused: false },
      ]);
    });
  }

  it('is not this signer’s key: no prompt, no try', async () => {
    const prompts = scriptedPrompts([]);
    const cards = [card(), new VirtualCard({ serial: 33 })];
    await using signer = new PivSigner({ transport: virtualTransport(cards), prompts });
    expect(await signer.sign(tufKeyOf(KEY_B), PAYLOAD)).toBeUndefined();
    expect(cards.map(each => each.pinTriesLeft)).toEqual([3, 3]);
    expect(prompts.asked).toEqual([]);
  });

  it('is a scheme no slot has: not even a look at the cards', async () => {
    const transport = virtualTransport([card()], () => expect.unreachable());
    await using signer = new PivSigner({ transport, prompts: scriptedPrompts([]) });
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_304 });
    expect(await signer.sign(tufKey(publicKey, 'rsassa-pss-sha256', 'rsa'), PAYLOAD)).toBeUndefined();
  });

  it('keeps to the serial of its URI', async () => {
    const prompts = scriptedPrompts(['123456']);
    const transport = virtualTransport([card(), card({ serial: 44 })]);
    await using signer = new PivSigner({ transport, prompts, uri: parsePivUri('piv:serial=44') });
    expect(await signer.sign(tufKeyOf(KEY_A), PAYLOAD)).toBeDefined();
    expect(prompts.asked).toMatchObject([{ serial: 44 }]);
    await using other = new PivSigner({ transport, prompts, uri: parsePivUri('piv:serial=45') });
    expect(await other.sign(tufKeyOf(KEY_A), PAYLOAD)).toBeUndefined();
  });

  it('has no card, or no reader', async () => {
    const prompts = scriptedPrompts([]);
    const bare = virtualTransport([]);
    expect(
      (await failure(new PivSigner({ transport: bare, prompts }).sign(tufKeyOf(KEY_A), PAYLOAD))).code,
    ).toBe('NO_READER');
    const empty = virtualTransport([card()]);
    empty.remove(virtualReaderName(0));
    expect(
      (await failure(new PivSigner({ transport: empty, prompts }).sign(tufKeyOf(KEY_A), PAYLOAD))).code,
    ).toBe('NO_CARD');
  });
});

describe('the PIN', () => {
  it('is asked for once for several signatures, and zeroed in the end', async () => {
    const prompts = scriptedPrompts(['123456']);
    const signer = new PivSigner({ transport: virtualTransport([card()]), prompts });
    const key = tufKeyOf(KEY_A);
    const payloads = ['a', 'b', 'c'].map(text => Buffer.from(text));
    const signatures = await Promise.all(payloads.map(payload => signer.sign(key, payload)));
    expect(payloads.map((payload, index) => verifies(key, signatures[index], payload))).toEqual([
      true,
      true,
      true,
    ]);
    await signer[Symbol.asyncDispose]();
    expect(prompts.given.map(pin => [...pin])).toEqual([[0, 0, 0, 0, 0, 0]]);
  });

  it('is wrong: tries left are shown, another one is asked for', async () => {
    const prompts = scriptedPrompts(['654321', '123456']);
    const only = card();
    await using signer = new PivSigner({ transport: virtualTransport([only]), prompts });
    expect(await signer.sign(tufKeyOf(KEY_A), PAYLOAD)).toBeDefined();
    expect(prompts.asked).toMatchObject([
      { triesLeft: 3, refused: false },
      { triesLeft: 2, refused: true },
    ]);
    expect(only.pinTriesLeft).toBe(3);
  });

  it('that was refused is never sent again', async () => {
    const prompts = scriptedPrompts(['654321', '654321']);
    const only = card();
    await using signer = new PivSigner({ transport: virtualTransport([only]), prompts });
    expect(await failure(signer.sign(tufKeyOf(KEY_A), PAYLOAD))).toMatchObject({
      code: 'PIN_WRONG',
      triesLeft: 2,
    });
    expect(only.pinTriesLeft).toBe(2);
  });

  it('is not tried a last time unless the person agrees', async () => {
    const prompts = scriptedPrompts(['000001', '000002', '000003']);
    const only = card();
    await using signer = new PivSigner({ transport: virtualTransport([only]), prompts });
    expect(await failure(signer.sign(tufKeyOf(KEY_A), PAYLOAD))).toMatchObject({
      code: 'PIN_LAST_TRY',
      triesLeft: 1,
    });
    expect(only.pinTriesLeft).toBe(1);
    expect(prompts.lastTries).toEqual([11_111_111]);
    expect(prompts.asked).toHaveLength(2);
  });

  it('is tried a last time when the person agrees, and blocks or signs', async () => {
    const key = tufKeyOf(KEY_A);
    for (const [last, expected] of [
      ['000003', 'PIN_BLOCKED'],
      ['123456', undefined],
    ] as const) {
      const prompts = scriptedPrompts(['000001', '000002', last], true);
      await using signer = new PivSigner({ transport: virtualTransport([card()]), prompts });
      if (expected === undefined) expect(await signer.sign(key, PAYLOAD)).toBeDefined();
      else expect(await failure(signer.sign(key, PAYLOAD))).toMatchObject({ code: expected, triesLeft: 0 });
    }
  });

  it('spent down by another program between prompt and signature is not spent to the end', async () => {
    const only = card();
    const prompts = scriptedPrompts(['123456']);
    const transport = virtualTransport([only]);
    const requestPin = prompts.requestPin.bind(prompts);
    prompts.requestPin = request => {
      spendTries(only, 2);
      return requestPin(request);
    };
    await using signer = new PivSigner({ transport, prompts });
    expect((await failure(signer.sign(tufKeyOf(KEY_A), PAYLOAD))).code).toBe('PIN_LAST_TRY');
    expect(only.pinTriesLeft).toBe(1);
  });

  it('is not asked for where it is blocked', async () => {
    const only = card();
    spendTries(only, 3);
    const prompts = scriptedPrompts([]);
    await using signer = new PivSigner({ transport: virtualTransport([only]), prompts });
    expect((await failure(signer.sign(tufKeyOf(KEY_A), PAYLOAD))).code).toBe('PIN_BLOCKED');
  });

  for (const pin of ['', '12345', '123456789', '12345\n', '12345\u007f', 'päss12']) {
    it(`can not be ${JSON.stringify(pin)}: the card never sees it`, async () => {
      const sent = vi.fn();
      const transport = virtualTransport([card()], (_reader, apdu) => {
        if (apdu[1] === INS_VERIFY && apdu.length > 4) sent();
      });
      const prompts = scriptedPrompts([pin]);
      await using signer = new PivSigner({ transport, prompts });
      const error = await failure(signer.sign(tufKeyOf(KEY_A), PAYLOAD));
      expect(error.code).toBe('PIN_FORM');
      expect(sent).not.toHaveBeenCalled();
      expect(prompts.given[0]?.every(byte => byte === 0)).toBe(true);
    });
  }

  it('appears in no error', async () => {
    const prompts = scriptedPrompts(['87654321', '87654321']);
    await using signer = new PivSigner({ transport: virtualTransport([card()]), prompts });
    const error = await failure(signer.sign(tufKeyOf(KEY_A), PAYLOAD));
    expect(inspect(error, { depth: 9 })).not.toContain('87654321');
  });

  it('and command bytes are zeroed after use', async () => {
    const seen: Uint8Array[] = [];
    const transport = virtualTransport([card()], (_reader, apdu) => void seen.push(apdu));
    await using signer = new PivSigner({ transport, prompts: scriptedPrompts(['123456']) });
    await signer.sign(tufKeyOf(KEY_A), PAYLOAD);
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.every(apdu => apdu.every(byte => byte === 0))).toBe(true);
  });

  it('leaves the card unverified for others', async () => {
    const only = card();
    await using signer = new PivSigner({
      transport: virtualTransport([only]),
      prompts: scriptedPrompts(['123456']),
    });
    await signer.sign(tufKeyOf(KEY_A), PAYLOAD);
    only.process(Buffer.from('00a4040005a000000308', 'hex'));
    expect([...only.process(Buffer.from('00200080', 'hex'))]).toEqual([0x63, 0xc3]);
  });
});

describe('a card that is disturbed', () => {
  it('was swapped while the PIN was typed: no PIN is sent', async () => {
    const other = cardB();
    const prompts = scriptedPrompts(['123456']);
    const transport = virtualTransport([card()]);
    const requestPin = prompts.requestPin.bind(prompts);
    prompts.requestPin = request => {
      transport.insert(virtualReaderName(0), other);
      return requestPin(request);
    };
    await using signer = new PivSigner({ transport, prompts });
    expect((await failure(signer.sign(tufKeyOf(KEY_A), PAYLOAD))).code).toBe('WRONG_CARD');
    expect(other.pinTriesLeft).toBe(3);
  });

  for (const [name, ins] of [
    ['while it checks the PIN', INS_VERIFY],
    ['while it signs', INS_AUTHENTICATE],
  ] as const) {
    it(`is pulled ${name}`, async () => {
      const transport = virtualTransport([card()], (reader, apdu) => {
        if (apdu[1] === ins && apdu.length > 4) transport.remove(reader);
      });
      await using signer = new PivSigner({ transport, prompts: scriptedPrompts(['123456']) });
      expect((await failure(signer.sign(tufKeyOf(KEY_A), PAYLOAD))).code).toBe('CARD_REMOVED');
    });

    it(`is reset by another program ${name}: done again with the same PIN`, async () => {
      let resets = 2;
      const transport = virtualTransport([card()], (reader, apdu) => {
        if (apdu[1] !== ins || apdu.length <= 4 || resets === 0) return;
        resets -= 1;
        transport.resetByOther(reader);
      });
      const prompts = scriptedPrompts(['123456']);
      await using signer = new PivSigner({ transport, prompts });
      const key = tufKeyOf(KEY_A);
      expect(verifies(key, await signer.sign(key, PAYLOAD))).toBe(true);
      expect(prompts.asked).toHaveLength(1);
    });
  }

  it('is reset again and again: gives up', async () => {
    const transport = virtualTransport([card()], (reader, apdu) => {
      if (apdu[1] === INS_AUTHENTICATE) transport.resetByOther(reader);
    });
    await using signer = new PivSigner({ transport, prompts: scriptedPrompts(['123456']) });
    expect((await failure(signer.sign(tufKeyOf(KEY_A), PAYLOAD))).code).toBe('CARD_RESET');
  });

  it('loses the answer to a wrong PIN: it is not tried twice', async () => {
    const only = card();
    let resets = 1;
    const transport = virtualTransport([only], (reader, apdu) => {
      if (apdu[1] !== INS_VERIFY || apdu.length <= 4 || resets === 0) return;
      resets -= 1;
      only.process(apdu);
      transport.resetByOther(reader);
    });
    const prompts = scriptedPrompts(['654321', '123456']);
    await using signer = new PivSigner({ transport, prompts });
    expect(await signer.sign(tufKeyOf(KEY_A), PAYLOAD)).toBeDefined();
    expect(prompts.asked.map(request => request.triesLeft)).toEqual([3, 2]);
  });

  it('has a certificate that is not its key’s: the signature is not used', async () => {
    const liar = new LyingCard({ serial: 5, firmware: [5, 2, 4], privateKey: KEY_A });
    await using signer = new PivSigner({
      transport: virtualTransport([liar]),
      prompts: scriptedPrompts(['123456']),
    });
    expect((await failure(signer.sign(tufKeyOf(KEY_A), PAYLOAD))).code).toBe('BAD_SIGNATURE');
  });

  it('does not answer: the deadline ends it', async () => {
    vi.useFakeTimers();
    try {
      const transport = virtualTransport([card()], (_reader, apdu) =>
        apdu[1] === INS_AUTHENTICATE ? new Promise<void>(() => undefined) : undefined,
      );
      await using signer = new PivSigner({ transport, prompts: scriptedPrompts(['123456']) });
      const outcome = failure(signer.sign(tufKeyOf(KEY_A), PAYLOAD));
      await vi.advanceTimersByTimeAsync(60_000);
      expect((await outcome).code).toBe('CARD_TIMEOUT');
    } finally {
      vi.useRealTimers();
    }
  });

  it('is busy for ever: says so instead of "not my key"', async () => {
    const transport = virtualTransport([card()]);
    await using connection = await transport.connect(virtualReaderName(0));
    await connection.transact(async () => {
      await using signer = new PivSigner({ transport, prompts: scriptedPrompts([]) });
      expect((await failure(signer.sign(tufKeyOf(KEY_B), PAYLOAD))).code).toBe('CARD_BUSY');
    });
  });
});

it('announces a touch only where the key wants one', async () => {
  for (const [touchPolicy, announced] of [
    [2, [11_111_111]],
    [1, []],
  ] as const) {
    const prompts = scriptedPrompts(['123456']);
    await using signer = new PivSigner({ transport: virtualTransport([card({ touchPolicy })]), prompts });
    await signer.sign(tufKeyOf(KEY_A), PAYLOAD);
    expect(prompts.touches).toEqual(announced);
  }
});

it('gives the public key of the slot', () => {
  expect(card().publicKey()?.equals(createPublicKey(KEY_A))).toBe(true);
});

/** Signs with another key than its certificate says. */
class LyingCard extends VirtualCard {
  readonly #other = new VirtualCard({ serial: 5, firmware: [5, 2, 4], privateKey: KEY_B });

  override process(apdu: Uint8Array): Uint8Array {
    const honest = super.process(apdu);
    const lie = this.#other.process(apdu);
    return apdu[1] === INS_AUTHENTICATE ? lie : honest;
  }

  override reset(): void {
    super.reset();
    this.#other.reset();
  }
}

function spendTries(card: VirtualCard, count: number): void {
  card.reset();
  card.process(Buffer.from('00a4040005a000000308', 'hex'));
  for (let index = 0; index < count; index += 1) {
    card.process(Buffer.from('0020008008393939393939ffff', 'hex'));
  }
  card.reset();
}
