import { describe, expect } from 'vitest';
import type { Push } from '../../src/forge/forge.ts';
import { parseKeyOwner } from '../../src/metadata/names.ts';
import { accountsOf } from '../../src/operations/accounts.ts';
import { loadRemoteEvent } from '../../src/operations/event.ts';
import { judgePullRequest } from '../../src/operations/judge-pull-request.ts';
import { setPolicy } from '../../src/operations/set-policy.ts';
import { eventStatus } from '../../src/operations/status.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { INIT, owners, type TestWorld, worldTest as test, UPDATE } from '../support/world.ts';

const MISSING = 'f'.repeat(40);

/** What a forge would tell: `at` names the commits of an event that alice began and mallory's key then joined. */
type Story = (at: Readonly<Record<'begun' | 'joined' | 'later', string>>) => readonly Push[];

const push = (before: string | undefined, after: string, account: string): Push => ({
  before: before as Push['after'] | undefined,
  after: after as Push['after'],
  account,
});

const STORIES: readonly (readonly [name: string, expected: readonly string[], Story])[] = [
  [
    'the account that pushed it',
    ['@mallory'],
    ({ begun, joined, later }) => [
      push(joined, later, '@bob'),
      push(begun, joined, '@mallory'),
      push(undefined, begun, '@alice'),
    ],
  ],
  ['the account that pushed all of it', ['@bob'], ({ later }) => [push(undefined, later, '@bob')]],
  [
    'the account that put it back, not who had it before',
    ['@bob'],
    ({ begun, joined, later }) => [
      push(joined, later, '@alice'),
      push(begun, joined, '@bob'),
      push(joined, begun, '@alice'),
      push(begun, joined, '@mallory'),
    ],
  ],
  [
    'the account of before, where the newest push is not told yet',
    ['@mallory'],
    ({ begun, joined }) => [push(begun, joined, '@mallory'), push(undefined, begun, '@alice')],
  ],
  ['nobody, where its push is not told yet', [], ({ begun }) => [push(undefined, begun, '@alice')]],
  ['nobody, where no push is told', [], () => []],
  [
    'nobody, where it stood on a commit that is gone',
    [],
    ({ joined, later }) => [push(joined, later, '@alice'), push(MISSING, joined, '@alice')],
  ],
];

async function join(world: TestWorld): Promise<Parameters<Story>[0]> {
  await world.delegate('alice', { signers: owners('carol', 'mallory') });
  const begun = world.remote.sha(UPDATE);
  await world.sign('mallory');
  const joined = world.remote.git('log', '-1', '--format=%H', '--grep=accepted invitation', UPDATE);
  return { begun, joined, later: world.remote.sha(UPDATE) };
}

describe('a joining key is brought by', () => {
  for (const [name, expected, story] of STORIES)
    test(name, async ({ world }) => {
      const at = await join(world);
      const accounts = await world.in(world.automation, async workspace => {
        await fetchMain(workspace, false);
        const { head, gathered } = await loadRemoteEvent(workspace, UPDATE);
        return accountsOf(workspace, { listPushes: async () => story(at) }, UPDATE, head, gathered);
      });
      expect([...accounts.values()]).toEqual(expected.map(parseKeyOwner));
    });
});

test('where no key joins, the forge is not asked, and nobody is unknown', async ({ world }) => {
  world.push({ 'targets/tools/greet.sh': 'echo new\n' });
  const listPushes = (): never => {
    throw new Error('asked');
  };
  const accounts = await world.in(world.automation, async workspace => {
    await fetchMain(workspace, false);
    const { head, gathered } = await loadRemoteEvent(workspace, UPDATE);
    return accountsOf(workspace, { listPushes }, UPDATE, head, gathered);
  });
  expect(accounts).toEqual(new Map());
});

describe('a policy that asks for the account', () => {
  const POLICY = Buffer.from('version: 1\nenrolment: { account: refuse }\n');

  test("lets people sign, and refuses what comes from where the forge can't tell", async ({ world }) => {
    await world.in(world.person('alice'), workspace => setPolicy(workspace, INIT, POLICY));
    for (const name of ['alice', 'bob'] as const) await world.sign(name, INIT);
    world.merge(INIT);
    await world.onlineSign();
    await join(world);
    for (const name of ['alice', 'bob', 'carol', 'mallory'] as const) await world.sign(name);
    const here = await world.in(world.person('alice'), async workspace => {
      await fetchMain(workspace);
      return eventStatus(workspace, { event: `origin/${UPDATE}` });
    });
    expect([here.report.verdict, here.report.reasons.filter(({ severity }) => severity === 'await')]).toEqual(
      ['pending', [expect.objectContaining({ rule: 'enrolment', role: 'tools' })]],
    );
    world.remote.git('update-ref', 'refs/pull/1/head', UPDATE);
    const judged = await world.in(world.automation, workspace => judgePullRequest(workspace, 1));
    expect(judged).toMatchObject({ kind: 'judged', report: { verdict: 'rejected' } });
  });
});
