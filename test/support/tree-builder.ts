import { createHash } from 'node:crypto';
import { DAY_MS, formatInstant, type Instant } from '../../src/clock.ts';
import { CodedError } from '../../src/errors.ts';
import { type Facts, type Mode, noFacts } from '../../src/event/context.ts';
import { addedDrills } from '../../src/event/drill/drill-of.ts';
import { type Judgement, judge, judgeRepository } from '../../src/event/judge.ts';
import { historyOf } from '../../src/event/rules/history.ts';
import { identityOf } from '../../src/event/succession.ts';
import type { JsonObject, JsonValue } from '../../src/json.ts';
import { binCount, binIndex, binName, binOf, binPrefixes } from '../../src/metadata/bins.ts';
import { canonicalJson } from '../../src/metadata/canonical.ts';
import { type Document, parseDocument, parseDocumentOf, type Root } from '../../src/metadata/document.ts';
import type { RoleName } from '../../src/metadata/names.ts';
import { serializeJson } from '../../src/metadata/serialize.ts';
import { parsePolicyFile } from '../../src/policy/parse.ts';
import {
  noPolicyFile,
  POLICY_FILE,
  POLICY_MEMBER,
  type Policy,
  type PolicyFile,
} from '../../src/policy/policy.ts';
import { diffTrees } from '../../src/repository/diff.ts';
import { allDigests, changedDigests } from '../../src/repository/digests.ts';
import { parseDrill } from '../../src/repository/drill-file.ts';
import { RepositoryError } from '../../src/repository/error.ts';
import { type Invites, noInvites, parseState } from '../../src/repository/state.ts';
import {
  type BlobDigest,
  metadataFile,
  type ObjectId,
  type Parsed,
  policyOf,
  type RepositoryTree,
  STATE_FILE,
  type TreeEntry,
} from '../../src/repository/tree.ts';
import { type TestKey, type TestKeyKind, testKey } from './test-keys.ts';

/** When events are judged unless a test says otherwise. */
export const testNow: Instant = Date.parse('2030-06-01T00:00:00Z') as Instant;
/** `testNow` and so many days, as a document writes it. */
export const inDays = (days: number): string => formatInstant((testNow + days * DAY_MS) as Instant);

// Wire names on purpose: a test edits documents as they are on the wire, and may make them wrong.
export interface WireRole {
  keyids: string[];
  threshold: number;
  'x-tuf-on-ci-expiry-period'?: number;
  'x-tuf-on-ci-signing-period'?: number;
}
export interface WireDelegation extends WireRole {
  name: string;
  terminating: boolean;
  paths?: string[];
  path_hash_prefixes?: string[];
}
export interface WireCommon {
  _type: string;
  spec_version: string;
  version: number;
  expires: string;
  'x-tuf-on-ci-expiry-period'?: number;
  'x-tuf-on-ci-signing-period'?: number;
}
export interface WireRoot extends WireCommon {
  consistent_snapshot?: boolean;
  keys: Record<string, JsonObject>;
  roles: Record<'root' | 'targets' | 'snapshot' | 'timestamp', WireRole>;
}
export interface WireTarget {
  length: number;
  hashes: Record<string, string>;
  custom?: JsonValue;
}
export interface WireTargets extends WireCommon {
  targets: Record<string, WireTarget>;
  delegations: {
    keys: Record<string, JsonObject>;
    /** Missing where `succinct_roles` stands. */
    roles: WireDelegation[];
    succinct_roles?: WireSuccinct;
  };
}
export interface WireSuccinct extends WireRole {
  bit_length: number;
  name_prefix: string;
}
export interface WireMeta {
  version: number;
  length?: number;
  hashes?: Record<string, string>;
}
export interface WireList extends WireCommon {
  meta: Record<string, WireMeta>;
}
export interface WireSignature {
  keyid: string;
  sig: string;
}
export interface WireDocument<S = WireCommon> {
  signatures: WireSignature[];
  signed: S;
}

/** How a delegated role is to be made. Everybody's periods are 365 and 60 days unless told. */
export interface RoleSpec {
  /** Names as in {@link keyOf}. */
  readonly signers: readonly string[];
  /** All of them unless told. */
  readonly threshold?: number;
  /** `NAME/*` unless told. */
  readonly paths?: readonly string[];
  readonly pathHashPrefixes?: readonly string[];
  /** Who delegates; `targets` unless told. Has to be named earlier in the list of roles. */
  readonly by?: string;
}

/** How hash bins are to be made. */
export interface BinsSpec {
  readonly signers: readonly string[];
  readonly bitLength: number;
  /** The delegator's name unless told. */
  readonly prefix?: string;
  /** By `succinct_roles`; listed one by one otherwise. */
  readonly succinct?: boolean;
  /** Paths that are made targets of their bins. */
  readonly targets?: readonly string[];
}

export interface RepositorySpec {
  /** Root's, and those of targets unless {@link targets} says otherwise. */
  readonly signers: readonly string[];
  readonly threshold?: number;
  readonly targets?: { readonly signers: readonly string[]; readonly threshold?: number };
  readonly roles?: Readonly<Record<string, RoleSpec>>;
  /** Content by path below targets/. What lies in a delegated role's folder is that role's, the rest `targets`'. */
  readonly artifacts?: Readonly<Record<string, string>>;
}

const keysByName = new Map<string, TestKey>();
const keysById = new Map<string, TestKey>();

/**
 * The one key of that name. `@alice` is a person's; `@alice#2` is another key of the same person. Any other name is an
 * online key with the URI `file:NAME`. After a `:` the kind, as in `@bob:ed25519`; P-256 unless told.
 */
export function keyOf(name: string): TestKey {
  const known = keysByName.get(name);
  if (known !== undefined) return known;
  const [who = '', kind = 'p256'] = name.split(':');
  const index = createHash('sha256').update(who).digest().readUInt32BE(0);
  const tag = who.startsWith('@') ? { owner: who.replace(/#.*/, '') } : { onlineUri: `file:${who}` };
  const key = testKey(index, { kind: kind as TestKeyKind, ...tag });
  keysByName.set(name, key);
  keysById.set(key.keyid, key);
  return key;
}

export interface TestFile {
  readonly mode: string;
  readonly bytes: Uint8Array;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');

const PERIODS = { 'x-tuf-on-ci-expiry-period': 365, 'x-tuf-on-ci-signing-period': 60 };

/**
 * A repository as files. Change it by its verbs and then take its {@link tree}. A verb that edits a document does as the
 * tools do (next version, new expiry, signatures gone, root_history/ along); {@link rewrite} and {@link write} do as an
 * attacker does.
 */
export class TestRepository {
  /** By path from the top of the repository. */
  readonly files: Map<string, TestFile>;
  readonly unreadableNames: string[] = [];
  readonly #opened = new Set<string>();
  /** What {@link fork} started from: the first edit of a document raises its version, later ones don't. */
  readonly #base: ReadonlyMap<string, TestFile>;

  constructor(files: ReadonlyMap<string, TestFile> = new Map()) {
    this.#base = new Map(files);
    this.files = new Map(files);
  }

  /** The same repository, for an event to change. */
  fork(): TestRepository {
    return new TestRepository(this.files);
  }

  write(path: string, content: string | Uint8Array, mode = '100644'): this {
    this.files.set(path, { mode, bytes: typeof content === 'string' ? utf8(content) : content });
    return this;
  }

  /** Writes a file outside of metadata/ and targets/ that the tree then has by its own path, as in a folder that was opened. */
  file(path: string, content: string): this {
    this.#opened.add(path.split('/', 1).join(''));
    return this.write(path, content);
  }

  remove(...paths: readonly string[]): this {
    for (const path of paths) this.files.delete(path);
    return this;
  }

  chmod(path: string, mode: string): this {
    return this.write(path, this.bytes(path), mode);
  }

  bytes(path: string): Uint8Array {
    const file = this.files.get(path);
    if (file === undefined) throw new Error(`the test has no ${path}`);
    return file.bytes;
  }

  /** Writes and removes files below targets/; metadata stays behind until {@link updateTargets}. */
  artifact(path: string, content: string | undefined): this {
    return content === undefined ? this.remove(`targets/${path}`) : this.write(`targets/${path}`, content);
  }

  document<S = WireTargets>(role: string): WireDocument<S> {
    return JSON.parse(Buffer.from(this.bytes(`metadata/${role}.json`)).toString('utf8')) as WireDocument<S>;
  }

  /** Changes what `role` signs, as the tools do. */
  edit(role: 'root', change?: (signed: WireRoot) => void): this;
  edit(role: string, change?: (signed: WireTargets) => void): this;
  edit(role: string, change?: (signed: never) => void): this {
    const document = this.document<WireCommon>(role);
    const base = this.#base.get(`metadata/${role}.json`);
    if (base?.bytes === this.bytes(`metadata/${role}.json`)) document.signed.version++;
    document.signatures = [];
    document.signed.expires = inDays(document.signed['x-tuf-on-ci-expiry-period'] ?? 365);
    change?.(document.signed as never);
    return this.put(role, document);
  }

  /** Changes the document's file and nothing else: no version, no signature, no copy in root_history/ follows. */
  rewrite<S = WireTargets>(role: string, change: (document: WireDocument<S>) => void): this {
    const document = this.document<S>(role);
    change(document);
    return this.write(`metadata/${role}.json`, serializeJson(document as unknown as JsonValue));
  }

  /** Signs `role` anew by each of these keys. */
  sign(role: string, ...names: readonly string[]): this {
    return this.#signBy(role, names.map(keyOf));
  }

  /** Signs `role` by every key of its delegator and, for root, by all root keys of what this was forked from. */
  signAll(...roles: readonly string[]): this {
    for (const role of roles) this.#signBy(role, this.#keysFor(role));
    return this;
  }

  unsign(role: string, ...names: readonly string[]): this {
    const document = this.document<WireCommon>(role);
    const keyids = new Set(names.map(name => keyOf(name).keyid as string));
    document.signatures = document.signatures.filter(({ keyid }) => !keyids.has(keyid));
    return this.put(role, document);
  }

  /** Lets `role` sign exactly what lies in its folder (for `targets`: what lies in no delegated role's folder). */
  updateTargets(role = 'targets'): this {
    const folders = this.document('targets').signed.delegations.roles.map(({ name }) => `${name}/`);
    const mine = (path: string): boolean =>
      role === 'targets' ? !folders.some(folder => path.startsWith(folder)) : path.startsWith(`${role}/`);
    return this.edit(role, signed => {
      const before = signed.targets;
      signed.targets = {};
      for (const [file, { bytes }] of this.files) {
        const path = file.slice('targets/'.length);
        if (!file.startsWith('targets/') || !mine(path)) continue;
        signed.targets[path] = { ...before[path], length: bytes.length, hashes: { sha256: sha256(bytes) } };
      }
    });
  }

  /** Sets the keys and threshold of a role of root. */
  rootRole(
    role: keyof WireRoot['roles'],
    signers: readonly string[],
    threshold: number = signers.length,
  ): this {
    return this.edit('root', signed => {
      signed.roles[role] = { ...signed.roles[role], keyids: addKeys(signed.keys, signers), threshold };
      dropUnused(signed.keys, Object.values(signed.roles));
    });
  }

  /** Makes a delegated role or changes its delegation; its document is made where there is none. */
  delegate(name: string, spec: RoleSpec): this {
    const by = spec.by ?? 'targets';
    this.edit(by, ({ delegations }) => {
      const role: WireDelegation = {
        name,
        keyids: addKeys(delegations.keys, spec.signers),
        threshold: spec.threshold ?? spec.signers.length,
        terminating: true,
        ...(spec.pathHashPrefixes === undefined
          ? { paths: [...(spec.paths ?? [`${name}/*`])] }
          : { path_hash_prefixes: [...spec.pathHashPrefixes] }),
      };
      const index = delegations.roles.findIndex(other => other.name === name);
      delegations.roles.splice(index < 0 ? delegations.roles.length : index, 1, role);
      dropUnused(delegations.keys, delegations.roles);
    });
    if (!this.files.has(`metadata/${name}.json`)) this.put(name, newTargets());
    return this;
  }

  /** Lets `by` share its paths and targets out among hash bins, in place of whatever it delegated; each has a document. */
  bins(by: string, spec: BinsSpec): this {
    const { bitLength, prefix = by, succinct = false, targets = [] } = spec;
    const set = { namePrefix: prefix, bitLength };
    const moved = new Map<string, WireTarget>(
      targets.map(path => [path, { length: 1, hashes: { sha256: sha256(utf8('x')) } }]),
    );
    this.edit(by, signed => {
      const keys = {};
      for (const [path, file] of Object.entries(signed.targets)) moved.set(path, file);
      signed.targets = {};
      const signers = { keyids: addKeys(keys, spec.signers), threshold: spec.signers.length };
      const listed = Array.from({ length: binCount(set) }, (_, index) => ({
        ...signers,
        name: binName(set, index),
        path_hash_prefixes: [...binPrefixes(set, index)],
        terminating: true,
      }));
      const written = { ...signers, bit_length: bitLength, name_prefix: prefix };
      signed.delegations = (
        succinct ? { keys, succinct_roles: written } : { keys, roles: listed }
      ) as WireTargets['delegations'];
    });
    for (let index = 0; index < binCount(set); index++) {
      const document = newTargets();
      for (const [path, file] of moved) if (binOf(set, path) === index) document.signed.targets[path] = file;
      if (!this.files.has(`metadata/${binName(set, index)}.json`)) this.put(binName(set, index), document);
    }
    for (const path of targets) this.artifact(path, 'x');
    return this;
  }

  /** Takes a role's delegation and file away; its artifacts stay. */
  undelegate(name: string, by = 'targets'): this {
    this.edit(by, ({ delegations }) => {
      delegations.roles = delegations.roles.filter(role => role.name !== name);
      dropUnused(delegations.keys, delegations.roles);
    });
    return this.remove(`metadata/${name}.json`);
  }

  /** Writes the invitation file; no invitations: no file. */
  invite(invites: Readonly<Record<string, readonly string[]>>): this {
    const path = `metadata/${STATE_FILE}`;
    if (Object.keys(invites).length === 0) return this.remove(path);
    return this.write(path, JSON.stringify({ invites }));
  }

  /** Puts a policy file in place, or takes it away, with root to name it. */
  policy(text: string | undefined): this {
    if (text === undefined) this.remove(POLICY_FILE);
    else this.write(POLICY_FILE, text);
    return this.edit('root', signed => {
      const members = signed as unknown as Record<string, JsonValue>;
      if (text === undefined) delete members[POLICY_MEMBER];
      else members[POLICY_MEMBER] = sha256(utf8(text));
    });
  }

  /** Snapshot and timestamp anew, as the automation does on main. */
  onlineSign(): this {
    const meta: Record<string, WireMeta> = this.files.has('metadata/snapshot.json')
      ? this.document<WireList>('snapshot').signed.meta
      : {};
    for (const [role, parsed] of this.tree().documents) {
      if (parsed.ok && parsed.value.signed.type === 'targets')
        meta[`${role}.json`] = { version: parsed.value.signed.version };
    }
    this.#list('snapshot', meta);
    const { version } = this.document('snapshot').signed;
    return this.#list('timestamp', { 'snapshot.json': { version } });
  }

  /** These files as what is read from git. */
  tree(): RepositoryTree {
    const metadata = new Map<string, TreeEntry>();
    const artifacts = new Map<string, TreeEntry>();
    const outside = new Map<string, TreeEntry>();
    for (const [file, { mode, bytes }] of this.files) {
      const oid = store(bytes);
      const [top = '', ...rest] = file.split('/');
      const path = rest.join('/');
      if (top === 'metadata') metadata.set(path, { path, mode, oid });
      else if (top === 'targets') {
        if (!rest.some(segment => segment.startsWith('.'))) artifacts.set(path, { path, mode, oid });
      } else if (this.#opened.has(top)) outside.set(file, { path: file, mode, oid });
      else outside.set(top, outsideEntry(outside.get(top), top, path, { mode, oid }));
    }
    const documents = new Map<RoleName, Parsed<Document>>();
    for (const [path, { mode, oid }] of metadata) {
      const found = metadataFile(path);
      if (found.kind === 'role' && mode.startsWith('100')) documents.set(found.role, documentAt(oid));
    }
    const state = metadata.get(STATE_FILE);
    return {
      metadata,
      artifacts,
      outside,
      unreadableNames: [...this.unreadableNames],
      documents,
      invites: state === undefined ? { ok: true, value: noInvites } : invitesAt(state),
      policy: policyAt(outside.get(POLICY_FILE)),
    };
  }

  #list(role: 'snapshot' | 'timestamp', meta: Record<string, WireMeta>): this {
    const version = this.files.has(`metadata/${role}.json`) ? this.document(role).signed.version : 0;
    const signed: WireList = {
      ...common(role),
      version: version + 1,
      expires: inDays(role === 'snapshot' ? 30 : 7),
      meta,
    };
    return this.put(role, { signatures: [], signed }).signAll(role);
  }

  #keysFor(role: string): readonly TestKey[] {
    const ofRoot = (files: ReadonlyMap<string, TestFile>): readonly string[] => {
      const file = files.get('metadata/root.json');
      if (file === undefined) return [];
      const root = JSON.parse(Buffer.from(file.bytes).toString('utf8')) as WireDocument<WireRoot>;
      return root.signed.roles[role as keyof WireRoot['roles']].keyids;
    };
    if (['root', 'targets', 'snapshot', 'timestamp'].includes(role)) {
      const old = role === 'root' ? ofRoot(this.#base) : [];
      return knownKeys(new Set([...old, ...ofRoot(this.files)]));
    }
    for (const [path, { bytes }] of this.files) {
      if (!/^metadata\/[^/]*\.json$/.test(path)) continue;
      const { signed } = JSON.parse(Buffer.from(bytes).toString('utf8')) as WireDocument<
        Partial<WireTargets>
      >;
      const { roles, succinct_roles: succinct } = signed.delegations ?? {};
      const isBin =
        succinct !== undefined &&
        binIndex({ namePrefix: succinct.name_prefix, bitLength: succinct.bit_length }, role) !== undefined;
      const found = isBin ? succinct : roles?.find(({ name }) => name === role);
      if (found !== undefined) return knownKeys(new Set(found.keyids));
    }
    return [];
  }

  #signBy(role: string, keys: readonly TestKey[]): this {
    const document = this.document<WireCommon>(role);
    const payload = canonicalJson(document.signed as unknown as JsonObject);
    for (const key of keys) {
      document.signatures = document.signatures.filter(({ keyid }) => keyid !== key.keyid);
      document.signatures.push({ keyid: key.keyid, sig: Buffer.from(key.sign(payload)).toString('hex') });
    }
    return this.put(role, document);
  }

  /** Writes a document as it stands; root's copy in root_history/ too. */
  put(role: string, document: WireDocument): this {
    const bytes = serializeJson(document as unknown as JsonValue);
    if (role === 'root') this.write(`metadata/root_history/${document.signed.version}.root.json`, bytes);
    return this.write(`metadata/${role}.json`, bytes);
  }
}

/** A complete, valid, signed and online-signed repository: what an event stands on. */
export function repositoryOf(spec: RepositorySpec): TestRepository {
  const repository = initialEvent(spec);
  const roles = Object.keys(spec.roles ?? {});
  return repository
    .signAll('root', 'targets', ...roles)
    .onlineSign()
    .fork();
}

/** As {@link repositoryOf}, before anybody has signed: the first event of a repository. */
export function initialEvent(spec: RepositorySpec): TestRepository {
  const repository = new TestRepository();
  const { threshold = spec.signers.length, targets = { signers: spec.signers, threshold } } = spec;
  const keys: WireRoot['keys'] = {};
  const role = (names: readonly string[], needed = names.length, days?: number): WireRole => ({
    keyids: addKeys(keys, names),
    threshold: needed,
    ...(days === undefined
      ? {}
      : { 'x-tuf-on-ci-expiry-period': days, 'x-tuf-on-ci-signing-period': Math.ceil(days / 2) }),
  });
  const root: WireRoot = {
    ...common('root'),
    ...PERIODS,
    consistent_snapshot: true,
    keys,
    roles: {
      root: role(spec.signers, threshold),
      targets: role(targets.signers, targets.threshold),
      snapshot: role(['online'], 1, 30),
      timestamp: role(['online'], 1, 7),
    },
  };
  repository.put('root', { signatures: [], signed: root }).put('targets', newTargets());
  for (const [path, content] of Object.entries(spec.artifacts ?? {})) repository.artifact(path, content);
  for (const [name, roleSpec] of Object.entries(spec.roles ?? {})) repository.delegate(name, roleSpec);
  for (const name of ['targets', ...Object.keys(spec.roles ?? {})]) repository.updateTargets(name);
  return repository;
}

export interface JudgeOptions {
  readonly now?: Instant;
  readonly policy?: Policy;
  /** Laid over the facts that would be gathered. */
  readonly facts?: Partial<Facts>;
  /** Was known-good named by hand? */
  readonly given?: boolean;
}

/** Judges as `operations/gather` has it judged: known-good first, and only those digests that then are asked for. */
export function judgeEvent(
  knownGood: TestRepository,
  event: TestRepository,
  { now = testNow, policy = policyOf(knownGood.tree()), facts = {}, given = false }: JudgeOptions = {},
): Judgement {
  const [before, after] = [knownGood.tree(), event.tree()];
  const own = judgeTree('known-good', knownGood, { now, policy });
  const faults = own.reasons.filter(({ rule, severity }) => severity === 'refuse' || rule === 'artifacts');
  const knownGoodArtifactsVerified = !faults.some(({ rule }) => rule === 'artifacts');
  const digests = digestsOf(knownGoodArtifactsVerified ? changedDigests(before, after) : allDigests(after));
  const drills = addedDrills(diffTrees(before, after));
  return judge({
    knownGood: before,
    knownGoodFaults: faults,
    knownGoodGiven: given,
    event: after,
    policy,
    facts: {
      ...noFacts,
      digests,
      knownGoodArtifactsVerified,
      knownGoodVerified: faults.length === 0,
      drills: new Map(drills.map(({ oid }) => [oid, parsed(() => parseDrill(required(oid)))])),
      earlierProofs: [],
      identity: drills.length === 0 ? undefined : identityOf({ history: historyIn(before) }),
      ...facts,
    },
    now,
  });
}

/** Judges one repository on its own, every hash and every root. */
export function judgeTree(
  mode: Exclude<Mode, 'event'>,
  repository: TestRepository,
  { now = testNow, policy = policyOf(repository.tree()), facts = {} }: JudgeOptions = {},
): Judgement {
  const tree = repository.tree();
  const history = historyIn(tree);
  const digests = digestsOf(allDigests(tree));
  return judgeRepository({ mode, tree, policy, facts: { ...noFacts, digests, history, ...facts }, now });
}

/** The roots of `root_history/`, parsed. */
export function historyIn(tree: RepositoryTree): ReadonlyMap<number, Parsed<Document<Root>>> {
  const history = new Map<number, Parsed<Document<Root>>>();
  for (const [version, { oid }] of historyOf(tree))
    history.set(
      version,
      parsed(() => parseDocumentOf('root', required(oid))),
    );
  return history;
}

const blobs = new Map<ObjectId, Uint8Array>();
const parsedDocuments = new Map<ObjectId, Parsed<Document>>();
const oids = new WeakMap<Uint8Array, ObjectId>();

/** Keeps the bytes, as git does, and names them. */
function store(bytes: Uint8Array): ObjectId {
  const known = oids.get(bytes);
  if (known !== undefined) return known;
  const oid = createHash('sha1').update(bytes).digest('hex') as ObjectId;
  oids.set(bytes, oid);
  blobs.set(oid, bytes);
  return oid;
}

function required(oid: ObjectId): Uint8Array {
  const bytes = blobs.get(oid);
  if (bytes === undefined) throw new Error(`the test has no blob ${oid}`);
  return bytes;
}

/** Length and SHA-256 of blobs of trees that this module made. */
export function digestsOf(wanted: Iterable<ObjectId>): ReadonlyMap<ObjectId, BlobDigest> {
  const digests = new Map<ObjectId, BlobDigest>();
  for (const oid of wanted) {
    const bytes = required(oid);
    digests.set(oid, { length: bytes.length, sha256: sha256(bytes) });
  }
  return digests;
}

/** One object for each blob, as the reader of real trees does it. */
function documentAt(oid: ObjectId): Parsed<Document> {
  const known = parsedDocuments.get(oid);
  if (known !== undefined) return known;
  const document = parsed(() => parseDocument(required(oid)));
  parsedDocuments.set(oid, document);
  return document;
}

function invitesAt({ mode, oid }: TreeEntry): Parsed<Invites> {
  if (!mode.startsWith('100'))
    return { ok: false, error: new RepositoryError('BAD_FILE', 'is no regular file') };
  return parsed(() => parseState(required(oid)));
}

function policyAt(entry: TreeEntry | undefined): Parsed<PolicyFile> {
  if (entry === undefined) return { ok: true, value: noPolicyFile };
  if (!entry.mode.startsWith('100'))
    return { ok: false, error: new RepositoryError('BAD_FILE', 'is no regular file') };
  return parsed(() => parsePolicyFile(required(entry.oid)));
}

/** Only a coded error is a fault of the content: any other one fails the test that met it. */
function parsed<T>(parse: () => T): Parsed<T> {
  try {
    return { ok: true, value: parse() };
  } catch (error) {
    if (error instanceof CodedError) return { ok: false, error: error as CodedError };
    throw error;
  }
}

function outsideEntry(
  before: TreeEntry | undefined,
  top: string,
  path: string,
  { mode, oid }: { readonly mode: string; readonly oid: ObjectId },
): TreeEntry {
  if (path === '') return { path: top, mode, oid };
  return { path: top, mode: '040000', oid: store(utf8(`${before?.oid ?? ''} ${mode} ${path} ${oid}`)) };
}

function addKeys(keys: Record<string, JsonObject>, names: readonly string[]): string[] {
  return names.map(name => {
    const { keyid, raw } = keyOf(name);
    keys[keyid] = raw;
    return keyid;
  });
}

function dropUnused(keys: Record<string, JsonObject>, roles: readonly WireRole[]): void {
  const used = new Set(roles.flatMap(({ keyids }) => keyids));
  for (const keyid of Object.keys(keys)) if (!used.has(keyid)) delete keys[keyid];
}

const knownKeys = (keyids: ReadonlySet<string>): readonly TestKey[] =>
  [...keyids].flatMap(keyid => keysById.get(keyid) ?? []);

const common = (type: string): WireCommon => ({
  _type: type,
  spec_version: '1.0.31',
  version: 1,
  expires: inDays(365),
});

const newTargets = (): WireDocument<WireTargets> => ({
  signatures: [],
  signed: { ...common('targets'), ...PERIODS, targets: {}, delegations: { keys: {}, roles: [] } },
});
