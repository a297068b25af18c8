import type { Ceremony } from '../event/calendar.ts';
import { listed } from '../event/words.ts';

// What every renderer says of ceremonies. Nothing here is escaped yet.

/** `root and targets: 2 of @alice, @bob and @carol`; `root by 2 and targets by 1 of …` where thresholds differ. */
export function ceremonyWords({ roles, signers }: Ceremony): string {
  const [first] = roles;
  const who = listed(signers);
  if (roles.every(({ threshold }) => threshold === first?.threshold)) {
    const names = listed(
      roles.map(({ role }) => role),
      6,
    );
    if (signers.length === 1) return `${names}: ${who}`;
    return `${names}: ${first?.threshold} of ${who}`;
  }
  const each = roles.map(({ role, threshold }) => `${role} by ${threshold}`);
  return `${listed(each, 6)} of ${who}`;
}

/** What is to be done about it now; `undefined` where it is not its time yet. */
export function ceremonyDeed({ state, event }: Ceremony): string | undefined {
  if (state === 'planned') return undefined;
  const what =
    event === undefined ? 'no event renews it yet: tuf-signer renew' : `open: tuf-signer sign ${event}`;
  return state === 'overdue' ? `EXPIRED, clients refuse it; ${what}` : what;
}
