import { DAY_MS, HOUR_MS } from '../../clock.ts';
import { requirePublicKey } from '../../metadata/key.ts';
import { verifySignature } from '../../metadata/quorum.ts';
import { type Drill, type DrillFile, drillAt, drillBytes, drillPath } from '../../repository/drill-file.ts';
import { rootOf } from '../../repository/tree.ts';
import type { Context } from '../context.ts';
import {
  addedDrills,
  type DrillOutcome,
  drillChanges,
  MAX_DRILL_DAYS,
  outcomeOf,
} from '../drill/drill-of.ts';
import { type Keyholder, keyholdersOf } from '../drill/keyholders.ts';
import { marginsOf } from '../drill/margin.ts';
import { awaits, type Finding, refuse, warn } from '../reason.ts';
import { digestOf } from '../succession.ts';
import { listed, longId, plural, quoted, shortId } from '../words.ts';
import type { Rule } from './rule.ts';

/** A drill asks the keys of today of this repository, stands alone, and is a record once it is on main. */
export const drill: Rule = {
  id: 'drill',
  source: 'docs/adr/0007-drill.md',
  modes: ['event'],
  *check(context) {
    const changes = drillChanges(context.diff);
    const [change] = changes;
    if (change === undefined) return;
    yield* standsAlone(context);
    for (const { path, before, after } of changes) {
      if (before !== undefined)
        yield refuse(
          `${quoted(path)} is a record of main and ${after === undefined ? 'is removed' : 'changes'}: open another drill`,
        );
      else if (after?.mode !== '100644') yield refuse(`${quoted(path)} is no plain file`);
    }
    const [only] = addedDrills(context.diff);
    if (only === undefined || changes.length > 1) return;
    const parsed = context.facts.drills.get(only.oid);
    if (parsed === undefined)
      yield refuse(`${quoted(change.path)} was not read, so that nothing is known of it`);
    else if (!parsed.ok) yield refuse(`${quoted(change.path)}: ${parsed.error.message}`);
    else yield* checkDrill(context, change.path, parsed.value);
  },
};

function* standsAlone({ diff }: Context): Iterable<Finding> {
  const drills = drillChanges(diff);
  if (drills.length > 1) yield refuse(`an event holds one drill, and this one ${drills.length}`);
  const others = [
    ...diff.metadata.map(({ path }) => `metadata/${path}`),
    ...diff.artifacts.map(({ path }) => `targets/${path}`),
    ...diff.outside.map(({ path }) => path).filter(path => drillAt(path) === undefined),
  ];
  if (others.length > 0)
    yield refuse(
      `a drill is an event of its own, and this one also changes ${listed(others.map(quoted), 4)}`,
    );
}

function* checkDrill(context: Context, path: string, file: DrillFile): Iterable<Finding> {
  const { drill: found } = file;
  if (found.name !== drillAt(path)) yield refuse(`${quoted(path)} holds the drill ${quoted(found.name)}`);
  const holders = keyholdersOf(context.knownGood);
  yield* checkGround(context, found, holders);
  yield* checkTime(context, found);
  yield* checkProofs(file, holders);
  const outcome = outcomeOf(file, holders);
  yield* checkRemoved(context, outcome);
  yield* standing(context, outcome);
}

/** Else people prove their keys to somebody else, or are passed over, or asked about keys that are no longer theirs. */
function* checkGround(context: Context, found: Drill, holders: readonly Keyholder[]): Iterable<Finding> {
  const { identity } = context.facts;
  const root = rootOf(context.knownGood);
  if (root === undefined || identity === undefined) {
    yield refuse('main has no root yet: there is no key to drill');
    return;
  }
  if (found.repository !== identity)
    yield refuse(
      `the drill is for the repository that begins with root ${shortId(found.repository)}, and this one begins with ${shortId(identity)}`,
    );
  if (found.root.version !== root.signed.version || found.root.sha256 !== digestOf(root))
    yield refuse(
      `the drill is about root version ${found.root.version}, and the event stands on version ${root.signed.version}${found.root.version === root.signed.version ? ' with other content' : ''}: open another one`,
    );
  const [wanted, given] = [holders, found.keys].map(keys => keys.map(describe));
  if (wanted?.join('\n') === given?.join('\n')) return;
  const left = wanted?.filter(one => given?.includes(one) !== true) ?? [];
  const added = given?.filter(one => wanted?.includes(one) !== true) ?? [];
  const parts = [
    ...(left.length > 0 ? [`passes over ${listed(left, 4)}`] : []),
    ...(added.length > 0 ? [`asks ${listed(added, 4)}`] : []),
  ];
  const how = parts.length > 0 ? parts.join(' and ') : 'lists them in another order, or one twice';
  yield refuse(`the drill does not ask the keys that main has today: it ${how}`);
}

const describe = ({ owner, fingerprint, roles }: Drill['keys'][number]): string =>
  `${owner} (key ${longId(fingerprint)}: ${listed(roles, 20)})`;

function* checkTime({ now }: Context, { opened, openedAt, deadline, deadlineAt }: Drill): Iterable<Finding> {
  if (openedAt > now + HOUR_MS)
    yield refuse(`the drill says that it was opened at ${opened}, which is to come`);
  if (deadlineAt <= openedAt)
    yield refuse(`the drill ends at ${deadline}, before it was opened at ${opened}`);
  if (deadlineAt - openedAt > MAX_DRILL_DAYS * DAY_MS)
    yield refuse(`the drill lasts longer than ${MAX_DRILL_DAYS} days, until ${deadline}`);
}

function* checkProofs({ drill: found, proofs }: DrillFile, holders: readonly Keyholder[]): Iterable<Finding> {
  const payload = drillBytes(found);
  const seen = new Set<string>();
  for (const { fingerprint, sig } of proofs) {
    const holder = holders.find(one => one.fingerprint === fingerprint);
    const name = `key ${longId(fingerprint)}`;
    if (holder === undefined) yield refuse(`there is a signature by ${name}, which no keyholder has`);
    else if (seen.has(fingerprint)) yield refuse(`${name} of ${holder.owner} has signed twice`);
    else if (!verifySignature(requirePublicKey(holder.key), payload, sig))
      yield refuse(
        `the signature of ${holder.owner} (${name}) does not verify: it is over something else than what the drill says now`,
      );
    seen.add(fingerprint);
  }
}

/** Whoever takes a proof away makes somebody look silent: it was there, and it is over what the drill says. */
function* checkRemoved(
  { facts: { earlierProofs } }: Context,
  { file, missing }: DrillOutcome,
): Iterable<Finding> {
  if (earlierProofs === undefined) {
    yield refuse(
      'whether a proof was taken away is not known: the drill changed too often to look, open another one',
    );
    return;
  }
  const payload = drillBytes(file.drill);
  for (const { owner, fingerprint, key } of missing) {
    const wasThere = earlierProofs.some(
      proof =>
        proof.fingerprint === fingerprint && verifySignature(requirePublicKey(key), payload, proof.sig),
    );
    if (wasThere)
      yield refuse(
        `the signature of ${owner} (key ${longId(fingerprint)}) was in this event and is taken away: put back ${quoted(drillPath(file.drill.name))} as it was with it`,
      );
  }
}

/** Who is silent. After the deadline that is what the drill has found, and stands in nobody's way. */
function* standing({ now, knownGood }: Context, outcome: DrillOutcome): Iterable<Finding> {
  const { deadline, deadlineAt } = outcome.file.drill;
  const { missing, proved } = outcome;
  if (missing.length === 0) return;
  const names = listed(missing.map(({ owner, fingerprint }) => `${owner} (key ${longId(fingerprint)})`));
  if (now < deadlineAt) {
    yield awaits(`a proof from ${names}, or the end of the time at ${deadline}`);
    return;
  }
  yield warn(`silent when the time was over at ${deadline}: ${names}`);
  for (const { role, margin, threshold, proved: count } of marginsOf(knownGood, fingerprintsOf(proved))) {
    if (margin > 0) continue;
    yield warn(
      margin < 0
        ? `only ${plural(count, 'key')} proved, and a quorum needs ${threshold}: replace those that are lost while the others may still sign`
        : `${plural(count, 'key')} proved, as many as a quorum needs: one more loss, and nobody can sign it`,
      role,
    );
  }
}

export const fingerprintsOf = (holders: readonly Keyholder[]): ReadonlySet<string> =>
  new Set(holders.map(({ fingerprint }) => fingerprint));
