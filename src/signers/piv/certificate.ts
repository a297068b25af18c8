import type { KeyObject } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { ALGORITHMS, spkiPem } from './algorithm.ts';
import { CardError } from './error.ts';
import { strictPublicKey } from './public-key.ts';
import { concatBytes, decodeTlv, encodeTlv, findTlv, type Tlv } from './tlv.ts';

/** No card holds a larger one; bounds what a hostile gzip stream can make us hold. */
const MAX_CERTIFICATE = 16_384;
const SEQUENCE = 0x30;
const VERSION = 0xa0;

/** A certificate object's content: DER, unpacked; `undefined` where it holds none. Throws `CARD_REPLY`. */
export function unpackCertificate(content: Uint8Array): Uint8Array | undefined {
  const objects = decodeTlv(content);
  const bytes = findTlv(objects, 0x70);
  if (bytes === undefined || bytes.length === 0) return undefined;
  const isPacked = ((findTlv(objects, 0x71)?.[0] ?? 0) & 1) === 1;
  try {
    return isPacked ? gunzipSync(bytes, { maxOutputLength: MAX_CERTIFICATE }) : bytes;
  } catch (cause) {
    // zlib's errors carry no type of their own.
    throw unreadable(cause);
  }
}

/** The content of a certificate object: certificate, "not compressed", empty check. SP 800-73-4 part 1, appendix A, table 13. */
export const packCertificate = (der: Uint8Array): Uint8Array =>
  concatBytes([encodeTlv(0x70, der), encodeTlv(0x71, Uint8Array.of(0)), encodeTlv(0xfe)]);

/**
 * The SubjectPublicKeyInfo inside a certificate, in DER. OpenSSL never sees the certificate: its key could be of a kind that
 * ends the process. Throws {@link CardError} `CARD_REPLY`. Source: RFC 5280, section 4.1.
 */
export function spkiOf(certificate: Uint8Array): Uint8Array {
  try {
    const [outer, ...more] = decodeTlv(certificate);
    const [toBeSigned] = decodeTlv(valueOf(outer, SEQUENCE));
    const fields = decodeTlv(valueOf(toBeSigned, SEQUENCE));
    // version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
    const spki = fields[fields[0]?.tag === VERSION ? 6 : 5];
    if (more.length > 0) throw new TypeError('something follows the certificate');
    return encodeTlv(SEQUENCE, valueOf(spki, SEQUENCE));
  } catch (cause) {
    if (cause instanceof CardError || cause instanceof TypeError) throw unreadable(cause);
    throw cause;
  }
}

function valueOf(object: Tlv | undefined, tag: number): Uint8Array {
  if (object?.tag !== tag) throw new TypeError('not what a certificate has here');
  return object.value;
}

/** Key kinds by AlgorithmIdentifier. Sources: RFC 5480 section 2.1.1, RFC 8410 section 3, RFC 3279 section 2.3.1. */
const KINDS: ReadonlyMap<string, readonly [keytype: string, scheme: string]> = new Map([
  ['301306072a8648ce3d020106082a8648ce3d030107', ['ecdsa', 'ecdsa-sha2-nistp256']],
  ['301006072a8648ce3d020106052b81040022', ['ecdsa', 'ecdsa-sha2-nistp384']],
  ['300506032b6570', ['ed25519', 'ed25519']],
  ['300d06092a864886f70d0101010500', ['rsa', 'rsassa-pss-sha256']],
]);

/**
 * The key in a certificate, decoded strictly; `undefined` where it is of a kind that is not used here. Throws `CARD_REPLY` for
 * what is no certificate, or no key of the kind it claims to be.
 */
export function certificateKey(certificate: Uint8Array): KeyObject | undefined {
  const spki = spkiOf(certificate);
  const [identifier, bits] = decodeTlv(decodeTlv(spki)[0]?.value ?? spki);
  if (identifier === undefined || bits?.tag !== 0x03 || bits.value[0] !== 0) throw unreadable();
  const name = Buffer.from(encodeTlv(identifier.tag, identifier.value)).toString('hex');
  const kind = KINDS.get(name);
  if (kind === undefined) return undefined;
  const [keytype, scheme] = kind;
  const text = keytype === 'ed25519' ? Buffer.from(bits.value.subarray(1)).toString('hex') : spkiPem(spki);
  const key = strictPublicKey(keytype, scheme, text);
  if (key === undefined) {
    // A weak RSA key is one, but none to sign metadata with.
    if (keytype === 'rsa') return undefined;
    throw unreadable();
  }
  return ALGORITHMS.some(row => row.accepts(key)) ? key : undefined;
}

const unreadable = (cause?: unknown): CardError =>
  new CardError('CARD_REPLY', "the slot's certificate can not be read: write it anew", { cause });
