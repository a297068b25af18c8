import type { Instant } from '../clock.ts';
import type { Fetcher } from './fetcher.ts';
import type { ClientLimits } from './limits.ts';
import type { MetadataStore } from './store.ts';

/** Everything one update works with. */
export interface UpdateContext {
  /** One mirror: timestamp, snapshot and targets come from the same one. */
  readonly metadata: Fetcher;
  readonly store: MetadataStore;
  readonly limits: ClientLimits;
  /** The fixed update start time (TUF 5.1); before all times where expiry is not to count. */
  readonly now: Instant;
}
