import { createHash } from 'node:crypto';
import { planOf } from '../event/plan.ts';
import { listed } from '../event/words.ts';
import type { Identity } from '../git/commit-object.ts';
import type { BranchName } from '../git/names.ts';
import { signedBytes } from '../metadata/document.ts';
import { type Key, requirePublicKey } from '../metadata/key.ts';
import { type Keyid, ROOT, type RoleName } from '../metadata/names.ts';
import { distinctKeys, verifySignature } from '../metadata/quorum.ts';
import { documentOf } from '../repository/tree.ts';
import type { Signer } from '../signers/signer.ts';
import { commitAndPush } from './commit.ts';
import { OperationError } from './error.ts';
import { type LoadedEvent, loadRemoteEvent } from './event.ts';
import { type Signatures, signatureFiles } from './made-signatures.ts';
import { followMain } from './main-departures.ts';
import { TreeReader } from './read-tree.ts';
import { trustedRootProblem } from './trusted-root.ts';
import { fetchMain, type Workspace } from './workspace.ts';

export interface OnlineTargetsOutcome {
  readonly signed: readonly RoleName[];
  /** Why nothing was signed, where it is not this automation's turn; `undefined` otherwise. */
  readonly waiting: string | undefined;
}

const MAX_TRIES = 5;
/** Roles that a commit's subject names. */
const MAX_NAMED = 8;

const briefly = (roles: readonly RoleName[]): string =>
  roles.length > MAX_NAMED
    ? `${roles.slice(0, 2).join(' & ')} and ${roles.length - 2} more roles`
    : roles.join(' & ');

/**
 * Signs those delegated roles of an event that online keys alone sign, once nothing else is missing: everything that
 * people owe is there, and what names the key is main itself or a delegator with its full quorum. Whoever can push to
 * the event so chooses neither key nor content. To be run from main's workflow, in a clone of its own. Throws
 * {@link OperationError} `NO_SIGNER`, `REFUSED`, `RACE_LOST`; git's errors.
 */
export async function onlineSignTargets(
  workspace: Workspace,
  branch: BranchName,
  signer: Signer,
  author?: Identity,
  trustedRoot?: Uint8Array,
): Promise<OnlineTargetsOutcome> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    await fetchMain(workspace, false);
    const event = await loadRemoteEvent(workspace, branch);
    await requireTrusted(workspace, event, trustedRoot);
    const roles = onlineRoles(event);
    const waiting = whyNotYet(event, roles);
    if (waiting !== undefined) return { signed: [], waiting };
    const signatures = await signRoles(event, roles, signer);
    const result = await commitAndPush(workspace, {
      branch,
      head: event.head,
      parents: [event.head],
      changes: signatureFiles(event.gathered.event, signatures),
      message: [`Online sign (${briefly([...signatures.keys()])})`],
      ...(author === undefined ? {} : { author }),
    });
    if (result.status === 'pushed') return { signed: [...signatures.keys()], waiting: undefined };
  }
  throw new OperationError('RACE_LOST', `${branch} kept changing under us: run the job again`);
}

/** What stands on a main that is another one than it always was is none of ours: whose keys its event names, we must not use. */
async function requireTrusted(
  workspace: Workspace,
  { knownGoodCommit, gathered }: LoadedEvent,
  trustedRoot: Uint8Array | undefined,
): Promise<void> {
  const tree = gathered.knownGood;
  const ground = { tree, facts: { history: await new TreeReader(workspace.objects).history(tree) } };
  const problem = trustedRoot === undefined ? undefined : trustedRootProblem(ground.facts, trustedRoot);
  if (problem !== undefined) throw new OperationError('REFUSED', `${problem}: main is not what was trusted`);
  const { departures } = await followMain(workspace, knownGoodCommit, ground, trustedRoot);
  if (departures.length === 0) return;
  const what = listed(
    departures.map(({ role, message }) => (role === undefined ? message : `${role} ${message}`)),
    4,
  );
  throw new OperationError('REFUSED', `main does not go on from what it was: ${what}`);
}

/** The delegated roles that wait for a signature, all of whose keys are online. */
function onlineRoles({ judgement }: LoadedEvent): ReadonlySet<RoleName> {
  const { context } = judgement;
  const owed = new Set(planOf(context).obligations.map(({ role }) => role));
  return new Set(
    [...owed].filter(role => {
      const delegated = context.graph.roles.get(role);
      if (delegated === undefined || delegated.delegator === ROOT) return false;
      const keys = [...distinctKeys(delegated.delegations, delegated.definition).values()];
      return (
        keys.length > 0 &&
        keys.every(({ owner, onlineUri }) => owner === undefined && onlineUri !== undefined)
      );
    }),
  );
}

/** Rules that a missing signature, and nothing else, makes wait. */
const OWN_RULES: ReadonlySet<string> = new Set(['role-quorum', 'enrolment']);

function whyNotYet({ judgement, branch }: LoadedEvent, roles: ReadonlySet<RoleName>): string | undefined {
  const { context, verdict, reasons } = judgement;
  if (verdict !== 'pending') return `${branch ?? 'the event'} is ${verdict}`;
  if (roles.size === 0) return 'no role waits for an online key';
  const other = reasons.find(
    ({ severity, rule, role }) =>
      severity === 'await' && !(OWN_RULES.has(rule) && role !== undefined && roles.has(role)),
  );
  if (other !== undefined) return `something else is missing first (${other.rule}): ${other.message}`;
  for (const role of roles) {
    const delegator = context.graph.roles.get(role)?.delegator;
    // A key that main does not name is named by a document that has its own quorum: nobody alone brings it in.
    if (delegator !== undefined && !context.isSettled(delegator) && context.quorumOf(delegator)?.met !== true)
      return `${delegator}, which names the key of ${role}, has to be signed first`;
  }
  return undefined;
}

async function signRoles(
  { judgement, gathered }: LoadedEvent,
  roles: ReadonlySet<RoleName>,
  signer: Signer,
): Promise<Signatures> {
  const signatures = new Map<RoleName, Map<Keyid, string>>();
  // Bins that hold the same are the same bytes: a key service is asked once for thousands of them.
  const made = new Map<string, string>();
  for (const { role, key } of planOf(judgement.context).obligations) {
    const document = roles.has(role) ? documentOf(gathered.event, role) : undefined;
    if (document === undefined) continue;
    const payload = signedBytes(document);
    const what = `${key.keyid} ${createHash('sha256').update(payload).digest('hex')}`;
    const sig = made.get(what) ?? (await signature(signer, key, payload, role));
    if (sig === undefined) continue;
    made.set(what, sig);
    const byKeyid = signatures.get(role) ?? new Map<Keyid, string>();
    signatures.set(role, byKeyid.set(key.keyid, sig));
  }
  if (signatures.size > 0) return signatures;
  throw new OperationError(
    'NO_SIGNER',
    `no key for ${listed([...roles])} is within reach: see their online URIs`,
  );
}

/** In hex; `undefined` where the key is not within reach. Throws {@link OperationError} `REFUSED`: it does not verify. */
async function signature(
  signer: Signer,
  key: Key,
  payload: Uint8Array,
  role: RoleName,
): Promise<string | undefined> {
  const bytes = await signer.sign(key, payload);
  if (bytes === undefined) return undefined;
  const sig = Buffer.from(bytes).toString('hex');
  if (verifySignature(requirePublicKey(key), payload, sig)) return sig;
  throw new OperationError('REFUSED', `the signature that was made for ${role} does not verify`);
}
