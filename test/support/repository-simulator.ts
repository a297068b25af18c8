import { createHash } from 'node:crypto';
import { type Fetcher, tooLarge } from '../../src/client/fetcher.ts';
import type { Instant } from '../../src/clock.ts';
import type { JsonObject, JsonValue } from '../../src/json.ts';
import { canonicalJson } from '../../src/metadata/canonical.ts';
import { serializeJson } from '../../src/metadata/serialize.ts';
import { type TestKey, testKey, testSignature } from './test-keys.ts';

// Wire names on purpose: a test edits documents as they are on the wire, and may make them wrong.
export type SimRole = { keyids: string[]; threshold: number };
export type SimMeta = { version: number; length?: number; hashes?: Record<string, string> };
export type SimTarget = { length: number; hashes: Record<string, string> };
export type SimDelegation = SimRole & {
  name: string;
  terminating: boolean;
  paths?: string[];
  path_hash_prefixes?: string[];
};
type Common = { _type: string; spec_version: string; version: number; expires: string };
export type SimRoot = Common & {
  consistent_snapshot: boolean;
  keys: Record<string, JsonObject>;
  roles: Record<'root' | 'timestamp' | 'snapshot' | 'targets', SimRole>;
};
export type SimTargets = Common & {
  targets: Record<string, SimTarget>;
  delegations: {
    keys: Record<string, JsonObject>;
    /** Missing where `succinct_roles` stands. */
    roles: SimDelegation[];
    succinct_roles?: SimRole & { bit_length: number; name_prefix: string };
  };
};
export type SimList = Common & { meta: Record<string, SimMeta> };

/** When the simulated world is now; everything expires a year later unless a test says otherwise. */
export const simNow: Instant = Date.parse('2030-06-01T00:00:00Z') as Instant;
export const simLater = '2031-06-01T00:00:00Z';
export const simPast = '2030-05-31T23:59:59Z';

const header = (type: string): Common => ({
  _type: type,
  spec_version: '1.0.31',
  version: 1,
  expires: simLater,
});

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * A TUF repository in memory. Edit the `signed` objects, then `publish…`; what was published stays, as on a web server.
 * `files` is the site, and may be tampered with.
 */
export class RepositorySimulator {
  readonly root: SimRoot;
  readonly timestamp: SimList = { ...header('timestamp'), meta: { 'snapshot.json': { version: 1 } } };
  readonly snapshot: SimList = { ...header('snapshot'), meta: { 'targets.json': { version: 1 } } };
  readonly targets: SimTargets;
  readonly delegated: Map<string, SimTargets> = new Map();
  /** Who signs a role. Not always whom its delegator names. */
  readonly signers: Map<string, TestKey[]> = new Map();
  /** By path below the site, as in `metadata/timestamp.json`. */
  readonly files: Map<string, Uint8Array> = new Map();
  /** Every path asked for, in order. */
  readonly requests: string[] = [];
  /** Write hashes and lengths into snapshot and timestamp, as older repositories do. */
  withHashes = false;

  constructor(options: { readonly consistentSnapshot?: boolean } = {}) {
    this.signers.set('root', [testKey(1, { kind: 'ed25519' }), testKey(2)]);
    this.signers.set('targets', [testKey(3)]);
    this.signers.set('snapshot', [testKey(4, { kind: 'ed25519' })]);
    this.signers.set('timestamp', [testKey(4, { kind: 'ed25519' })]);
    this.root = {
      ...header('root'),
      consistent_snapshot: options.consistentSnapshot ?? true,
      keys: {},
      roles: {
        root: { keyids: [], threshold: 2 },
        timestamp: { keyids: [], threshold: 1 },
        snapshot: { keyids: [], threshold: 1 },
        targets: { keyids: [], threshold: 1 },
      },
    };
    this.targets = this.#newTargets();
    for (const role of ['root', 'timestamp', 'snapshot', 'targets'] as const) this.nameKeys(role);
    this.publishRoot();
    this.publish();
  }

  /** Makes root name exactly the keys that now sign `role`. */
  nameKeys(role: keyof SimRoot['roles']): void {
    const signers = this.signers.get(role) ?? [];
    this.root.roles[role].keyids = signers.map(key => key.keyid);
    for (const key of signers) this.root.keys[key.keyid] = key.raw;
  }

  /** Replaces the keys of `role` in the root to come. */
  rotate(role: keyof SimRoot['roles'], ...keys: readonly TestKey[]): void {
    this.signers.set(role, [...keys]);
    this.nameKeys(role);
  }

  /** Lets `from` delegate to a role of that name, made where it does not exist yet. */
  delegate(
    from: string,
    name: string,
    delegation: Partial<SimDelegation> = {},
    key: TestKey = testKey(10),
  ): SimTargets {
    const made = this.delegated.get(name) ?? this.#newTargets();
    this.delegated.set(name, made);
    if (!this.signers.has(name)) this.signers.set(name, [key]);
    const { delegations } = this.role(from);
    delegations.keys[key.keyid] = key.raw;
    const byPath = delegation.path_hash_prefixes === undefined ? { paths: [`${name}/*`] } : {};
    delegations.roles.push({
      name,
      keyids: [key.keyid],
      threshold: 1,
      terminating: false,
      ...byPath,
      ...delegation,
    });
    this.snapshot.meta[`${name}.json`] = { version: made.version };
    return made;
  }

  /** Lets `from` delegate to bins by succinct_roles, in place of what it delegated; each has a document. */
  delegateBins(from: string, prefix: string, bitLength: number, key: TestKey = testKey(10)): void {
    const written = { keyids: [key.keyid], threshold: 1, bit_length: bitLength, name_prefix: prefix };
    this.role(from).delegations = {
      keys: { [key.keyid]: key.raw },
      succinct_roles: written,
    } as never;
    const digits = (2 ** bitLength - 1).toString(16).length;
    for (let index = 0; index < 2 ** bitLength; index++) {
      const name = `${prefix}-${index.toString(16).padStart(digits, '0')}`;
      this.delegated.set(name, this.#newTargets());
      this.signers.set(name, [key]);
      this.snapshot.meta[`${name}.json`] = { version: 1 };
    }
  }

  role(name: string): SimTargets {
    if (name === 'targets') return this.targets;
    const role = this.delegated.get(name);
    if (role === undefined) throw new Error(`the simulator has no role ${name}`);
    return role;
  }

  /** Lists an artifact in a role and puts it on the site. */
  addTarget(role: string, path: string, content: string): void {
    const bytes = Buffer.from(content);
    this.role(role).targets[path] = { length: bytes.length, hashes: { sha256: sha256(bytes) } };
    this.files.set(this.artifactFile(path, bytes), bytes);
  }

  artifactFile(path: string, bytes: Uint8Array): string {
    const segments = path.split('/').map(encodeURIComponent);
    const last = segments.pop() ?? '';
    const name = this.root.consistent_snapshot ? `${sha256(bytes)}.${last}` : last;
    return ['targets', ...segments, name].join('/');
  }

  /** Signs and publishes the root as it stands. */
  publishRoot(by: readonly TestKey[] = this.signers.get('root') ?? []): Uint8Array {
    const bytes = signDocument(this.root, by);
    this.files.set(`metadata/${this.root.version}.root.json`, bytes);
    return bytes;
  }

  /** Signs and publishes the next root version, by the old keys and the new, each once. `change` sees it before. */
  bumpRoot(change?: (root: SimRoot) => void): Uint8Array {
    const before = this.signers.get('root') ?? [];
    this.root.version++;
    change?.(this.root);
    const by = [...before, ...(this.signers.get('root') ?? [])];
    return this.publishRoot([...new Map(by.map(key => [key.keyid, key])).values()]);
  }

  /** Signs and publishes everything but root as it stands, versions as they are. */
  publish(): void {
    for (const [name, role] of [['targets', this.targets] as const, ...this.delegated]) {
      this.publishRole(name, role);
    }
    const snapshot = this.sign('snapshot', this.snapshot);
    this.files.set(this.#metadataFile('snapshot', this.snapshot.version), snapshot);
    this.timestamp.meta['snapshot.json'] = this.#meta(this.snapshot.version, snapshot);
    this.publishTimestamp();
  }

  publishRole(name: string, role: SimTargets): void {
    const bytes = this.sign(name, role);
    this.snapshot.meta[`${name}.json`] = this.#meta(role.version, bytes);
    this.files.set(this.#metadataFile(name, role.version), bytes);
  }

  publishTimestamp(): void {
    this.files.set('metadata/timestamp.json', this.sign('timestamp', this.timestamp));
  }

  /** The usual update: new versions of `roles`, snapshot and timestamp. */
  bump(...roles: readonly string[]): void {
    for (const role of roles) this.role(role).version++;
    this.snapshot.version++;
    this.timestamp.version++;
    this.publish();
  }

  sign(role: string, signed: JsonValue): Uint8Array {
    return signDocument(signed, this.signers.get(role) ?? []);
  }

  /** The first root, which clients ship with. */
  get trustedRoot(): Uint8Array {
    const bytes = this.files.get('metadata/1.root.json');
    if (bytes === undefined) throw new Error('the simulator has no first root');
    return bytes;
  }

  /** The site, without a network. */
  get fetcher(): Fetcher {
    return {
      fetch: async (path, maxBytes) => {
        this.requests.push(path);
        const bytes = this.files.get(path);
        if (bytes !== undefined && bytes.length > maxBytes) throw tooLarge(path, maxBytes);
        return Promise.resolve(bytes);
      },
    };
  }

  #newTargets(): SimTargets {
    return { ...header('targets'), targets: {}, delegations: { keys: {}, roles: [] } };
  }

  #metadataFile(role: string, version: number): string {
    const name = `${encodeURIComponent(role)}.json`;
    return `metadata/${this.root.consistent_snapshot ? `${version}.` : ''}${name}`;
  }

  #meta(version: number, bytes: Uint8Array): SimMeta {
    return this.withHashes
      ? { version, length: bytes.length, hashes: { sha256: sha256(bytes) } }
      : { version };
  }
}

/** A signed document as it lies on the site. */
export function signDocument(signed: JsonValue, by: readonly TestKey[]): Uint8Array {
  const payload = canonicalJson(signed);
  return serializeJson({ signatures: by.map(key => testSignature(key, payload)), signed });
}
