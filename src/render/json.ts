import type { Verdict } from '../event/judge.ts';
import type { QuorumOf } from '../event/plan.ts';
import type { Reason, Severity } from '../event/reason.ts';
import type { EventReport, RoleReport, RoleState } from '../event/report.ts';
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
  readonly reasons: readonly ReasonJson[];
  readonly roles: Readonly<Record<string, RoleJson>>;
  /** Role names by account. */
  readonly invites: Readonly<Record<string, readonly string[]>>;
}

export const reasonJson = ({ rule, role, severity, message }: Reason): ReasonJson => ({
  rule,
  ...(role === undefined ? {} : { role }),
  severity,
  message,
});

export const reportJson = (report: EventReport): ReportJson => ({
  verdict: report.verdict,
  reasons: report.reasons.map(reasonJson),
  roles: Object.fromEntries([...report.roles].map(([role, found]) => [role, roleJson(found)])),
  invites: Object.fromEntries(report.invites),
});

const roleJson = ({ state, version, quorums, changes }: RoleReport): RoleJson => ({
  state,
  version: version ?? null,
  quorums: quorums.map(({ of, threshold, signed, missing }) => ({ of, threshold, signed, missing })),
  changes,
});

/** JSON text in ASCII, two spaces of indent, no newline at the end: what it quotes can not steer a terminal. */
export const renderJson = (value: object): string => escapeNonAscii(JSON.stringify(value, null, 2));
