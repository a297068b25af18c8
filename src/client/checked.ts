import { createHash } from 'node:crypto';
import { formatInstant, type Instant, parseInstant } from '../clock.ts';
import { isJsonObject, JsonError, member, parseJson } from '../json.ts';
import { serializeJson } from '../metadata/serialize.ts';
import type { MetadataStore } from './store.ts';

// When the repository was last asked, for clients that do not ask each time. Whoever can write it can write the whole
// cache, and gains what the repository's own dates allow: old metadata for as long as that lasts.

const NAME = 'client/checked.json';
const MAX_BYTES = 1_024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Remembers that at `now` this timestamp was the repository's. Throws {@link ClientError} `STORAGE`. */
export const writeChecked = (store: MetadataStore, timestamp: Uint8Array, now: Instant): Promise<void> =>
  store.write(NAME, serializeJson({ at: formatInstant(now), timestamp: sha256(timestamp) }));

/**
 * Milliseconds since this very timestamp was last seen in the repository. `undefined` where that is unknown, or ahead of
 * this machine's clock.
 */
export async function readAge(
  store: MetadataStore,
  timestamp: Uint8Array,
  now: Instant,
): Promise<number | undefined> {
  const bytes = await store.read(NAME, MAX_BYTES);
  if (bytes === undefined) return undefined;
  try {
    const record = parseJson(bytes);
    if (!isJsonObject(record) || member(record, 'timestamp') !== sha256(timestamp)) return undefined;
    const written = member(record, 'at');
    const at = typeof written === 'string' ? parseInstant(written) : undefined;
    return at === undefined || at > now ? undefined : now - at;
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}
