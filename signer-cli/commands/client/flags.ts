import type { ClientPolicy } from '../../../src/client/client.ts';
import { parseDuration } from '../../../src/client/duration.ts';
import { DEADLINE_MS, type HttpOptions } from '../../../src/client/http.ts';
import { HOUR_MS } from '../../../src/clock.ts';
import type { GlobalFlags } from '../../run-context.ts';
import { UsageError } from '../../usage-error.ts';

/** What the client commands understand. */
export interface ClientFlags extends GlobalFlags {
  readonly dir?: string;
  readonly json?: boolean;
  readonly fingerprint?: string;
  readonly metadataUrl?: readonly string[];
  readonly targetsUrl?: readonly string[];
  readonly allowRedirectTo?: readonly string[];
  readonly timeout?: string;
  readonly maxAge?: string;
  readonly preferCache?: boolean;
  readonly offline?: boolean;
  readonly bundle?: string;
  readonly allowExpired?: boolean;
  readonly maxTargetsBytes?: string;
  readonly out?: string;
  readonly artifactCache?: boolean;
  readonly map?: string;
  readonly metadataPath?: string;
}

export const folderOf = ({ dir }: ClientFlags): string => dir ?? '.tuf-client';

/** The policy that the flags ask for. Throws {@link UsageError} where they ask for two, or for none that there is. */
export function policyOf({ maxAge, preferCache, offline, bundle, allowExpired }: ClientFlags): ClientPolicy {
  const asked = [
    maxAge !== undefined && '--max-age',
    preferCache === true && '--prefer-cache',
    offline === true && '--offline',
    bundle !== undefined && '--bundle',
  ].filter(flag => flag !== false);
  if (asked.length > 1) throw new UsageError(`${asked.join(' and ')} say different things: give one`);
  if (allowExpired === true && offline !== true && bundle === undefined) {
    throw new UsageError(
      '--allow-expired goes with --offline or --bundle: a repository that can be asked has no excuse',
    );
  }
  if (offline === true) return { kind: 'offline' };
  if (preferCache === true) return { kind: 'cached', maxAgeMs: Number.POSITIVE_INFINITY };
  if (maxAge === undefined) return { kind: 'online' };
  const maxAgeMs = parseDuration(maxAge);
  if (maxAgeMs === undefined) {
    throw new UsageError(`--max-age ${JSON.stringify(maxAge)} is no duration as in 90s, 30m, 72h or 7d`);
  }
  return { kind: 'cached', maxAgeMs };
}

/** Longest `--timeout`. A day of silence is no server. */
const LONGEST_MS = 24 * HOUR_MS;

/** How servers are asked. Throws {@link UsageError}. */
export function httpOptionsOf({
  timeout,
  allowRedirectTo = [],
}: Pick<ClientFlags, 'timeout' | 'allowRedirectTo'>): HttpOptions {
  const idleMs = timeout === undefined ? undefined : parseDuration(timeout);
  if (timeout !== undefined && (idleMs === undefined || idleMs === 0)) {
    throw new UsageError(`--timeout ${JSON.stringify(timeout)} is no duration as in 20s`);
  }
  if (idleMs !== undefined && idleMs > LONGEST_MS) {
    throw new UsageError(`--timeout ${JSON.stringify(timeout)} is too long: at most 24h`);
  }
  for (const origin of allowRedirectTo) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue;
    throw new UsageError(
      `--allow-redirect-to ${JSON.stringify(origin)} is no origin as in https://cdn.example.org`,
    );
  }
  return {
    redirectOrigins: new Set(allowRedirectTo),
    // Who waits longer for a byte waits as long for a small file.
    ...(idleMs === undefined ? {} : { idleMs, deadlineMs: Math.max(idleMs, DEADLINE_MS) }),
  };
}

/** Throws {@link UsageError}. */
export function targetsBytesOf({ maxTargetsBytes }: ClientFlags): number | undefined {
  if (maxTargetsBytes === undefined) return undefined;
  if (/^[1-9]\d{0,9}$/.test(maxTargetsBytes)) return Number(maxTargetsBytes);
  throw new UsageError(`--max-targets-bytes ${JSON.stringify(maxTargetsBytes)} is no number of bytes`);
}
