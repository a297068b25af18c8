import { printable } from './decode.ts';
import type { Delegations, RoleDefinition } from './delegation.ts';
import { type Document, signedBytes } from './document.ts';
import { MetadataError } from './error.ts';
import { type Key, type PublicKey, publicKeyOf } from './key.ts';
import type { Keyid, RoleName } from './names.ts';

/** How far a document is from the signatures that its delegator asks for. */
export interface Quorum {
  readonly threshold: number;
  /** Keys with a valid signature, one for each distinct public key. */
  readonly signed: readonly Keyid[];
  /** Keys that may still sign: no valid signature, and no twin that has one. One for each distinct public key. */
  readonly missing: readonly Keyid[];
  /** Keys with a signature that does not verify. */
  readonly invalid: readonly Keyid[];
  readonly met: boolean;
}

/** The usable keys of a role, one for each distinct public key. The first keyid listed stands for its twins. */
export function distinctKeys(delegations: Delegations, role: RoleDefinition): ReadonlyMap<string, Key> {
  const distinct = new Map<string, Key>();
  for (const keyid of role.keyids) {
    const key = delegations.keys.get(keyid);
    const publicKey = key === undefined ? undefined : publicKeyOf(key);
    if (key === undefined || publicKey === undefined || publicKey instanceof MetadataError) continue;
    if (!distinct.has(publicKey.fingerprint)) distinct.set(publicKey.fingerprint, key);
  }
  return distinct;
}

/**
 * Counts distinct public keys of `role` with a valid signature over the document's canonical bytes. Two signatures
 * under one keyid count as none: clients disagree on which of them they read. Source: TUF specification 4.2, 5.3.4.
 */
export function verifyQuorum(document: Document, delegations: Delegations, roleName: RoleName): Quorum {
  const role = delegations.roles.get(roleName);
  if (role === undefined) return { threshold: 1, signed: [], missing: [], invalid: [], met: false };
  const signatures = signaturesByKeyid(document);
  const signed = new Map<string, Keyid>();
  const unsigned = new Map<string, Keyid>();
  const invalid: Keyid[] = [];
  for (const keyid of role.keyids) {
    const key = delegations.keys.get(keyid);
    const publicKey = key === undefined ? undefined : publicKeyOf(key);
    if (publicKey === undefined || publicKey instanceof MetadataError) continue;
    const sig = signatures.get(keyid);
    if (sig === undefined || sig === '') {
      if (!unsigned.has(publicKey.fingerprint)) unsigned.set(publicKey.fingerprint, keyid);
    } else if (verifySignature(publicKey, signedBytes(document), sig)) {
      if (!signed.has(publicKey.fingerprint)) signed.set(publicKey.fingerprint, keyid);
    } else {
      invalid.push(keyid);
      if (!unsigned.has(publicKey.fingerprint)) unsigned.set(publicKey.fingerprint, keyid);
    }
  }
  for (const fingerprint of signed.keys()) unsigned.delete(fingerprint);
  return {
    threshold: role.threshold,
    signed: [...signed.values()],
    missing: [...unsigned.values()],
    invalid,
    met: role.threshold >= 1 && signed.size >= role.threshold,
  };
}

/** Throws {@link MetadataError} `QUORUM_NOT_MET` unless `role`'s quorum has signed. */
export function requireQuorum(document: Document, delegations: Delegations, role: RoleName): void {
  const quorum = verifyQuorum(document, delegations, role);
  if (!quorum.met) {
    const unusable = firstUnusable(document, delegations, role);
    const why = unusable === undefined ? '' : ` that can be verified here: ${unusable.message}`;
    throw new MetadataError(
      'QUORUM_NOT_MET',
      `${printable(role)} version ${document.signed.version} has ${quorum.signed.length} of ${quorum.threshold} signatures${why}`,
    );
  }
}

/** Why a key that the role lists, and that has a signature here, is of no use. */
function firstUnusable(
  document: Document,
  delegations: Delegations,
  role: RoleName,
): MetadataError | undefined {
  const signatures = signaturesByKeyid(document);
  for (const keyid of delegations.roles.get(role)?.keyids ?? []) {
    const key = delegations.keys.get(keyid);
    const publicKey = key === undefined ? undefined : publicKeyOf(key);
    if (publicKey instanceof MetadataError && (signatures.get(keyid) ?? '') !== '') return publicKey;
  }
  return undefined;
}

/** Verifies one hex signature. `false` for anything that is no valid signature, also for bad hex. */
export function verifySignature(publicKey: PublicKey, payload: Uint8Array, sig: string): boolean {
  if (sig.length % 2 !== 0 || !/^[0-9a-f]+$/.test(sig)) return false;
  return publicKey.scheme.verify(publicKey.keyObject, payload, Buffer.from(sig, 'hex'));
}

/** By keyid; a keyid that stands twice maps to the empty signature. */
function signaturesByKeyid(document: Document): ReadonlyMap<string, string> {
  const byKeyid = new Map<string, string>();
  for (const { keyid, sig } of document.signatures) byKeyid.set(keyid, byKeyid.has(keyid) ? '' : sig);
  return byKeyid;
}
