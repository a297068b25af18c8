import type { RoleName } from '../metadata/names.ts';

/** Every rule's name, in the order in which reasons are told. */
export const ruleIds = [
  'schema',
  'key-tags',
  'keyid',
  'distinct-keys',
  'distinct-owners',
  'threshold',
  'margin',
  'version',
  'expiry',
  'periods',
  'root-quorum',
  'role-quorum',
  'signature-ids',
  'online',
  'consistent-snapshot',
  'history',
  'artifacts',
  'ownership',
  'orphans',
  'metadata-names',
  'tree-modes',
  'scope',
  'policy',
  'drill',
  'invites',
  'enrolment',
  'base',
  'attestation',
  'clients',
  'peers',
] as const;

export type RuleId = (typeof ruleIds)[number];

/**
 * `refuse`: only a person's change of content can mend it. `await`: signatures, an accepted invitation, time or the
 * automation still can. `warn`: does not stand in the way.
 */
export type Severity = 'warn' | 'await' | 'refuse';

/** What a rule has found. Messages quote names from the event and are untrusted text: renderers escape them. */
export interface Finding {
  readonly severity: Severity;
  readonly role?: RoleName;
  readonly message: string;
}

export interface Reason extends Finding {
  readonly rule: RuleId;
}

const finding =
  (severity: Severity) =>
  (message: string, role?: RoleName): Finding =>
    role === undefined ? { severity, message } : { severity, role, message };

export const refuse: (message: string, role?: RoleName) => Finding = finding('refuse');
export const awaits: (message: string, role?: RoleName) => Finding = finding('await');
export const warn: (message: string, role?: RoleName) => Finding = finding('warn');
