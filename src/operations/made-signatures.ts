import { isNameless } from '../event/named-keys.ts';
import { quorumsOf } from '../event/plan.ts';
import { isAncestor } from '../git/history.ts';
import { deleteUnpushed, listUnpushed } from '../git/unpushed.ts';
import { signedBytes } from '../metadata/document.ts';
import { type Key, requirePublicKey } from '../metadata/key.ts';
import { type Keyid, type KeyOwner, ROOT, type RoleName } from '../metadata/names.ts';
import { verifySignature } from '../metadata/quorum.ts';
import { withSignatures } from '../repository/signature-edits.ts';
import { documentOf, historyFile, type RepositoryTree, roleFile } from '../repository/tree.ts';
import type { LoadedEvent } from './event.ts';
import { TreeReader } from './read-tree.ts';
import type { Workspace } from './workspace.ts';

/** Signatures (hex) by role and keyid: what was made on this machine, whatever it is over. */
export type Signatures = ReadonlyMap<RoleName, ReadonlyMap<Keyid, string>>;

/** `signatures` and one more. */
export function withSignature(signatures: Signatures, role: RoleName, keyid: Keyid, sig: string): Signatures {
  return new Map([...signatures, [role, new Map([...(signatures.get(role) ?? []), [keyid, sig]])]]);
}

/** Those of `made` that are by `user`'s keys, or by such as are nobody's by name, valid over what the event holds now, and not in it yet. */
export const fittingSignatures = (event: LoadedEvent, user: KeyOwner, made: Signatures): Signatures =>
  validSignatures(event, made, key => key.owner === user || isNameless(key));

/** Those of `made` that are wanted, by keys that `isWanted`, valid over what the event holds now, and not in it yet. */
export function validSignatures(
  event: LoadedEvent,
  made: Signatures,
  isWanted: (key: Key) => boolean,
): Signatures {
  const { context } = event.judgement;
  let fitting: Signatures = new Map();
  for (const [role, signatures] of made) {
    const document = documentOf(event.gathered.event, role);
    if (document === undefined) continue;
    const payload = signedBytes(document);
    for (const { quorum, delegations } of quorumsOf(context, role)) {
      for (const keyid of quorum.missing) {
        const [key, sig] = [delegations.keys.get(keyid), signatures.get(keyid)];
        if (key === undefined || !isWanted(key) || sig === undefined || sig === '') continue;
        if (!verifySignature(requirePublicKey(key), payload, sig)) continue;
        fitting = withSignature(fitting, role, keyid, sig);
      }
    }
  }
  return fitting;
}

/** The files that carry `signatures`, root's copy in root_history/ among them. */
export function signatureFiles(
  tree: RepositoryTree,
  signatures: Signatures,
): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const [role, byKeyid] of signatures) {
    const document = documentOf(tree, role);
    if (document === undefined) continue;
    const bytes = withSignatures(document, byKeyid);
    files.set(`metadata/${roleFile(role)}`, bytes);
    if (role === ROOT) files.set(`metadata/${historyFile(document.signed.version)}`, bytes);
  }
  return files;
}

/** The signatures in commits that an earlier run made for this event and could not push. */
export async function keptSignatures(workspace: Workspace, event: LoadedEvent): Promise<Signatures> {
  let found: Signatures = new Map();
  const trees = new TreeReader(workspace.objects);
  for (const kept of await listUnpushed(workspace.repository)) {
    if (kept.branch !== event.branch) continue;
    const tree = await trees.read(kept.commit);
    for (const role of tree.documents.keys()) {
      for (const { keyid, sig } of documentOf(tree, role)?.signatures ?? []) {
        if (sig !== '') found = withSignature(found, role, keyid, sig);
      }
    }
  }
  return found;
}

/**
 * Forgets the commits that reached the remote though the push seemed to fail. What fits the event as it stands now is not all
 * that it may ever fit: whoever can push may take the content away and bring it back.
 */
export async function forgetArrived({ repository }: Workspace, event: LoadedEvent): Promise<void> {
  for (const kept of await listUnpushed(repository)) {
    if (kept.branch !== event.branch || !(await isAncestor(repository, kept.commit, event.head))) continue;
    await deleteUnpushed(repository, kept);
  }
}

/** What an earlier run kept for this event is on the remote now, or was superseded by what this one pushed. */
export async function forgetKept({ repository }: Workspace, event: LoadedEvent): Promise<void> {
  for (const kept of await listUnpushed(repository)) {
    if (kept.branch === event.branch) await deleteUnpushed(repository, kept);
  }
}
