import { requirePublicKey } from '../../metadata/key.ts';
import { verifySignature } from '../../metadata/quorum.ts';
import type { EntryChange, TreeDiff } from '../../repository/diff.ts';
import { type Drill, type DrillFile, drillAt, drillBytes } from '../../repository/drill-file.ts';
import type { TreeEntry } from '../../repository/tree.ts';
import type { Context } from '../context.ts';
import { type Keyholder, keyholdersOf } from './keyholders.ts';

/** The drills that an event adds, changes or removes. One is enough for it to be about drills, and then about nothing else. */
export const drillChanges = ({ outside }: Pick<TreeDiff, 'outside'>): readonly EntryChange[] =>
  outside.filter(({ path }) => drillAt(path) !== undefined);

/** The drills that the event brings as plain files. One link or submodule among them is refused, and nobody reads it. */
export const addedDrills = (diff: Pick<TreeDiff, 'outside'>): readonly TreeEntry[] =>
  drillChanges(diff).flatMap(({ before, after }) =>
    before === undefined && after?.mode === '100644' ? [after] : [],
  );

export const isDrill = ({ diff }: Pick<Context, 'diff'>): boolean => drillChanges(diff).length > 0;

/** What became of one drill: who has proved, who has not. */
export interface DrillOutcome {
  readonly file: DrillFile;
  /** Keyholders of this repository whose key has signed the drill. */
  readonly proved: readonly Keyholder[];
  readonly missing: readonly Keyholder[];
}

/** The drill that the event adds, as far as it can be read; that it is sound is what rule `drill` says. */
export function drillOf({ diff, facts, knownGood }: Context): DrillOutcome | undefined {
  const [added] = addedDrills(diff);
  const parsed = added === undefined ? undefined : facts.drills.get(added.oid);
  return parsed?.ok === true ? outcomeOf(parsed.value, keyholdersOf(knownGood)) : undefined;
}

/** Which of `keyholders` have proved their keys in `file`. Each listed key counts, and a signature only where it verifies. */
export function outcomeOf(file: DrillFile, keyholders: readonly Keyholder[]): DrillOutcome {
  const asked = new Set(file.drill.keys.map(({ fingerprint }) => fingerprint));
  const payload = drillBytes(file.drill);
  const isProved = ({ fingerprint, key }: Keyholder): boolean =>
    file.proofs.some(
      proof =>
        proof.fingerprint === fingerprint && verifySignature(requirePublicKey(key), payload, proof.sig),
    );
  const listed = keyholders.filter(({ fingerprint }) => asked.has(fingerprint));
  const proved = listed.filter(isProved);
  return { file, proved, missing: listed.filter(holder => !proved.includes(holder)) };
}

/** Days that a drill may last at most: a proof of three months ago says little. */
export const MAX_DRILL_DAYS = 90;

/** Is it time that those who are silent hear of it again? In the last quarter of the drill's time. */
export const isNearlyOver = ({ openedAt, deadlineAt }: Drill, now: number): boolean =>
  now < deadlineAt && deadlineAt - now <= (deadlineAt - openedAt) / 4;
