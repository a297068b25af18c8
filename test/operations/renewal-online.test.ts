import { describe, expect } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { parseSigningEvent } from '../../src/git/names.ts';
import { parseRoleName } from '../../src/metadata/names.ts';
import { onlineSignTargets } from '../../src/operations/online-sign-targets.ts';
import { renewRoles } from '../../src/operations/renew.ts';
import { fileSigner } from '../../src/signers/file.ts';
import type { Signer } from '../../src/signers/signer.ts';
import { NOW, type TestWorld, worldTest as test, UPDATE, YEAR } from '../support/world.ts';

const NIGHTLY = parseRoleName('nightly');
const URI = 'file:nightly.pem';
const EVENT = parseSigningEvent('sign/nightly-v2');

const later = (world: TestWorld, days: number): void => {
  world.clock.time = (NOW + days * DAY_MS) as typeof NOW;
};
const keys = (world: TestWorld): Signer => ({
  sign: async (key, payload) =>
    key.onlineUri === undefined
      ? undefined
      : fileSigner(key.onlineUri, world.keyOptions()).sign(key, payload),
});
const signNightly = (world: TestWorld, branch = UPDATE): Promise<unknown> =>
  world.in(world.automation, workspace => onlineSignTargets(workspace, branch, keys(world)));
const expires = (world: TestWorld, role: string): string =>
  (world.json(`metadata/${role}.json`) as { signed: { expires: string } }).signed.expires;

/** A delegated role that automation signs, in service. */
async function withNightly(world: TestWorld): Promise<void> {
  const online = { key: await world.onlineKey(URI), uri: URI };
  await world.delegate('alice', { role: NIGHTLY, online, periods: YEAR });
  for (const name of ['alice', 'bob'] as const) await world.sign(name);
  await signNightly(world);
  world.merge();
  await world.onlineSign();
}

describe('what automation signs is renewed without anybody', () => {
  test('snapshot and timestamp are signed anew within their own signing periods, in no event', async ({
    world,
  }) => {
    later(world, 2);
    expect((await world.onlineSign()).signed).toEqual([]);
    later(world, 3);
    expect((await world.onlineSign()).signed).toEqual(['timestamp']);
    later(world, 304);
    await world.onlineSign();
    const before = expires(world, 'snapshot');
    later(world, 305);
    expect((await world.onlineSign()).signed).toEqual(['snapshot', 'timestamp']);
    expect(expires(world, 'snapshot') > before).toBe(true);
    expect(world.refs()).not.toContain('refs/heads/sign/');
  });

  test('a delegated role gets an event of its own, which its online key alone completes', async ({
    world,
  }) => {
    await withNightly(world);
    later(world, 310);
    const { begun, due } = await world.in(world.automation, workspace =>
      renewRoles(workspace, { roles: [NIGHTLY] }),
    );
    expect(begun).toEqual(new Map([[EVENT, [NIGHTLY]]]));
    expect(due).toMatchObject([{ role: NIGHTLY, isAutomatic: true }]);
    const { report } = await world.judge(EVENT);
    expect(report.awaited.filter(({ owner }) => owner !== undefined)).toEqual([]);
    expect(await signNightly(world, EVENT)).toEqual({ signed: [NIGHTLY], waiting: undefined });
    expect((await world.judge(EVENT)).report.verdict).toBe('accepted');
    world.merge(EVENT);
    expect((await world.onlineSign()).signed).toEqual(['snapshot', 'timestamp']);
    expect(expires(world, NIGHTLY)).toBe('2032-04-06T00:00:00Z');
  });

  test('delegated roles that have expired, of people and of automation, never stop the timestamp', async ({
    world,
  }) => {
    await withNightly(world);
    // Root and targets are renewed in time; nobody looks after tools and nightly.
    later(world, 310);
    const roles = ['root', 'targets'].map(parseRoleName);
    const { begun } = await world.in(world.automation, workspace => renewRoles(workspace, { roles }));
    const [event] = [...begun.keys()];
    if (event === undefined) throw new Error('nothing was begun');
    for (const name of ['alice', 'bob'] as const) await world.sign(name, event);
    world.merge(event);
    for (const days of [366, 370, 500]) {
      later(world, days);
      const { signed, refusals } = await world.onlineSign();
      expect(signed).toContain('timestamp');
      expect(refusals).toEqual([]);
    }
  });
});
