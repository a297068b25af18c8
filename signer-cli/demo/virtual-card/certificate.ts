import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { decodeTlv, encodeTlv } from '../../../src/signers/piv/tlv.ts';
import { bits, commonName, integer, octets, oid, sequence, time, toNumber } from './der.ts';
import { P256, P384, signDigest } from './ecdsa.ts';

/** An X.509 extension; `value` is what stands in the OCTET STRING. */
export interface Extension {
  readonly id: string;
  readonly value: Uint8Array;
  readonly isCritical?: boolean;
}

/** What a certificate says. Names are DER, times `YYYYMMDDHHMMSSZ`. Source: RFC 5280 section 4.1. */
export interface CertificateContent {
  readonly serial: bigint;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly publicKey: KeyObject;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly extensions?: readonly Extension[];
}

/** A certificate in DER, the same bytes each time for the same content and signer. */
export function signCertificate(content: CertificateContent, signer: KeyObject): Uint8Array {
  const { name, signature } = signatureBy(signer);
  const extensions = content.extensions ?? [];
  const body = sequence(
    encodeTlv(0xa0, integer(2n)),
    integer(content.serial),
    name,
    content.issuer,
    sequence(time(content.notBefore), time(content.notAfter)),
    content.subject,
    content.publicKey.export({ format: 'der', type: 'spki' }),
    ...(extensions.length === 0 ? [] : [encodeTlv(0xa3, sequence(...extensions.map(encodeExtension)))]),
  );
  return sequence(body, name, bits(signature(body)));
}

const encodeExtension = ({ id, value, isCritical = false }: Extension): Uint8Array =>
  sequence(oid(id), ...(isCritical ? [encodeTlv(0x01, Uint8Array.of(0xff))] : []), octets(value));

/** Sources: RFC 5758 section 3.2 (ECDSA), RFC 8017 appendix A.2.4 (RSA), RFC 8410 section 3 (Ed25519). */
function signatureBy(key: KeyObject): {
  readonly name: Uint8Array;
  readonly signature: (body: Uint8Array) => Uint8Array;
} {
  const hashed = (hash: string, body: Uint8Array): Uint8Array => createHash(hash).update(body).digest();
  if (key.asymmetricKeyType === 'ed25519') {
    return { name: sequence(oid('1.3.101.112')), signature: body => sign(null, body, key) };
  }
  if (key.asymmetricKeyType === 'rsa') {
    return {
      name: sequence(oid('1.2.840.113549.1.1.11'), encodeTlv(0x05)),
      signature: body => sign('sha256', body, key),
    };
  }
  return key.asymmetricKeyDetails?.namedCurve === P384.name
    ? {
        name: sequence(oid('1.2.840.10045.4.3.3')),
        signature: body => signDigest(P384, key, hashed('sha384', body), 'repeatable'),
      }
    : {
        name: sequence(oid('1.2.840.10045.4.3.2')),
        signature: body => signDigest(P256, key, hashed('sha256', body), 'repeatable'),
      };
}

/** A self-signed certificate in DER, such as the vendors' tools put into a slot. */
export function selfSignedCertificate(privateKey: KeyObject, name: string): Uint8Array {
  return signCertificate(
    {
      serial: 1n,
      issuer: commonName(name),
      subject: commonName(name),
      publicKey: createPublicKey(privateKey),
      notBefore: '20240101000000Z',
      notAfter: '20491231235959Z',
    },
    privateKey,
  );
}

/** A serial number of 16 bytes that follows from `parts`. */
export function derivedSerial(...parts: readonly (string | Uint8Array)[]): bigint {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return toNumber(hash.digest().subarray(0, 16)) >> 1n;
}

/** The subject's Name of a certificate, as DER. Throws the decoder's error for what is none. */
export function subjectOf(certificate: Uint8Array): Uint8Array | undefined {
  const body = decodeTlv(decodeTlv(certificate)[0]?.value ?? certificate)[0]?.value;
  const subject = body === undefined ? undefined : decodeTlv(body)[5];
  return subject?.tag === 0x30 ? encodeTlv(0x30, subject.value) : undefined;
}

/** The content of a certificate object: certificate, "not compressed", empty check. SP 800-73-4 part 1, appendix A. */
export const certificateObject = (der: Uint8Array): Uint8Array =>
  Buffer.concat([encodeTlv(0x70, der), encodeTlv(0x71, Uint8Array.of(0)), encodeTlv(0xfe)]);

export const toPem = (certificate: Uint8Array): string => {
  const lines =
    Buffer.from(certificate)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
};
