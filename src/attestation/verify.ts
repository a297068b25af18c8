import { formatInstant, type Instant } from '../clock.ts';
import { CodedError } from '../errors.ts';
import { publicKeyFingerprint } from '../metadata/key.ts';
import {
  type AttestationFault,
  type AttestationResult,
  type TrustedCertificate,
  YUBICO,
} from '../policy/attestation.ts';
import { parseCertificatePem } from '../policy/pem.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { type Anchor, findChain, isFault } from './chain.ts';
import { readStatement } from './statement.ts';
import { type ShippedCertificate, yubicoIntermediates, yubicoRoots } from './yubico.ts';

/** The slot's certificate, the card's, and CAs between that and a root. */
const MAX_CERTIFICATES = 6;

export interface AttestationTrust {
  /** Trusted beside what is shipped. */
  readonly certificates: readonly TrustedCertificate[];
  readonly now: Instant;
}

/**
 * Verifies `metadata/attestations/KEYID.pem`: the slot's certificate first, then the card's (slot F9), then any CAs. The
 * result says which public key is attested; whether that is the key at hand and the card good enough is the caller's to
 * judge. Never throws for what the file holds. Source: Yubico, "PIV attestation"; RFC 5280, section 6.
 */
export async function verifyAttestation(
  pem: Uint8Array,
  trust: AttestationTrust,
): Promise<AttestationResult> {
  const certificates = readFile(pem);
  if (typeof certificates === 'string') return refused('MALFORMED', certificates);
  const [slot, ...others] = certificates;
  if (slot === undefined || others.length === 0) {
    return refused(
      'MALFORMED',
      "there is a slot's certificate but not that of the card (slot F9) that made it",
    );
  }
  const unknown = certificates.flatMap(({ unknownCritical }) => unknownCritical);
  if (unknown.length > 0)
    return refused('MALFORMED', `extension ${unknown[0]} is critical and not known here`);
  const statement = readStatement(slot.extensions);
  if (typeof statement === 'string') {
    return refused(
      'MALFORMED',
      `the first certificate is not one that a card makes for a slot: ${statement}`,
    );
  }
  const chain = await findChain(slot, [...others, ...shipped(yubicoIntermediates)], anchorsOf(trust));
  if (isFault(chain)) return { ok: false, ...chain };
  const stale = chain.certificates.map(certificate => dateFault(certificate, trust.now)).find(found => found);
  if (stale !== undefined) return stale;
  return { ok: true, fingerprint: publicKeyFingerprint(slot.publicKey), ...statement, ca: chain.anchor.name };
}

/** {@link publicKeyFingerprint} of the key that a slot's certificate (DER) is of; `undefined` where it is no certificate. */
export function attestedFingerprint(der: Uint8Array): string | undefined {
  const certificate = parseCertificate(der);
  return certificate === undefined ? undefined : publicKeyFingerprint(certificate.publicKey);
}

function readFile(pem: Uint8Array): readonly Certificate[] | string {
  let blocks: readonly Uint8Array[];
  try {
    blocks = parseCertificatePem(Buffer.from(pem).toString('latin1'));
  } catch (error) {
    if (error instanceof CodedError) return error.message;
    throw error;
  }
  if (blocks.length > MAX_CERTIFICATES)
    return `there are ${blocks.length} certificates, more than ${MAX_CERTIFICATES}`;
  const certificates: Certificate[] = [];
  for (const [index, der] of blocks.entries()) {
    const certificate = parseCertificate(der);
    if (certificate === undefined) return `certificate ${index + 1} can not be read`;
    certificates.push(certificate);
  }
  return certificates;
}

function dateFault(
  { notBefore, notAfter, subjectText }: Certificate,
  now: Instant,
): AttestationResult | undefined {
  const name = JSON.stringify(subjectText.slice(0, 80));
  if (now > notAfter) return refused('EXPIRED', `${name} expired on ${formatInstant(notAfter as Instant)}`);
  if (now < notBefore) {
    return refused('NOT_YET_VALID', `${name} is not valid before ${formatInstant(notBefore as Instant)}`);
  }
  return undefined;
}

const refused = (code: AttestationFault, reason: string): AttestationResult => ({ ok: false, code, reason });

const shippedCertificates = new Map<string, Certificate>();

/** Parsed when first asked for. */
function shipped(list: readonly ShippedCertificate[]): readonly Certificate[] {
  return list.flatMap(({ fingerprint, base64 }) => {
    const certificate =
      shippedCertificates.get(fingerprint) ?? parseCertificate(Buffer.from(base64, 'base64'));
    if (certificate !== undefined) shippedCertificates.set(fingerprint, certificate);
    return certificate ?? [];
  });
}

/** Yubico's roots also make certificates of what is no PIV card. */
const PIV_ISSUER = /^CN=Yubico PIV (Attestation|Root CA) /;

function anchorsOf({ certificates }: AttestationTrust): readonly Anchor[] {
  const yubico = shipped(yubicoRoots).map(
    (certificate): Anchor => ({ certificate, name: YUBICO, deviceIssuer: PIV_ISSUER }),
  );
  const others = certificates.flatMap(({ fingerprint, der }): readonly Anchor[] => {
    const certificate = parseCertificate(der);
    return certificate === undefined ? [] : [{ certificate, name: fingerprint, deviceIssuer: undefined }];
  });
  return [...yubico, ...others];
}
