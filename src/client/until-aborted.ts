import { abortedBy } from './error.ts';

/** The pieces, until the signal is aborted: then one that does not come is not waited for. Throws {@link ClientError} `ABORTED`. */
export async function* untilAborted(
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (signal === undefined) {
    yield* pieces;
    return;
  }
  const iterator = pieces[Symbol.asyncIterator]();
  let giveUp: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => (giveUp = () => reject(abortedBy(signal))));
  signal.addEventListener('abort', giveUp, { once: true });
  // Whoever waits hears of it in the race below.
  aborted.catch(() => undefined);
  if (signal.aborted) giveUp();
  let isDone = false;
  try {
    while (!isDone) {
      const next = await Promise.race([aborted, iterator.next()]);
      isDone = next.done === true;
      if (next.done !== true) yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', giveUp);
    // Not waited for: it may come only after the piece that does not.
    if (!isDone) void iterator.return?.().catch(() => undefined);
  }
}
