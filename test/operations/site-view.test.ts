import { expect } from 'vitest';
import { DAY_MS, type Instant } from '../../src/clock.ts';
import { openDrill } from '../../src/operations/drill/open.ts';
import { TreeReader } from '../../src/operations/read-tree.ts';
import { readSiteView } from '../../src/operations/site-view.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import type { SiteView } from '../../src/render/site/view.ts';
import { NOW, type TestWorld, worldTest as test } from '../support/world.ts';

const viewOf = (world: TestWorld): Promise<SiteView> =>
  world.in(world.automation, async workspace => {
    const { commit } = await fetchMain(workspace);
    return readSiteView(workspace, await new TreeReader(workspace.objects).read(commit), commit);
  });

const told = ({ events }: SiteView): readonly string[] =>
  events.map(({ subject, changes }) => `${subject}: ${changes.join(', ')}`);

test('names what people signed, newest first, and not what automation does', async ({ world }) => {
  world.push({ 'targets/tools/greet.sh': 'echo hi\n' });
  await world.updateTargets();
  for (const name of ['bob', 'carol'] as const) await world.sign(name);
  world.merge();
  await world.onlineSign();
  const view = await viewOf(world);
  expect(told(view)).toEqual([
    'Merge sign/update: tools 1 → 2',
    'Merge sign/init: root 1, targets 1, tools 1',
  ]);
  expect(view.committedAt).toBe(world.clock.now());
  expect([...view.artifacts]).toEqual([['tools', [['tools/greet.sh', 8]]]]);
});

test('tells what drills say when the commit was made, whatever time it is', async ({ world }) => {
  expect((await viewOf(world)).drills).toBeUndefined();
  const { branch } = await world.in(world.person('alice'), workspace =>
    openDrill(workspace, { name: 'june', days: 14 }),
  );
  await world.sign('bob', branch);
  world.merge(branch);
  const later = async (days: number): Promise<SiteView> => {
    world.clock.time = (NOW + days * DAY_MS) as Instant;
    await world.onlineSign();
    return viewOf(world);
  };
  const view = await later(4);
  expect(view.drills?.roles.map(({ role, proved, keys }) => [role, proved, keys])).toEqual([
    ['root', 1, 3],
    ['targets', 1, 3],
    ['tools', 1, 2],
  ]);
  // Nobody is silent before its time is over: that a later commit says.
  world.clock.time = (NOW + 20 * DAY_MS) as Instant;
  expect(await viewOf(world)).toEqual(view);
  expect((await later(20)).drills?.roles[0]?.unproved).toMatchObject([
    { owner: '@alice', state: 'silent' },
    { owner: '@carol', state: 'silent' },
  ]);
});

test('says which roles end, and counts what is too much to name', async ({ world }) => {
  const tools = world.remote.git('show', 'main:metadata/tools.json');
  world.push(
    Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`metadata/role${i}.json`, tools])),
    'main',
  );
  const [event] = (await viewOf(world)).events;
  expect(event?.changes).toHaveLength(9);
  expect(event?.changes.at(-1)).toBe('and 4 more');
});

test('takes a history that holds anything for what it is', async ({ world }) => {
  world.push({ 'metadata/tools.json': 'no json' }, 'main');
  world.push({ 'metadata/tools.json': null }, 'main');
  const view = await viewOf(world);
  expect(told(view)[0]).toMatch(/: tools ends$/);
  expect(told(view)[1]).toMatch(/: tools ends$/);
});
