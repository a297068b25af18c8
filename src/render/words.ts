import { unreachable } from '../errors.ts';
import type { Deadline } from '../event/deadlines.ts';
import type { Reason, Severity } from '../event/reason.ts';
import type {
  Awaited,
  AwaitedSignature,
  EventReport,
  QuorumReport,
  RoleReport,
  RoleState,
} from '../event/report.ts';
import type { KeyOwner, RoleName } from '../metadata/names.ts';
import { drillMeaning, proofDeeds } from './drill-words.ts';

// What every renderer says in the same words. Nothing here is escaped yet.

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** `a, b and c`. */
export const joined = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** The names of roles in one clause: of many the first ones and how many there are beside. */
export const joinedRoles = (roles: readonly string[]): string =>
  roles.length > MANY_ROLES
    ? `${roles.slice(0, 3).join(', ')} and ${roles.length - 3} more roles`
    : joined(roles);

const MANY_ROLES = 20;

/** `packages-00`; `packages-00 and 255 bins alike, up to packages-ff` where it stands for them. */
export function roleTitle(role: RoleName, { alike }: Pick<EventReport, 'alike'>): string {
  const others = alike.get(role) ?? [];
  return others.length === 0
    ? role
    : `${role} and ${counted(others.length, 'bin')} alike, up to ${others.at(-1)}`;
}

/** The verdict in one word, and what it means for this event. */
export function verdictWords(report: EventReport): { readonly word: string; readonly meaning: string } {
  if (report.state === 'merged') {
    return {
      word: 'Merged',
      meaning: 'main has all of it, nothing is left to do, and its branch can be deleted',
    };
  }
  switch (report.verdict) {
    case 'accepted':
      return { word: 'Accepted', meaning: acceptedMeaning(report) };
    case 'pending':
      return { word: 'Pending', meaning: pendingMeaning(report) };
    case 'rejected': {
      const refusals = report.reasons.filter(({ severity }) => severity === 'refuse').length;
      return {
        word: 'Rejected',
        meaning: `${counted(refusals, 'finding')} that no signature can mend: the content has to change`,
      };
    }
    case 'unchanged':
      return { word: 'Unchanged', meaning: 'nothing that is signed here differs from main' };
    default:
      return unreachable(report.verdict);
  }
}

const acceptedMeaning = ({ drill }: EventReport): string =>
  drill === undefined
    ? 'every quorum has signed, and this can be merged'
    : `${drillMeaning(drill)}, and this can be merged, as a record`;

function pendingMeaning({ state, awaited, invites, drill }: EventReport): string {
  if (drill !== undefined) return drillMeaning(drill);
  const people = awaited.length === 0 ? [] : [`${counted(awaited.length, 'signer')} can sign now`];
  if (state === 'collecting') return joined(['the content stands', ...people]);
  const answers = invites.size === 0 ? [] : [`${counted(invites.size, 'invitation')} to be answered`];
  const parts = [...answers, ...people];
  return parts.length === 0 ? 'still a draft, for the reasons below' : `still a draft: ${joined(parts)}`;
}

/** What to hurry for, one sentence each: roles that main will soon have no valid version of, or has none already. */
export const urgencies = ({ state, onMain, alike }: EventReport): readonly string[] =>
  state === 'merged'
    ? []
    : [...onMain]
        .filter(([, { isUrgent }]) => isUrgent)
        .map(([role, deadline]) =>
          deadline.daysLeft < 0
            ? `${roleTitle(role, { alike })} on main ${expiryWords(deadline)}: clients refuse it until this is merged`
            : `${roleTitle(role, { alike })} on main ${expiryWords(deadline)}: merge this before then`,
        );

/** `expires in 3 days (2030-06-04T00:00:00Z)`. */
const expiryWords = ({ daysLeft, left, expires }: Deadline): string =>
  `${daysLeft < 0 ? 'expired' : 'expires'} ${left} (${expires})`;

/** `version 1 expires in 100 days (2030-09-09), signing from 2030-07-11`: when the next one is to be signed. */
export function deadlineWords({
  version,
  daysLeft,
  left,
  expires,
  signingFrom,
  isSigning,
}: Deadline): string {
  const period =
    signingFrom === undefined ? '' : `, signing ${isSigning ? 'since' : 'from'} ${dayOf(signingFrom)}`;
  return `version ${version} ${daysLeft < 0 ? 'expired' : 'expires'} ${left} (${dayOf(expires)})${period}`;
}

const dayOf = (instant: string): string => instant.slice(0, 10);

/** The same in a table's cell. */
export const briefDeadline = ({ version, daysLeft, left }: Deadline): string =>
  `version ${version}, ${daysLeft < 0 ? 'expired' : 'expires'} ${left}`;

/** People read their mail within a week; whoever has not answered by then may never do so. */
const STALE_DAYS = 7;

/** An invitation that nobody needs to wait for any longer, and how it is withdrawn. A command mentions nobody. */
export interface StaleInvitation {
  readonly what: string;
  readonly commands: readonly string[];
}

/** Of all but a merged event: also of one that is rejected, as a withdrawal may be what mends it. */
export function staleInvitations({
  state,
  event,
  invites,
  invited,
}: EventReport): readonly StaleInvitation[] {
  if (state === 'merged') return [];
  return [...invites].flatMap(([owner, roles]): readonly StaleInvitation[] => {
    const days = invited.get(owner)?.daysOpen ?? 0;
    if (days < STALE_DAYS) return [];
    const branch = isPlain(event) ? event : 'EVENT';
    return [
      {
        what: `${owner} was invited ${counted(days, 'day')} ago and has not answered; nobody has to wait for that`,
        commands: roles.map(
          role =>
            `tuf-signer delegate ${branch} ${isPlain(role) ? role : 'ROLE'} --remove-signers ${owner.slice(1)}`,
        ),
      },
    ];
  });
}

/** Somebody whose turn it is, and for what. */
export interface Turn {
  readonly name: string;
  readonly owner: KeyOwner | undefined;
  readonly deeds: readonly string[];
}

/** Who is to do something now; nobody where the content has to change first. Invitations come first. */
export function turnsOf({ verdict, invites, invited, awaited, drill }: EventReport): readonly Turn[] {
  if (verdict === 'rejected') return [];
  const turns = new Map<string, { owner: KeyOwner | undefined; deeds: string[] }>();
  for (const [owner, roles] of invites) {
    const open = invited.get(owner);
    const since =
      open === undefined || open.daysOpen === 0 ? '' : `, open for ${counted(open.daysOpen, 'day')}`;
    turns.set(owner, { owner, deeds: [`accept the invitation to sign ${joinedRoles(roles)}${since}`] });
  }
  for (const signer of awaited) {
    const turn = turns.get(signer.name) ?? { owner: signer.owner, deeds: [] };
    turn.deeds.push(...signingDeeds(signer));
    turns.set(signer.name, turn);
  }
  if (drill !== undefined)
    for (const [owner, deed] of proofDeeds(drill)) turns.set(owner, { owner, deeds: [deed] });
  return [...turns].map(([name, turn]) => ({ name, ...turn }));
}

/** `sign root and targets`; of whoever has several keys also with which, in the order in which to insert the cards. */
function signingDeeds({ roles, signatures, hasSeveralKeys }: Awaited): readonly string[] {
  if (!hasSeveralKeys) return [`sign ${joinedRoles(roles)}`];
  const byKey = new Map<string, AwaitedSignature[]>();
  for (const signature of signatures) {
    const known = byKey.get(signature.fingerprint);
    if (known === undefined) byKey.set(signature.fingerprint, [signature]);
    else known.push(signature);
  }
  const byRoles = new Map<string, string[]>();
  for (const wanted of byKey.values()) {
    const what = joinedRoles(wanted.map(({ role }) => role));
    byRoles.set(what, [...(byRoles.get(what) ?? []), `with ${keyWords(wanted)}`]);
  }
  return [...byRoles].map(([what, keys]) => `sign ${what} ${joined(keys)}`);
}

/** `YubiKey 10000001`, `the new key 0123456789abcdef0123`. */
function keyWords(wanted: readonly AwaitedSignature[]): string {
  const [first] = wanted;
  const name = first?.card?.name ?? `key ${first?.fingerprint.slice(0, 20) ?? ''}`;
  if (wanted.some(({ joining }) => joining)) return `the new ${name}`;
  return wanted.every(({ of }) => of.every(quorum => quorum === 'old')) ? `the old ${name}` : name;
}

/** The command that does it. An event whose name a shell could take for more is left to the list that `sign` shows. */
export const signCommand = (event: string | undefined): string =>
  isPlain(event) ? `tuf-signer sign ${event}` : 'tuf-signer sign';

/** Is it one word to every shell, and no flag? */
const isPlain = (name: string | undefined): name is string =>
  name !== undefined && /^[A-Za-z0-9_][A-Za-z0-9._+/-]{0,199}$/.test(name);

/** One line of the signature table. */
export interface Meter {
  readonly role: RoleName;
  /** Which of root's two quorums; empty for a role that has one. */
  readonly which: string;
  readonly quorum: QuorumReport;
}

export function metersOf({ roles }: EventReport): readonly Meter[] {
  return [...roles].flatMap(([role, { quorums }]) =>
    quorums.map(quorum => ({ role, which: quorums.length < 2 ? '' : whichQuorum(quorum.of), quorum })),
  );
}

/** Whose quorum it is, of root's two. */
export const whichQuorum = (of: QuorumReport['of']): string =>
  of === 'old' ? "main's signers" : of === 'new' ? 'new signers' : '';

/** `filled` for each signature that counts and `empty` for each that lacks, as long as that can be taken in. */
export function meterBar({ signed, threshold }: QuorumReport, filled: string, empty: string): string {
  if (threshold > 10) return '';
  const have = Math.min(signed.length, threshold);
  return filled.repeat(have) + empty.repeat(threshold - have);
}

/** `1 of 2`. */
export const tally = ({ signed, threshold }: QuorumReport): string =>
  signed.length > threshold ? `${signed.length}, ${threshold} needed` : `${signed.length} of ${threshold}`;

export const isMet = ({ signed, threshold }: QuorumReport): boolean => signed.length >= threshold;

/** `version 3, expires on …, waits for signatures`. */
export function roleWords({ state, change, version, expires }: RoleReport): string {
  const words = [
    ...(version === undefined ? [] : [`version ${version}`]),
    ...(expires === undefined ? [] : [`expires on ${expires}`]),
    ...(change === 'signatures' ? ['only signatures are new'] : []),
  ];
  return [...words, STATES[state]].join(', ');
}

const STATES: Readonly<Record<RoleState, string>> = {
  unchanged: 'as on main',
  inviting: 'changes with each answer to an invitation',
  collecting: 'waits for signatures',
  complete: 'completely signed',
  removed: 'removed',
  unreadable: 'not readable',
};

export const SEVERITIES: readonly Severity[] = ['refuse', 'await', 'warn'];

export const SEVERITY_TITLES: Readonly<Record<Severity, string>> = {
  refuse: 'Refused',
  await: 'Awaited',
  warn: 'Warnings',
};

export const reasonsOf = (reasons: readonly Reason[], severity: Severity): readonly Reason[] =>
  reasons.filter(reason => reason.severity === severity);

/** `head abc123 against known-good def456, judged at …`. */
export function provenance({ head, knownGood, judgedAt }: EventReport): string {
  const commits = [
    ...(head === undefined ? [] : [`commit ${head.slice(0, 12)}`]),
    ...(knownGood === undefined ? [] : [`against ${knownGood.slice(0, 12)} of main`]),
  ];
  return [...commits, `judged at ${judgedAt}`].join(' ');
}
