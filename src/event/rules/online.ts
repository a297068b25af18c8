import { createHash } from 'node:crypto';
import { member } from '../../json.ts';
import type { Document, MetaFile, Snapshot, Timestamp } from '../../metadata/document.ts';
import { isOnlineRole, ROOT, type RoleName, SNAPSHOT, TIMESTAMP } from '../../metadata/names.ts';
import { documentOf, roleFile, rootOf } from '../../repository/tree.ts';
import type { Context } from '../context.ts';
import { type Finding, refuse, warn } from '../reason.ts';
import { quoted } from '../words.ts';
import { always, type Rule } from './rule.ts';

/** Snapshot and timestamp are the automation's alone; what is published hangs together. */
export const online: Rule = {
  id: 'online',
  source: 'TUF 1.0.34 sections 4.4, 4.6 and 5.4 to 5.6; tuf-on-ci format',
  modes: always,
  *check(context) {
    if (context.mode !== 'event' || context.changed.has(ROOT)) yield* sharedSigners(context);
    if (context.mode === 'event') yield* untouched(context);
    if (context.mode === 'publish') yield* complete(context);
  },
};

function* sharedSigners({ tree, mode }: Context): Iterable<Finding> {
  const roles = rootOf(tree)?.signed.delegations.roles;
  const [snapshot, timestamp] = [roles?.get(SNAPSHOT), roles?.get(TIMESTAMP)];
  if (snapshot === undefined || timestamp === undefined) return; // rule schema says so
  const same =
    snapshot.threshold === timestamp.threshold &&
    snapshot.keyids.length === timestamp.keyids.length &&
    snapshot.keyids.every(keyid => timestamp.keyids.includes(keyid));
  if (same) return;
  const message = 'snapshot and timestamp have to share keys and threshold';
  yield mode === 'known-good' ? warn(message, ROOT) : refuse(message, ROOT); // as imported: the next root mends it
}

function* untouched({ diff }: Context): Iterable<Finding> {
  const touched = new Set(diff.metadata.map(({ path }) => path));
  for (const role of [SNAPSHOT, TIMESTAMP]) {
    if (touched.has(roleFile(role))) {
      yield refuse(`metadata/${roleFile(role)} was touched: only online signing on main writes it`, role);
    }
  }
}

function* complete(context: Context): Iterable<Finding> {
  for (const role of [SNAPSHOT, TIMESTAMP]) {
    const document = documentOf(context.tree, role);
    if (document === undefined)
      yield refuse(`metadata/${roleFile(role)} is missing: run online signing`, role);
    else if (context.quorumOf(role)?.met !== true) yield refuse('has no valid online signature', role);
  }
  const snapshot = documentOf(context.tree, SNAPSHOT);
  const timestamp = documentOf(context.tree, TIMESTAMP);
  if (isSnapshot(snapshot)) yield* snapshotCovers(context, snapshot);
  if (isTimestamp(timestamp) && snapshot !== undefined) {
    yield* listsExactly(TIMESTAMP, timestamp.signed.meta, SNAPSHOT, snapshot);
  }
}

function* snapshotCovers(context: Context, snapshot: Document<Snapshot>): Iterable<Finding> {
  for (const role of context.graph.roles.keys()) {
    if (isOnlineRole(role) || role === ROOT) continue;
    const document = documentOf(context.tree, role);
    if (document !== undefined) yield* listsExactly(SNAPSHOT, snapshot.signed.meta, role, document);
  }
}

function* listsExactly(
  lister: RoleName,
  meta: ReadonlyMap<string, MetaFile>,
  role: RoleName,
  document: Document,
): Iterable<Finding> {
  const entry = meta.get(roleFile(role));
  const { version } = document.signed;
  if (entry === undefined) {
    yield refuse(`does not list ${roleFile(role)}`, lister);
  } else if (entry.version !== version) {
    yield refuse(
      `lists ${roleFile(role)} in version ${entry.version} while it is ${version}: run online signing`,
      lister,
    );
  } else if (entry.length !== undefined && document.bytes.length !== entry.length) {
    yield refuse(
      `lists ${roleFile(role)} with ${entry.length} bytes while it has ${document.bytes.length}`,
      lister,
    );
  }
  for (const algorithm of ['sha256', 'sha512']) {
    const digest = entry?.hashes === undefined ? undefined : member(entry.hashes, algorithm);
    if (digest !== undefined && digest !== createHash(algorithm).update(document.bytes).digest('hex')) {
      yield refuse(`lists ${roleFile(role)} with another ${algorithm}`, lister);
    }
  }
}

const isSnapshot = (document: Document | undefined): document is Document<Snapshot> =>
  document?.signed.type === 'snapshot';
const isTimestamp = (document: Document | undefined): document is Document<Timestamp> =>
  document?.signed.type === 'timestamp';

/** Published files carry their version or hash in their name, so that clients never mix two states. */
export const consistentSnapshot: Rule = {
  id: 'consistent-snapshot',
  source: 'TUF 1.0.34 section 6.2',
  modes: always,
  *check({ tree, changed, mode }) {
    const root = rootOf(tree);
    if (root === undefined || !changed.has(ROOT) || root.signed.consistentSnapshot === true) return;
    const message = `consistent_snapshot is ${quoted(String(root.signed.consistentSnapshot))}: it has to be true`;
    yield mode === 'known-good' ? warn(message, ROOT) : refuse(message, ROOT); // as imported: the next root mends it
  },
};
