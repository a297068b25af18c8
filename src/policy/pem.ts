import { PolicyError } from './error.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\s]*?)-----END CERTIFICATE-----/g;

/** Characters. A chain of RSA-4096 certificates has some 8,000. */
export const MAX_PEM: number = 64 * 1024;

/**
 * The certificates of a PEM text (RFC 7468), each as DER. There is at least one, and nothing but white space between them.
 * Throws {@link PolicyError} `POLICY_CERTIFICATE`.
 */
export function parseCertificatePem(text: string): readonly Uint8Array[] {
  const bad = (what: string): PolicyError => new PolicyError('POLICY_CERTIFICATE', what);
  if (text.length > MAX_PEM) throw bad(`there are ${text.length} characters, more than ${MAX_PEM}`);
  if (text.replace(BLOCK, '').trim() !== '') throw bad('there is something that is no certificate in PEM');
  const blocks = [...text.matchAll(BLOCK)].map(match => (match[1] ?? '').replace(/\s/g, ''));
  if (blocks.length === 0) throw bad('there is no certificate in PEM');
  return blocks.map(base64 => {
    const der = Buffer.from(base64, 'base64');
    if (der.length === 0 || der.toString('base64') !== base64) throw bad('a certificate is no base64');
    return der;
  });
}

/** The PEM text of certificates, one after the other. */
export const formatCertificatePem = (certificates: readonly Uint8Array[]): string =>
  certificates
    .map(der => {
      const lines =
        Buffer.from(der)
          .toString('base64')
          .match(/.{1,64}/g) ?? [];
      return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
    })
    .join('');
