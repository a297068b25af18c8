import { keyName } from '../event/words.ts';
import type { RoleRow, RoleSummary } from '../repository/role-table.ts';
import { type ReportJson, reportJson } from './json.ts';
import type { RoleChangeView } from './roles.ts';

export interface RoleSummaryJson {
  /** `null` for root. */
  readonly delegator: string | null;
  readonly signers: readonly string[];
  readonly onlineKeys: readonly string[];
  readonly invited: readonly string[];
  /** Keys that count, whosesoever. */
  readonly keys: number;
  readonly threshold: number;
  /** Days; `null` where the role has none yet. */
  readonly expiryDays: number | null;
  readonly signingDays: number | null;
  readonly expires: string | null;
  readonly paths: readonly string[];
  readonly hashPrefixes: number;
  /** `null` for the roles of root. */
  readonly terminating: boolean | null;
}

export interface RoleRowJson extends RoleSummaryJson {
  readonly role: string;
  readonly change: RoleRow['change'];
  /** In the order of search of its delegator, from 1; 0 of a role that is removed. */
  readonly place: number;
  readonly moved: boolean;
  readonly before: RoleSummaryJson | null;
}

/** What `delegate --json` says: a stable interface. Members are only ever added. Text in it is untrusted. */
export interface RoleChangeJson {
  readonly event: string;
  /** `false` of a dry run. */
  readonly pushed: boolean;
  readonly roles: readonly RoleRowJson[];
  readonly removedArtifacts: readonly string[];
  readonly overlaps: readonly {
    readonly first: string;
    readonly second: string;
    readonly patterns: readonly string[] | null;
    readonly terminating: boolean;
  }[];
  readonly voided: readonly { readonly role: string; readonly name: string }[];
  /** The event as it is then, as `status --json` says it. */
  readonly status: ReportJson;
}

export const roleChangeJson = (view: RoleChangeView, pushed: boolean): RoleChangeJson => ({
  event: view.event,
  pushed,
  roles: view.table.rows.map(rowJson),
  removedArtifacts: view.removedArtifacts,
  overlaps: view.overlaps.map(({ patterns, ...overlap }) => ({ ...overlap, patterns: patterns ?? null })),
  voided: view.voided.map(({ role, key }) => ({ role, name: keyName(key) })),
  status: reportJson(view.report),
});

const rowJson = ({ terms, change, place, isMoved, before }: RoleRow): RoleRowJson => ({
  role: terms.role,
  change,
  place,
  moved: isMoved,
  ...summaryJson(terms),
  before: before === undefined ? null : summaryJson(before),
});

const summaryJson = (terms: RoleSummary): RoleSummaryJson => ({
  delegator: terms.delegator ?? null,
  signers: terms.owners,
  onlineKeys: terms.onlineUris,
  invited: terms.invited,
  keys: terms.keys,
  threshold: terms.threshold,
  expiryDays: terms.periods?.expiryDays ?? null,
  signingDays: terms.periods?.signingDays ?? null,
  expires: terms.expires ?? null,
  paths: terms.paths,
  hashPrefixes: terms.hashPrefixes,
  terminating: terms.terminating ?? null,
});
