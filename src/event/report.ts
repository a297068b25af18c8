import { createHash } from 'node:crypto';
import { formatInstant, type Instant } from '../clock.ts';
import { signedBytes } from '../metadata/document.ts';
import { isOnlineRole, type KeyOwner, ROOT, type RoleName } from '../metadata/names.ts';
import type { RoleChange } from '../repository/diff.ts';
import { documentOf } from '../repository/tree.ts';
import type { Context } from './context.ts';
import { describeArtifacts, describePolicy, describeRole } from './describe.ts';
import type { Judgement, Verdict } from './judge.ts';
import { planOf, type QuorumOf, quorumsOf } from './plan.ts';
import type { Reason } from './reason.ts';
import { keyName } from './words.ts';

/**
 * `unchanged`: as on main and signed. `inviting`: waits for an answer that will change it. `collecting`: signatures are
 * missing. `complete`: every quorum has signed. `removed`, `unreadable`: what they say.
 */
export type RoleState = 'unchanged' | 'inviting' | 'collecting' | 'complete' | 'removed' | 'unreadable';

export interface QuorumReport {
  readonly of: QuorumOf;
  readonly threshold: number;
  /** Names of those whose keys have signed. */
  readonly signed: readonly string[];
  /** Names of those who still can. */
  readonly missing: readonly string[];
}

export interface RoleReport {
  readonly state: RoleState;
  readonly change: RoleChange;
  /** `undefined` where there is no readable document. */
  readonly version: number | undefined;
  /** As written in the document. */
  readonly expires: string | undefined;
  /** SHA-256 of the bytes that signatures are over, in hex. */
  readonly digest: string | undefined;
  readonly quorums: readonly QuorumReport[];
  /** What changes against known-good, in words, one sentence each. */
  readonly changes: readonly string[];
}

/** Somebody whose signature is wanted now. */
export interface Awaited {
  /** As {@link keyName} gives it: an owner, or where an online key is. */
  readonly name: string;
  /** A person's account; `undefined` for automation. */
  readonly owner: KeyOwner | undefined;
  readonly roles: readonly RoleName[];
}

/** A verdict with all that people want to know about it: plain data, for every renderer. Untrusted text within. */
export interface EventReport {
  /** The event's branch, where it has one. */
  readonly event: string | undefined;
  /** Commits that were judged. */
  readonly head: string | undefined;
  readonly knownGood: string | undefined;
  readonly judgedAt: string;
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  /** Roles that the event touches or that are not complete, in the order of delegation. */
  readonly roles: ReadonlyMap<RoleName, RoleReport>;
  /** Artifact files added, changed and removed, in words. */
  readonly artifacts: readonly string[];
  readonly invites: ReadonlyMap<KeyOwner, readonly RoleName[]>;
  readonly awaited: readonly Awaited[];
}

export interface ReportLabels {
  readonly event?: string | undefined;
  readonly head?: string | undefined;
  readonly knownGood?: string | undefined;
  readonly now: Instant;
}

/** Puts a judgement into a report. Pure. */
export function reportOf(judgement: Judgement, labels: ReportLabels): EventReport {
  const { context, verdict, reasons } = judgement;
  const plan = planOf(context);
  const roles = new Map<RoleName, RoleReport>();
  const named = new Set([...context.graph.roles.keys(), ...context.changes.keys()]);
  for (const role of named) {
    if (context.isSettled(role) && !plan.inviting.has(role)) continue;
    const report = roleReport(judgement, role, plan.inviting.has(role));
    if (report.state !== 'unchanged' || report.change !== 'unchanged') roles.set(role, report);
  }
  return {
    event: labels.event,
    head: labels.head,
    knownGood: labels.knownGood,
    judgedAt: formatInstant(labels.now),
    verdict,
    reasons,
    roles,
    artifacts: describeArtifacts(context),
    invites: new Map([...plan.invites].map(([owner, invited]) => [owner, [...invited]])),
    awaited: awaitedOf(plan.obligations),
  };
}

function roleReport({ context }: Judgement, role: RoleName, inviting: boolean): RoleReport {
  const change = context.changes.get(role) ?? 'unchanged';
  const document = documentOf(context.tree, role);
  const quorums = quorumsOf(context, role).map(({ of, quorum, delegations }) => ({
    of,
    threshold: quorum.threshold,
    signed: names(quorum.signed, delegations.keys),
    missing: names(quorum.missing, delegations.keys),
  }));
  const met = quorums.every(({ signed, threshold }) => signed.length >= threshold);
  const touched = change !== 'unchanged';
  return {
    state: stateOf(change, document !== undefined, inviting, met || isOnlineRole(role)),
    change,
    version: document?.signed.version,
    expires: document?.signed.expires,
    digest:
      touched && document !== undefined
        ? createHash('sha256').update(signedBytes(document)).digest('hex')
        : undefined,
    quorums,
    changes: touched ? changesOf(context, role) : [],
  };
}

function changesOf(context: Context, role: RoleName): readonly string[] {
  const document = documentOf(context.tree, role);
  if (document === undefined && context.changes.get(role) !== 'removed') {
    return ['the document can not be read, so nothing can be said of what it changes'];
  }
  const { knownGood, tree, now, facts } = context;
  return [
    ...describeRole(documentOf(knownGood, role), document, now, facts.attestations),
    ...(role === ROOT ? describePolicy(knownGood.policy, tree.policy) : []),
  ];
}

function stateOf(change: RoleChange, readable: boolean, inviting: boolean, met: boolean): RoleState {
  if (change === 'removed') return 'removed';
  if (!readable) return 'unreadable';
  if (inviting) return 'inviting';
  if (!met) return 'collecting';
  return change === 'unchanged' ? 'unchanged' : 'complete';
}

const names = <K extends string>(
  keyids: readonly K[],
  keys: ReadonlyMap<K, Parameters<typeof keyName>[0]>,
): readonly string[] =>
  keyids.map(keyid => {
    const key = keys.get(keyid);
    return key === undefined ? keyid : keyName(key);
  });

function awaitedOf(obligations: ReturnType<typeof planOf>['obligations']): readonly Awaited[] {
  const byName = new Map<string, { owner: KeyOwner | undefined; roles: Set<RoleName> }>();
  for (const { role, key } of obligations) {
    const name = keyName(key);
    const entry = byName.get(name) ?? { owner: key.owner, roles: new Set() };
    byName.set(name, { ...entry, roles: entry.roles.add(role) });
  }
  return [...byName].map(([name, { owner, roles }]) => ({ name, owner, roles: [...roles] }));
}
