import { type KeyObject, randomBytes, verify } from 'node:crypto';
import { formatInstant, type Instant } from '../../clock.ts';
import { type Algorithm, unsignedInteger } from './algorithm.ts';
import { CardError } from './error.ts';
import { encodeTlv } from './tlv.ts';

const SEQUENCE = 0x30;
const SET = 0x31;
const BIT_STRING = 0x03;
/** Version 3. Source: RFC 5280, section 4.1.2.1. */
const VERSION = encodeTlv(0xa0, encodeTlv(0x02, Uint8Array.of(2)));
/** commonName, 2.5.4.3, with its tag. Source: RFC 5280, appendix A.1. */
const COMMON_NAME = Buffer.from('0603550403', 'hex');

export interface CertificateInput {
  readonly publicKey: KeyObject;
  readonly algorithm: Algorithm;
  /** Subject and issuer; 1 to 64 characters (RFC 5280, ub-common-name). */
  readonly commonName: string;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  /** 8 to 20 bytes; random where absent. */
  readonly serial?: Uint8Array;
  /** Signs what {@link Algorithm.certificate} makes of the certificate: DER for ECDSA, else raw. */
  readonly sign: (challenge: Uint8Array) => Promise<Uint8Array>;
}

/**
 * A self-signed certificate in DER, such as other tools expect beside a key. It proves nothing but that the key can sign. Throws
 * {@link CardError} `BAD_SIGNATURE` where the signature does not verify. Source: RFC 5280, section 4.1.
 */
export async function selfSignedCertificate(input: CertificateInput): Promise<Uint8Array> {
  const { publicKey, algorithm, commonName, notBefore, notAfter } = input;
  const name = distinguishedName(commonName);
  const toBeSigned = encodeTlv(
    SEQUENCE,
    VERSION,
    // Not zero, not negative, never repeated: RFC 5280, section 4.1.2.2.
    unsignedInteger(Uint8Array.of(1, ...(input.serial ?? randomBytes(15)))),
    algorithm.certificate.identifier,
    name,
    encodeTlv(SEQUENCE, time(notBefore), time(notAfter)),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
  );
  const signature = await input.sign(algorithm.certificate.challenge(toBeSigned));
  if (!verify(digestOf(algorithm), toBeSigned, publicKey, signature)) {
    throw new CardError(
      'BAD_SIGNATURE',
      'the signature of the new key does not verify: do not use this key, take the card out and generate another',
    );
  }
  const bits = encodeTlv(BIT_STRING, Uint8Array.of(0), signature);
  return encodeTlv(SEQUENCE, toBeSigned, algorithm.certificate.identifier, bits);
}

/** The digest of {@link Algorithm.certificate}, as node:crypto names it; Ed25519 has its own. */
function digestOf({ name }: Algorithm): string | null {
  if (name === 'Ed25519') return null;
  return name === 'P-384' ? 'sha384' : 'sha256';
}

/** One attribute, commonName, as UTF8String. */
function distinguishedName(commonName: string): Uint8Array {
  const text = encodeTlv(0x0c, Buffer.from(commonName.slice(0, 64)));
  return encodeTlv(SEQUENCE, encodeTlv(SET, encodeTlv(SEQUENCE, COMMON_NAME, text)));
}

/** UTCTime up to 2049, then GeneralizedTime. Source: RFC 5280, section 4.1.2.5. */
function time(instant: Instant): Uint8Array {
  const digits = formatInstant(instant).replaceAll(/[-:T]/g, '');
  const isShort = digits >= '1950' && digits < '2050';
  return isShort ? encodeTlv(0x17, Buffer.from(digits.slice(2))) : encodeTlv(0x18, Buffer.from(digits));
}
