import type { AttestationFault } from '../policy/attestation.ts';
import type { Certificate } from './certificate.ts';
import { POLICY, SERIAL } from './statement.ts';

/** A certificate that trust starts from. */
export interface Anchor {
  readonly certificate: Certificate;
  /** What the result says that it rests on. */
  readonly name: string;
  /** Which of the names below it may make a card's certificate: a vendor certifies other things too. */
  readonly deviceIssuer: RegExp | undefined;
}

export interface ChainFault {
  readonly code: AttestationFault;
  readonly reason: string;
}

/** Slot, card (F9), CAs, and the anchor last. */
export interface Chain {
  readonly certificates: readonly Certificate[];
  readonly anchor: Anchor;
}

/** Slot, card and at most four CAs. */
const MAX_LENGTH = 6;

/**
 * Finds the way from a slot's certificate to an anchor: slot, the card's own certificate, CAs. By names and signatures of our
 * own, as a card's certificate of old firmware does not say that it is a CA. Does not look at dates.
 */
export async function findChain(
  slot: Certificate,
  others: readonly Certificate[],
  anchors: readonly Anchor[],
): Promise<Chain | ChainFault> {
  return extend([slot], others, anchors);
}

export const isFault = (found: Chain | ChainFault): found is ChainFault => 'code' in found;

async function extend(
  path: readonly Certificate[],
  others: readonly Certificate[],
  anchors: readonly Anchor[],
): Promise<Chain | ChainFault> {
  const last = path.at(-1);
  if (last === undefined || path.length >= MAX_LENGTH) return fault('UNTRUSTED', 'the chain is too long');
  let worst: ChainFault | undefined;
  // A card's certificate is never an anchor: whoever trusts a CA has not thereby said that it is a card.
  const ends = path.length < 2 ? [] : anchors;
  for (const anchor of ends.filter(({ certificate }) => certificate.subject === last.issuer)) {
    const found = await step(path, anchor.certificate);
    if (found !== undefined) {
      worst = found;
      continue;
    }
    const chain: Chain = { certificates: [...path, anchor.certificate], anchor };
    if (madeByRightIssuer(chain)) return chain;
    worst = fault('NOT_A_CA', `${text(chain.certificates[2])} makes no certificates of cards`);
  }
  for (const issuer of others) {
    if (issuer.subject !== last.issuer || path.includes(issuer)) continue;
    const found: Chain | ChainFault =
      (await step(path, issuer)) ?? (await extend([...path, issuer], others, anchors));
    if (!isFault(found)) return found;
    worst = found;
  }
  return (
    worst ??
    fault('UNTRUSTED', `${text(last)} was issued by ${quote(last.issuerText)}, which is not trusted here`)
  );
}

/** May `issuer` stand above `path`, and has it signed its end? */
async function step(path: readonly Certificate[], issuer: Certificate): Promise<ChainFault | undefined> {
  const [last] = path.slice(-1);
  if (last === undefined || !(await issuer.issued(last))) {
    return fault('BAD_SIGNATURE', `the signature on ${text(last)} is not one by ${text(issuer)}`);
  }
  // What a card has attested is an ordinary key: its holder can sign anything with it, a certificate too.
  if (issuer.extensions.has(POLICY) || issuer.extensions.has(SERIAL)) {
    return fault('NOT_A_CA', `${text(issuer)} is itself the certificate of a slot: it attests nothing`);
  }
  const isDevice = path.length === 1;
  if (issuer.isCa === false || (issuer.isCa === undefined && !isDevice)) {
    return fault('NOT_A_CA', `${text(issuer)} is no CA`);
  }
  return undefined;
}

/** Path lengths below the anchor, whose own constraints are not asked: it is trusted as it is. Source: RFC 5280, 6.1.1 (d). */
function madeByRightIssuer({ certificates, anchor }: Chain): boolean {
  const below = certificates.slice(1, -1);
  const tooLong = below.some(({ pathLength }, index) => pathLength !== undefined && index > pathLength);
  const deviceIssuer = certificates[2]?.subjectText ?? '';
  return !tooLong && anchor.deviceIssuer?.test(deviceIssuer) !== false;
}

const fault = (code: AttestationFault, reason: string): ChainFault => ({ code, reason });

const text = (certificate: Certificate | undefined): string => quote(certificate?.subjectText ?? '');

/** An untrusted name. */
const quote = (name: string): string => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
