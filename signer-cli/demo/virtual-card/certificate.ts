import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { encodeTlv } from '../../../src/signers/piv/tlv.ts';

const SEQUENCE = 0x30;
/** ecdsa-with-SHA256, 1.2.840.10045.4.3.2. Source: RFC 5758 section 3.2. */
const ECDSA_SHA256 = encodeTlv(SEQUENCE, Buffer.from('06082a8648ce3d040302', 'hex'));
const VALIDITY = encodeTlv(SEQUENCE, utcTime('240101000000Z'), utcTime('491231235959Z'));

/** A self-signed certificate for a P-256 key in DER, such as the vendors' tools put into a slot. Source: RFC 5280 section 4.1. */
export function selfSignedCertificate(privateKey: KeyObject, commonName: string): Uint8Array {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const name = distinguishedName(commonName);
  const version3 = encodeTlv(0xa0, encodeTlv(0x02, Uint8Array.of(2)));
  const serial = encodeTlv(0x02, Uint8Array.of(1));
  const body = encodeTlv(SEQUENCE, version3, serial, ECDSA_SHA256, name, VALIDITY, name, spki);
  const signature = sign('sha256', body, privateKey);
  return encodeTlv(SEQUENCE, body, ECDSA_SHA256, encodeTlv(0x03, Uint8Array.of(0), signature));
}

/** One attribute, commonName (2.5.4.3), as UTF8String. */
function distinguishedName(commonName: string): Uint8Array {
  const type = Buffer.from('0603550403', 'hex');
  const attribute = encodeTlv(SEQUENCE, type, encodeTlv(0x0c, Buffer.from(commonName)));
  return encodeTlv(SEQUENCE, encodeTlv(0x31, attribute));
}

function utcTime(text: string): Uint8Array {
  return encodeTlv(0x17, Buffer.from(text));
}

/** The content of a certificate object: certificate, "not compressed", empty check. SP 800-73-4 part 1, appendix A. */
export const certificateObject = (der: Uint8Array): Uint8Array =>
  Buffer.concat([encodeTlv(0x70, der), encodeTlv(0x71, Uint8Array.of(0)), encodeTlv(0xfe)]);
