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
import { clientIds } from './clients.ts';
import { PolicyError } from './error.ts';
import { parseCertificatePem } from './pem.ts';
import { defaultPolicy, delegationShapes, type Policy, type PolicyFile } from './policy.ts';
import { scopePatternProblem } from './scope.ts';
import { count, listOf, members, oneOf, perRole, type Reader, schema, setOf, text } from './vocabulary.ts';
import { asJson, parseYaml, quote, type YamlNode } from './yaml.ts';

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

function readPolicy(top: YamlNode): Policy {
  const member = members(top, [
    'version',
    'attestation',
    'enrolment',
    'limits',
    'thresholds',
    'clients',
    'delegations',
    'scope',
  ]);
  const version = member('version', oneOf(['1']));
  if (version === undefined) throw schema(top, 'has to begin with version: 1');
  const limits = member('limits', readLimits);
  return {
    ...defaultPolicy,
    ...limits,
    attestation: member('attestation', readAttestation) ?? defaultTerms,
    enrolmentAccount: member('enrolment', readEnrolment) ?? defaultPolicy.enrolmentAccount,
    minThreshold: member('thresholds', perRole(count(1, 100), 1)) ?? defaultPolicy.minThreshold,
    clients: member('clients', setOf(oneOf(clientIds))) ?? defaultPolicy.clients,
    delegations: member('delegations', readDelegations) ?? defaultPolicy.delegations,
    scope: member('scope', readScope) ?? defaultPolicy.scope,
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

function readDelegations(node: YamlNode): Policy['delegations'] | undefined {
  return members(node, ['allow'])('allow', oneOf(delegationShapes));
}

function readScope(node: YamlNode): Policy['scope'] | undefined {
  const paths = members(node, ['paths'])('paths', setOf(readScopePattern));
  return paths === undefined ? undefined : [...paths];
}

function readScopePattern(node: YamlNode): string {
  const pattern = text(node);
  const problem = scopePatternProblem(pattern);
  if (problem !== undefined) throw schema(node, `${quote(pattern)} ${problem}`);
  return pattern;
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
