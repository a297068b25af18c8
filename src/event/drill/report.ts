import { createHash } from 'node:crypto';
import type { Instant } from '../../clock.ts';
import type { KeyOwner, RoleName } from '../../metadata/names.ts';
import { drillBytes } from '../../repository/drill-file.ts';
import type { Context } from '../context.ts';
import { distance } from '../deadlines.ts';
import { drillOf, isNearlyOver } from './drill-of.ts';
import type { Keyholder } from './keyholders.ts';
import { marginsOf, type RoleMargin } from './margin.ts';

/** A key in a drill. */
export interface DrillKeyReport {
  readonly owner: KeyOwner;
  readonly fingerprint: string;
  readonly roles: readonly RoleName[];
  readonly proved: boolean;
}

/** A drill that an event holds, for people. Untrusted where the event is rejected. */
export interface DrillReport {
  readonly name: string;
  readonly opened: string;
  readonly deadline: string;
  /** `in 3 days`, `2 days ago`. */
  readonly left: string;
  readonly isOver: boolean;
  /** Is it in the last quarter of its time? */
  readonly isNearlyOver: boolean;
  /** SHA-256 in hex of the bytes that proofs are over. */
  readonly digest: string;
  readonly keys: readonly DrillKeyReport[];
  readonly margins: readonly RoleMargin[];
}

/** `undefined` where the event holds no drill that can be read. */
export function drillReport(context: Context, now: Instant): DrillReport | undefined {
  const outcome = drillOf(context);
  if (outcome === undefined) return undefined;
  const { drill } = outcome.file;
  const row = ({ owner, fingerprint, roles }: Keyholder, proved: boolean): DrillKeyReport => ({
    owner,
    fingerprint,
    roles,
    proved,
  });
  const keys = [
    ...outcome.proved.map(holder => row(holder, true)),
    ...outcome.missing.map(holder => row(holder, false)),
  ];
  return {
    name: drill.name,
    opened: drill.opened,
    deadline: drill.deadline,
    left: distance(drill.deadlineAt - now),
    isOver: now >= drill.deadlineAt,
    isNearlyOver: isNearlyOver(drill, now),
    digest: createHash('sha256').update(drillBytes(drill)).digest('hex'),
    keys,
    margins: marginsOf(context.knownGood, new Set(outcome.proved.map(({ fingerprint }) => fingerprint))),
  };
}
