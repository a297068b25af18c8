import type { Deadline } from '../event/deadlines.ts';
import type { RoleMargin } from '../event/drill/margin.ts';
import type { DrillReport } from '../event/drill/report.ts';
import type { DrillStanding, KeyStanding } from '../event/drill/standing.ts';
import type { Verdict } from '../event/judge.ts';
import type { QuorumOf } from '../event/plan.ts';
import type { Reason, Severity } from '../event/reason.ts';
import type { Awaited, EventReport, RoleReport, RoleState } from '../event/report.ts';
import type { EventState } from '../event/state.ts';
import { escapeNonAscii } from '../metadata/serialize.ts';

export interface ReasonJson {
  readonly rule: string;
  readonly role?: string;
  readonly severity: Severity;
  readonly message: string;
}

export interface QuorumJson {
  readonly of: QuorumOf;
  readonly threshold: number;
  readonly signed: readonly string[];
  readonly missing: readonly string[];
  /** Whose signature is there and is over other bytes. */
  readonly void: readonly string[];
}

/** How long main's version of a role lasts. */
export interface DeadlineJson {
  readonly version: number;
  readonly expires: string;
  /** Whole days, rounded down; negative once it is past. */
  readonly daysLeft: number;
  /** When the days began, or will, in which the next version is to be signed; `null` where no period says. */
  readonly signingFrom: string | null;
  /** A week or less is left, and people sign it. */
  readonly urgent: boolean;
}

/** A signature that is wanted now, by the key that has to make it. */
export interface AwaitedJson {
  readonly name: string;
  readonly role: string;
  readonly of: readonly QuorumOf[];
  readonly joining: boolean;
  /** Of the public key, SHA-256 in hex. */
  readonly fingerprint: string;
  /** Of the card that an attestation says holds the key; `null` where none does. */
  readonly serial: number | null;
}

export interface RoleJson {
  readonly state: RoleState;
  /** `null` where there is no readable document. */
  readonly version: number | null;
  readonly quorums: readonly QuorumJson[];
  readonly changes: readonly string[];
}

/** What `status --json` says: a stable interface. Members are only ever added. Text in it is untrusted. */
export interface ReportJson {
  readonly verdict: Verdict;
  readonly state: EventState;
  readonly reasons: readonly ReasonJson[];
  readonly roles: Readonly<Record<string, RoleJson>>;
  /** Bins that are told as one, by the name of the one that stands for them; missing where there are few. */
  readonly alike?: Readonly<Record<string, readonly string[]>>;
  /** Role names by account. */
  readonly invites: Readonly<Record<string, readonly string[]>>;
  /** Since when each has not answered, by account; whoever is missing: that is not known. */
  readonly invitedSince: Readonly<Record<string, string>>;
  readonly awaited: readonly AwaitedJson[];
  /** By role: those in `roles`; of a merged event, all. */
  readonly onMain: Readonly<Record<string, DeadlineJson>>;
  /** Only where the event is a drill. */
  readonly drill?: DrillJson;
  /** Only where drills are on main. */
  readonly drills?: StandingJson;
}

export interface MarginJson {
  readonly role: string;
  readonly threshold: number;
  readonly keys: number;
  readonly proved: number;
  readonly margin: number;
}

export interface DrillJson {
  readonly name: string;
  readonly opened: string;
  readonly deadline: string;
  readonly over: boolean;
  readonly keys: readonly {
    readonly owner: string;
    readonly fingerprint: string;
    readonly roles: readonly string[];
    readonly proved: boolean;
  }[];
  readonly margins: readonly MarginJson[];
}

/** What the drills on main say. */
export interface StandingJson {
  readonly count: number;
  readonly last: string | null;
  readonly keys: readonly {
    readonly owner: string;
    readonly fingerprint: string;
    readonly roles: readonly string[];
    readonly state: KeyStanding['state'];
    readonly provedBy: string | null;
    readonly silentSince: string | null;
  }[];
  readonly margins: readonly MarginJson[];
}

export const reasonJson = ({ rule, role, severity, message }: Reason): ReasonJson => ({
  rule,
  ...(role === undefined ? {} : { role }),
  severity,
  message,
});

export const reportJson = (report: EventReport): ReportJson => ({
  verdict: report.verdict,
  state: report.state,
  reasons: report.reasons.map(reasonJson),
  roles: Object.fromEntries([...report.roles].map(([role, found]) => [role, roleJson(found)])),
  ...(report.alike.size === 0 ? {} : { alike: Object.fromEntries(report.alike) }),
  invites: Object.fromEntries(report.invites),
  invitedSince: Object.fromEntries([...report.invited].map(([owner, { since }]) => [owner, since])),
  awaited: report.awaited.flatMap(awaitedJson),
  onMain: Object.fromEntries([...report.onMain].map(([role, deadline]) => [role, deadlineJson(deadline)])),
  ...(report.drill === undefined ? {} : { drill: drillJson(report.drill) }),
  ...(report.standing === undefined || report.standing.drills === 0
    ? {}
    : { drills: standingJson(report.standing) }),
});

export const drillJson = ({ name, opened, deadline, isOver, keys, margins }: DrillReport): DrillJson => ({
  name,
  opened,
  deadline,
  over: isOver,
  keys: keys.map(({ owner, fingerprint, roles, proved }) => ({ owner, fingerprint, roles, proved })),
  margins: margins.map(marginJson),
});

export const standingJson = ({ drills, last, keys, margins }: DrillStanding): StandingJson => ({
  count: drills,
  last: last?.name ?? null,
  keys: keys.map(({ owner, fingerprint, roles, state, provedBy, silentSince }) => ({
    owner,
    fingerprint,
    roles,
    state,
    provedBy: provedBy ?? null,
    silentSince: silentSince ?? null,
  })),
  margins: margins.map(marginJson),
});

const marginJson = ({ role, threshold, keys, proved, margin }: RoleMargin): MarginJson => ({
  role,
  threshold,
  keys,
  proved,
  margin,
});

const awaitedJson = ({ name, signatures }: Awaited): readonly AwaitedJson[] =>
  signatures.map(({ role, of, joining, fingerprint, card }) => ({
    name,
    role,
    of,
    joining,
    fingerprint,
    serial: card?.serial ?? null,
  }));

const deadlineJson = ({ version, expires, daysLeft, signingFrom, isUrgent }: Deadline): DeadlineJson => ({
  version,
  expires,
  daysLeft,
  signingFrom: signingFrom ?? null,
  urgent: isUrgent,
});

const roleJson = ({ state, version, quorums, changes }: RoleReport): RoleJson => ({
  state,
  version: version ?? null,
  quorums: quorums.map(quorum => ({
    of: quorum.of,
    threshold: quorum.threshold,
    signed: quorum.signed,
    missing: quorum.missing,
    void: quorum.void,
  })),
  changes,
});

/** JSON text in ASCII, two spaces of indent, no newline at the end: what it quotes can not steer a terminal. */
export const renderJson = (value: object): string => escapeNonAscii(JSON.stringify(value, null, 2));
