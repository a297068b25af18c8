import { describe, expect } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { parseSigningEvent } from '../../src/git/names.ts';
import { parseRoleName } from '../../src/metadata/names.ts';
import { type RenewOutcome, renewRoles } from '../../src/operations/renew.ts';
import {
  containing,
  NOW,
  owners,
  type TestWorld,
  TOOLS,
  worldTest as test,
  UPDATE,
  YEAR,
} from '../support/world.ts';

const ROOT_EVENT = parseSigningEvent('sign/root-v2');
const TOOLS_EVENT = parseSigningEvent('sign/tools-v2');

const later = (world: TestWorld, days: number): void => {
  world.clock.time = (NOW + days * DAY_MS) as typeof NOW;
};
const renew = (world: TestWorld): Promise<RenewOutcome> =>
  world.in(world.automation, workspace => renewRoles(workspace));
const subjects = (world: TestWorld, branch: string): readonly string[] =>
  world.remote.git('log', '--format=%s', branch, '^main').split('\n');

describe('renewing roles by hand', () => {
  const chosen = (world: TestWorld, ...roles: readonly string[]): Promise<RenewOutcome> =>
    world.in(world.automation, workspace => renewRoles(workspace, { roles: roles.map(parseRoleName) }));
  const planned = (world: TestWorld): Promise<RenewOutcome> =>
    world.in(world.automation, workspace => renewRoles(workspace, { dryRun: true }));

  test('chosen ones are renewed long before their time, and no other; again nothing is begun', async ({
    world,
  }) => {
    later(world, 10);
    const { begun, due } = await chosen(world, 'tools');
    expect(begun).toEqual(new Map([[TOOLS_EVENT, ['tools']]]));
    expect(due).toMatchObject([
      { role: TOOLS, signers: ['@bob', '@carol'], threshold: 2, isAutomatic: false },
    ]);
    const refs = world.refs();
    expect(await chosen(world, 'tools')).toMatchObject({ begun: new Map(), due: [{ event: TOOLS_EVENT }] });
    expect(world.refs()).toBe(refs);
    for (const name of ['bob', 'carol'] as const) await world.sign(name, TOOLS_EVENT);
    expect((await world.judge(TOOLS_EVENT)).report.verdict).toBe('accepted');
    world.merge(TOOLS_EVENT);
    const tools = world.json('metadata/tools.json') as { signed: { expires: string } };
    expect(tools.signed.expires).toBe('2031-06-11T00:00:00Z');
  });

  test('several together are one event where the same people sign them', async ({ world }) => {
    expect((await chosen(world, 'targets', 'tools', 'root')).begun).toEqual(
      new Map([
        [ROOT_EVENT, ['root', 'targets']],
        [TOOLS_EVENT, ['tools']],
      ]),
    );
  });

  test.for([
    ['nothing', 'NOT_FOUND', 'main has no role "nothing": it has root, targets and tools'],
    ['timestamp', 'REFUSED', 'timestamp is signed by automation'],
  ])('%s can not be renewed, and nothing is begun', async ([role, code, message], { shared }) => {
    const refs = shared.refs();
    await expect(chosen(shared, 'tools', role ?? '')).rejects.toMatchObject({
      code,
      message: containing(message ?? ''),
    });
    expect(shared.refs()).toBe(refs);
  });

  test('a dry run says what would be done, event by event, and does nothing', async ({ world }) => {
    later(world, 310);
    const refs = world.refs();
    const plan = await planned(world);
    expect(world.refs()).toBe(refs);
    const { begun, due } = await renew(world);
    expect(plan.begun).toEqual(begun);
    expect(plan.due.map(({ role }) => role)).toEqual(due.map(({ role }) => role));
    // main moves on under one of them; the other lies until what it says is due, with a signature.
    await world.sign('bob', TOOLS_EVENT);
    for (const name of ['alice', 'bob'] as const) await world.sign(name, ROOT_EVENT);
    world.merge(ROOT_EVENT);
    const before = world.refs();
    expect(await planned(world)).toMatchObject({
      begun: new Map(),
      rebased: [TOOLS_EVENT],
      voided: new Map(),
    });
    later(world, 700);
    expect(await planned(world)).toMatchObject({
      begun: new Map([
        [parseSigningEvent('sign/root-v3'), ['root', 'targets']],
        [parseSigningEvent('sign/tools-v2-2'), ['tools']],
      ]),
      voided: new Map([[TOOLS_EVENT, ['@bob']]]),
    });
    expect(world.refs()).toBe(before);
  });
});

describe('renewing roles', () => {
  test('nothing is begun before the signing period', async ({ world }) => {
    later(world, 364 - 61);
    const before = world.refs();
    expect(await renew(world)).toMatchObject({ due: [], begun: new Map() });
    expect(world.refs()).toBe(before);
  });

  test('one event for what the same people sign, one for what others do', async ({ world }) => {
    later(world, 310);
    const { begun, due } = await renew(world);
    expect(begun).toEqual(
      new Map([
        [ROOT_EVENT, ['root', 'targets']],
        [TOOLS_EVENT, ['tools']],
      ]),
    );
    expect(due.map(({ role, event }) => [role, event])).toEqual([
      ['root', ROOT_EVENT],
      ['targets', ROOT_EVENT],
      ['tools', TOOLS_EVENT],
    ]);
    expect(subjects(world, ROOT_EVENT)).toEqual([
      'Periodic version bump: targets v2',
      'Periodic version bump: root v2',
    ]);
    const { report } = await world.judge(ROOT_EVENT);
    expect(report.verdict).toBe('pending');
    expect(report.awaited.map(({ name }) => name)).toEqual(['@alice', '@bob', '@carol']);
  });

  test('again: nothing is begun a second time, nothing is written', async ({ world }) => {
    later(world, 310);
    await renew(world);
    const before = world.refs();
    later(world, 311);
    expect(await renew(world)).toMatchObject({ begun: new Map(), rebased: [] });
    expect(world.refs()).toBe(before);
  });

  test('signed and merged, it is done', async ({ world }) => {
    later(world, 310);
    await renew(world);
    for (const name of ['alice', 'bob'] as const) await world.sign(name, ROOT_EVENT);
    expect((await world.judge(ROOT_EVENT)).report.verdict).toBe('accepted');
    world.merge(ROOT_EVENT);
    expect((await renew(world)).due.map(({ role }) => role)).toEqual(['tools']);
  });

  test("a person's event that gives the role a new date is not doubled", async ({ world }) => {
    later(world, 310);
    world.push({ 'targets/tools/greet.sh': 'echo new\n' });
    await world.updateTargets();
    expect((await renew(world)).due.at(-1)).toMatchObject({ role: TOOLS, event: UPDATE });
    expect(world.refs()).not.toContain(TOOLS_EVENT);
  });

  test('an event that is merged and whose branch is still there stands in the way of nothing', async ({
    world,
  }) => {
    later(world, 310);
    world.remote.git('branch', 'sign/merged-long-ago', 'main~1');
    world.remote.commit({ 'README.md': 'x' }, { branch: 'sign/merged', parents: [world.remote.sha('main')] });
    const tree = world.remote.git('rev-parse', 'sign/merged^{tree}');
    const merge = world.remote.git('commit-tree', '-p', 'main', '-p', 'sign/merged', '-m', 'Merge', tree);
    world.remote.git('update-ref', 'refs/heads/main', merge);
    expect((await renew(world)).begun.get(TOOLS_EVENT)).toEqual([TOOLS]);
  });

  test('an event that can not be judged, or is rejected, renews nothing', async ({ world }) => {
    later(world, 310);
    world.remote.commit({ 'metadata/tools.json': '{}' }, { branch: 'sign/orphan', parents: [] });
    world.push({ 'targets/tools/greet.sh': 'echo new\n' });
    await world.updateTargets();
    world.push({ 'metadata/stray.json': '{}' });
    expect((await renew(world)).begun.get(TOOLS_EVENT)).toEqual([TOOLS]);
  });

  test('main moves on elsewhere: the event stands on main again, with its signatures', async ({ world }) => {
    later(world, 310);
    await renew(world);
    await world.sign('bob', TOOLS_EVENT);
    for (const name of ['alice', 'bob'] as const) await world.sign(name, ROOT_EVENT);
    world.merge(ROOT_EVENT);
    const before = world.remote.sha(TOOLS_EVENT);
    expect(await renew(world)).toMatchObject({ begun: new Map(), rebased: [TOOLS_EVENT], voided: new Map() });
    world.remote.git('merge-base', '--is-ancestor', before, TOOLS_EVENT);
    const { report } = await world.judge(TOOLS_EVENT);
    expect(report.reasons.filter(({ rule }) => rule === 'base')).toEqual([]);
    expect(report.roles.get(TOOLS)?.quorums[0]?.signed).toEqual(['@bob']);
    await world.sign('carol', TOOLS_EVENT);
    expect((await world.judge(TOOLS_EVENT)).report.verdict).toBe('accepted');
  });

  /** Another event renews `tools` in a short way, so that it is due again soon. */
  const outrun = async (world: TestWorld): Promise<void> => {
    world.push({ 'targets/tools/greet.sh': 'echo new\n' });
    await world.updateTargets();
    for (const name of ['bob', 'carol'] as const) await world.sign(name);
    world.merge();
  };

  test('main has renewed the role by another way: the event is not taken up any more', async ({ world }) => {
    later(world, 310);
    await renew(world);
    await outrun(world);
    const before = world.remote.sha(TOOLS_EVENT);
    expect((await renew(world)).due.map(({ role }) => role)).toEqual(['root', 'targets']);
    expect(world.remote.sha(TOOLS_EVENT)).toBe(before);
  });

  test('main has renewed one of the roles of an event: its other roles begin anew, main keeps what it has', async ({
    world,
  }) => {
    later(world, 310);
    await renew(world);
    await world.delegate('alice', {
      role: parseRoleName('dev'),
      signers: owners('alice'),
      threshold: 1,
      periods: YEAR,
    });
    for (const name of ['alice', 'bob'] as const) await world.sign(name);
    await world.sign('alice');
    world.merge();
    const { begun, rebased } = await renew(world);
    expect([...begun.values()]).toEqual([['root']]);
    expect(rebased).toEqual([TOOLS_EVENT]);
  });

  test('one without signatures that can not be used is taken up again, and never forced', async ({
    world,
  }) => {
    later(world, 310);
    await renew(world);
    // It lay so long that what it says is due itself.
    later(world, 700);
    const before = world.remote.sha(TOOLS_EVENT);
    const { begun, voided } = await renew(world);
    expect(begun.get(TOOLS_EVENT)).toEqual([TOOLS]);
    expect(voided).toEqual(new Map());
    world.remote.git('merge-base', '--is-ancestor', before, TOOLS_EVENT);
    expect((await world.judge(TOOLS_EVENT)).report.verdict).toBe('pending');
  });

  test('one with signatures is left, another begun, and whose signatures are void is said', async ({
    world,
  }) => {
    later(world, 310);
    await renew(world);
    await world.sign('bob', TOOLS_EVENT);
    later(world, 700);
    const before = world.remote.sha(TOOLS_EVENT);
    const { begun, voided } = await renew(world);
    expect(begun.get(parseSigningEvent('sign/tools-v2-2'))).toEqual([TOOLS]);
    expect(voided).toEqual(new Map([[TOOLS_EVENT, ['@bob']]]));
    expect(world.remote.sha(TOOLS_EVENT)).toBe(before);
    const refs = world.refs();
    expect((await renew(world)).begun).toEqual(new Map());
    expect(world.refs()).toBe(refs);
  });

  test('a branch of that name with something else on it is left alone', async ({ world }) => {
    later(world, 310);
    const before = world.push({ 'targets/other.txt': 'x' }, TOOLS_EVENT);
    expect((await renew(world)).begun.get(parseSigningEvent('sign/tools-v2-2'))).toEqual([TOOLS]);
    expect(world.remote.sha(TOOLS_EVENT)).toBe(before);
  });

  test('on a main that does not verify nothing is begun', async ({ world }) => {
    later(world, 310);
    world.remote.commit({ 'metadata/stray.json': '{}' }, { branch: 'main' });
    const before = world.refs();
    await expect(renew(world)).rejects.toMatchObject({ code: 'REFUSED' });
    expect(world.refs()).toBe(before);
  });
});
