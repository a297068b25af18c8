import type { DrillOutcome } from '../../event/drill/drill-of.ts';
import { signedBytes } from '../../metadata/document.ts';
import type { RoleName } from '../../metadata/names.ts';
import { drillBytes } from '../../repository/drill-file.ts';
import { documentOf, type RepositoryTree } from '../../repository/tree.ts';
import type { PersonalSigner } from '../../signers/signer.ts';
import { asksOf, wantsSignature } from '../asks.ts';
import { drillIn } from '../drill/proofs.ts';
import { proveKeys } from '../drill/prove.ts';
import { OperationError } from '../error.ts';
import { type LoadedEvent, loadRemoteEvent } from '../event.ts';
import { acceptInvitations, invitedRoles } from '../join.ts';
import { introduceFirstRoot } from '../pin/first-root.ts';
import type { Trust } from '../pin/trust.ts';
import { TrustedMain } from '../pin/trusted-main.ts';
import type { Prompter } from '../prompter.ts';
import { requireSound, signAsAsked } from '../signing.ts';
import { requireUser } from '../workspace.ts';
import type { OpenedRequest } from './open.ts';
import {
  type MadeKey,
  type MadeProof,
  type MadeSignature,
  payloadDigest,
  type Response,
} from './response.ts';

export interface AnswerRequest {
  readonly signer: PersonalSigner;
  readonly prompter: Prompter;
  readonly trust: Trust;
}

/**
 * What a keyholder does with a request: main is verified from what this machine trusts, the event judged and shown, then they prove
 * their key where it is a drill, join where they are invited, else sign. Who joins comes back with another request: what is signed has their key in it by then. Throws as
 * `signEvent`, and {@link OperationError} `NOT_FOUND` where nothing is asked of them.
 */
export async function answerRequest(
  { note, workspace }: OpenedRequest,
  { signer, prompter, trust }: AnswerRequest,
): Promise<Response> {
  const user = requireUser(workspace);
  const { branch } = note.event;
  const main = new TrustedMain(workspace, branch, trust, prompter);
  await main.fetch();
  const event = await loadRemoteEvent(workspace, branch);
  requireSound(event, prompter);
  const drill = drillIn(event);
  if (drill !== undefined) {
    const { proved, event: after } = await proveKeys(
      workspace,
      { branch, signer, prompter },
      user,
      main,
      event,
    );
    if (proved.length === 0) throw asksNothing(branch, user);
    const proofs = proofsIn(drillIn(after), proved);
    return { event: branch, user, joins: undefined, signatures: [], proofs };
  }
  if (invitedRoles(event, user).length > 0) {
    const witness = new KeyWitness(signer);
    const roles = await acceptInvitations(workspace, { branch, signer: witness, prompter }, user, main);
    return { event: branch, user, joins: witness.key(roles), signatures: [], proofs: [] };
  }
  if (main.isEmpty && wantsSignature(asksOf(event, user)))
    await introduceFirstRoot(workspace, event.gathered.event, trust, prompter);
  const after = await signAsAsked(workspace, { branch, signer, prompter, trust }, main, event);
  const signatures = madeBetween(event, after.event);
  if (signatures.length === 0) throw asksNothing(branch, user);
  return { event: branch, user, joins: undefined, signatures, proofs: [] };
}

const asksNothing = (branch: string, user: string): OperationError =>
  new OperationError('NOT_FOUND', `${branch} asks nothing of ${user}`);

/** Remembers which key its person joined with. */
class KeyWitness implements PersonalSigner {
  readonly #signer: PersonalSigner;
  #info: Awaited<ReturnType<PersonalSigner['readPublicKey']>> | undefined;
  #attestation: MadeKey['attestation'];

  constructor(signer: PersonalSigner) {
    this.#signer = signer;
  }

  sign: PersonalSigner['sign'] = (key, payload) => this.#signer.sign(key, payload);

  async readPublicKey(): ReturnType<PersonalSigner['readPublicKey']> {
    this.#info = await this.#signer.readPublicKey();
    return this.#info;
  }

  async readAttestation(): Promise<MadeKey['attestation']> {
    this.#attestation = await this.#signer.readAttestation?.();
    return this.#attestation;
  }

  key(roles: readonly RoleName[]): MadeKey {
    if (this.#info === undefined) throw new OperationError('NO_SIGNER', 'no key was read');
    const { keytype, scheme, public: text } = this.#info;
    return { roles, keytype, scheme, public: text, attestation: this.#attestation };
  }
}

/** The proofs of the keys that have proved themselves just now. */
function proofsIn(drill: DrillOutcome | undefined, proved: readonly string[]): readonly MadeProof[] {
  if (drill === undefined) return [];
  const payload = payloadDigest(drillBytes(drill.file.drill));
  return drill.file.proofs
    .filter(({ fingerprint }) => proved.includes(fingerprint))
    .map(({ fingerprint, sig }) => ({ fingerprint, payload, sig }));
}

/** In this clone nobody else changes the event. */
function madeBetween(before: LoadedEvent, after: LoadedEvent): readonly MadeSignature[] {
  return [...after.gathered.event.documents.keys()].flatMap(role => {
    const document = documentOf(after.gathered.event, role);
    if (document === undefined) return [];
    const known = sigsOf(before.gathered.event, role);
    const payload = payloadDigest(signedBytes(document));
    const { version } = document.signed;
    return document.signatures
      .filter(({ keyid, sig }) => sig !== '' && known.get(keyid) !== sig)
      .map(({ keyid, sig }): MadeSignature => ({ role, version, keyid, payload, sig }));
  });
}

const sigsOf = (tree: RepositoryTree, role: RoleName): ReadonlyMap<string, string> =>
  new Map(documentOf(tree, role)?.signatures.map(({ keyid, sig }) => [keyid, sig]));
