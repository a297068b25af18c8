import { artifacts } from './artifacts.ts';
import { attestation } from './attestation.ts';
import { base } from './base.ts';
import { clients } from './clients.ts';
import { drill } from './drill.ts';
import { history } from './history.ts';
import { distinctKeysRule, distinctOwners, keyid, keyTags } from './keys.ts';
import { metadataNames, orphans, scope, treeModes } from './layout.ts';
import { expiry, periods, version } from './lifetime.ts';
import { margin } from './margin.ts';
import { consistentSnapshot, online } from './online.ts';
import { ownership } from './ownership.ts';
import { peers } from './peers.ts';
import { enrolment, invites } from './people.ts';
import { policy } from './policy.ts';
import { roleQuorum, rootQuorum, signatureIds } from './quorums.ts';
import type { Rule } from './rule.ts';
import { schema } from './schema.ts';
import { threshold } from './threshold.ts';

/** All rules, in the order in which reasons are told. */
export const rules: readonly Rule[] = [
  schema,
  keyTags,
  keyid,
  distinctKeysRule,
  distinctOwners,
  threshold,
  margin,
  version,
  expiry,
  periods,
  rootQuorum,
  roleQuorum,
  signatureIds,
  online,
  consistentSnapshot,
  history,
  artifacts,
  ownership,
  orphans,
  metadataNames,
  treeModes,
  scope,
  policy,
  drill,
  invites,
  enrolment,
  base,
  attestation,
  clients,
  peers,
];
