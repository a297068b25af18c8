import { describe, expect, it } from 'vitest';
import { type Fetcher, siteOf } from '../../src/client/fetcher.ts';
import { type MetadataStore, memoryStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import { RepositorySimulator, simNow } from '../support/repository-simulator.ts';
import { testKey } from '../support/test-keys.ts';
import { clientOf } from './client.ts';

// Two runs share a store. The slow one is held at one file, which it has fetched and not yet seen; meanwhile the repository
// moves on and the quick one comes and goes.

function repository(): RepositorySimulator {
  const simulator = new RepositorySimulator();
  simulator.delegate('targets', 'tools');
  simulator.addTarget('tools', 'tools/greet.sh', 'hello');
  simulator.bump('targets', 'tools');
  return simulator;
}

/** Serves the site, and does `meanwhile` once, after `path` was fetched and before it is handed over. */
function heldAt(simulator: RepositorySimulator, path: string, meanwhile: () => Promise<void>): Fetcher {
  let done = false;
  return {
    fetch: async (asked, maxBytes) => {
      const bytes = await simulator.fetcher.fetch(asked, maxBytes);
      if (!done && asked === `metadata/${path}`) {
        done = true;
        await meanwhile();
      }
      return bytes;
    },
  };
}

const versions = async (store: MetadataStore): Promise<Readonly<Record<string, number>>> =>
  Object.fromEntries(
    await Promise.all(
      ['root', 'timestamp', 'snapshot', 'targets', 'tools'].map(async role => {
        const bytes =
          (await store.read(`${role}.json`, 1_000_000)) ?? Buffer.from('{"signed":{"version":0}}');
        const { signed } = JSON.parse(Buffer.from(bytes).toString()) as { signed: { version: number } };
        return [role, signed.version] as const;
      }),
    ),
  );

const held = ['2.root.json', 'timestamp.json', '3.snapshot.json', '3.targets.json', '3.tools.json'] as const;

describe.each(held)('a run that is held at %s', path => {
  it.each([
    ['another that came further', (simulator: RepositorySimulator) => simulator.bump('targets', 'tools')],
    [
      'another that came further under a new root',
      (simulator: RepositorySimulator) => {
        simulator.bumpRoot();
        simulator.bump('targets', 'tools');
      },
    ],
  ])('writes over nothing of %s', async (_, change) => {
    const simulator = repository();
    const store = memoryStore();
    await clientOf(simulator, { store }).getTargetInfo('tools/greet.sh');
    simulator.bump('targets', 'tools');
    let after: Readonly<Record<string, number>> = {};
    const slow = new Updater({
      source: siteOf(
        heldAt(simulator, path, async () => {
          change(simulator);
          await clientOf(simulator, { store }).getTargetInfo('tools/greet.sh');
          after = await versions(store);
        }),
      ),
      trustedRoot: simulator.trustedRoot,
      store,
      now: simNow,
    });
    // It ends well: with what it saw, or begun anew where that does not fit what is kept any more.
    expect((await slow.getTargetInfo('tools/greet.sh'))?.role).toBe('tools');
    expect(after['timestamp']).toBe(4);
    expect(await versions(store)).toEqual(after);
    expect((await clientOf(simulator, { store }).getTargetInfo('tools/greet.sh'))?.role).toBe('tools');
  });
});

it('does not bring back what a rotation of online keys has ended (5.3.11)', async () => {
  const simulator = repository();
  const store = memoryStore();
  // Two keys, one of them stolen: what it signed verifies under the one that remains, too.
  simulator.rotate('timestamp', testKey(4, { kind: 'ed25519' }), testKey(40));
  simulator.rotate('snapshot', testKey(4, { kind: 'ed25519' }), testKey(40));
  simulator.bumpRoot();
  simulator.bump();
  await clientOf(simulator, { store }).getTargetInfo('tools/greet.sh');
  simulator.timestamp.version = 9_000;
  simulator.publishTimestamp();
  const slow = new Updater({
    source: siteOf(
      heldAt(simulator, 'timestamp.json', async () => {
        simulator.rotate('timestamp', testKey(4, { kind: 'ed25519' }));
        simulator.rotate('snapshot', testKey(4, { kind: 'ed25519' }));
        simulator.bumpRoot();
        simulator.timestamp.version = 5;
        simulator.publish();
        await clientOf(simulator, { store }).refresh();
      }),
    ),
    trustedRoot: simulator.trustedRoot,
    store,
    now: simNow,
  });
  expect((await slow.refresh()).timestamp.signed.version).toBe(9_000);
  expect(await versions(store)).toMatchObject({ root: 3, timestamp: 5 });
  expect((await clientOf(simulator, { store }).refresh()).timestamp.signed.version).toBe(5);
});
