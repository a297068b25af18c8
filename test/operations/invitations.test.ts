import { describe, expect } from 'vitest';
import { DAY_MS, type Instant } from '../../src/clock.ts';
import type { EventReport } from '../../src/event/report.ts';
import { TARGETS } from '../../src/metadata/names.ts';
import { type DeclineRequest, declineInvitations } from '../../src/operations/decline.ts';
import { renderTerminal } from '../../src/render/terminal.ts';
import {
  containing,
  INIT,
  INS_AUTHENTICATE,
  type Name,
  NOW,
  owners,
  prompter,
  type TestPrompter,
  type TestWorld,
  TOOLS,
  worldTest as test,
  UPDATE,
  YEAR,
} from '../support/world.ts';

const DOCS = 'docs' as typeof TOOLS;
const STATE = 'metadata/.signing-event-state';

const decline = (
  world: TestWorld,
  name: Name,
  options: Partial<DeclineRequest> = {},
): ReturnType<typeof declineInvitations> =>
  world.in(world.person(name), workspace =>
    declineInvitations(workspace, { branch: UPDATE, prompter: prompter(), ...options }),
  );

const invite = (world: TestWorld): unknown =>
  world.delegate('alice', { signers: owners('bob', 'carol', 'mallory'), threshold: 2 });

const page = (report: EventReport): string => renderTerminal(report, { colour: false, width: 100 });

describe('an invitation to several roles', () => {
  test('takes one question and one look at the card to join them all, one question and one PIN to sign them all', async ({
    empty: world,
  }) => {
    const both = { signers: owners('alice', 'bob'), threshold: 2, periods: YEAR };
    await world.init('alice', { root: both, targets: both });
    for (const role of [TOOLS, DOCS])
      await world.delegate('alice', { event: INIT, role, signers: owners('alice', 'bob'), threshold: 2 });
    const bob = world.person('bob');
    const asked = prompter();
    const { joined, signed } = await world.sign('bob', INIT, { prompter: asked });
    const everything = ['root', 'targets', 'tools', 'docs'];
    expect([joined, signed]).toEqual([everything, everything]);
    expect(asked.questions).toEqual([
      containing(
        '@bob is invited to sign root and targets and tools and docs. Join with the key of card 10000002',
      ),
      'Sign root and targets and tools and docs?',
    ]);
    expect(bob.prompts.asked).toHaveLength(1);
    expect(bob.signatures).toBe(4);
    expect(world.remote.git('log', '--format=%s', INIT).split('\n').slice(0, 2)).toEqual([
      'Signature from @bob',
      '@bob accepted invitation',
    ]);
  });
});

describe('declining', () => {
  test('takes the invitation back, and says what is left', async ({ world }) => {
    await invite(world);
    const asked = prompter();
    const { declined, event } = await decline(world, 'mallory', { prompter: asked });
    expect(declined).toEqual([TOOLS]);
    expect(asked.said).toContain(
      'tools: without you there would be 2 keys for a threshold of 2, which is enough',
    );
    expect(asked.questions).toEqual(['Decline the invitation to sign tools?']);
    expect(world.remote.git('log', '-1', '--format=%s', UPDATE)).toBe('@mallory declined invitation');
    expect(world.remote.git('ls-tree', '--name-only', UPDATE, 'metadata/')).not.toContain(STATE);
    expect([event.report.invites.size, event.report.awaited.map(({ name }) => name)]).toEqual([0, []]);
  });

  test('leaves the state file to others, with invitations and nothing else', async ({ world }) => {
    await world.delegate('alice', { role: DOCS, signers: owners('mallory', 'bob', 'carol'), threshold: 2 });
    await invite(world);
    expect((await decline(world, 'mallory')).declined).toEqual([DOCS, TOOLS]);
    expect(world.json(STATE, UPDATE)).toEqual({ invites: { '@bob': ['docs'], '@carol': ['docs'] } });
  });

  test('of one role leaves the invitation to the other, and of a role that nobody offered is an error', async ({
    world,
  }) => {
    await world.delegate('alice', { role: DOCS, signers: owners('mallory', 'bob', 'carol'), threshold: 2 });
    await invite(world);
    const asked = prompter();
    const { declined } = await decline(world, 'mallory', { prompter: asked, only: [TOOLS] });
    expect([declined, asked.questions]).toEqual([[TOOLS], ['Decline the invitation to sign tools?']]);
    expect(world.json(STATE, UPDATE)).toEqual({
      invites: { '@bob': ['docs'], '@carol': ['docs'], '@mallory': ['docs'] },
    });
    const refs = world.refs();
    for (const only of [[TOOLS], [DOCS, TARGETS]])
      await expect(decline(world, 'mallory', { only })).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: containing('but to docs: nothing was declined'),
      });
    expect(world.refs()).toBe(refs);
  });

  test('of somebody without whom the threshold is out of reach says so, and the event is refused', async ({
    world,
  }) => {
    await world.delegate('alice', { signers: owners('bob', 'mallory'), threshold: 2 });
    const asked = prompter();
    const { event } = await decline(world, 'mallory', { prompter: asked });
    expect(asked.said).toContain(
      `tools: without you there would be 1 key for a threshold of 2: the event is refused until somebody else is invited, or the threshold lowered, by tuf-signer delegate ${UPDATE} tools`,
    );
    expect(event.report.verdict).toBe('rejected');
    expect(event.report.reasons).toContainEqual(
      expect.objectContaining({ rule: 'distinct-keys', severity: 'refuse', role: TOOLS }),
    );
    await world.delegate('alice', { signers: owners('bob', 'alice'), threshold: 2 });
    for (const name of ['alice', 'bob'] as const) await world.sign(name);
    expect((await world.judge()).report.verdict).toBe('accepted');
  });

  test('is possible in an event that is rejected', async ({ world }) => {
    await invite(world);
    world.push({ 'metadata/strange.txt': 'x' });
    const { event } = await decline(world, 'mallory');
    expect([event.report.verdict, event.report.invites.size]).toEqual(['rejected', 0]);
  });

  test('asks first: whoever says no stays invited', async ({ world }) => {
    await invite(world);
    const before = world.refs();
    await expect(decline(world, 'mallory', { prompter: prompter(() => false) })).rejects.toMatchObject({
      code: 'DECLINED',
    });
    expect(world.refs()).toBe(before);
  });

  test('by who is not invited is an error that says so', async ({ world }) => {
    await invite(world);
    const before = world.refs();
    await expect(decline(world, 'bob')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `@bob is not invited in ${UPDATE}: there is nothing to decline`,
    });
    await expect(decline(world, 'mallory', { branch: INIT })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(world.refs()).toBe(before);
  });

  test('while somebody else pushes is done on top of that, and asked again where it means something else', async ({
    world,
  }) => {
    await invite(world);
    let pushed = false;
    const asked = prompter();
    const racing: TestPrompter = {
      ...asked,
      confirm: async question => {
        if (!pushed) await world.delegate('alice', { threshold: 3 });
        pushed = true;
        return asked.confirm(question);
      },
    };
    await decline(world, 'mallory', { prompter: racing });
    expect(asked.questions).toHaveLength(2);
    expect(asked.said.at(-1)).toContain('for a threshold of 3: the event is refused');
    expect(world.remote.git('log', '-1', '--format=%s', UPDATE)).toBe('@mallory declined invitation');
  });

  test('touches no card', async ({ world }) => {
    await invite(world);
    const mallory = world.person('mallory');
    mallory.insert();
    let seen = 0;
    mallory.interfere = ins => void (ins === INS_AUTHENTICATE && seen++);
    await decline(world, 'mallory');
    expect([seen, mallory.prompts.asked]).toEqual([0, []]);
  });
});

describe('an invitation that nobody answers', () => {
  const later = (world: TestWorld, days: number): void => {
    world.clock.time = (NOW + days * DAY_MS) as Instant;
  };

  test('is told with how long it is open, and after a week with what withdraws it', async ({ world }) => {
    await invite(world);
    later(world, 3);
    const young = page((await world.judge()).report);
    expect(young).toContain('@mallory: accept the invitation to sign tools, open for 3 days');
    expect(young).not.toContain('--remove-signers');
    later(world, 9);
    const { report } = await world.judge();
    expect([...report.invited]).toEqual([['@mallory', { since: '2030-06-01T00:00:00Z', daysOpen: 9 }]]);
    expect(page(report)).toContain(`    tuf-signer delegate ${UPDATE} tools --remove-signers mallory\n`);
  });

  test('counts from when it was made last, whatever happened to the event since', async ({ world }) => {
    await invite(world);
    later(world, 2);
    await decline(world, 'mallory');
    later(world, 4);
    await invite(world);
    later(world, 5);
    world.push({ 'targets/tools/greet.sh': 'echo hello again\n' });
    await world.updateTargets();
    later(world, 10);
    const { report } = await world.judge();
    expect([...report.invited.values()]).toEqual([{ since: '2030-06-05T00:00:00Z', daysOpen: 6 }]);
  });

  test('from a commit that says it is of next year is open since today', async ({ world }) => {
    later(world, 365);
    await invite(world);
    later(world, 0);
    expect([...(await world.judge()).report.invited.values()]).toMatchObject([{ daysOpen: 0 }]);
  });

  test('can be withdrawn by the others, and what it held up goes on', async ({ world }) => {
    await invite(world);
    world.push({ 'targets/tools/greet.sh': 'echo hello again\n' });
    await world.updateTargets();
    later(world, 9);
    expect((await world.judge()).report.awaited).toEqual([]);
    await world.delegate('alice', { signers: owners('bob', 'carol') });
    for (const name of ['bob', 'carol'] as const) await world.sign(name);
    expect((await world.judge()).report.verdict).toBe('accepted');
  });
});
