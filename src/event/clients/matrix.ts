import type { Key } from '../../metadata/key.ts';
import type { ClientId } from '../../policy/clients.ts';

/** What may stand in the way of a client. What each means, and how it is found, stands in problems.ts. */
export const problemIds = [
  'keys',
  'signatures',
  'keyids',
  'hash-prefixes',
  'succinct-roles',
  'crossing-globs',
  'extended-globs',
  'role-members',
  'delegations',
  'dates',
  'size',
  'depth',
  'root-rotations',
  'slow',
] as const;
export type ProblemId = (typeof problemIds)[number];

/** What a client does at the sight of a key that it can't use. */
export type UnknownKey =
  /** It can't read the document that lists the key. */
  | 'rejects-document'
  /** It can't verify a role that has the key. */
  | 'rejects-role'
  /** It goes on without the key, or nobody has written down that it does more. */
  | 'skips-key';

/** How much a client takes. Sizes in bytes. */
export interface Limits {
  readonly root: number;
  readonly timestamp: number;
  readonly snapshot: number;
  readonly targets: number;
  /** Delegations followed one after the other in the search for one artifact. */
  readonly delegations: number;
  /** New root versions in one update. */
  readonly rootRotations: number;
}

/** Those that come of what a client knows or takes: each client has them. The others are some clients' quirks. */
export const commonProblems = ['keys', 'signatures', 'size', 'depth', 'root-rotations'] as const;

/** A way of a client's own that some documents run into. */
export interface Quirk {
  readonly problem: Exclude<ProblemId, (typeof commonProblems)[number]>;
  /** Where other versions are meant than those of {@link Client.versions}. */
  readonly versions?: string;
}

export interface Client {
  readonly id: ClientId;
  /** What all this is known of, as in "up to 5.0.1"; empty where the notes name no version. */
  readonly versions: string;
  /** TUF schemes whose signatures it is known to verify. */
  readonly schemes: ReadonlySet<string>;
  /** Does it take ECDSA keys in PEM alone, and none as a point in hex? */
  readonly pemOnly: boolean;
  readonly unknownKey: UnknownKey;
  readonly limits: Limits;
  readonly quirks: readonly Quirk[];
  /** Where this row comes from. */
  readonly source: string;
}

/** Source: FIELD notes, "Common limits"; a client's own limits take their place. */
export const commonLimits: Limits = {
  root: 512_000,
  timestamp: 16_384,
  snapshot: 2_000_000,
  targets: 5_000_000,
  delegations: 32,
  rootRotations: 256,
};

const P256 = 'ecdsa-sha2-nistp256';
const P384 = 'ecdsa-sha2-nistp384';
const P521 = 'ecdsa-sha2-nistp521';
const ED25519 = 'ed25519';
const RSA_PSS = 'rsassa-pss-sha256';
const RSA_PKCS1 = 'rsa-pkcs1v15-sha256';

const NOTES = 'FIELD notes, "TUF clients: what they cannot verify"';

/** What TUF clients can't verify, one row a client. Where the notes are silent, so is the row. */
export const clients: readonly Client[] = [
  {
    id: 'python-tuf',
    versions: '',
    schemes: new Set([P256, P384, P521, ED25519, RSA_PSS, RSA_PKCS1]),
    pemOnly: false,
    unknownKey: 'rejects-document',
    limits: commonLimits,
    quirks: [{ problem: 'dates' }],
    source: NOTES,
  },
  {
    id: 'go-tuf',
    versions: 'v2',
    schemes: new Set([P256, P384, ED25519, RSA_PSS]),
    pemOnly: true,
    unknownKey: 'rejects-role',
    limits: commonLimits,
    quirks: [{ problem: 'hash-prefixes', versions: 'up to 2.4.2' }],
    source: NOTES,
  },
  {
    id: 'tuf-js',
    versions: 'up to 5.0.1 (npm, sigstore-js)',
    // P-384 it knows, and takes the wrong digest for it: as good as skipped.
    schemes: new Set([P256, ED25519, RSA_PSS]),
    pemOnly: false,
    unknownKey: 'skips-key',
    limits: commonLimits,
    quirks: [{ problem: 'extended-globs' }, { problem: 'slow' }],
    source: NOTES,
  },
  {
    id: 'tough',
    versions: '',
    // "P-256 only" is of ECDSA. Its key schema is a closed list: anything else fails the document.
    schemes: new Set([P256, ED25519, RSA_PSS]),
    pemOnly: false,
    unknownKey: 'rejects-document',
    limits: { ...commonLimits, targets: 10 * 1024 * 1024 },
    quirks: [
      { problem: 'keyids' },
      { problem: 'crossing-globs' },
      { problem: 'role-members' },
      // Its delegations have to have `roles`: a document with succinct_roles alone does not decode.
      { problem: 'succinct-roles' },
    ],
    source: `${NOTES}; tough, schema/key.rs and schema/mod.rs`,
  },
  {
    id: 'sigstore-java',
    versions: '',
    schemes: new Set([P256]),
    pemOnly: false,
    unknownKey: 'skips-key',
    limits: { ...commonLimits, root: 101_376, timestamp: 101_376 },
    quirks: [{ problem: 'delegations' }],
    source: NOTES,
  },
  {
    id: 'sigstore-ruby',
    versions: '',
    schemes: new Set([P256]),
    pemOnly: false,
    unknownKey: 'rejects-document',
    limits: { ...commonLimits, rootRotations: 32 },
    // A role has to have `paths` there; `roles` may be missing, and then nobody is asked.
    quirks: [{ problem: 'hash-prefixes' }, { problem: 'succinct-roles' }],
    source: `${NOTES}; sigstore-ruby, lib/sigstore/tuf/roles.rb and targets.rb`,
  },
];

/** Is the client known to verify signatures by `key`? */
export const verifies = ({ schemes, pemOnly }: Client, { scheme, publicText }: Key): boolean =>
  schemes.has(scheme) && !(pemOnly && scheme.startsWith('ecdsa-') && !publicText.includes('-----BEGIN'));

/** The client in words, as in "tuf-js up to 5.0.1 (npm, sigstore-js)". */
export const clientName = ({ id, versions }: Client, quirk?: Quirk): string =>
  [id, quirk?.versions ?? versions].filter(word => word !== '').join(' ');
