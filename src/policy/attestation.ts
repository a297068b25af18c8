import type { PerRole } from './policy.ts';

/** When a card asks for the PIN. Source: Yubico, "PIV attestation", and YubiKey manager's PIN_POLICY. */
export const pinPolicies = ['never', 'once', 'always', 'match-once', 'match-always'] as const;
export type PinPolicy = (typeof pinPolicies)[number];

/** When a card waits for a touch; `cached` holds for 15 seconds. */
export const touchPolicies = ['never', 'always', 'cached'] as const;
export type TouchPolicy = (typeof touchPolicies)[number];

export const formFactors = [
  'usb-a-keychain',
  'usb-a-nano',
  'usb-c-keychain',
  'usb-c-nano',
  'usb-c-lightning',
  'usb-a-bio',
  'usb-c-bio',
] as const;
export type FormFactor = (typeof formFactors)[number];

/** Major, minor, patch. */
export type Firmware = readonly [number, number, number];

/** The name of Yubico's CAs among {@link AttestationTerms.cas}. */
export const YUBICO = 'yubico';

/** What a card's vendor attests of one key. */
export interface Attested {
  /** {@link publicKeyFingerprint} of the key that is attested. */
  readonly fingerprint: string;
  /** Unsigned, 32 bit. */
  readonly serial: number;
  readonly firmware: Firmware;
  readonly pinPolicy: PinPolicy;
  readonly touchPolicy: TouchPolicy;
  /** `undefined` where the card does not say, as before firmware 5. */
  readonly formFactor: FormFactor | undefined;
  /** Whom this rests on: {@link YUBICO}, or the SHA-256 of a certificate of the policy's, in hex. */
  readonly ca: string;
}

export type AttestationFault =
  /** No PEM of certificates, no certificate, or not the extensions of an attestation. */
  | 'MALFORMED'
  /** No way up to a CA that is trusted. */
  | 'UNTRUSTED'
  | 'BAD_SIGNATURE'
  /** A certificate above the slot's was made by something that may not make it. */
  | 'NOT_A_CA'
  | 'EXPIRED'
  | 'NOT_YET_VALID';

/** What became of verifying one `metadata/attestations/KEYID.pem`. The reason may quote untrusted names. */
export type AttestationResult =
  | ({ readonly ok: true } & Attested)
  | { readonly ok: false; readonly code: AttestationFault; readonly reason: string };

export type Requirement = 'off' | 'warn' | 'require';

/** A certificate that a policy trusts. */
export interface TrustedCertificate {
  /** SHA-256 of {@link der}, in hex. */
  readonly fingerprint: string;
  readonly der: Uint8Array;
}

/** What is asked of the keys that join. A term that is `undefined` asks for nothing. */
export interface AttestationTerms {
  readonly requirement: PerRole<Requirement>;
  readonly minFirmware: Firmware | undefined;
  readonly pinPolicies: ReadonlySet<PinPolicy> | undefined;
  readonly touchPolicies: ReadonlySet<TouchPolicy> | undefined;
  readonly formFactors: ReadonlySet<FormFactor> | undefined;
  /** {@link YUBICO} and fingerprints of {@link certificates}. */
  readonly cas: ReadonlySet<string>;
  readonly certificates: readonly TrustedCertificate[];
}

export const defaultTerms: AttestationTerms = {
  requirement: { default: 'off', roles: new Map() },
  minFirmware: undefined,
  pinPolicies: undefined,
  touchPolicies: undefined,
  formFactors: undefined,
  cas: new Set([YUBICO]),
  certificates: [],
};

export const firmwareText = (firmware: Firmware): string => firmware.join('.');

/** Negative where `a` is older than `b`. */
export function compareFirmware(a: Firmware, b: Firmware): number {
  for (const i of [0, 1, 2] as const) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}

/** What the attested card is short of, one clause each, as in "its firmware 5.2.7 is older than 5.7.0". */
export function* unmetTerms(attested: Attested, terms: AttestationTerms): Iterable<string> {
  const { firmware, pinPolicy, touchPolicy, formFactor, ca } = attested;
  if (!terms.cas.has(ca)) yield `its CA (${ca}) is not one that the policy trusts`;
  if (terms.minFirmware !== undefined && compareFirmware(firmware, terms.minFirmware) < 0) {
    yield `its firmware ${firmwareText(firmware)} is older than ${firmwareText(terms.minFirmware)}`;
  }
  if (terms.pinPolicies?.has(pinPolicy) === false) {
    yield `its PIN policy is ${pinPolicy}, not ${either(terms.pinPolicies)}`;
  }
  if (terms.touchPolicies?.has(touchPolicy) === false) {
    yield `its touch policy is ${touchPolicy}, not ${either(terms.touchPolicies)}`;
  }
  if (terms.formFactors !== undefined && (formFactor === undefined || !terms.formFactors.has(formFactor))) {
    yield `its form factor is ${formFactor ?? 'not stated'}, not ${either(terms.formFactors)}`;
  }
}

const either = (values: ReadonlySet<string>): string => [...values].join(' or ');

interface Advisory {
  readonly id: string;
  readonly keytype: 'rsa' | 'ecdsa';
  readonly from: Firmware;
  /** The first firmware without the fault. */
  readonly fixed: Firmware;
  readonly what: string;
}

/** Yubico's advisories on keys that a card made or holds. Source: https://www.yubico.com/support/security-advisories/ */
const ADVISORIES: readonly Advisory[] = [
  {
    id: 'YSA-2017-01',
    keytype: 'rsa',
    from: [4, 2, 6],
    fixed: [4, 3, 5],
    what: 'RSA keys that it made are weak',
  },
  {
    id: 'YSA-2024-03',
    keytype: 'ecdsa',
    from: [0, 0, 0],
    fixed: [5, 7, 0],
    what: 'who holds the card for a while can copy its ECDSA keys',
  },
];

/** The vendor's advisories that a key of `keytype` (as metadata writes it) on this card is under, in words. */
export function advisoriesOn({ firmware, ca }: Attested, keytype: string): readonly string[] {
  if (ca !== YUBICO) return [];
  return ADVISORIES.filter(
    advisory =>
      keytype.startsWith(advisory.keytype) &&
      compareFirmware(firmware, advisory.from) >= 0 &&
      compareFirmware(firmware, advisory.fixed) < 0,
  ).map(
    ({ id, fixed, what }) =>
      `firmware ${firmwareText(firmware)} is under advisory ${id}: ${what} (fixed in ${firmwareText(fixed)})`,
  );
}
