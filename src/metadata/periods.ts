import { type Members, malformed } from './decode.ts';

export const EXPIRY_PERIOD_MEMBER = 'x-tuf-on-ci-expiry-period';
export const SIGNING_PERIOD_MEMBER = 'x-tuf-on-ci-signing-period';

/** How long a role's metadata lives, and how long before its end it is signed again. Days, as found in the document. */
export interface Periods {
  readonly expiryDays: number | undefined;
  readonly signingDays: number | undefined;
}

/** A hundred years. More would carry an instant past year 9999, for which metadata has no date. */
const MAX_DAYS = 36_525;

/** Throws {@link MetadataError} `MALFORMED` for a period that is no number of days from 0 to 36525. */
export function decodePeriods(members: Members): Periods {
  const days = (name: string): number | undefined => {
    const found = members.optionalInteger(name, 0);
    if (found !== undefined && found > MAX_DAYS)
      throw malformed(`${members.place}.${name}`, `at most ${MAX_DAYS}`);
    return found;
  };
  return { expiryDays: days(EXPIRY_PERIOD_MEMBER), signingDays: days(SIGNING_PERIOD_MEMBER) };
}

/** Both periods, a missing signing period being half the expiry period; `undefined` where there is no expiry period. */
export function effectivePeriods(
  periods: Periods,
): { readonly expiryDays: number; readonly signingDays: number } | undefined {
  const { expiryDays, signingDays } = periods;
  if (expiryDays === undefined) return undefined;
  return { expiryDays, signingDays: signingDays ?? Math.floor(expiryDays / 2) };
}
