import { createHash } from 'node:crypto';
import type { JsonObject } from '../json.ts';
import {
  type AttestationTerms,
  defaultTerms,
  type Firmware,
  formFactors,
  pinPolicies,
  type Requirement,
  type TrustedCertificate,
  touchPolicies,
  YUBICO,
} from './attestation.ts';
import { PolicyError } from './error.ts';
import { parseCertificatePem } from './pem.ts';
import { defaultPolicy, type PerRole, type Policy, type PolicyFile } from './policy.ts';
import { asJson, errorAt, parseYaml, quote, type YamlEntry, type YamlNode } from './yaml.ts';

/**
 * Reads `tuf-signer.yml` (docs/policy.md). Strict: a member that is not known is refused, and what is left out is
 * {@link defaultPolicy}'s. Throws {@link PolicyError}, whose message names line and column.
 */
export function parsePolicyFile(bytes: Uint8Array): PolicyFile {
  const top = parseYaml(bytes);
  return {
    digest: createHash('sha256').update(bytes).digest('hex'),
    policy: readPolicy(top),
    stated: asJson(top) as JsonObject,
  };
}

type Reader<T> = (node: YamlNode) => T;

function readPolicy(top: YamlNode): Policy {
  const member = members(top, ['version', 'attestation', 'enrolment', 'limits']);
  const version = member('version', oneOf(['1']));
  if (version === undefined) throw schema(top, 'has to begin with version: 1');
  const limits = member('limits', readLimits);
  return {
    ...defaultPolicy,
    ...limits,
    attestation: member('attestation', readAttestation) ?? defaultTerms,
    enrolmentAccount: member('enrolment', readEnrolment) ?? defaultPolicy.enrolmentAccount,
  };
}

function readLimits(node: YamlNode): Partial<Policy> {
  const member = members(node, ['version-step', 'expiry-days']);
  const step = member('version-step', count(1, 1_000_000));
  const days = member('expiry-days', perRole<number | undefined>(count(1, 36_525), undefined));
  return {
    ...(step === undefined ? {} : { maxVersionStep: step }),
    ...(days === undefined ? {} : { maxExpiryDays: days }),
  };
}

function readEnrolment(node: YamlNode): Policy['enrolmentAccount'] | undefined {
  return members(node, ['account'])('account', oneOf(['warn', 'refuse']));
}

function readAttestation(node: YamlNode): AttestationTerms {
  const names = ['min-firmware', 'pin-policy', 'touch-policy', 'form-factors', 'ca', 'certificates'];
  const member = members(node, ['default', 'roles', ...names]);
  const requirement = perRole<Requirement>(
    oneOf(['off', 'warn', 'require']),
    defaultTerms.requirement.default,
    names,
  )(node);
  const certificates = member('certificates', readCertificates) ?? [];
  const cas = member('ca', setOf(readCa(certificates))) ?? defaultTerms.cas;
  requireNamed(certificates, cas);
  return {
    requirement,
    minFirmware: member('min-firmware', readFirmware),
    pinPolicies: member('pin-policy', setOf(oneOf(pinPolicies))),
    touchPolicies: member('touch-policy', setOf(oneOf(touchPolicies))),
    formFactors: member('form-factors', setOf(oneOf(formFactors))),
    cas,
    certificates: certificates.map(({ certificate }) => certificate),
  };
}

function readFirmware(node: YamlNode): Firmware {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text(node));
  const [major = 256, minor = 256, patch = 256] = (match ?? []).slice(1).map(Number);
  if (Math.max(major, minor, patch) > 255) throw schema(node, 'has to be three numbers, as in 5.7.0');
  return [major, minor, patch];
}

interface StatedCertificate {
  readonly node: YamlNode;
  readonly certificate: TrustedCertificate;
}

const readCertificates: Reader<readonly StatedCertificate[]> = node =>
  listOf(inner => ({ node: inner, certificate: readCertificate(inner) }))(node);

function readCertificate(node: YamlNode): TrustedCertificate {
  let found: readonly Uint8Array[];
  try {
    found = parseCertificatePem(text(node));
  } catch (error) {
    if (error instanceof PolicyError) throw schema(node, error.message);
    throw error;
  }
  const [der, ...others] = found;
  if (der === undefined || others.length > 0) throw schema(node, 'has to be one certificate an item');
  return { fingerprint: createHash('sha256').update(der).digest('hex'), der };
}

const readCa =
  (certificates: readonly StatedCertificate[]): Reader<string> =>
  node => {
    const name = text(node);
    if (name === YUBICO || certificates.some(({ certificate }) => certificate.fingerprint === name))
      return name;
    throw schema(
      node,
      `has to be ${YUBICO} or the SHA-256 (64 hex digits, lower case) of a certificate under certificates, not ${quote(name)}`,
    );
  };

/** A certificate that is there and trusted by nothing is a mistake that nobody would notice. */
function requireNamed(certificates: readonly StatedCertificate[], cas: ReadonlySet<string>): void {
  for (const { node, certificate } of certificates) {
    if (!cas.has(certificate.fingerprint))
      throw schema(node, `this certificate is not named under ca: add ${certificate.fingerprint}`);
  }
}

// The small vocabulary that the schema is written in.

const schema = ({ at }: YamlNode | YamlEntry, what: string): PolicyError =>
  errorAt(at, 'POLICY_SCHEMA', what);

/** A reader of the members of a mapping that has no others. */
function members(
  node: YamlNode,
  known: readonly string[],
): <T>(name: string, read: Reader<T>) => T | undefined {
  const entries = mapping(node);
  for (const [name, entry] of entries) {
    if (known.includes(name)) continue;
    throw schema(entry, `${quote(name)} is not known here; known are ${known.join(', ')}`);
  }
  return (name, read) => {
    const entry = entries.get(name);
    return entry === undefined ? undefined : read(entry.value);
  };
}

function mapping(node: YamlNode): ReadonlyMap<string, YamlEntry> {
  if (node.kind !== 'map') throw schema(node, 'has to be a mapping, as in name: value');
  return node.entries;
}

function text(node: YamlNode): string {
  if (node.kind !== 'text') throw schema(node, 'has to be one value');
  return node.text;
}

const oneOf =
  <T extends string>(values: readonly T[]): Reader<T> =>
  node => {
    const found = text(node);
    const value = values.find(known => known === found);
    if (value !== undefined) return value;
    throw schema(node, `has to be ${values.join(' or ')}, not ${quote(found)}`);
  };

const count =
  (least: number, most: number): Reader<number> =>
  node => {
    const found = text(node);
    const value = /^[1-9]\d{0,8}$/.test(found) ? Number(found) : 0;
    if (value >= least && value <= most) return value;
    throw schema(node, `has to be a whole number from ${least} to ${most}, not ${quote(found)}`);
  };

const listOf =
  <T>(read: Reader<T>): Reader<readonly T[]> =>
  node => {
    if (node.kind !== 'list' || node.items.length === 0)
      throw schema(node, 'has to be a list of one or more');
    return node.items.map(read);
  };

const setOf =
  <T>(read: Reader<T>): Reader<ReadonlySet<T>> =>
  node => {
    const items = listOf(read)(node);
    const set = new Set(items);
    if (set.size !== items.length) throw schema(node, 'names something twice');
    return set;
  };

/** `default` and `roles`; `others` are members that the mapping has besides. */
const perRole =
  <T>(read: Reader<T>, preset: T, others: readonly string[] = []): Reader<PerRole<T>> =>
  node => {
    const member = members(node, ['default', 'roles', ...others]);
    return { default: member('default', read) ?? preset, roles: member('roles', byRole(read)) ?? new Map() };
  };

const byRole =
  <T>(read: Reader<T>): Reader<ReadonlyMap<string, T>> =>
  node => {
    const values = new Map<string, T>();
    for (const [name, entry] of mapping(node)) {
      if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(name))
        throw schema(entry, `${quote(name)} is no role's name`);
      values.set(name, read(entry.value));
    }
    return values;
  };
