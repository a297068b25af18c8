import { createHash } from 'node:crypto';
import { DAY_MS, formatInstant, type Instant } from '../clock.ts';
import { type JsonObject, jsonEqual, withMembers } from '../json.ts';
import { membersOf } from '../metadata/decode.ts';
import { writtenRoles } from '../metadata/delegation.ts';
import type { KeyOwner } from '../metadata/names.ts';
import { isOnlineRole, type Keyid, ROOT, type RoleName } from '../metadata/names.ts';
import { decodePeriods, effectivePeriods } from '../metadata/periods.ts';
import { serializeJson } from '../metadata/serialize.ts';
import { POLICY_FILE, POLICY_MEMBER } from '../policy/policy.ts';
import { attestationsOf } from './attestations.ts';
import {
  definitionsAfter,
  definitionsBefore,
  definitionsIn,
  type FindDefinition,
} from './draft-delegations.ts';
import { RepositoryError } from './error.ts';
import { type Invites, serializeState, withInvites } from './state.ts';
import {
  attestationFile,
  documentOf,
  historyFile,
  invitesOf,
  isUnreadLeaf,
  type RepositoryTree,
  roleFile,
  rootOf,
  STATE_FILE,
} from './tree.ts';

/** What files shall hold, by path from the top of the repository; `undefined`: the file goes. */
export type FileEdits = ReadonlyMap<string, Uint8Array | undefined>;

/**
 * An event's content in the making. Edits say what is to be signed; versions, expiry, placeholders for signatures, the
 * copy in root_history/ and the renewal of roles whose keys changed follow by themselves.
 */
export class Draft {
  readonly #knownGood: RepositoryTree;
  readonly #tree: RepositoryTree;
  readonly #edited = new Map<RoleName, JsonObject>();
  readonly #renewed = new Set<RoleName>();
  readonly #attestations = new Map<Keyid, Uint8Array>();
  #policy: { readonly bytes: Uint8Array | undefined } | undefined;
  #invites: Invites;

  constructor(knownGood: RepositoryTree, tree: RepositoryTree) {
    this.#knownGood = knownGood;
    this.#tree = tree;
    this.#invites = invitesOf(tree);
  }

  /** `signed` of the role as it stands in this draft. Throws {@link RepositoryError} `BAD_EDIT` where there is none. */
  signed(role: RoleName): JsonObject {
    const signed = this.#edited.get(role) ?? documentOf(this.#tree, role)?.signed.raw;
    if (signed === undefined)
      throw new RepositoryError('BAD_EDIT', `there is no readable metadata/${roleFile(role)}`);
    return signed;
  }

  create(role: RoleName, signed: JsonObject): void {
    if (this.#tree.metadata.has(roleFile(role)) || this.#edited.has(role)) {
      throw new RepositoryError('BAD_EDIT', `metadata/${roleFile(role)} is there already`);
    }
    this.#edited.set(role, signed);
  }

  edit(role: RoleName, change: (signed: JsonObject) => JsonObject): void {
    const before = this.signed(role);
    const after = change(before);
    if (!jsonEqual(before, after)) this.#edited.set(role, after);
  }

  /** Gives the role a new version and expiry though nothing else changes. */
  renew(role: RoleName): void {
    this.#edited.set(role, this.signed(role));
    this.#renewed.add(role);
  }

  invite(owner: KeyOwner, roles: ReadonlySet<RoleName>): void {
    this.#invites = withInvites(this.#invites, owner, roles);
  }

  /** Keeps what the card of a joining key says of it: `metadata/attestations/KEYID.pem`. */
  attest(keyid: Keyid, pem: Uint8Array): void {
    this.#attestations.set(keyid, pem);
  }

  /** Puts a policy file in place, or takes it away, and lets root name its digest. */
  setPolicy(bytes: Uint8Array | undefined): void {
    const digest = bytes === undefined ? undefined : createHash('sha256').update(bytes).digest('hex');
    this.edit(ROOT, signed => withMembers(signed, new Map([[POLICY_MEMBER, digest]])));
    this.#policy = { bytes };
  }

  get invites(): Invites {
    return this.#invites;
  }

  /** The files to write. Nothing at all where no edit changed anything. */
  files(now: Instant): FileEdits {
    for (const role of this.#rolesWithNewKeys()) if (!this.#edited.has(role)) this.renew(role);
    const files = new Map<string, Uint8Array | undefined>();
    const find = definitionsAfter(this.#tree, this.#edited);
    for (const [role, signed] of this.#edited) {
      const version = this.#nextVersion(role);
      const stamped = withMembers(
        signed,
        new Map<string, number | string>([
          ['version', version],
          ['expires', expiryOf(role, signed, now)],
        ]),
      );
      const bytes = serializeJson({ signatures: this.#placeholders(role, find), signed: stamped });
      files.set(`metadata/${roleFile(role)}`, bytes);
      if (role === ROOT) files.set(`metadata/${historyFile(version)}`, bytes);
    }
    for (const [keyid, pem] of this.#attestationFiles()) files.set(`metadata/${attestationFile(keyid)}`, pem);
    if (this.#policy !== undefined) files.set(POLICY_FILE, this.#policy.bytes);
    if (this.#invites !== invitesOf(this.#tree)) {
      files.set(`metadata/${STATE_FILE}`, serializeState(this.#invites));
    }
    return files;
  }

  /** New attestations; and those of keys that this draft takes out of the last role that has them go. */
  *#attestationFiles(): Iterable<[Keyid, Uint8Array | undefined]> {
    const known = attestationsOf(this.#tree);
    for (const [keyid, pem] of this.#attestations) if (!known.has(keyid)) yield [keyid, pem];
    if (known.size === 0) return;
    const before = new Set<Keyid>();
    const after = new Set<Keyid>();
    for (const name of new Set([...this.#tree.documents.keys(), ...this.#edited.keys()])) {
      if (isUnreadLeaf(this.#tree, name)) continue;
      const document = documentOf(this.#tree, name);
      const old = document === undefined ? [] : writtenRoles(document.signed.delegations);
      const edited = this.#edited.get(name);
      for (const { keyids } of old) for (const keyid of keyids) before.add(keyid);
      for (const { keyids } of edited === undefined ? old : definitionsIn(name, edited).values()) {
        for (const keyid of keyids) after.add(keyid);
      }
    }
    for (const keyid of known.keys()) if (before.has(keyid) && !after.has(keyid)) yield [keyid, undefined];
  }

  /** Roles whose keys or threshold this draft changes: what they hold now is signed by others. */
  #rolesWithNewKeys(): readonly RoleName[] {
    const changed: RoleName[] = [];
    for (const [delegator, signed] of this.#edited) {
      const before = definitionsBefore(this.#tree, delegator);
      for (const role of definitionsIn(delegator, signed).values()) {
        const old = before.get(role.name);
        if (old !== undefined && old.threshold === role.threshold && jsonEqual(old.keyids, role.keyids))
          continue;
        if (!isOnlineRole(role.name) && documentOf(this.#tree, role.name) !== undefined)
          changed.push(role.name);
      }
    }
    return changed;
  }

  /**
   * Known-good's version + 1, once an event. Past that, root stays (its version is given by known-good), and another
   * role moves on where somebody has signed what it was: two contents never share a version that was signed.
   */
  #nextVersion(role: RoleName): number {
    const known = documentOf(this.#knownGood, role)?.signed.version ?? 0;
    const current = documentOf(this.#tree, role);
    if (role === ROOT || current === undefined || current.signed.version <= known) return known + 1;
    const signed = current.signatures.some(({ sig }) => sig !== '');
    return current.signed.version + (signed ? 1 : 0);
  }

  #placeholders(role: RoleName, find: FindDefinition): readonly JsonObject[] {
    const own = find(role)?.keyids ?? [];
    const old =
      role === ROOT ? (rootOf(this.#knownGood)?.signed.delegations.roles.get(ROOT)?.keyids ?? []) : [];
    return [...new Set([...own, ...old])].map(keyid => ({ keyid, sig: '' }));
  }
}

function expiryOf(role: RoleName, signed: JsonObject, now: Instant): string {
  const days = effectivePeriods(decodePeriods(membersOf(signed, role)))?.expiryDays;
  if (days === undefined) throw new RepositoryError('BAD_EDIT', `${role} has no expiry period to count from`);
  return formatInstant((now + days * DAY_MS) as Instant);
}
