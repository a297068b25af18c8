import { DAY_MS, formatInstant, type Instant } from '../clock.ts';
import { judgeRepository } from '../event/judge.ts';
import type { Reason } from '../event/reason.ts';
import { successionFindings } from '../event/succession.ts';
import type { Identity } from '../git/commit-object.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { withMembers } from '../json.ts';
import type { RoleDefinition } from '../metadata/delegation.ts';
import { type Document, parseDocument, type Root, type Snapshot, signedBytes } from '../metadata/document.ts';
import { isOnlineRole, type Keyid, ROOT, type RoleName, SNAPSHOT, TIMESTAMP } from '../metadata/names.ts';
import { effectivePeriods } from '../metadata/periods.ts';
import { distinctKeys, requireQuorum, verifyQuorum } from '../metadata/quorum.ts';
import { serializeJson } from '../metadata/serialize.ts';
import type { Policy } from '../policy/policy.ts';
import { delegationGraph } from '../repository/delegators.ts';
import { newOnline } from '../repository/documents.ts';
import { withSignatures } from '../repository/signature-edits.ts';
import { documentOf, type RepositoryTree, roleFile, rootOf } from '../repository/tree.ts';
import type { Signer } from '../signers/signer.ts';
import { commitAndPush } from './commit.ts';
import { OperationError } from './error.ts';
import { gatherRepository } from './gather.ts';
import { findLastOnline, type LastOnline } from './last-online.ts';
import { trustedRootProblem } from './trusted-root.ts';
import { fetchMain, type Workspace } from './workspace.ts';

export interface OnlineOutcome {
  /** The roles that got a new version, or back what was taken from main; none where all is fresh. */
  readonly signed: readonly RoleName[];
  /** Why main is not fit to be signed; then nothing was. */
  readonly refusals: readonly Reason[];
}

const MAX_TRIES = 5;

/**
 * Signs a new snapshot and timestamp on main where they are stale, about to expire or not signed by today's keys. Main
 * is verified before, every hash; from `trustedRoot` where one is given: without it, whoever can push to main can put
 * another repository in this one's place. Throws {@link OperationError} `NO_SIGNER`, `REFUSED`, `RACE_LOST`; git's errors.
 */
export async function onlineSign(
  workspace: Workspace,
  signer: Signer,
  author?: Identity,
  trustedRoot?: Uint8Array,
): Promise<OnlineOutcome> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const main = await fetchMain(workspace);
    const { tree, facts, policy } = await gatherRepository(workspace.objects, main.commit);
    const now = workspace.clock.now();
    const { reasons } = judgeRepository({ mode: 'known-good', tree, policy, facts, now });
    // Artifacts that disagree would be published under the old hash's name: that is for people to mend first.
    const refusals = reasons
      .filter(({ severity, rule }) => severity === 'refuse' || rule === 'artifacts')
      .map((reason): Reason => ({ ...reason, severity: 'refuse' }));
    if (refusals.length > 0) return { signed: [], refusals };
    const root = rootOf(tree);
    if (root === undefined) throw new OperationError('NOT_FOUND', 'main has no root yet: nothing to sign');
    const problem = trustedRoot === undefined ? undefined : trustedRootProblem(facts, trustedRoot);
    if (problem !== undefined)
      throw new OperationError('REFUSED', `${problem}: main is not what was trusted`);
    const last = await findLastOnline(workspace, main.commit, tree, facts);
    const departures = last === undefined ? [] : [...successionFindings(last.standing, tree, facts)];
    if (departures.length > 0) {
      return { signed: [], refusals: departures.map(finding => ({ rule: 'version', ...finding })) };
    }
    const files = await signStale(policy, tree, root, last, signer, now);
    if (files.size === 0) return { signed: [], refusals: [] };
    const result = await commitAndPush(workspace, {
      branch: main.branch,
      head: main.commit,
      parents: [main.commit],
      changes: new Map([...files].map(([role, bytes]) => [`metadata/${roleFile(role)}`, bytes])),
      message: [`Online sign (${files.has(SNAPSHOT) ? 'snapshot & timestamp' : 'timestamp'})`],
      ...(author === undefined ? {} : { author }),
    });
    if (result.status === 'pushed') return { signed: [...files.keys()], refusals: [] };
  }
  throw new OperationError('RACE_LOST', 'main kept changing under us: run the command again');
}

async function signStale(
  policy: Policy,
  tree: RepositoryTree,
  root: Document<Root>,
  last: LastOnline | undefined,
  signer: Signer,
  now: Instant,
): Promise<ReadonlyMap<RoleName, Uint8Array>> {
  const files = new Map<RoleName, Uint8Array>();
  const oldSnapshot = last?.snapshot;
  const meta = snapshotMeta(tree, oldSnapshot, policy.maxVersionStep);
  const snapshotMoved = meta !== undefined || !isFresh(root, SNAPSHOT, oldSnapshot, now);
  let snapshotVersion = oldSnapshot?.signed.version ?? 0;
  if (snapshotMoved) {
    const base = oldSnapshot?.signed.raw ?? newOnline('snapshot', {});
    snapshotVersion++;
    const signed = renewed(root, SNAPSHOT, base, snapshotVersion, meta, now);
    files.set(SNAPSHOT, await signOnline(root, SNAPSHOT, signed, signer));
  } else if (oldSnapshot !== undefined && !isOnMain(tree, SNAPSHOT, oldSnapshot)) {
    files.set(SNAPSHOT, oldSnapshot.bytes);
  }
  const oldTimestamp = last?.timestamp;
  const listed = oldTimestamp?.signed.meta.get(roleFile(SNAPSHOT))?.version;
  const isFine = !snapshotMoved && listed === snapshotVersion && isFresh(root, TIMESTAMP, oldTimestamp, now);
  if (!isFine) {
    const base = oldTimestamp?.signed.raw ?? newOnline('timestamp', {});
    const timestampMeta = { [roleFile(SNAPSHOT)]: { version: snapshotVersion } };
    const version = (oldTimestamp?.signed.version ?? 0) + 1;
    const signed = renewed(root, TIMESTAMP, base, version, timestampMeta, now);
    files.set(TIMESTAMP, await signOnline(root, TIMESTAMP, signed, signer));
  } else if (oldTimestamp !== undefined && !isOnMain(tree, TIMESTAMP, oldTimestamp)) {
    files.set(TIMESTAMP, oldTimestamp.bytes);
  }
  return files;
}

const isOnMain = (tree: RepositoryTree, role: RoleName, { bytes }: Document): boolean => {
  const there = documentOf(tree, role);
  return there !== undefined && Buffer.compare(there.bytes, bytes) === 0;
};

/**
 * What `meta` of the snapshot should be, or `undefined` where it is that. Entries of roles that did not move are copied
 * as they are, those of dead roles stay for ever. Throws {@link OperationError} `REFUSED` for a role that goes back, or so
 * far ahead that clients could never be led on from there.
 */
function snapshotMeta(
  tree: RepositoryTree,
  old: Document<Snapshot> | undefined,
  maxStep: number,
): JsonObject | undefined {
  const entries = new Map<string, JsonValue>(
    [...(old?.signed.meta ?? [])].map(([name, file]): [string, JsonValue] => [name, file.raw]),
  );
  let moved = old === undefined;
  for (const role of delegationGraph(tree).roles.keys()) {
    const document = documentOf(tree, role);
    if (role === ROOT || isOnlineRole(role) || document === undefined) continue;
    const name = roleFile(role);
    const before = old?.signed.meta.get(name)?.version;
    const { version } = document.signed;
    if (before === version) continue;
    if (before !== undefined && before > version) {
      throw new OperationError(
        'REFUSED',
        `${role} is version ${version} on main, but clients have seen ${before}: clients would refuse to go back`,
      );
    }
    if (old !== undefined && version > (before ?? 0) + maxStep) {
      throw new OperationError(
        'REFUSED',
        `${role} is version ${version} on main, but clients have seen ${before ?? 'none'}: it may go ahead by ${maxStep}`,
      );
    }
    entries.set(name, { version });
    moved = true;
  }
  return moved ? Object.fromEntries(entries) : undefined;
}

/** Is the document signed by today's keys, and not within its signing period? */
function isFresh(
  root: Document<Root>,
  role: RoleName,
  document: Document | undefined,
  now: Instant,
): boolean {
  if (document === undefined || !verifyQuorum(document, root.signed.delegations, role).met) return false;
  const days = effectivePeriods(definitionOf(root, role).periods)?.signingDays ?? 0;
  return document.signed.expiresAt - days * DAY_MS > now;
}

function renewed(
  root: Document<Root>,
  role: RoleName,
  base: JsonObject,
  version: number,
  meta: JsonObject | undefined,
  now: Instant,
): JsonObject {
  const days = effectivePeriods(definitionOf(root, role).periods)?.expiryDays;
  if (days === undefined) throw new OperationError('REFUSED', `root sets no expiry period for ${role}`);
  const members = new Map<string, JsonValue>([
    ['version', version],
    ['expires', formatInstant((now + days * DAY_MS) as Instant)],
  ]);
  if (meta !== undefined) members.set('meta', meta);
  return withMembers(base, members);
}

async function signOnline(
  root: Document<Root>,
  role: RoleName,
  signed: JsonObject,
  signer: Signer,
): Promise<Uint8Array> {
  const document = parseDocument(serializeJson({ signatures: [], signed }));
  const signatures = new Map<Keyid, string>();
  for (const key of distinctKeys(root.signed.delegations, definitionOf(root, role)).values()) {
    const signature = await signer.sign(key, signedBytes(document));
    if (signature !== undefined) signatures.set(key.keyid, Buffer.from(signature).toString('hex'));
  }
  const bytes = withSignatures(document, signatures);
  if (signatures.size === 0) {
    throw new OperationError('NO_SIGNER', `no key for ${role} is within reach: see the online URI in root`);
  }
  requireQuorum(parseDocument(bytes), root.signed.delegations, role);
  return bytes;
}

function definitionOf(root: Document<Root>, role: RoleName): RoleDefinition {
  const definition = root.signed.delegations.roles.get(role);
  if (definition === undefined) throw new OperationError('REFUSED', `root knows no ${role}`);
  return definition;
}
