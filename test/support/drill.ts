import { DAY_MS, formatInstant, type Instant } from '../../src/clock.ts';
import { keyholdersOf } from '../../src/event/drill/keyholders.ts';
import { digestOf, identityOf } from '../../src/event/succession.ts';
import type { JsonObject } from '../../src/json.ts';
import { type Drill, drillBytes, drillObject, serializeDrill } from '../../src/repository/drill-file.ts';
import { rootOf } from '../../src/repository/tree.ts';
import { historyIn, keyOf, type TestRepository, testNow } from './tree-builder.ts';

/** The fingerprint of the key of that name (as {@link keyOf} names it) in `main`. */
export function fingerprintOf(main: TestRepository, name: string): string {
  const { keyid } = keyOf(name);
  const holder = keyholdersOf(main.tree()).find(({ key }) => key.keyid === keyid);
  if (holder === undefined) throw new Error(`${name} holds no key`);
  return holder.fingerprint;
}

export interface TestDrill {
  /** Laid over what a drill of that repository says. */
  readonly says?: Partial<Drill>;
  /** Members of `signed` as an attacker writes them. */
  readonly raw?: JsonObject;
  /** Whose keys have signed. */
  readonly proved?: readonly string[];
  /** Edited after they signed. */
  readonly edited?: JsonObject;
}

/** A drill of `main` that was opened a day ago for fourteen, as its file. */
export function drillFile(
  main: TestRepository,
  { says = {}, raw = {}, proved = [], edited = {} }: TestDrill = {},
): Uint8Array {
  const tree = main.tree();
  const root = rootOf(tree);
  const day = (days: number): string => formatInstant((testNow + days * DAY_MS) as Instant);
  const signed = {
    ...drillObject({
      name: 'june',
      repository: identityOf({ history: historyIn(tree) }) ?? '',
      root: { version: root?.signed.version ?? 0, sha256: root === undefined ? '' : digestOf(root) },
      opened: day(-1),
      deadline: day(13),
      nonce: '5a'.repeat(32),
      keys: keyholdersOf(tree),
      ...says,
    }),
    ...raw,
  };
  const payload = drillBytes({ raw: signed });
  const proofs = proved.map(name => ({
    fingerprint: fingerprintOf(main, name),
    sig: Buffer.from(keyOf(name).sign(payload)).toString('hex'),
  }));
  return serializeDrill({ raw: { ...signed, ...edited } }, proofs);
}

/** Puts a drill into an event, under `drills/june.json` unless told. */
export function putDrill(
  event: TestRepository,
  main: TestRepository,
  drill: TestDrill = {},
  path = 'drills/june.json',
): TestRepository {
  return event.file(path, Buffer.from(drillFile(main, drill)).toString('utf8'));
}
