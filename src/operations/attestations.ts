import type { Instant } from '../clock.ts';
import { GitError } from '../git/error.ts';
import type { ObjectReader } from '../git/objects.ts';
import { MetadataError } from '../metadata/error.ts';
import { computeKeyid, decodeKey, publicKeyOf } from '../metadata/key.ts';
import type { Keyid } from '../metadata/names.ts';
import type { AttestationResult } from '../policy/attestation.ts';
import { formatCertificatePem, MAX_PEM } from '../policy/pem.ts';
import type { Policy } from '../policy/policy.ts';
import { attestationsOf, neededAttestations } from '../repository/attestations.ts';
import type { KeyObject } from '../repository/delegator-edits.ts';
import type { Draft } from '../repository/draft.ts';
import type { ObjectId, RepositoryTree } from '../repository/tree.ts';
import type { CardAttestation } from '../signers/signer.ts';

// What verifies certificates is a quarter of a second of code: it is loaded where there is one to verify.

/** Verifies the attestations that judging `tree` against `knownGood` depends on. Throws {@link GitError}. */
export async function gatherAttestations(
  objects: ObjectReader,
  knownGood: RepositoryTree,
  tree: RepositoryTree,
  policy: Policy,
  now: Instant,
): Promise<ReadonlyMap<Keyid, AttestationResult>> {
  const results = new Map<Keyid, AttestationResult>();
  const needed = neededAttestations(knownGood, tree);
  if (needed.size === 0) return results;
  const { verifyAttestation } = await import('../attestation/verify.ts');
  const { certificates } = policy.attestation;
  for (const [keyid, { mode, oid }] of needed) {
    if (!mode.startsWith('100')) continue; // rule tree-modes says so
    const pem = await readPem(objects, oid);
    results.set(
      keyid,
      pem === undefined
        ? { ok: false, code: 'MALFORMED', reason: `the file has more than ${MAX_PEM} bytes` }
        : await verifyAttestation(pem, { certificates, now }),
    );
  }
  return results;
}

async function readPem(objects: ObjectReader, oid: ObjectId): Promise<Uint8Array | undefined> {
  try {
    return await objects.readBlob(oid, MAX_PEM);
  } catch (error) {
    if (error instanceof GitError && error.code === 'OBJECT_TOO_LARGE') return undefined;
    throw error;
  }
}

/**
 * Lets `draft` keep what the card of a joining key says of it. Nothing is kept of an attestation that can't be read or is of
 * another key; one that no CA answers for is kept, as a policy may yet name the CA.
 */
export async function attestKey(
  draft: Draft,
  keyObject: KeyObject,
  readAttestation: (() => Promise<CardAttestation | undefined> | undefined) | undefined,
  now: Instant,
): Promise<void> {
  const attestation = await readAttestation?.();
  const keyid = computeKeyid(keyObject);
  const publicKey = publicKeyOf(decodeKey(keyid, keyObject, 'your key'));
  if (attestation === undefined || publicKey instanceof MetadataError) return;
  const { attestedFingerprint, verifyAttestation } = await import('../attestation/verify.ts');
  if (attestedFingerprint(attestation.certificate) !== publicKey.fingerprint) return;
  const pem = Buffer.from(formatCertificatePem([attestation.certificate, ...attestation.issuers]));
  const result = await verifyAttestation(pem, { certificates: [], now });
  if (result.ok || result.code !== 'MALFORMED') draft.attest(keyid, pem);
}

/**
 * As {@link attestKey}, for a key that joins an event. What main has of that key stays as it is: whoever was taken out in the
 * event and comes back with the same card would else change it, as a card says the same in other bytes each time.
 */
export async function attestJoiningKey(
  objects: ObjectReader,
  knownGood: RepositoryTree,
  draft: Draft,
  keyObject: KeyObject,
  readAttestation: Parameters<typeof attestKey>[2],
  now: Instant,
): Promise<void> {
  const keyid = computeKeyid(keyObject);
  const known = attestationsOf(knownGood).get(keyid);
  const pem = known === undefined ? undefined : await readPem(objects, known.oid);
  if (pem === undefined) await attestKey(draft, keyObject, readAttestation, now);
  else draft.attest(keyid, pem);
}
