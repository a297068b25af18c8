import '../../src/attestation/reflect.ts';
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { Crypto } from '@peculiar/webcrypto';
import {
  type Extension as AnyExtension,
  BasicConstraintsExtension,
  Extension,
  PublicKey,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { TrustedCertificate } from '../../src/policy/attestation.ts';
import { formatCertificatePem } from '../../src/policy/pem.ts';

const webcrypto: Crypto = new Crypto();
const CA_KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** A pair of WebCrypto keys, whose types are those of browsers. */
type Pair = object;

const newKeys = (): Promise<Pair> =>
  (
    webcrypto.subtle as unknown as {
      generateKey(algorithm: object, extractable: boolean, uses: readonly string[]): Promise<Pair>;
    }
  ).generateKey(CA_KEY, true, ['sign', 'verify']);

/** A certificate with the key that it is of. */
export interface Made {
  readonly name: string;
  readonly der: Uint8Array;
  readonly keys: Pair | undefined;
}

export interface CertificateTerms {
  readonly name: string;
  /** Itself where missing. */
  readonly by?: Made;
  /** The name of the issuer that it states, where that is not the issuer's. */
  readonly issuerName?: string;
  /** The public key that it is of; a new one where missing. */
  readonly key?: KeyObject;
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** `undefined`: says nothing. */
  readonly ca?: boolean;
  readonly pathLength?: number;
  readonly extensions?: readonly AnyExtension[];
}

/** Makes and signs one certificate. */
export async function makeCertificate(terms: CertificateTerms): Promise<Made> {
  const keys = terms.key === undefined ? await newKeys() : undefined;
  const publicKey =
    terms.key === undefined
      ? (keys as { publicKey: never }).publicKey
      : new PublicKey(terms.key.export({ format: 'der', type: 'spki' }));
  const signer = (terms.by?.keys ?? keys) as { privateKey: never };
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: '01',
      subject: `CN=${terms.name}`,
      issuer: `CN=${terms.issuerName ?? terms.by?.name ?? terms.name}`,
      notBefore: new Date(terms.notBefore ?? '2016-03-14T00:00:00Z'),
      notAfter: new Date(terms.notAfter ?? '2052-04-17T00:00:00Z'),
      publicKey,
      signingKey: signer.privateKey,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: [
        ...(terms.extensions ?? []),
        ...(terms.ca === undefined ? [] : [new BasicConstraintsExtension(terms.ca, terms.pathLength, true)]),
      ],
    },
    webcrypto,
  );
  return { name: terms.name, der: new Uint8Array(certificate.rawData), keys };
}

/** The extensions of a slot's certificate, in hex as a card writes them; `undefined` leaves one out. */
export interface StatementBytes {
  readonly firmware?: string | undefined;
  readonly serial?: string | undefined;
  readonly policy?: string | undefined;
  readonly formFactor?: string | undefined;
}

const OID = '1.3.6.1.4.1.41482.3';

export const statement = (bytes: StatementBytes = {}): readonly AnyExtension[] => {
  const all = { firmware: '050704', serial: '020401020304', policy: '0302', formFactor: '03', ...bytes };
  return [
    ...extension('3', all.firmware),
    ...extension('7', all.serial),
    ...extension('8', all.policy),
    ...extension('9', all.formFactor),
  ];
};

const extension = (last: string, hex: string | undefined): readonly AnyExtension[] =>
  hex === undefined ? [] : [new Extension(`${OID}.${last}`, false, Buffer.from(hex, 'hex'))];

/** A vendor of cards: a root, and a card that it certified. */
export interface TestVendor {
  readonly root: Made;
  readonly card: Made;
  /** As a policy trusts it. */
  readonly trusted: TrustedCertificate;
  readonly fingerprint: string;
}

export async function testVendor(
  card: Partial<CertificateTerms> = {},
  name = 'Test PIV Root',
): Promise<TestVendor> {
  const root = await makeCertificate({ name, ca: true });
  const device = await makeCertificate({
    name: 'Test PIV Attestation',
    by: root,
    ca: true,
    pathLength: 0,
    ...card,
  });
  const fingerprint = createHash('sha256').update(root.der).digest('hex');
  return { root, card: device, trusted: { fingerprint, der: root.der }, fingerprint };
}

/** What a card of `vendor` says of `key`: the slot's certificate. */
export const attest = (
  { card }: Pick<TestVendor, 'card'>,
  key: KeyObject,
  bytes: StatementBytes = {},
  terms: Partial<CertificateTerms> = {},
): Promise<Made> =>
  makeCertificate({
    name: 'YubiKey PIV Attestation 9c',
    by: card,
    key: key.type === 'public' ? key : createPublicKey(key),
    extensions: statement(bytes),
    ...terms,
  });

export const pemOf = (...made: readonly (Made | Uint8Array)[]): Uint8Array =>
  Buffer.from(formatCertificatePem(made.map(one => ('der' in one ? one.der : one))));
