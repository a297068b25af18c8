import { CardError } from '../signers/piv/error.ts';
import { decodeTlv, type Tlv } from '../signers/piv/tlv.ts';

/** Attribute types by OID in hex. Source: RFC 5280, appendix A.1; RFC 4519. */
const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['550403', 'CN'],
  ['550405', 'serialNumber'],
  ['550406', 'C'],
  ['550407', 'L'],
  ['550408', 'ST'],
  ['55040a', 'O'],
  ['55040b', 'OU'],
]);

const VERSION = 0xa0;
const BMP_STRING = 0x1e;
const TELETEX_STRING = 0x14;

/**
 * The subject of a certificate, as in `CN=Jo, O=Example`: untrusted text. `undefined` where the bytes are no certificate. OpenSSL
 * is not asked (its key could be of a kind that ends the process), nor is an X.509 library, which takes longer to load than the
 * rest of the command. Source: RFC 5280, section 4.1.
 */
export function certificateSubject(der: Uint8Array): string | undefined {
  try {
    const [certificate] = decodeTlv(der);
    const [toBeSigned] = decodeTlv(certificate?.value ?? der);
    const fields = decodeTlv(toBeSigned?.value ?? der);
    // version (optional), serialNumber, signature, issuer, validity, subject
    const subject = fields[fields[0]?.tag === VERSION ? 5 : 4];
    if (subject?.tag !== 0x30) return undefined;
    return decodeTlv(subject.value)
      .flatMap(set => decodeTlv(set.value))
      .map(attribute => attributeText(decodeTlv(attribute.value)))
      .join(', ');
  } catch (error) {
    if (error instanceof CardError) return undefined;
    throw error;
  }
}

function attributeText([type, value]: readonly Tlv[]): string {
  const oid = Buffer.from(type?.value ?? []).toString('hex');
  return `${ATTRIBUTES.get(oid) ?? `OID ${oid}`}=${value === undefined ? '' : stringText(value)}`;
}

function stringText({ tag, value }: Tlv): string {
  const bytes = Buffer.from(value);
  if (tag === BMP_STRING && bytes.length % 2 === 0) return bytes.swap16().toString('utf16le');
  return bytes.toString(tag === TELETEX_STRING ? 'latin1' : 'utf8');
}
