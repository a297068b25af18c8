import { type DrillOutcome, drillChanges, drillOf } from '../../event/drill/drill-of.ts';
import { listUnpushed } from '../../git/unpushed.ts';
import { requirePublicKey } from '../../metadata/key.ts';
import type { KeyOwner } from '../../metadata/names.ts';
import { verifySignature } from '../../metadata/quorum.ts';
import { drillAt, drillBytes, drillPath, serializeDrill } from '../../repository/drill-file.ts';
import type { LoadedEvent } from '../event.ts';
import { TreeReader } from '../read-tree.ts';
import type { Workspace } from '../workspace.ts';
import { allDrills } from './read.ts';

/** Proofs (hex) by fingerprint: what was made on this machine, whatever it is over. */
export type Proofs = ReadonlyMap<string, string>;

/** The drill of an event, which its judgement did not refuse; `undefined` where the event is none. */
export const drillIn = ({ judgement: { context } }: LoadedEvent): DrillOutcome | undefined =>
  drillChanges(context.diff).length === 0 ? undefined : drillOf(context);

/** Those of `made` that are by `user`'s keys, verify over what the drill says now, and are not in it yet. */
export function fittingProofs({ file, missing }: DrillOutcome, user: KeyOwner, made: Proofs): Proofs {
  const payload = drillBytes(file.drill);
  return new Map(
    missing.flatMap(({ owner, fingerprint, key }): readonly (readonly [string, string])[] => {
      const sig = made.get(fingerprint);
      const fits =
        owner === user && sig !== undefined && verifySignature(requirePublicKey(key), payload, sig);
      return fits ? [[fingerprint, sig]] : [];
    }),
  );
}

/** The drill's file with `made` added, in the order of the keys. */
export function proofFiles({ file }: DrillOutcome, made: Proofs): ReadonlyMap<string, Uint8Array> {
  const { drill } = file;
  const all = new Map([...file.proofs.map(({ fingerprint, sig }) => [fingerprint, sig] as const), ...made]);
  const proofs = drill.keys.flatMap(({ fingerprint }) => {
    const sig = all.get(fingerprint);
    return sig === undefined ? [] : [{ fingerprint, sig }];
  });
  return new Map([[drillPath(drill.name), serializeDrill(drill, proofs)]]);
}

/** The proofs in commits that an earlier run made for this event and could not push. */
export async function keptProofs(workspace: Workspace, event: LoadedEvent): Promise<Proofs> {
  const found = new Map<string, string>();
  const reader = new TreeReader(workspace.objects);
  for (const kept of await listUnpushed(workspace.repository)) {
    if (kept.branch !== event.branch) continue;
    for (const [path, parsed] of await allDrills(reader, await reader.read(kept.commit))) {
      if (!parsed.ok || parsed.value.drill.name !== drillAt(path)) continue;
      for (const { fingerprint, sig } of parsed.value.proofs) found.set(fingerprint, sig);
    }
  }
  return found;
}
