import type { Members } from './decode.ts';

export const EXPIRY_PERIOD_MEMBER = 'x-tuf-on-ci-expiry-period';
export const SIGNING_PERIOD_MEMBER = 'x-tuf-on-ci-signing-period';

/** How long a role's metadata lives, and how long before its end it is signed again. Days, as found in the document. */
export interface Periods {
  readonly expiryDays: number | undefined;
  readonly signingDays: number | undefined;
}

export const decodePeriods = (members: Members): Periods => ({
  expiryDays: members.optionalInteger(EXPIRY_PERIOD_MEMBER, 0),
  signingDays: members.optionalInteger(SIGNING_PERIOD_MEMBER, 0),
});

/** Both periods, a missing signing period being half the expiry period; `undefined` where there is no expiry period. */
export function effectivePeriods(
  periods: Periods,
): { readonly expiryDays: number; readonly signingDays: number } | undefined {
  const { expiryDays, signingDays } = periods;
  if (expiryDays === undefined) return undefined;
  return { expiryDays, signingDays: signingDays ?? Math.floor(expiryDays / 2) };
}
