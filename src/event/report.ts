import { createHash } from 'node:crypto';
import { DAY_MS, formatInstant, type Instant } from '../clock.ts';
import { signedBytes } from '../metadata/document.ts';
import { isOnlineRole, type KeyOwner, ROOT, type RoleName } from '../metadata/names.ts';
import type { RoleChange } from '../repository/diff.ts';
import { documentOf } from '../repository/tree.ts';
import { type Alike, alikeIn, foldReasons, isOnlineBin, mergedSentences, withoutAlike } from './alike.ts';
import { cardName, cardOf, fingerprintOf } from './cards.ts';
import type { Context } from './context.ts';
import { type Deadline, deadlineOf } from './deadlines.ts';
import { describeArtifacts, describePolicy, describeRole } from './describe.ts';
import { type DrillReport, drillReport } from './drill/report.ts';
import type { DrillStanding } from './drill/standing.ts';
import type { Judgement, Verdict } from './judge.ts';
import { type Obligation, ownersOfSeveralKeys, planOf, type QuorumOf, quorumsOf } from './plan.ts';
import type { Reason } from './reason.ts';
import { type EventState, eventState } from './state.ts';
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
  /** Names of those whose signature stands there and is over other bytes: the content was edited after it. */
  readonly void: readonly string[];
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
  /** One by one, in the order in which they are owed: each says which key has to make it. */
  readonly signatures: readonly AwaitedSignature[];
  /** Has this person other keys in this event, so that it has to be said which one is meant? */
  readonly hasSeveralKeys: boolean;
}

/** A signature that is wanted, by the key that has to make it. */
export interface AwaitedSignature {
  readonly role: RoleName;
  readonly of: readonly QuorumOf[];
  /** The key joins the role with this event. */
  readonly joining: boolean;
  /** Of the public key, in hex; the keyid where it can't be read. */
  readonly fingerprint: string;
  /** The card that holds the key, where an attestation says so. */
  readonly card: { readonly serial: number; readonly name: string } | undefined;
}

export interface OpenInvitation {
  /** By what the commit that invited says of its time: untrusted. */
  readonly since: string;
  /** Whole days, rounded down. */
  readonly daysOpen: number;
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
  readonly state: EventState;
  readonly reasons: readonly Reason[];
  /** Roles that the event touches or that are not complete, in the order of delegation; of bins that are alike the first. */
  readonly roles: ReadonlyMap<RoleName, RoleReport>;
  /**
   * Bins that are told as one: by the one that stands in {@link roles} and {@link onMain}, the others. State, quorums and
   * deadlines are the same of all; what changes is told of each where it is not.
   */
  readonly alike: Alike;
  /** What main has of these roles, and how long it lasts; of all roles where the event is merged. */
  readonly onMain: ReadonlyMap<RoleName, Deadline>;
  /** Artifact files added, changed and removed, in words. */
  readonly artifacts: readonly string[];
  readonly invites: ReadonlyMap<KeyOwner, readonly RoleName[]>;
  /** How long those of {@link invites} have not answered; whoever is missing: that is not known. */
  readonly invited: ReadonlyMap<KeyOwner, OpenInvitation>;
  readonly awaited: readonly Awaited[];
  /** Where the event is a drill: nothing else is in it then. */
  readonly drill?: DrillReport;
  /** What the drills on main say; only where somebody asked. */
  readonly standing?: DrillStanding;
}

export interface ReportLabels {
  readonly event?: string | undefined;
  readonly head?: string | undefined;
  readonly knownGood?: string | undefined;
  readonly now: Instant;
  /** Is the event part of main? Then what was judged is main. */
  readonly merged?: boolean;
  /** When people were invited who have not answered. */
  readonly invitedSince?: ReadonlyMap<KeyOwner, Instant>;
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
  const merged = labels.merged === true;
  const drill = drillReport(context, labels.now);
  const onMain = deadlinesOf(context, merged ? context.graph.roles.keys() : roles.keys());
  const told = new Set([...roles.keys(), ...onMain.keys()]);
  const alike = alikeIn(context.graph, told, role => {
    const { state, change, quorums, ...own } = roles.get(role) ?? {};
    const what = [state, change, quorums, onMain.get(role)];
    return JSON.stringify(isOnlineBin(context.graph, role) ? what : [...what, own]);
  });
  return {
    event: labels.event,
    head: labels.head,
    knownGood: labels.knownGood,
    judgedAt: formatInstant(labels.now),
    verdict,
    state: merged ? 'merged' : eventState(judgement),
    reasons: foldReasons(context.graph, reasons),
    roles: withoutAlike(roles, alike, mergedReport),
    alike,
    onMain: withoutAlike(onMain, alike, first),
    artifacts: describeArtifacts(context),
    invites: new Map([...plan.invites].map(([owner, invited]) => [owner, [...invited]])),
    invited: openInvitations(labels),
    awaited: awaitedOf(context, plan.obligations),
    ...(drill === undefined ? {} : { drill }),
  };
}

/** One report of bins that are in the same state: what they do not share is `undefined`. */
function mergedReport(reports: ReadonlyMap<RoleName, RoleReport>): RoleReport {
  const all = [...reports.values()];
  const shared = <K extends 'version' | 'expires' | 'digest'>(name: K): RoleReport[K] | undefined =>
    all.every(report => report[name] === all[0]?.[name]) ? all[0]?.[name] : undefined;
  return {
    ...first(reports),
    version: shared('version'),
    expires: shared('expires'),
    digest: shared('digest'),
    changes: mergedSentences(new Map([...reports].map(([role, { changes }]) => [role, changes]))),
  };
}

const first = <V>(values: ReadonlyMap<RoleName, V>): V => [...values.values()][0] as V;

function roleReport({ context }: Judgement, role: RoleName, inviting: boolean): RoleReport {
  const change = context.changes.get(role) ?? 'unchanged';
  const document = documentOf(context.tree, role);
  const quorums = quorumsOf(context, role).map(({ of, quorum, delegations }) => ({
    of,
    threshold: quorum.threshold,
    signed: names(quorum.signed, delegations.keys),
    missing: names(quorum.missing, delegations.keys),
    void: names(quorum.invalid, delegations.keys),
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

function deadlinesOf(context: Context, roles: Iterable<RoleName>): ReadonlyMap<RoleName, Deadline> {
  const main = context.facts.main ?? context.knownGood;
  const deadlines = new Map<RoleName, Deadline>();
  for (const role of roles) {
    const deadline = deadlineOf(main, role, context.now);
    if (deadline !== undefined) deadlines.set(role, deadline);
  }
  return deadlines;
}

function openInvitations({
  invitedSince = new Map(),
  now,
}: ReportLabels): ReadonlyMap<KeyOwner, OpenInvitation> {
  return new Map(
    [...invitedSince].map(([owner, since]) => {
      const then = Math.min(since, now) as Instant; // a commit may say that it is of next year
      return [owner, { since: formatInstant(then), daysOpen: Math.floor((now - then) / DAY_MS) }];
    }),
  );
}

function awaitedOf(context: Context, obligations: readonly Obligation[]): readonly Awaited[] {
  if (obligations.length === 0) return [];
  const several = ownersOfSeveralKeys(context);
  const byName = new Map<string, { owner: KeyOwner | undefined; signatures: AwaitedSignature[] }>();
  for (const obligation of obligations) {
    const name = keyName(obligation.key);
    const entry = byName.get(name) ?? { owner: obligation.key.owner, signatures: [] };
    byName.set(name, entry);
    entry.signatures.push(awaitedSignature(context, obligation));
  }
  return [...byName].map(([name, { owner, signatures }]) => ({
    name,
    owner,
    roles: [...new Set(signatures.map(({ role }) => role))],
    signatures,
    hasSeveralKeys: owner !== undefined && several.has(owner),
  }));
}

function awaitedSignature({ facts }: Context, { role, key, of, joining }: Obligation): AwaitedSignature {
  const card = cardOf(key, facts.attestations);
  return {
    role,
    of,
    joining,
    fingerprint: fingerprintOf(key) ?? key.keyid,
    card: card === undefined ? undefined : { serial: card.serial, name: cardName(card) },
  };
}
