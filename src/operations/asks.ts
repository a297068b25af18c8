import type { KeyOwner, RoleName } from '../metadata/names.ts';
import { drillIn } from './drill/proofs.ts';
import { proofsOwed } from './drill/prove.ts';
import type { LoadedEvent } from './event.ts';
import { invitedRoles } from './join.ts';
import { namelessObligations, obligationsOf } from './signing.ts';

/** What an event wants of one person. */
export interface Asks {
  readonly invited: readonly RoleName[];
  readonly toSign: readonly RoleName[];
  /**
   * Roles that wait for keys of which nobody says whose they are, as a root that was imported has them: whoever holds one may sign,
   * and this person may be that one.
   */
  readonly nameless: readonly RoleName[];
  /** Is it a drill, and are keys of this person still to prove themselves? */
  readonly toProve: boolean;
}

/** Of a rejected event nothing. */
export function asksOf(event: LoadedEvent, user: KeyOwner): Asks {
  if (event.report.verdict === 'rejected') return { invited: [], toSign: [], nameless: [], toProve: false };
  return {
    invited: invitedRoles(event, user),
    toSign: rolesOf(obligationsOf(event, user)),
    nameless: rolesOf(namelessObligations(event)),
    toProve: proofsOwed(drillIn(event), user).length > 0,
  };
}

const rolesOf = (obligations: readonly { readonly role: RoleName }[]): readonly RoleName[] => [
  ...new Set(obligations.map(({ role }) => role)),
];

/** Does it want a signature now, rather than a key that joins or proves itself? */
export const wantsSignature = ({ invited, toSign, nameless, toProve }: Asks): boolean =>
  !toProve && invited.length === 0 && toSign.length + nameless.length > 0;

/** Does it want anything? */
export const isAsked = ({ invited, toSign, nameless, toProve }: Asks): boolean =>
  invited.length + toSign.length + nameless.length > 0 || toProve;
