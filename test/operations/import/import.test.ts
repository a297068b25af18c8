import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { directoryFetcher } from '../../../src/client/directory.ts';
import { siteOf } from '../../../src/client/fetcher.ts';
import { memoryStore } from '../../../src/client/store.ts';
import { verifyRepository } from '../../../src/client/verify-repository.ts';
import { parseSigningEvent } from '../../../src/git/names.ts';
import type { Keyid } from '../../../src/metadata/names.ts';
import { ROOT } from '../../../src/metadata/names.ts';
import type { Adoption } from '../../../src/operations/import/adoption.ts';
import {
  type ImportOutcome,
  type ImportRequest,
  importRepository,
} from '../../../src/operations/import/import.ts';
import { publishSite } from '../../../src/operations/publish.ts';
import { findMain } from '../../../src/operations/workspace.ts';
import { legacyKey, legacyRepository } from '../../support/legacy-repository.ts';
import type { RepositorySimulator } from '../../support/repository-simulator.ts';
import { containing, ONLINE_URI, owners, prompter, type TestWorld, worldTest } from '../../support/world.ts';

const IMPORT = parseSigningEvent('sign/import');

async function adoptionIn(world: TestWorld, change: Partial<Adoption> = {}): Promise<Adoption> {
  const holders = owners('alice', 'bob', 'carol').map(
    (owner, i) => [legacyKey(i as 0 | 1 | 2).keyid, { owner }] as const,
  );
  return {
    holders: new Map(holders),
    invites: new Map(),
    thresholds: new Map(),
    periods: new Map(),
    online: { key: await world.onlineKey(ONLINE_URI), uri: ONLINE_URI },
    ...change,
  };
}

async function importInto(
  world: TestWorld,
  site: RepositorySimulator,
  change: Partial<ImportRequest> = {},
  adoption: Partial<Adoption> = {},
): Promise<ImportOutcome> {
  const alice = world.person('alice');
  const adopted = await adoptionIn(world, adoption);
  return world.in(alice, workspace =>
    importRepository(workspace, {
      source: siteOf(site.fetcher),
      trustedRoot: site.trustedRoot,
      fromTrustedRoot: false,
      allowExpired: false,
      event: IMPORT,
      adoption: async () => Promise.resolve(adopted),
      dryRun: false,
      prompter: prompter(),
      pins: alice.pins,
      ...change,
    }),
  );
}

describe('an old repository', () => {
  worldTest('comes over whole, and a client that knew it follows', async ({ empty: world }) => {
    const site = legacyRepository();
    const store = memoryStore();
    const before = await verifyRepository(site.fetcher, site.trustedRoot, world.clock.now(), { store });
    expect(before).toMatchObject({ root: 2, targetCount: 2 });

    const { report, became } = await importInto(world, site);
    expect(became).toBe('new');
    expect(report?.verdict).toBe('pending');
    const show = (path: string): string => world.remote.git('show', `main:${path}`);
    for (const [name, file] of [
      ['root_history/1.root.json', '1.root.json'],
      ['root_history/2.root.json', '2.root.json'],
      ['root.json', '2.root.json'],
      ['targets.json', 'targets.json'],
      ['tools.json', 'tools.json'],
      ['snapshot.json', 'snapshot.json'],
      ['timestamp.json', 'timestamp.json'],
    ]) {
      expect(show(`metadata/${name}`), name).toBe(
        Buffer.from(site.files.get(`metadata/${file}`) ?? '').toString(),
      );
    }
    for (const name of ['alice', 'bob', 'carol'] as const) await world.sign(name, IMPORT);
    const judged = await world.judge(IMPORT);
    expect(judged.report.reasons.filter(({ severity }) => severity !== 'warn')).toEqual([]);
    expect(judged.report.verdict).toBe('accepted');
    world.merge(IMPORT);
    expect(await world.onlineSign()).toMatchObject({ refusals: [], signed: ['snapshot', 'timestamp'] });

    const out = join(world.folder, 'site');
    const published = await world.in(world.automation, async workspace =>
      publishSite(workspace, { commit: (await findMain(workspace)).commit, out }),
    );
    expect(published).toMatchObject({ published: true });
    const layout = { metadata: '', targets: 'targets' };
    for (const cache of [store, memoryStore()]) {
      const after = await verifyRepository(directoryFetcher(out), site.trustedRoot, world.clock.now(), {
        store: cache,
        layout,
        everyTarget: true,
      });
      expect(after).toMatchObject({ root: 3, targetCount: 2, unreachable: [], snapshot: 2, timestamp: 2 });
    }
    expect(world.json('metadata/snapshot.json')).toMatchObject({
      signed: { meta: { 'targets.json': { version: 2 }, 'tools.json': { version: 2 } } },
    });
    await rm(out, { recursive: true });
  });

  worldTest('pins what the importer trusted', async ({ empty: world }) => {
    const site = legacyRepository();
    await importInto(world, site);
    expect(await world.person('alice').pins.list()).toMatchObject([{ state: 'trusted' }]);
  });
});
