import { execFileSync } from 'node:child_process';
import { DAY_MS, formatInstant, type Instant } from '../../src/clock.ts';
import type { JsonObject } from '../../src/json.ts';
import { fixtureCases, loadFixtureRepository } from './fixture-repo.ts';
import type { TestRepository } from './git-repo.ts';
import { signDocument } from './repository-simulator.ts';
import { type TestKey, testKey } from './test-keys.ts';

// Wire names: documents as they are on the wire.
interface Delegating {
  keys: Record<string, { 'x-tuf-on-ci-keyowner'?: string }>;
  roles: Record<string, { keyids: string[] }> | { name: string; keyids: string[] }[];
}
interface Wire {
  signed: Delegating & { version: number; expires: string; delegations?: Delegating };
}

export interface RekeyedFixture {
  /** Whose keys are in it, by account without the @. */
  readonly owners: ReadonlyMap<string, TestKey>;
  readonly rootSigners: readonly string[];
  readonly targetsSigners: readonly string[];
  readonly online: TestKey;
  /** Its first root, from which everything follows. */
  readonly root: Uint8Array;
  /** When it was current: a day before its timestamp ended. */
  readonly now: string;
}

/**
 * Puts the newest state of the real history's main into `remote`, as tuf-on-ci left it, with keys that a test has in the place of the
 * real ones and everything signed anew. Its chain begins with the root of that day.
 */
export function pushRekeyedFixture(remote: TestRepository): RekeyedFixture {
  const folder = loadFixtureRepository();
  const git = (...args: readonly string[]): Buffer => execFileSync('git', ['-C', folder, ...args]);
  const last = fixtureCases().at(-1);
  if (last === undefined) throw new Error('there is no case');
  const paths = git('ls-tree', '-r', '--name-only', last.base).toString().trim().split('\n');
  const files = new Map<string, Uint8Array>(paths.map(path => [path, git('show', `${last.base}:${path}`)]));
  const wire = (role: string): Wire =>
    JSON.parse(Buffer.from(files.get(`metadata/${role}.json`) ?? []).toString()) as Wire;

  const owners = new Map<string, TestKey>();
  const online = testKey(399, { onlineUri: 'file:online.pem' });
  const keyOf = (owner: string | undefined): TestKey => {
    if (owner === undefined) return online;
    const key = owners.get(owner.slice(1)) ?? testKey(300 + owners.size, { owner });
    owners.set(owner.slice(1), key);
    return key;
  };
  /** Gives the keys that sign each role. */
  const rekey = (holder: Delegating): ReadonlyMap<string, readonly TestKey[]> => {
    const keys = new Map(
      Object.entries(holder.keys).map(([id, key]) => [id, keyOf(key['x-tuf-on-ci-keyowner'])]),
    );
    const roles = Array.isArray(holder.roles)
      ? holder.roles.map(role => [role.name, role] as const)
      : Object.entries(holder.roles);
    holder.keys = Object.fromEntries([...keys.values()].map(({ keyid, raw }) => [keyid, raw]));
    return new Map(
      roles.map(([name, role]) => {
        const by = role.keyids.map(id => keys.get(id) ?? online);
        role.keyids = by.map(({ keyid }) => keyid);
        return [name, by];
      }),
    );
  };

  const [root, targets, timestamp] = [wire('root'), wire('targets'), wire('timestamp')];
  const signers = new Map(rekey(root.signed));
  for (const [role, by] of targets.signed.delegations === undefined ? [] : rekey(targets.signed.delegations))
    signers.set(role, by);
  for (const path of files.keys()) if (path.startsWith('metadata/root_history/')) files.delete(path);
  for (const [role, by] of signers) {
    const { signed } = role === 'root' ? root : role === 'targets' ? targets : wire(role);
    files.set(`metadata/${role}.json`, signDocument(signed as unknown as JsonObject, by));
  }
  const bytes = files.get('metadata/root.json') ?? new Uint8Array();
  files.set(`metadata/root_history/${root.signed.version}.root.json`, bytes);
  remote.commit(Object.fromEntries(files));
  const names = (role: string): readonly string[] =>
    (signers.get(role) ?? []).map(({ key }) => (key.owner ?? '').slice(1));
  return {
    owners,
    rootSigners: names('root'),
    targetsSigners: names('targets'),
    online,
    root: bytes,
    now: formatInstant((Date.parse(timestamp.signed.expires) - DAY_MS) as Instant),
  };
}
