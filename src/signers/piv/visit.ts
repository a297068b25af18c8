import { selectPiv } from './applet.ts';
import { type CardChannel, type CardTransport, isTransient, sleep } from './transport.ts';

/** Pauses before trying again, in milliseconds; their number bounds the tries. */
const PAUSES = [50, 200, 500] as const;

/**
 * Opens the card in `reader`, selects its PIV applet and runs `work`, all in one transaction. Where another program has reset the
 * card or holds it, the *whole* transaction is run again on a new connection, at most three times more: `work` must bear that.
 *
 * Throws what `work` throws, {@link CardError} `NOT_PIV`, and the errors of {@link CardTransport}.
 */
export async function visitCard<T>(
  transport: CardTransport,
  reader: string,
  work: (channel: CardChannel) => Promise<T>,
): Promise<T> {
  for (const pause of PAUSES) {
    try {
      return await visitOnce(transport, reader, work);
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
    await sleep(pause);
  }
  return visitOnce(transport, reader, work);
}

/**
 * As {@link visitCard}, for work that must not be done twice (a PIN that may cost a try, a key made, an object written): only
 * what comes before `work` is tried again. Throws {@link CardError} `CARD_RESET` where the card was reset in its midst.
 */
export async function visitCardOnce<T>(
  transport: CardTransport,
  reader: string,
  work: (channel: CardChannel) => Promise<T>,
): Promise<T> {
  let hasBegun = false;
  const once = (channel: CardChannel): Promise<T> => {
    hasBegun = true;
    return work(channel);
  };
  for (const pause of PAUSES) {
    try {
      return await visitOnce(transport, reader, once);
    } catch (error) {
      if (hasBegun || !isTransient(error)) throw error;
    }
    await sleep(pause);
  }
  return visitOnce(transport, reader, once);
}

async function visitOnce<T>(
  transport: CardTransport,
  reader: string,
  work: (channel: CardChannel) => Promise<T>,
): Promise<T> {
  await using connection = await transport.connect(reader);
  return await connection.transact(async channel => {
    await selectPiv(channel);
    return work(channel);
  });
}
