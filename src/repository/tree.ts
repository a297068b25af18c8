import type { CodedError } from '../errors.ts';
import { type JsonValue, member } from '../json.ts';
import type { Document, Root, Targets } from '../metadata/document.ts';
import { isRoot, isTargets } from '../metadata/document.ts';
import { type Keyid, ROOT, type RoleName, roleNameProblem, SNAPSHOT } from '../metadata/names.ts';
import {
  defaultPolicy,
  noPolicyFile,
  POLICY_MEMBER,
  type Policy,
  type PolicyFile,
} from '../policy/policy.ts';
import { SparseDocuments } from './sparse-documents.ts';
import { type Invites, noInvites } from './state.ts';

/** An object id of git: hex of SHA-1 or SHA-256. Equal ids, equal bytes. */
export type ObjectId = string & { readonly __brand: 'ObjectId' | 'CommitSha' };

/** One file (or what stands in a file's place) of a commit. */
export interface TreeEntry {
  /** Relative to its folder: `metadata/`, `targets/` or the top. */
  readonly path: string;
  /** Six octal digits: 100644, 100755, 120000 (symlink), 160000 (submodule), 040000 (folder). */
  readonly mode: string;
  readonly oid: ObjectId;
}

/** A file that was read: what it says, or why it says nothing. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: CodedError };

/** Length in bytes and SHA-256 in hex of a blob. */
export interface BlobDigest {
  readonly length: number;
  readonly sha256: string;
}

/** What is known of blobs. */
export type BlobDigests = Pick<ReadonlyMap<ObjectId, BlobDigest>, 'get'>;

/**
 * A commit's repository as values that never change. What a judgement has no need to look at may be left out until it is
 * asked for (see `SparseEntries` and `SparseDocuments`); nobody can tell. What is needed of the blobs under `targets/`
 * comes apart as digests, since most of them need not be read at all.
 */
export interface RepositoryTree {
  /** Everything below `metadata/`, by path relative to it. */
  readonly metadata: ReadonlyMap<string, TreeEntry>;
  /** Everything below `targets/`, by path relative to it, but for names that begin with a dot. */
  readonly artifacts: ReadonlyMap<string, TreeEntry>;
  /** The other entries of the top folder, folders as one entry; and `targets/…/.NAME`, which is no artifact. */
  readonly outside: ReadonlyMap<string, TreeEntry>;
  /** Paths that are not UTF-8, each as printable text. */
  readonly unreadableNames: readonly string[];
  /** The parsed `metadata/ROLE.json` files. */
  readonly documents: ReadonlyMap<RoleName, Parsed<Document>>;
  readonly invites: Parsed<Invites>;
  /** `tuf-signer.yml`; one without a digest where there is none. */
  readonly policy: Parsed<PolicyFile>;
}

export const emptyTree: RepositoryTree = {
  metadata: new Map(),
  artifacts: new Map(),
  outside: new Map(),
  unreadableNames: [],
  documents: new Map(),
  invites: { ok: true, value: noInvites },
  policy: { ok: true, value: noPolicyFile },
};

export const STATE_FILE = '.signing-event-state';
export const HISTORY_FOLDER = 'root_history/';
export const ATTESTATIONS_FOLDER = 'attestations/';

/** What a path below `metadata/` is. */
export type MetadataFile =
  | { readonly kind: 'role'; readonly role: RoleName }
  | { readonly kind: 'history'; readonly version: number }
  | { readonly kind: 'attestation' }
  | { readonly kind: 'state' }
  | { readonly kind: 'unknown'; readonly problem: string };

/** Names what the file at `path` below `metadata/` is by the format (FIELD notes, "On-disk format"). */
export function metadataFile(path: string): MetadataFile {
  if (path === STATE_FILE) return { kind: 'state' };
  const history = /^root_history\/([1-9]\d{0,9})\.root\.json$/.exec(path);
  if (history !== null) return { kind: 'history', version: Number(history[1]) };
  if (/^attestations\/[0-9a-f]{64}\.pem$/.test(path)) return { kind: 'attestation' };
  const role = /^([^/]+)\.json$/.exec(path)?.[1];
  if (role === undefined) return { kind: 'unknown', problem: 'is no file of the format' };
  const problem = roleNameProblem(role);
  return problem === undefined
    ? { kind: 'role', role: role as RoleName }
    : { kind: 'unknown', problem: `is no role: the name ${problem}` };
}

export const roleFile = (role: RoleName): string => `${role}.json`;
export const historyFile = (version: number): string => `${HISTORY_FOLDER}${version}.root.json`;
export const attestationFile = (keyid: Keyid): string => `${ATTESTATIONS_FOLDER}${keyid}.pem`;

/** The document of `role` where it parsed. */
export function documentOf(tree: RepositoryTree, role: RoleName): Document | undefined {
  const parsed = tree.documents.get(role);
  return parsed?.ok === true ? parsed.value : undefined;
}

/** Is the document of `role` one that was left unread because it delegates to nobody? */
export const isUnreadLeaf = ({ documents }: RepositoryTree, role: RoleName): boolean =>
  documents instanceof SparseDocuments && documents.isUnread(role);

export function rootOf(tree: RepositoryTree): Document<Root> | undefined {
  const document = documentOf(tree, ROOT);
  return document !== undefined && isRoot(document) ? document : undefined;
}

export function targetsOf(tree: RepositoryTree, role: RoleName): Document<Targets> | undefined {
  const document = documentOf(tree, role);
  return document !== undefined && isTargets(document) ? document : undefined;
}

/** The version of `role` that was published last, as the snapshot says for ever, though the role may be gone. */
export function publishedVersion(tree: RepositoryTree, role: RoleName): number | undefined {
  const snapshot = documentOf(tree, SNAPSHOT)?.signed;
  return snapshot?.type === 'snapshot' ? snapshot.meta.get(roleFile(role))?.version : undefined;
}

export const invitesOf = (tree: RepositoryTree): Invites =>
  tree.invites.ok ? tree.invites.value : noInvites;

/** What root says that the policy file's digest is: anything that a document may hold, `undefined` where it says nothing. */
export function statedPolicyDigest(tree: RepositoryTree): JsonValue | undefined {
  const root = rootOf(tree);
  return root === undefined ? undefined : member(root.signed.raw, POLICY_MEMBER);
}

/** The policy that `tree` puts in force: that of the file which its root names, else the default one. */
export function policyOf(tree: RepositoryTree): Policy {
  if (!tree.policy.ok) return defaultPolicy;
  const { digest, policy } = tree.policy.value;
  return digest === statedPolicyDigest(tree) ? policy : defaultPolicy;
}
