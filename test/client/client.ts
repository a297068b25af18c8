import { expect } from 'vitest';
import { ClientError, type ClientErrorCode } from '../../src/client/error.ts';
import { siteOf } from '../../src/client/fetcher.ts';
import type { ClientLimits } from '../../src/client/limits.ts';
import { type MetadataStore, memoryStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import type { Instant } from '../../src/clock.ts';
import { type RepositorySimulator, simNow } from '../support/repository-simulator.ts';

export interface ClientOptions {
  readonly store?: MetadataStore;
  readonly now?: Instant;
  readonly limits?: Partial<ClientLimits>;
  readonly trustedRoot?: Uint8Array;
}

/** A client of the simulated repository, without a network. */
export const clientOf = (simulator: RepositorySimulator, options: ClientOptions = {}): Updater =>
  new Updater({
    source: siteOf(simulator.fetcher),
    trustedRoot: options.trustedRoot ?? simulator.trustedRoot,
    store: options.store ?? memoryStore(),
    now: options.now ?? simNow,
    limits: options.limits ?? {},
  });

/** The code that a promise is refused with, or `accepted`. Anything but a {@link ClientError} fails the test. */
export async function outcome(promise: Promise<unknown>): Promise<ClientErrorCode | 'accepted'> {
  try {
    await promise;
    return 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(ClientError);
    return (error as ClientError).code;
  }
}
