import { required } from '../errors.ts';
import { ClientError, isSourcesFault } from './error.ts';

/**
 * Asks one mirror after the other until one gives an answer that verifies. What `ask` throws for another reason than the
 * mirror's own passes through at once. Throws {@link ClientError}: the one mirror's, or one that tells of all of them.
 */
export async function firstSound<M, T>(mirrors: readonly M[], ask: (mirror: M) => Promise<T>): Promise<T> {
  const failures: ClientError[] = [];
  for (const mirror of mirrors) {
    try {
      return await ask(mirror);
    } catch (error) {
      if (!isSourcesFault(error)) throw error;
      failures.push(error);
    }
  }
  throw togetherOf(failures);
}

/** `mirrors` with `first` in front. */
export const withFirst = <M>(mirrors: readonly M[], first: M): readonly M[] => [
  first,
  ...mirrors.filter(mirror => mirror !== first),
];

/** A refusal says more than a silence: its code is the one that counts. */
export const mostTelling = (failures: readonly ClientError[]): ClientError =>
  failures.find(({ code }) => code !== 'TRANSPORT' && code !== 'NOT_FOUND') ??
  required(failures[0], 'a failure');

function togetherOf(failures: readonly ClientError[]): ClientError {
  if (failures.length === 0) throw new ClientError('TRANSPORT', 'no place to fetch from is known');
  const telling = mostTelling(failures);
  const messages = new Set(failures.map(({ message }) => message));
  if (messages.size === 1) return telling;
  return new ClientError(
    telling.code,
    `none of ${failures.length} mirrors gave what verifies: ${[...messages].join('; ')}`,
    { cause: new AggregateError(failures), isOutage: failures.every(({ isOutage }) => isOutage) },
  );
}
