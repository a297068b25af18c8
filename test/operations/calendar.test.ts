import { describe, expect } from 'vitest';
import { DAY_MS, type Instant } from '../../src/clock.ts';
import { parseSigningEvent } from '../../src/git/names.ts';
import { type RepositoryCalendar, readCalendar } from '../../src/operations/calendar.ts';
import { openDrill } from '../../src/operations/drill/open.ts';
import { renewRoles } from '../../src/operations/renew.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { NOW, type TestWorld, TOOLS, worldTest as test, YEAR } from '../support/world.ts';

const later = (world: TestWorld, days: number): void => {
  world.clock.time = (NOW + days * DAY_MS) as typeof NOW;
};
const calendar = (world: TestWorld, days = 1000): Promise<RepositoryCalendar> =>
  world.in(world.automation, async workspace => {
    await fetchMain(workspace);
    return readCalendar(workspace, (NOW + days * DAY_MS) as Instant);
  });
const renew = (world: TestWorld): ReturnType<typeof renewRoles> =>
  world.in(world.automation, workspace => renewRoles(workspace));

describe('the calendar of a repository', () => {
  test('says what the automation then does, ceremony after ceremony, for years', async ({ world }) => {
    // tools has a rhythm of its own.
    await world.delegate('alice', { role: TOOLS, periods: { expiryDays: 250, signingDays: 50 } });
    for (const name of ['bob', 'carol'] as const) await world.sign(name);
    world.merge();
    const foretold = (await calendar(world)).ceremonies.map(({ opensAt, roles }) => ({
      day: (opensAt - NOW) / DAY_MS,
      roles: roles.map(({ role }) => role as string),
    }));
    expect(foretold).toHaveLength(8);
    for (const { day, roles } of foretold) {
      later(world, day - 1);
      const early = (await renew(world)).begun;
      expect([...early.values()].flat()).not.toEqual(expect.arrayContaining(roles));
      later(world, day);
      const { begun } = await renew(world);
      const [event, renewed] = [...begun].find(([, found]) => found.includes(roles[0] as never)) ?? [];
      expect(renewed).toEqual(roles);
      if (event === undefined) throw new Error('nothing was begun');
      const signers = roles.includes('tools') ? (['bob', 'carol'] as const) : (['alice', 'bob'] as const);
      for (const name of signers) await world.sign(name, event);
      world.merge(event);
    }
  }, 60_000);

  test('names the event that is open, and counts on from what that says', async ({ world }) => {
    later(world, 310);
    await renew(world);
    const [root, tools] = (await calendar(world, 360)).ceremonies;
    expect(root).toMatchObject({
      event: 'sign/root-v2',
      state: 'open',
      signers: ['@alice', '@bob', '@carol'],
    });
    expect(tools).toMatchObject({ event: 'sign/tools-v2', signers: ['@bob', '@carol'] });
    const next = (await calendar(world)).ceremonies[2];
    expect([next?.isForecast, ((next?.opensAt ?? 0) - NOW) / DAY_MS]).toEqual([true, 310 + 305]);
  });

  test('shows open drills and what those of the past say', async ({ world }) => {
    await world.in(world.person('alice'), workspace => openDrill(workspace, { name: 'june', days: 14 }));
    const branch = parseSigningEvent('sign/drill-june');
    expect((await calendar(world)).drills.map(drill => drill.branch)).toEqual([branch]);
    expect((await calendar(world)).standing.drills).toBe(0);
    later(world, 14);
    world.merge(branch);
    const after = await calendar(world);
    expect(after.drills).toEqual([]);
    expect(after.standing.margins.map(({ margin }) => margin)).toEqual([-2, -2, -2]);
  });

  test('of a main that does not verify says nothing', async ({ world }) => {
    world.remote.commit({ 'metadata/stray.json': '{}' }, { branch: 'main' });
    await expect(calendar(world)).rejects.toMatchObject({ code: 'REFUSED' });
  });

  test('has the same identity in every clone', async ({ world }) => {
    const { identity } = await calendar(world);
    expect(identity).toMatch(/^[0-9a-f]{64}$/);
    expect(YEAR.expiryDays).toBe(365);
  });
});
