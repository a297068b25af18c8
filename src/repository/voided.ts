import type { Document } from '../metadata/document.ts';
import { signedBytes } from '../metadata/document.ts';
import { MetadataError } from '../metadata/error.ts';
import { type Key, publicKeyOf } from '../metadata/key.ts';
import { type Keyid, ROOT, type RoleName } from '../metadata/names.ts';
import { verifySignature } from '../metadata/quorum.ts';
import { delegationGraph } from './delegators.ts';
import type { FileEdits } from './draft.ts';
import { documentOf, metadataFile, type RepositoryTree, rootOf } from './tree.ts';

/** A signature that counted until its content was edited. */
export interface VoidedSignature {
  readonly role: RoleName;
  readonly key: Key;
}

/**
 * Whose signatures a draft's `edits` void: those made in the event, by keys of the role (for root also of known-good's
 * root), over what `tree` has. Main's own stay what they were. Pure.
 */
export function voidedSignatures(
  knownGood: RepositoryTree,
  tree: RepositoryTree,
  edits: FileEdits,
): readonly VoidedSignature[] {
  return [...edits.keys()].flatMap(path => {
    const file = path.startsWith('metadata/') ? metadataFile(path.slice('metadata/'.length)) : undefined;
    if (file?.kind !== 'role') return [];
    const document = documentOf(tree, file.role);
    if (document === undefined) return [];
    const old = documentOf(knownGood, file.role)?.signatures ?? [];
    const kept = new Set(old.map(({ keyid, sig }) => `${keyid} ${sig}`));
    const keys = keysOf(knownGood, tree, file.role);
    return document.signatures
      .filter(({ keyid, sig }) => !kept.has(`${keyid} ${sig}`))
      .flatMap(({ keyid, sig }) => keyBehind(document, keyid, sig, keys))
      .map(key => ({ role: file.role, key }));
  });
}

type Keys = ReadonlyMap<Keyid, Key>;

/** The role's keys, and those that hand over to a new root. */
function keysOf(knownGood: RepositoryTree, tree: RepositoryTree, role: RoleName): Keys {
  const own = delegationGraph(tree).roles.get(role);
  const old = role === ROOT ? rootOf(knownGood)?.signed.delegations : undefined;
  const found = new Map<Keyid, Key>();
  for (const delegations of [old, own?.delegations]) {
    for (const keyid of delegations?.roles.get(role)?.keyids ?? []) {
      const key = delegations?.keys.get(keyid);
      if (key !== undefined) found.set(keyid, key);
    }
  }
  return found;
}

/** The key that made the signature; none where it is not over the document. */
function keyBehind(document: Document, keyid: Keyid, sig: string, keys: Keys): readonly Key[] {
  const key = keys.get(keyid);
  const publicKey = key === undefined ? undefined : publicKeyOf(key);
  if (key === undefined || publicKey === undefined || publicKey instanceof MetadataError) return [];
  return verifySignature(publicKey, signedBytes(document), sig) ? [key] : [];
}
