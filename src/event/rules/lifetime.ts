import { DAY_MS, formatInstant, HOUR_MS } from '../../clock.ts';
import { type Document, signedBytes } from '../../metadata/document.ts';
import { isOnlineRole, ROOT, type RoleName, SNAPSHOT, TIMESTAMP } from '../../metadata/names.ts';
import { effectivePeriods, type Periods } from '../../metadata/periods.ts';
import { forRole } from '../../policy/policy.ts';
import { documentOf, publishedVersion, rootOf } from '../../repository/tree.ts';
import type { Context } from '../context.ts';
import { type Finding, refuse, warn } from '../reason.ts';
import { plural } from '../words.ts';
import { always, type Rule } from './rule.ts';

/** Root grows by one, other roles grow, and what is signed never changes under a version that people may have signed. */
export const version: Rule = {
  id: 'version',
  source: 'TUF 1.0.34 sections 4.3 and 5.3.5',
  modes: ['event'],
  *check(context) {
    for (const [role, change] of context.changes) {
      const document = context.changed.get(role);
      if (document === undefined || change === 'signatures' || isOnlineRole(role)) continue;
      const before = documentOf(context.knownGood, role)?.signed.version;
      // Clients that saw a role before it was removed remember its version, and so does the snapshot, for ever.
      const dead =
        before === undefined && role !== ROOT ? publishedVersion(context.knownGood, role) : undefined;
      if (dead === undefined || document.signed.version > dead)
        yield* checkStep(context, role, before ?? dead, document.signed.version);
      else
        yield refuse(
          `version ${document.signed.version} of a role that was published before: it has to exceed ${dead}`,
          role,
        );
      yield* checkTwin(context, role, document);
    }
  },
};

function* checkStep(
  context: Context,
  role: RoleName,
  before: number | undefined,
  after: number,
): Iterable<Finding> {
  const from = before ?? 0;
  if (role === ROOT) {
    if (after !== from + 1)
      yield refuse(`version goes from ${from} to ${after}: root grows by exactly 1`, role);
  } else if (after === before) {
    yield refuse(`content changed but version is still ${after}`, role);
  } else if (after < from) {
    yield refuse(`version goes back from ${from} to ${after}`, role);
  } else if (after > from + context.policy.maxVersionStep) {
    const most = context.policy.maxVersionStep;
    yield refuse(`version jumps from ${from} to ${after}, by more than ${most}`, role);
  }
}

/**
 * Main has got there meanwhile by another event. Two documents of one version, each with its quorum, are a choice for whoever
 * holds the online key: a snapshot names versions only.
 */
function* checkTwin({ facts: { main } }: Context, role: RoleName, document: Document): Iterable<Finding> {
  const there = main === undefined ? undefined : documentOf(main, role);
  if (there === undefined || there.signed.version < document.signed.version) return;
  if (Buffer.compare(signedBytes(there), signedBytes(document)) === 0) return;
  yield refuse(
    `version ${document.signed.version} is not the next one any more, main has ${there.signed.version}: merge main into the event, and take a later one`,
    role,
  );
}

const TOLERANCE_MS = HOUR_MS;

/** A document is neither dead on arrival nor immortal. */
export const expiry: Rule = {
  id: 'expiry',
  source: 'TUF 1.0.34 section 4.2.1, EXPIRES; shared design, rule table',
  modes: always,
  *check(context) {
    if (context.mode === 'event') {
      for (const [role, document] of context.changed) {
        if (isOnlineRole(role)) continue;
        if (context.changes.get(role) !== 'signatures') yield* checkLifetime(context, role, document);
        else if (document.signed.expiresAt <= context.now)
          yield warn(`expired on ${document.signed.expires}`, role);
      }
      return;
    }
    for (const role of context.graph.roles.keys()) {
      const document = documentOf(context.tree, role);
      if (document === undefined || document.signed.expiresAt > context.now) continue;
      const message = `expired on ${document.signed.expires}`;
      // A delegated role that is late costs its own artifacts only.
      const fatal = context.mode === 'publish' && context.graph.roles.get(role)?.delegator === ROOT;
      yield fatal ? refuse(message, role) : warn(message, role);
    }
  },
};

function* checkLifetime(context: Context, role: RoleName, { signed }: Document): Iterable<Finding> {
  const periods = effectivePeriods(signed.periods);
  if (signed.expiresAt <= context.now) yield refuse(`would already be expired: ${signed.expires}`, role);
  if (periods === undefined) {
    yield refuse('has no expiry period (x-tuf-on-ci-expiry-period)', role);
    return;
  }
  const latest = context.now + periods.expiryDays * DAY_MS + TOLERANCE_MS;
  if (signed.expiresAt > latest) {
    const until = formatInstant(Math.min(latest, 8_640_000_000_000_000) as typeof context.now);
    yield refuse(
      `expires ${signed.expires}, later than its period of ${plural(periods.expiryDays, 'day')} allows (${until})`,
      role,
    );
  }
  yield* checkLongest(context, role, role, signed.periods);
  yield* checkGrowth(role, documentOf(context.knownGood, role)?.signed.periods, signed.periods);
}

/** `of` is the role that lives so long, `role` the one whose document says so. */
function* checkLongest(
  { policy }: Context,
  of: RoleName,
  role: RoleName,
  { expiryDays }: Periods,
): Iterable<Finding> {
  const most = forRole(policy.maxExpiryDays, of);
  if (most === undefined || expiryDays === undefined || expiryDays <= most) return;
  yield refuse(
    `${of}: expiry period ${expiryDays} is longer than the ${plural(most, 'day')} of the policy`,
    role,
  );
}

function* checkGrowth(role: RoleName, before: Periods | undefined, after: Periods): Iterable<Finding> {
  if (before?.expiryDays === undefined || after.expiryDays === undefined) return;
  if (after.expiryDays > before.expiryDays) {
    yield warn(`expiry period grows from ${before.expiryDays} to ${plural(after.expiryDays, 'day')}`, role);
  }
}

/** There is time to sign before the end, and a life before that. */
export const periods: Rule = {
  id: 'periods',
  source: 'tuf-on-ci format, expiry and signing periods',
  modes: ['event'],
  *check(context) {
    for (const [role, document] of context.changed) {
      if (!isOnlineRole(role)) yield* checkPeriods(role, role, document.signed.periods);
    }
    if (!context.changed.has(ROOT)) return;
    const known = rootOf(context.knownGood)?.signed.delegations.roles;
    for (const online of [SNAPSHOT, TIMESTAMP]) {
      const definition = rootOf(context.tree)?.signed.delegations.roles.get(online);
      if (definition === undefined) continue;
      if (definition.periods.expiryDays === undefined || definition.periods.signingDays === undefined) {
        yield refuse(`${online} has no expiry and signing period in root`, ROOT);
      } else {
        yield* checkPeriods(online, ROOT, definition.periods);
        yield* checkLongest(context, online, ROOT, definition.periods);
        yield* checkGrowth(ROOT, known?.get(online)?.periods, definition.periods);
      }
    }
  },
};

function* checkPeriods(of: RoleName, role: RoleName, found: Periods): Iterable<Finding> {
  const days = effectivePeriods(found);
  if (days === undefined) return; // rule expiry says so
  if (days.signingDays < 1) yield refuse(`${of}: the signing period has to be at least 1 day`, role);
  if (days.expiryDays <= days.signingDays) {
    yield refuse(
      `${of}: expiry period ${days.expiryDays} has to be longer than signing period ${days.signingDays}`,
      role,
    );
  }
}
