import { describe, expect } from 'vitest';
import { type RepairOutcome, repairMain } from '../../src/operations/pin/repair-main.ts';
import {
  type Name,
  prompter,
  type TestPrompter,
  type TestWorld,
  worldTest as test,
  type UPDATE,
} from '../support/world.ts';

const repair = (
  world: TestWorld,
  asked: TestPrompter = prompter(),
  name: Name = 'bob',
): Promise<RepairOutcome> => {
  const person = world.person(name);
  return world.in(person, workspace => repairMain(workspace, { pins: person.pins }, asked));
};

/** Metadata that nobody signed, pushed to main. */
const tamper = (world: TestWorld): void => {
  const tools = world.remote.git('show', 'main:metadata/tools.json');
  world.remote.commit({ 'metadata/tools.json': tools.replace('"version": 1', '"version": 2') });
};

const repairs = (world: TestWorld): string =>
  world.remote.git('for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads/sign/repair-*');

describe('repairing main', () => {
  test('a sound main is left alone', async ({ world }) => {
    const before = world.refs();
    expect(await repair(world)).toEqual({ status: 'sound' });
    expect(world.refs()).toBe(before);
  });

  test('an empty one, too', async ({ empty }) => {
    empty.remote.commit({ 'README.md': 'hello' });
    expect(await repair(empty)).toEqual({ status: 'empty' });
  });

  test('what people signed is put back by an event that needs no signature; running it again changes nothing', async ({
    world,
  }) => {
    await repair(world);
    tamper(world);
    const asked = prompter();
    const first = await repair(world, asked);
    expect(first).toMatchObject({ status: 'opened', branch: repairs(world) });
    expect(asked.questions).toEqual([expect.stringContaining('Open an event that puts back')]);
    expect(asked.said.join('\n')).toContain('main: tools');
    const refs = world.refs();
    expect(await repair(world)).toEqual(first);
    expect(world.refs()).toBe(refs);
    expect((await world.judge(repairs(world) as typeof UPDATE)).report.verdict).toBe('accepted');
    world.merge(repairs(world));
    expect(await repair(world)).toEqual({ status: 'sound' });
    expect((await world.onlineSign()).refusals).toEqual([]);
  });

  test('nothing is pushed where the person says no', async ({ world }) => {
    await repair(world);
    tamper(world);
    const before = world.refs();
    const no = prompter(question => !question.includes('Open an event'));
    await expect(repair(world, no)).rejects.toMatchObject({ code: 'UNTRUSTED' });
    expect(world.refs()).toBe(before);
  });

  test('a machine that trusts nothing yet is not talked into trusting a main that does not verify', async ({
    world,
  }) => {
    tamper(world);
    const before = world.refs();
    await expect(repair(world, prompter(), 'mallory')).rejects.toMatchObject({ code: 'UNTRUSTED' });
    expect(world.refs()).toBe(before);
  });
});
