import { describe, expect, it } from 'vitest';
import { VirtualCard, type VirtualCardOptions } from '../../../signer-cli/demo/virtual-card/card.ts';
import {
  type VirtualTransport,
  virtualReaderName,
  virtualTransport,
} from '../../../signer-cli/demo/virtual-card/transport.ts';
import { CardError } from '../../../src/signers/piv/error.ts';
import { PivSigner } from '../../../src/signers/piv/signer.ts';
import { CARD_KEYS, type ScriptedPrompts, scriptedPrompts, tufKeyOf } from '../../support/card-keys.ts';

const [KEY_A, KEY_B] = CARD_KEYS;
const PAYLOAD = Buffer.from('{"_type":"root"}');
const INS_VERIFY = 0x20;

const card = (options: Partial<VirtualCardOptions> = {}): VirtualCard =>
  new VirtualCard({ serial: 11_111_111, privateKey: KEY_A, ...options });
const cardB = (): VirtualCard => new VirtualCard({ serial: 22_222_222, privateKey: KEY_B });

const failure = async (promise: Promise<unknown>): Promise<CardError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CardError)) throw new Error('expected a CardError', { cause: error });
  return error;
};

describe('a card that moves during the prompt', () => {
  const during = (
    transport: VirtualTransport,
    move: () => void,
    cardMissing?: () => Promise<boolean>,
  ): { readonly prompts: ScriptedPrompts; readonly signer: PivSigner } => {
    const prompts = scriptedPrompts(['123456']);
    const requestPin = prompts.requestPin.bind(prompts);
    prompts.requestPin = request => {
      move();
      return requestPin(request);
    };
    if (cardMissing !== undefined) prompts.cardMissing = cardMissing;
    return { prompts, signer: new PivSigner({ transport, prompts }) };
  };
  const [FIRST, SECOND] = [virtualReaderName(0), virtualReaderName(1)];

  it('pulled and put back is used', async () => {
    const only = card();
    const transport = virtualTransport([only]);
    const { signer } = during(transport, () => {
      transport.remove(FIRST);
      transport.insert(FIRST, only);
    });
    expect(await signer.sign(tufKeyOf(KEY_A), PAYLOAD)).toBeDefined();
  });

  it('put into another reader is followed there', async () => {
    const only = card();
    const transport = virtualTransport([only]);
    const other = cardB();
    const { signer } = during(transport, () => {
      transport.insert(SECOND, only);
      transport.insert(FIRST, other);
    });
    expect(await signer.sign(tufKeyOf(KEY_A), PAYLOAD)).toBeDefined();
    expect(other.pinTriesLeft).toBe(3);
  });

  it('gone is asked for, until it is back', async () => {
    const only = card();
    const transport = virtualTransport([only]);
    let asked = 0;
    const { signer, prompts } = during(
      transport,
      () => transport.remove(FIRST),
      () => {
        asked += 1;
        if (asked === 2) transport.insert(SECOND, only);
        return Promise.resolve(true);
      },
    );
    expect(await signer.sign(tufKeyOf(KEY_A), PAYLOAD)).toBeDefined();
    expect([asked, prompts.asked.length]).toEqual([2, 1]);
  });

  it('gone and not put back ends it', async () => {
    for (const answer of [true, false]) {
      const transport = virtualTransport([card()]);
      const { signer } = during(
        transport,
        () => transport.remove(FIRST),
        () => Promise.resolve(answer),
      );
      expect((await failure(signer.sign(tufKeyOf(KEY_A), PAYLOAD))).code).toBe('CARD_REMOVED');
    }
  });

  it('pulled after a wrong PIN was sent is not given that PIN again', async () => {
    const only = card();
    let pulls = 1;
    const transport = virtualTransport([only], (reader, apdu) => {
      if (apdu[1] !== INS_VERIFY || apdu.length <= 4 || pulls === 0) return;
      pulls -= 1;
      only.process(apdu);
      transport.remove(reader);
      transport.insert(SECOND, only);
    });
    const prompts = scriptedPrompts(['654321', '123456']);
    await using signer = new PivSigner({ transport, prompts });
    expect(await signer.sign(tufKeyOf(KEY_A), PAYLOAD)).toBeDefined();
    expect(prompts.asked.map(request => request.triesLeft)).toEqual([3, 2]);
  });
});
