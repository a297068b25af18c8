import './reflect.ts';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { Crypto } from '@peculiar/webcrypto';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate,
} from '@peculiar/x509';

/** One X.509 certificate, as far as a chain of attestation is concerned. Source: RFC 5280, section 4.1. */
export interface Certificate {
  readonly der: Uint8Array;
  /** DER in hex: names are compared byte by byte. */
  readonly subject: string;
  readonly issuer: string;
  /** For people, as in `CN=Yubico PIV Attestation A 1`. Untrusted text. */
  readonly subjectText: string;
  readonly issuerText: string;
  /** Milliseconds since the epoch; both ends are within. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: KeyObject;
  /** Does it say that it is a CA that signs certificates, or that it is none? `undefined`: it says neither. */
  readonly isCa: boolean | undefined;
  /** How many CAs may stand below it, the last one before the end not counted as one below itself. */
  readonly pathLength: number | undefined;
  /** Content of `extnValue` by OID. */
  readonly extensions: ReadonlyMap<string, Uint8Array>;
  /** Extensions that nobody may overlook and that are not understood here. */
  readonly unknownCritical: readonly string[];
  /** Did the holder of this certificate's key make `other`? Over the bytes as they came. */
  issued(other: Certificate): Promise<boolean>;
}

const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';

/** The allow-list. SHA-1 is not on it: no card ever signed with it. */
const DIGESTS: ReadonlySet<string> = new Set(['SHA-256', 'SHA-384', 'SHA-512']);
const ALGORITHMS: ReadonlySet<string> = new Set(['RSASSA-PKCS1-v1_5', 'ECDSA']);
const MIN_RSA_BITS = 2_048;

/** What the types of x509 take from those of browsers. */
interface Algorithm {
  readonly name: string;
  readonly hash: { readonly name: string };
}

const webcrypto = new Crypto();
const parsed = new WeakMap<Certificate, X509Certificate>();

/** `undefined` where the bytes are no certificate. */
export function parseCertificate(der: Uint8Array): Certificate | undefined {
  try {
    return readCertificate(der);
  } catch {
    // The decoders below throw errors of no type of their own: whatever fails here is a certificate that is none.
    return undefined;
  }
}

function readCertificate(der: Uint8Array): Certificate | undefined {
  const x509 = new X509Certificate(new Uint8Array(der));
  const extensions = new Map<string, Uint8Array>();
  for (const { type, value } of x509.extensions) {
    if (extensions.has(type)) return undefined;
    extensions.set(type, new Uint8Array(value));
  }
  const constraints = x509.getExtension(BasicConstraintsExtension);
  const usages = x509.getExtension(KeyUsagesExtension);
  const [notBefore, notAfter] = [x509.notBefore.getTime(), x509.notAfter.getTime()];
  if (!isCalendarDate(x509.notBefore) || !isCalendarDate(x509.notAfter)) return undefined;
  const mayCertify = usages === null || (usages.usages & KeyUsageFlags.keyCertSign) !== 0;
  const certificate: Certificate = {
    der,
    subject: hex(x509.subjectName.toArrayBuffer()),
    issuer: hex(x509.issuerName.toArrayBuffer()),
    subjectText: x509.subject,
    issuerText: x509.issuer,
    notBefore,
    notAfter,
    publicKey: createPublicKey({ key: Buffer.from(x509.publicKey.rawData), format: 'der', type: 'spki' }),
    isCa: constraints === null ? undefined : constraints.ca && mayCertify,
    pathLength: constraints?.pathLength,
    extensions,
    unknownCritical: x509.extensions
      .filter(({ critical, type }) => critical && type !== BASIC_CONSTRAINTS && type !== KEY_USAGE)
      .map(({ type }) => type),
    issued: other => hasSigned(certificate, other),
  };
  parsed.set(certificate, x509);
  return certificate;
}

async function hasSigned(issuer: Certificate, subject: Certificate): Promise<boolean> {
  const [by, over] = [parsed.get(issuer), parsed.get(subject)];
  if (by === undefined || over === undefined || !isStrong(issuer.publicKey)) return false;
  try {
    const { name, hash } = over.signatureAlgorithm as Algorithm;
    if (!ALGORITHMS.has(name) || !DIGESTS.has(hash.name)) return false;
    return await over.verify({ publicKey: by.publicKey, signatureOnly: true }, webcrypto);
  } catch {
    // Keys and signatures that do not fit each other throw errors of no type of their own: that is no signature.
    return false;
  }
}

function isStrong({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === 'ec') return true;
  return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
}

/** In the years that a certificate can write, also once its time zone is taken off. */
const isCalendarDate = (date: Date): boolean => date.getUTCFullYear() >= 0 && date.getUTCFullYear() <= 9_999;

const hex = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString('hex');
