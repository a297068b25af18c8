import { DAY_MS, type Instant, isStrictInstant } from '../../clock.ts';
import { type JsonObject, member } from '../../json.ts';
import type { Signed } from '../../metadata/document.ts';
import { EXPIRY_PERIOD_MEMBER, SIGNING_PERIOD_MEMBER } from '../../metadata/periods.ts';
import { days, wholeText } from './text.ts';

export const PERIOD_MEMBERS: readonly string[] = [EXPIRY_PERIOD_MEMBER, SIGNING_PERIOD_MEMBER];

/** Version, expiry and periods of a document. */
export function describeLifetime(before: Signed | undefined, after: Signed, now: Instant): readonly string[] {
  const sentences: string[] = [];
  if (before === undefined) sentences.push(`this is version ${after.version}`);
  else if (before.version !== after.version) {
    sentences.push(`the version goes from ${before.version} to ${after.version}`);
  }
  if (before?.expires !== after.expires) {
    const left = `${dateText(after.expires)}, ${distance(after.expiresAt, now)}`;
    sentences.push(
      before === undefined
        ? `it expires on ${left}`
        : `the expiry moves from ${dateText(before.expires)} to ${left}`,
    );
  }
  return [...sentences, ...describePeriods(before?.raw, after.raw, '')];
}

const dateText = (expires: string): string => (isStrictInstant(expires) ? expires : wholeText(expires));

function distance(expiresAt: Instant, now: Instant): string {
  const whole = Math.round(Math.abs(expiresAt - now) / DAY_MS);
  return expiresAt < now ? `${days(whole)} ago` : `in ${days(whole)}`;
}

/** The two periods, as members of a document or of a role object of root. `prefix` names the role. */
export function describePeriods(
  before: JsonObject | undefined,
  after: JsonObject,
  prefix: string,
): readonly string[] {
  return [
    ...describePeriod(
      'expiry period',
      periodOf(before, EXPIRY_PERIOD_MEMBER),
      periodOf(after, EXPIRY_PERIOD_MEMBER),
    ),
    ...describePeriod(
      'signing period',
      periodOf(before, SIGNING_PERIOD_MEMBER),
      periodOf(after, SIGNING_PERIOD_MEMBER),
    ),
  ].map(sentence => `${prefix}${sentence}`);
}

function periodOf(object: JsonObject | undefined, name: string): number | undefined {
  const value = object === undefined ? undefined : member(object, name);
  return typeof value === 'number' ? value : undefined;
}

function describePeriod(
  what: string,
  before: number | undefined,
  after: number | undefined,
): readonly string[] {
  if (before === after) return [];
  if (after === undefined) return [`the ${what} is no longer stated (it was ${days(before ?? 0)})`];
  if (before === undefined) return [`the ${what} is ${days(after)}`];
  return [`the ${what} goes from ${days(before)} to ${days(after)}`];
}
