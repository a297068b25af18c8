import { DAY_MS, formatInstant, type Instant } from '../clock.ts';
import type { JsonObject } from '../json.ts';
import { KEYOWNER_MEMBER, ONLINE_URI_MEMBER } from '../metadata/key.ts';
import type { KeyOwner } from '../metadata/names.ts';
import { EXPIRY_PERIOD_MEMBER, SIGNING_PERIOD_MEMBER } from '../metadata/periods.ts';
import type { KeyObject } from './delegator-edits.ts';

/** The version of the specification that new documents name. */
export const SPEC_VERSION = '1.0.31';

/** Both in days. */
export interface RolePeriods {
  readonly expiryDays: number;
  readonly signingDays: number;
}

/** The public half of a key, in the words of TUF section 4.2. */
export interface PublicKeyParts {
  readonly keytype: string;
  readonly scheme: string;
  /** PEM, or hex for ed25519. */
  readonly public: string;
}

export const personKey = (parts: PublicKeyParts, owner: KeyOwner): KeyObject => ({
  ...keyObject(parts),
  [KEYOWNER_MEMBER]: owner,
});

export const onlineKey = (parts: PublicKeyParts, uri: string): KeyObject => ({
  ...keyObject(parts),
  [ONLINE_URI_MEMBER]: uri,
});

const keyObject = ({ keytype, scheme, public: publicText }: PublicKeyParts): JsonObject => ({
  keytype,
  keyval: { public: publicText },
  scheme,
});

const periodMembers = ({ expiryDays, signingDays }: RolePeriods): JsonObject => ({
  [EXPIRY_PERIOD_MEMBER]: expiryDays,
  [SIGNING_PERIOD_MEMBER]: signingDays,
});

const expiresIn = (now: Instant, { expiryDays }: RolePeriods): string =>
  formatInstant((now + expiryDays * DAY_MS) as Instant);

/** `signed` of a first root whose roles have no keys yet. Version 0: the first edit makes it 1. */
export const newRoot = (
  now: Instant,
  periods: { readonly root: RolePeriods; readonly snapshot: RolePeriods; readonly timestamp: RolePeriods },
): JsonObject => ({
  _type: 'root',
  consistent_snapshot: true,
  expires: expiresIn(now, periods.root),
  keys: {},
  roles: {
    root: { keyids: [], threshold: 1 },
    snapshot: { keyids: [], threshold: 1, ...periodMembers(periods.snapshot) },
    targets: { keyids: [], threshold: 1 },
    timestamp: { keyids: [], threshold: 1, ...periodMembers(periods.timestamp) },
  },
  spec_version: SPEC_VERSION,
  version: 0,
  ...periodMembers(periods.root),
});

/** `signed` of a first targets document, or of a delegated role's. */
export const newTargets = (now: Instant, periods: RolePeriods): JsonObject => ({
  _type: 'targets',
  expires: expiresIn(now, periods),
  spec_version: SPEC_VERSION,
  targets: {},
  version: 0,
  ...periodMembers(periods),
});

/** `signed` of a first snapshot or timestamp, which carry no periods of their own. */
export const newOnline = (type: 'snapshot' | 'timestamp', meta: JsonObject): JsonObject => ({
  _type: type,
  expires: '',
  meta,
  spec_version: SPEC_VERSION,
  version: 0,
});
