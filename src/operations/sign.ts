import type { Obligation } from '../event/plan.ts';
import { planOf } from '../event/plan.ts';
import type { BranchName } from '../git/names.ts';
import { deleteUnpushed, listUnpushed } from '../git/unpushed.ts';
import { signedBytes } from '../metadata/document.ts';
import { requirePublicKey } from '../metadata/key.ts';
import { type Keyid, type KeyOwner, ROOT, type RoleName } from '../metadata/names.ts';
import { verifySignature } from '../metadata/quorum.ts';
import { withSignatures } from '../repository/signature-edits.ts';
import { documentOf, historyFile, type RepositoryTree, roleFile } from '../repository/tree.ts';
import type { PersonalSigner, Signer } from '../signers/signer.ts';
import { commitAndPush } from './commit.ts';
import { OperationError } from './error.ts';
import { type LoadedEvent, loadRemoteEvent } from './event.ts';
import { acceptInvitations, invitedRoles } from './join.ts';
import type { Prompter } from './prompter.ts';
import { TreeReader } from './read-tree.ts';
import { fetchMain, requireUser, type Workspace } from './workspace.ts';

/** Signatures (hex) by role and keyid. */
type Signatures = Map<RoleName, Map<Keyid, string>>;

export interface SignOutcome {
  /** Roles joined by accepting an invitation. */
  readonly joined: readonly RoleName[];
  /** Roles signed. */
  readonly signed: readonly RoleName[];
  /** The event as it is now. */
  readonly event: LoadedEvent;
}

const MAX_TRIES = 5;

/**
 * What a keyholder does in an event: join where invited, then sign what their keys are asked for. Everything is
 * recomputed from git objects and shown before one confirmation. A signature, once made, is kept through lost races.
 *
 * Throws {@link OperationError} `REFUSED` (the event is rejected), `DECLINED`, `NO_SIGNER`, `RACE_LOST`; the errors of
 * git and of the signer.
 */
export async function signEvent(
  workspace: Workspace,
  branch: BranchName,
  signer: PersonalSigner,
  prompter: Prompter,
): Promise<SignOutcome> {
  const user = requireUser(workspace);
  prompter.progress('fetching main and the signing events');
  await fetchMain(workspace);
  let event = await loadRemoteEvent(workspace, branch);
  requireSound(event, prompter);
  let joined: readonly RoleName[] = [];
  if (invitedRoles(event, user).length > 0) {
    joined = await acceptInvitations(workspace, branch, user, signer, prompter);
    event = await loadRemoteEvent(workspace, branch);
  }
  const made: Signatures = await keptSignatures(workspace, event, user);
  const outcome = await signUntilPushed(workspace, event, made, user, signer, prompter);
  return { joined, ...outcome };
}

/** What `user`'s keys are asked to sign now. */
export const obligationsOf = (event: LoadedEvent, user: KeyOwner): readonly Obligation[] => {
  const unsettled = new Set(
    event.judgement.reasons
      .filter(({ rule, severity }) => rule === 'artifacts' && severity === 'await')
      .map(({ role }) => role),
  );
  return planOf(event.judgement.context).obligations.filter(
    ({ key, role }) => key.owner === user && !unsettled.has(role),
  );
};

async function signUntilPushed(
  workspace: Workspace,
  first: LoadedEvent,
  made: Signatures,
  user: KeyOwner,
  signer: Signer,
  prompter: Prompter,
): Promise<{ readonly signed: readonly RoleName[]; readonly event: LoadedEvent }> {
  let event = first;
  let agreed = '';
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const wanted = obligationsOf(event, user);
    if (wanted.length === 0) {
      await forgetKept(workspace, requireBranch(event));
      return { signed: [], event };
    }
    const content = contentOf(wanted, event.gathered.event);
    if (agreed !== content) {
      prompter.show(event.report);
      await agree(wanted, prompter);
      agreed = content;
    }
    await makeSignatures(wanted, event.gathered.event, made, signer, prompter);
    const changes = signatureFiles(event.gathered.event, made);
    const result = await commitAndPush(workspace, {
      branch: requireBranch(event),
      head: event.head,
      parents: [event.head],
      changes,
      message: [`Signature from ${user}`],
      precious: true,
    });
    const signed = [...new Set(wanted.map(({ role }) => role))];
    if (result.status === 'pushed') {
      await forgetKept(workspace, requireBranch(event));
      return { signed, event: await loadRemoteEvent(workspace, requireBranch(event)) };
    }
    await fetchMain(workspace);
    event = await loadRemoteEvent(workspace, requireBranch(event));
    prompter.progress('somebody else changed the event meanwhile: your signatures are kept, looking again');
    requireSound(event, prompter);
  }
  throw new OperationError(
    'RACE_LOST',
    `${first.branch} kept changing under us; your signatures are kept in this clone: run the command again`,
  );
}

/** What an earlier run kept for this branch is on the remote now, or no longer asked for. */
async function forgetKept(workspace: Workspace, branch: BranchName): Promise<void> {
  for (const kept of await listUnpushed(workspace.repository)) {
    if (kept.branch === branch) await deleteUnpushed(workspace.repository, kept);
  }
}

async function agree(wanted: readonly Obligation[], prompter: Prompter): Promise<void> {
  const roles = [...new Set(wanted.map(({ role }) => role))];
  if (await prompter.confirm(`Sign ${roles.join(' and ')}?`)) return;
  throw new OperationError('DECLINED', 'nothing was signed');
}

async function makeSignatures(
  wanted: readonly Obligation[],
  tree: RepositoryTree,
  made: Signatures,
  signer: Signer,
  prompter: Prompter,
): Promise<void> {
  for (const { role, key } of wanted) {
    const document = documentOf(tree, role);
    if (document === undefined) continue;
    const payload = signedBytes(document);
    const publicKey = requirePublicKey(key);
    const before = made.get(role)?.get(key.keyid);
    if (before !== undefined && verifySignature(publicKey, payload, before)) continue;
    prompter.progress(`signing ${role} version ${document.signed.version}`);
    const signature = await signer.sign(key, payload);
    if (signature === undefined) {
      throw new OperationError(
        'NO_SIGNER',
        `none of the connected cards holds your key for ${role} (fingerprint ${publicKey.fingerprint.slice(0, 12)}): insert the one that does`,
      );
    }
    const sig = Buffer.from(signature).toString('hex');
    if (!verifySignature(publicKey, payload, sig)) {
      throw new OperationError('NO_SIGNER', `the signature on ${role} does not verify: nothing was written`);
    }
    made.set(role, (made.get(role) ?? new Map<Keyid, string>()).set(key.keyid, sig));
  }
}

/** The files that carry the signatures, root's copy in root_history/ among them. Only those that are valid here. */
function signatureFiles(tree: RepositoryTree, made: Signatures): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const [role, signatures] of made) {
    const document = documentOf(tree, role);
    if (document === undefined) continue;
    const bytes = withSignatures(document, signatures);
    files.set(`metadata/${roleFile(role)}`, bytes);
    if (role === ROOT) files.set(`metadata/${historyFile(document.signed.version)}`, bytes);
  }
  return files;
}

/** Signatures of this person that an earlier run made and could not push, as far as they still fit. */
async function keptSignatures(workspace: Workspace, event: LoadedEvent, user: KeyOwner): Promise<Signatures> {
  const made: Signatures = new Map();
  const wanted = obligationsOf(event, user);
  for (const kept of await listUnpushed(workspace.repository)) {
    if (kept.branch !== event.branch) continue;
    const tree = await new TreeReader(workspace.objects).read(kept.commit);
    for (const { role, key } of wanted) {
      const [ours, theirs] = [documentOf(tree, role), documentOf(event.gathered.event, role)];
      const sig = ours?.signatures.find(({ keyid }) => keyid === key.keyid)?.sig;
      if (sig === undefined || theirs === undefined) continue;
      if (!verifySignature(requirePublicKey(key), signedBytes(theirs), sig)) continue;
      made.set(role, (made.get(role) ?? new Map<Keyid, string>()).set(key.keyid, sig));
    }
  }
  return made;
}

/** What is agreed to: these keys, these roles, these bytes. */
const contentOf = (wanted: readonly Obligation[], tree: RepositoryTree): string =>
  wanted
    .map(({ role, key }) => {
      const document = documentOf(tree, role);
      return `${role} ${key.keyid} ${document === undefined ? '' : Buffer.from(signedBytes(document)).toString('base64')}`;
    })
    .join('\n');

/** Nobody is asked to sign what the rules refuse. */
function requireSound(event: LoadedEvent, prompter: Prompter): void {
  if (event.judgement.verdict !== 'rejected') return;
  prompter.show(event.report);
  throw new OperationError('REFUSED', `${event.branch} is rejected: do not sign it; the reasons are above`);
}

function requireBranch(event: LoadedEvent): BranchName {
  if (event.branch === undefined)
    throw new OperationError('NOT_FOUND', 'only an event on a branch can be signed');
  return event.branch;
}
