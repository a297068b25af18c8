import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Firmware } from '../../../src/signers/piv/applet.ts';
import { derivedSerial, type Extension, signCertificate, toPem } from './certificate.ts';
import { commonName, integer, sequence } from './der.ts';
import { derivedScalar, P256 } from './ecdsa.ts';
import { ecKey } from './load-key.ts';

/** Yubico's extensions. Source: Yubico, "PIV attestation". */
const YUBICO = '1.3.6.1.4.1.41482.3';
const BASIC_CONSTRAINTS = '2.5.29.19';
/** Those of the real ones. */
const VALIDITY = { notBefore: '20160314000000Z', notAfter: '20520417000000Z' } as const;

/** An issuer: its certificate, and what it takes to sign under it. */
interface Issuer {
  /** DER. */
  readonly certificate: Uint8Array;
  readonly pem: string;
  readonly privateKey: KeyObject;
}

/** Stands where Yubico's attestation CA stands: signs the F9 certificates of virtual cards. */
export interface AttestationCa extends Issuer {
  readonly name: string;
  readonly device: (options: DeviceOptions) => AttestationDevice;
}

/** A card's attestation key (slot F9) and its certificate. */
export interface AttestationDevice extends Issuer {
  /** An attestation of a key, DER: the truth, or what `forgery` makes of it. */
  readonly attest: (key: AttestedKey, forgery?: Forgery) => Uint8Array;
}

export interface AttestationCaOptions {
  /** Name, from which its key follows: the same name is the same CA, with the same certificate, anywhere. */
  readonly name?: string;
  /** RSA, P-256, P-384 or Ed25519; P-256 where absent. */
  readonly privateKey?: KeyObject;
  /** The CA above; self-signed where absent. */
  readonly issuedBy?: AttestationCa;
  /** `YYYYMMDDHHMMSSZ`. */
  readonly notBefore?: string;
  readonly notAfter?: string;
}

export interface DeviceOptions {
  /** Serial number of the card, from which the key follows. */
  readonly serial: number;
  readonly firmware: Firmware;
  readonly privateKey?: KeyObject;
  readonly name?: string;
  /** Old firmware has an F9 certificate that is no CA's. */
  readonly hasBasicConstraints?: boolean;
  readonly notBefore?: string;
  readonly notAfter?: string;
}

/** What an attestation says. */
export interface AttestedKey {
  /** Key reference of the slot. */
  readonly slot: number;
  readonly publicKey: KeyObject;
  readonly firmware: Firmware;
  readonly serial: number;
  readonly pinPolicy: number;
  readonly touchPolicy: number;
  /** None before firmware 5. */
  readonly formFactor?: number;
}

/** What makes an attestation a bad one. */
export interface Forgery {
  readonly subject?: string;
  readonly issuer?: string;
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** Signs in place of the card's F9 key. */
  readonly signer?: KeyObject;
  /** Numbers of Yubico's extensions to leave out: 3 firmware, 7 serial, 8 policies, 9 form factor. */
  readonly omit?: readonly number[];
  /** In place of, or besides, the true ones. */
  readonly extensions?: readonly Extension[];
}

/**
 * A test CA for attestations. Its key follows from its name and is no secret: never trust it but in tests and the demo. What it
 * signs is the same on every run.
 */
export function attestationCa(options: AttestationCaOptions = {}): AttestationCa {
  const { name = 'Virtual Card PIV Root CA', issuedBy } = options;
  const privateKey = options.privateKey ?? keyFrom(`CA ${name}`);
  const publicKey = createPublicKey(privateKey);
  const certificate = signCertificate(
    {
      serial: derivedSerial('CA', name, spki(publicKey)),
      issuer: commonName(issuedBy?.name ?? name),
      subject: commonName(name),
      publicKey,
      notBefore: options.notBefore ?? VALIDITY.notBefore,
      notAfter: options.notAfter ?? VALIDITY.notAfter,
      extensions: [basicConstraints()],
    },
    issuedBy?.privateKey ?? privateKey,
  );
  const ca = { name, certificate, pem: toPem(certificate), privateKey };
  return { ...ca, device: device => attestationDevice(ca, device) };
}

function attestationDevice(
  ca: Issuer & { readonly name: string },
  options: DeviceOptions,
): AttestationDevice {
  const { serial, firmware, name = 'Virtual Card PIV Attestation' } = options;
  const privateKey = options.privateKey ?? keyFrom(`F9 ${ca.name} ${serial}`);
  const publicKey = createPublicKey(privateKey);
  const certificate = signCertificate(
    {
      serial: derivedSerial('F9', ca.name, spki(publicKey)),
      issuer: commonName(ca.name),
      subject: commonName(name),
      publicKey,
      notBefore: options.notBefore ?? VALIDITY.notBefore,
      notAfter: options.notAfter ?? VALIDITY.notAfter,
      extensions: [
        { id: `${YUBICO}.3`, value: Uint8Array.from(firmware) },
        ...((options.hasBasicConstraints ?? true) ? [basicConstraints(0)] : []),
      ],
    },
    ca.privateKey,
  );
  return {
    certificate,
    pem: toPem(certificate),
    privateKey,
    attest: (key, forgery) => attest(privateKey, commonName(name), key, forgery),
  };
}

/** An attestation in DER, signed by the key of slot F9 under the name `issuer` (DER). */
export function attest(
  signer: KeyObject,
  issuer: Uint8Array,
  key: AttestedKey,
  forgery: Forgery = {},
): Uint8Array {
  const { omit = [], extensions: others = [] } = forgery;
  const truth = yubicoExtensions(key).filter(
    ({ id }) => !omit.some(number => id === `${YUBICO}.${number}`) && others.every(other => other.id !== id),
  );
  const slot = key.slot.toString(16);
  return signCertificate(
    {
      serial: derivedSerial('slot', slot, spki(key.publicKey)),
      issuer: forgery.issuer === undefined ? issuer : commonName(forgery.issuer),
      subject: commonName(forgery.subject ?? `YubiKey PIV Attestation ${slot}`),
      publicKey: key.publicKey,
      notBefore: forgery.notBefore ?? VALIDITY.notBefore,
      notAfter: forgery.notAfter ?? VALIDITY.notAfter,
      extensions: [...truth, ...others],
    },
    forgery.signer ?? signer,
  );
}

/** Values are bare bytes but for the serial number, a DER INTEGER of at most 4 bytes whose top bit is no sign. */
function yubicoExtensions(key: AttestedKey): readonly Extension[] {
  const serial = integer(BigInt(key.serial));
  const unsigned = serial[1] === 5 ? Uint8Array.of(0x02, 0x04, ...serial.subarray(3)) : serial;
  return [
    { id: `${YUBICO}.3`, value: Uint8Array.from(key.firmware) },
    { id: `${YUBICO}.7`, value: unsigned },
    { id: `${YUBICO}.8`, value: Uint8Array.of(key.pinPolicy, key.touchPolicy) },
    ...(key.formFactor === undefined ? [] : [{ id: `${YUBICO}.9`, value: Uint8Array.of(key.formFactor) }]),
  ];
}

/** Of a CA; `pathLength` says how many CAs may follow. Source: RFC 5280 section 4.2.1.9. */
const basicConstraints = (pathLength?: number): Extension => ({
  id: BASIC_CONSTRAINTS,
  isCritical: true,
  value: sequence(
    Uint8Array.of(0x01, 0x01, 0xff),
    ...(pathLength === undefined ? [] : [integer(BigInt(pathLength))]),
  ),
});

const spki = (key: KeyObject): Uint8Array => key.export({ format: 'der', type: 'spki' });

function keyFrom(seed: string): KeyObject {
  const key = ecKey(P256, derivedScalar(P256, Buffer.from('tuf-signer virtual card'), Buffer.from(seed)));
  if (key === undefined) throw new RangeError('a derived number is always a key');
  return key;
}
