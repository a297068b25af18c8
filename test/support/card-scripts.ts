import type { CardChannel, CardTransport } from '../../src/signers/piv/transport.ts';

/** A card that gives these replies in turn (hex), then 6F00, and writes down what it was sent. */
export interface ScriptedCard extends CardChannel {
  readonly sent: string[];
}

export function scriptedCard(replies: readonly (string | Uint8Array)[]): ScriptedCard {
  const sent: string[] = [];
  return {
    sent,
    transmit: apdu => {
      sent.push(Buffer.from(apdu).toString('hex'));
      const reply = replies[sent.length - 1] ?? '6f00';
      return Promise.resolve(Uint8Array.from(typeof reply === 'string' ? Buffer.from(reply, 'hex') : reply));
    },
    resetAfterwards: () => undefined,
  };
}

/** One reader with one card that answers by `channel`, whatever happens to it. */
export const transportTo = (channel: CardChannel, reader = 'Scripted Reader'): CardTransport => ({
  readers: () => Promise.resolve([{ name: reader, hasCard: true }]),
  connect: () =>
    Promise.resolve({
      reader,
      transact: work => work(channel),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
});
