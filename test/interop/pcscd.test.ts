import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import type { AttachableCard } from '../../signer-cli/demo/virtual-card/vpcd.ts';
import { requirePublicKey } from '../../src/metadata/key.ts';
import { selectPiv } from '../../src/signers/piv/applet.ts';
import { listPivCards, readPublicKey } from '../../src/signers/piv/cards.ts';
import { CardError } from '../../src/signers/piv/error.ts';
import { pcscTransport } from '../../src/signers/piv/pcsc.ts';
import { PivSigner } from '../../src/signers/piv/signer.ts';
import { CARD_KEYS, scriptedPrompts, tufKeyOf } from '../support/card-keys.ts';
import { type PcscDaemon, startPcscd } from './support/pcscd.ts';
import { runOk } from './support/program.ts';
import { insertCard, waitForCard } from './support/vpcd-cards.ts';

const [KEY_A, KEY_B, KEY_C] = CARD_KEYS;
const PAYLOAD = Buffer.from('{"_type":"root"}');
const INS_AUTHENTICATE = 0x87;

const failure = async (promise: Promise<unknown>): Promise<CardError> => {
  const error = await promise.catch((reason: unknown) => reason);
  if (!(error instanceof CardError)) throw new Error('expected a CardError', { cause: error });
  return error;
};

it('without a daemon: says that the service is not running', async () => {
  await using transport = pcscTransport();
  expect(await failure(listPivCards(transport))).toMatchObject({ code: 'NO_PCSC' });
});

describe('through a real pcscd', () => {
  let daemon: PcscDaemon;
  beforeAll(async () => {
    daemon = await startPcscd();
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
  });

  it('sees empty readers', async () => {
    await using transport = pcscTransport();
    expect(await transport.readers()).toEqual(daemon.readers.map(name => ({ name, hasCard: false })));
    expect((await failure(listPivCards(transport))).code).toBe('NO_CARD');
  });

  it('signs with the right one of two cards; the other loses no try', async () => {
    const [cardA, cardB] = [
      new VirtualCard({ serial: 11_111_111, privateKey: KEY_A }),
      new VirtualCard({ serial: 22_222_222, privateKey: KEY_B, firmware: [5, 2, 4] }),
    ];
    await using _slotA = await insertCard(daemon, 0, cardA);
    await using _slotB = await insertCard(daemon, 1, cardB);
    await using transport = pcscTransport();
    expect((await listPivCards(transport)).map(card => card.serial)).toEqual([11_111_111, 22_222_222]);
    expect((await failure(readPublicKey(transport))).code).toBe('MANY_CARDS');
    expect(await readPublicKey(transport, { serial: 22_222_222 })).toMatchObject({ firmware: [5, 2, 4] });

    const prompts = scriptedPrompts(['000000', '123456']);
    await using signer = new PivSigner({ transport, prompts });
    const key = tufKeyOf(KEY_B);
    const { scheme, keyObject } = requirePublicKey(key);
    for (const payload of [PAYLOAD, Buffer.from('another payload')]) {
      const signature = await signer.sign(key, payload);
      expect(signature !== undefined && scheme.verify(keyObject, payload, signature)).toBe(true);
    }
    expect(prompts.asked.map(({ serial, triesLeft }) => [serial, triesLeft])).toEqual([
      [22_222_222, 3],
      [22_222_222, 2],
    ]);
    expect([cardA.pinTriesLeft, cardB.pinTriesLeft]).toEqual([3, 3]);
    expect(await signer.sign(tufKeyOf(KEY_C), PAYLOAD)).toBeUndefined();
  });

  it('notices a card pulled in mid-signing', async () => {
    const card = new PulledCard({ serial: 33_333_333, privateKey: KEY_A });
    const slot = await insertCard(daemon, 0, card);
    card.pull = () => void slot[Symbol.asyncDispose]();
    await using transport = pcscTransport();
    await using signer = new PivSigner({ transport, prompts: scriptedPrompts(['123456']) });
    expect((await failure(signer.sign(tufKeyOf(KEY_A), PAYLOAD))).code).toBe('CARD_REMOVED');
    await waitForCard(transport, daemon.readers[0], false);
  });

  it('notices a reset by another program, and signs all the same', async () => {
    await using _slot = await insertCard(
      daemon,
      0,
      new VirtualCard({ serial: 44_444_444, privateKey: KEY_A }),
    );
    await using transport = pcscTransport();
    await using connection = await transport.connect(daemon.readers[0]);
    await connection.transact(selectPiv);
    const prompts = scriptedPrompts(['123456']);
    const requestPin = prompts.requestPin.bind(prompts);
    prompts.requestPin = async request => {
      // yubico-piv-tool resets the card when it leaves.
      await runOk('yubico-piv-tool', '--reader', daemon.readers[0], '--action', 'status');
      return requestPin(request);
    };
    await using signer = new PivSigner({ transport, prompts });
    expect(await signer.sign(tufKeyOf(KEY_A), PAYLOAD)).toBeDefined();
    expect((await failure(connection.transact(selectPiv))).code).toBe('CARD_RESET');
  });

  it('keeps other programs out for the length of a transaction', async () => {
    await using _slot = await insertCard(
      daemon,
      0,
      new VirtualCard({ serial: 55_555_555, privateKey: KEY_A }),
    );
    await using transport = pcscTransport();
    await using connection = await transport.connect(daemon.readers[0]);
    const order: string[] = [];
    let other: Promise<unknown> = Promise.resolve();
    await connection.transact(async channel => {
      other = runOk('yubico-piv-tool', '--reader', daemon.readers[0], '--action', 'status').then(() =>
        order.push('other'),
      );
      for (let round = 0; round < 10; round += 1) await selectPiv(channel);
      order.push('ours');
    });
    await other;
    expect(order).toEqual(['ours', 'other']);
  });

  it('gives up on a card that does not answer', async () => {
    const slot = await insertCard(daemon, 0, silentCard());
    await using transport = pcscTransport();
    {
      await using connection = await transport.connect(daemon.readers[0]);
      const silent = connection.transact(channel =>
        channel.transmit(Uint8Array.of(0, INS_AUTHENTICATE, 0, 0), 300),
      );
      expect((await failure(silent)).code).toBe('CARD_TIMEOUT');
    }
    await slot[Symbol.asyncDispose]();
    await waitForCard(transport, daemon.readers[0], false);
  });

  it('survives the daemon’s end, and says so', async () => {
    await using _slot = await insertCard(
      daemon,
      0,
      new VirtualCard({ serial: 77_777_777, privateKey: KEY_A }),
    );
    await using transport = pcscTransport();
    expect(await listPivCards(transport)).toHaveLength(1);
    await daemon.stop();
    expect(['NO_PCSC', 'NO_READER']).toContain((await failure(listPivCards(transport))).code);
    expect((await failure(listPivCards(transport))).code).toBe('NO_PCSC');
    daemon = await startPcscd();
    expect((await failure(listPivCards(transport))).code).toBe('NO_CARD');
  });
});

/** Is pulled out of its reader when it should sign. */
class PulledCard extends VirtualCard {
  pull: (() => void) | undefined;

  override process(apdu: Uint8Array): Uint8Array {
    if (apdu[1] === INS_AUTHENTICATE) this.pull?.();
    return super.process(apdu);
  }
}

/** Never answers GENERAL AUTHENTICATE. */
function silentCard(): AttachableCard {
  const card = new VirtualCard({ serial: 66_666_666, privateKey: KEY_A });
  return {
    process: apdu => (apdu[1] === INS_AUTHENTICATE ? undefined : card.process(apdu)),
    reset: () => {
      card.reset();
    },
  };
}
