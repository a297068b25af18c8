import { type SingleSource, singleSource } from '../../client/fetcher.ts';
import { defaultLimits } from '../../client/limits.ts';
import { metadataPath, rootHistoryName } from '../../client/paths.ts';
import type { TargetInfo } from '../../client/search.ts';
import { memoryStore } from '../../client/store.ts';
import { Updater } from '../../client/updater.ts';
import type { Instant } from '../../clock.ts';
import { required } from '../../errors.ts';
import { quoted } from '../../event/words.ts';
import { jsonEqual } from '../../json.ts';
import type { Delegations } from '../../metadata/delegation.ts';
import { type Document, type Root, signedBytes, type Targets } from '../../metadata/document.ts';
import { MetadataError } from '../../metadata/error.ts';
import { publicKeyOf } from '../../metadata/key.ts';
import {
  ROOT,
  type RoleName,
  roleNameProblem,
  SNAPSHOT,
  TARGETS,
  TIMESTAMP,
  targetPathProblem,
} from '../../metadata/names.ts';
import { verifyQuorum } from '../../metadata/quorum.ts';
import { digestsOf, hashedName } from '../../repository/layout.ts';
import { publishedClashes, publishedNameProblem } from '../../repository/published-names.ts';
import { OperationError } from '../error.ts';
import { readRoot } from '../trusted-root.ts';

/** A repository as it is published, verified as a client does. */
export interface Published {
  /** The files of the roots from the trusted one on, by version. */
  readonly roots: ReadonlyMap<number, Uint8Array>;
  readonly root: Document<Root>;
  /** Those of the roles that are in force, root's apart. */
  readonly documents: ReadonlyMap<RoleName, Document>;
  /** Roles past their date: somebody may be holding back what is newer. */
  readonly expired: readonly { readonly role: RoleName; readonly expires: string }[];
  /** Each artifact once, as the role that lists it describes it. */
  readonly artifacts: readonly TargetInfo[];
}

/** Nothing has expired then: what has is told rather than refused at the first. */
const BEFORE_ALL = 0 as Instant;

/**
 * Follows the repository by the client workflow from `trusted`, every role by each delegation that leads to it. Dates are judged
 * by `now` and told in the result. Throws {@link ClientError} where a client would refuse; {@link OperationError} `REFUSED`
 * where it holds what no repository here can: a key of a type that is not supported, an unsafe name, one path in two contents.
 */
export async function readPublished(
  source: SingleSource,
  trusted: Uint8Array,
  now: Instant,
): Promise<Published> {
  const first = requireRoot(trusted);
  requireKeys(ROOT, first.signed.delegations);
  const store = memoryStore();
  const updater = new Updater({ source: singleSource(source), trustedRoot: trusted, store, now: BEFORE_ALL });
  const { root, timestamp, snapshot, targets } = await updater.refresh();
  requireKeys(ROOT, root.signed.delegations);
  const roles = await readRoles(updater, targets);
  const documents = new Map<RoleName, Document>([...roles, [SNAPSHOT, snapshot], [TIMESTAMP, timestamp]]);
  const roots = new Map<number, Uint8Array>();
  for (let version = first.signed.version; version <= root.signed.version; version++) {
    const bytes = await store.read(rootHistoryName(version), defaultLimits.rootBytes);
    roots.set(version, required(bytes, 'root on the way'));
  }
  roots.set(first.signed.version, await asPublished(source, first));
  const newest = required(roots.get(root.signed.version), 'newest root');
  return {
    roots,
    root: { ...root, bytes: newest },
    documents,
    expired: [[ROOT, root] as const, ...documents]
      .filter(([, { signed }]) => signed.expiresAt <= now)
      .map(([role, { signed }]) => ({ role, expires: signed.expires })),
    artifacts: artifactsOf(roles),
  };
}

export function requireRoot(bytes: Uint8Array): Document<Root> {
  const root = readRoot(bytes);
  if (!(root instanceof Error)) return root;
  throw new OperationError('REFUSED', `the trusted root can not be read: ${root.message}`, { cause: root });
}

/** The trusted root's file as clients of the site have it, which may carry other signatures than the person's copy. */
async function asPublished({ metadata }: SingleSource, trusted: Document<Root>): Promise<Uint8Array> {
  const path = metadataPath(ROOT, trusted.signed.version);
  const bytes = await metadata.fetch(path, defaultLimits.rootBytes);
  const found = bytes === undefined ? undefined : readRoot(bytes);
  if (found === undefined || found instanceof Error) return trusted.bytes;
  const same = Buffer.compare(signedBytes(found), signedBytes(trusted)) === 0;
  return same && verifyQuorum(found, found.signed.delegations, ROOT).met ? found.bytes : trusted.bytes;
}

async function readRoles(
  updater: Updater,
  top: Document<Targets>,
): Promise<ReadonlyMap<RoleName, Document<Targets>>> {
  const roles = new Map([[TARGETS, top]]);
  const pending: Delegations[] = [top.signed.delegations];
  requireKeys(TARGETS, top.signed.delegations);
  for (let delegations = pending.pop(); delegations !== undefined; delegations = pending.pop()) {
    for (const role of delegations.roles.keys()) {
      const problem = roleNameProblem(role);
      if (problem !== undefined) throw refused(`the role name ${quoted(role)} ${problem}`);
      const document = await updater.loadTargets(delegations, role);
      if (roles.has(role)) continue;
      requireKeys(role, document.signed.delegations);
      roles.set(role, document);
      pending.push(document.signed.delegations);
    }
  }
  return roles;
}

function requireKeys(role: RoleName, { keys }: Delegations): void {
  for (const key of keys.values()) {
    const publicKey = publicKeyOf(key);
    if (publicKey instanceof MetadataError) throw refused(`${role}: ${publicKey.message}`);
  }
}

function artifactsOf(roles: ReadonlyMap<RoleName, Document<Targets>>): readonly TargetInfo[] {
  const infos = new Map<string, TargetInfo>();
  for (const [role, { signed }] of roles) {
    for (const [path, file] of signed.targets) {
      const problem =
        targetPathProblem(path) ??
        (/(^|\/)\./.test(path) ? 'has a segment that begins with a dot' : undefined);
      if (problem !== undefined) throw refused(`${role}: the target path ${quoted(path)} ${problem}`);
      for (const digest of digestsOf(file)) {
        const long = publishedNameProblem(path, digest.length);
        if (long !== undefined) throw refused(`${role}: the target path ${quoted(path)} ${long}`);
      }
      const other = infos.get(path);
      if (
        other !== undefined &&
        !jsonEqual([other.file.length, other.file.hashes], [file.length, file.hashes])
      )
        throw refused(`${other.role} and ${role} list ${quoted(path)} with different contents`);
      if (other === undefined) infos.set(path, { path: path as TargetInfo['path'], role, file });
    }
  }
  requireRoomForAll(infos);
  return [...infos.values()];
}

/** Not every place where a repository is published is a file system. */
function requireRoomForAll(infos: ReadonlyMap<string, TargetInfo>): void {
  const digestsAt = (path: string): readonly string[] => {
    const info = infos.get(path);
    return info === undefined ? [] : digestsOf(info.file);
  };
  for (const { path, digest, below } of publishedClashes(infos, digestsAt)) {
    const name = quoted(hashedName(path, digest));
    throw refused(`${quoted(path)} is published as ${name}, where ${quoted(below)} has a folder`);
  }
}

const refused = (what: string): OperationError =>
  new OperationError('REFUSED', `${what}: mend it where the repository is published now, then import it`);
