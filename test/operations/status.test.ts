import { describe, expect } from 'vitest';
import { exitCodeOfVerdict } from '../../signer-cli/exit-codes.ts';
import { eventStatus, mergedStatus, type StatusRequest } from '../../src/operations/status.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { renderJson, reportJson } from '../../src/render/json.ts';
import { containing, type TestWorld, worldTest as test, UPDATE } from '../support/world.ts';

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern) as unknown;

async function status(
  world: TestWorld,
  request: StatusRequest = {},
): Promise<{ json: unknown; exit: number }> {
  const { report } = await world.in(world.automation, async workspace => {
    await fetchMain(workspace);
    return eventStatus(workspace, { event: `origin/${UPDATE}`, ...request });
  });
  return { json: JSON.parse(renderJson(reportJson(report))), exit: exitCodeOfVerdict(report.verdict) };
}

describe('status', () => {
  test('its JSON is what the interface says, member by member', async ({ world }) => {
    world.push({ 'targets/tools/greet.sh': 'new' });
    await world.updateTargets();
    await world.sign('bob');
    expect(await status(world)).toEqual({
      exit: 1,
      json: {
        verdict: 'pending',
        state: 'collecting',
        reasons: [
          {
            rule: 'role-quorum',
            role: 'tools',
            severity: 'await',
            message: containing('1 of 2 signatures'),
          },
        ],
        roles: {
          tools: {
            state: 'collecting',
            version: 2,
            quorums: [{ of: 'delegator', threshold: 2, signed: ['@bob'], missing: ['@carol'], void: [] }],
            changes: ['the version goes from 1 to 2', containing('greet.sh')],
          },
        },
        invites: {},
        invitedSince: {},
        awaited: [
          {
            name: '@carol',
            role: 'tools',
            of: ['delegator'],
            joining: false,
            fingerprint: matching(/^[0-9a-f]{64}$/),
            serial: null,
          },
        ],
        onMain: {
          tools: {
            version: 1,
            expires: '2031-06-01T00:00:00Z',
            daysLeft: 365,
            signingFrom: '2031-04-02T00:00:00Z',
            urgent: false,
          },
        },
      },
    });
  });

  test('of a merged event is that, and what main has', async ({ world }) => {
    const head = world.push({ 'targets/tools/greet.sh': 'new' });
    world.merge();
    world.remote.git('update-ref', `refs/heads/${UPDATE}`, head);
    const { json, exit } = await status(world);
    expect([json, exit]).toMatchObject([
      { verdict: 'unchanged', state: 'merged', roles: {}, awaited: [] },
      3,
    ]);
    expect(Object.keys((json as { onMain: object }).onMain)).toEqual([
      'root',
      'targets',
      'snapshot',
      'timestamp',
      'tools',
    ]);
    const of = { branch: UPDATE, head, report: { state: 'merged' } };
    expect(await world.in(world.automation, workspace => mergedStatus(workspace, UPDATE))).toMatchObject(of);
  });

  test('invitations are told by account', async ({ world }) => {
    await world.delegate('alice', { signers: ['@bob', '@mallory'] as never, threshold: 2 });
    expect(await status(world)).toMatchObject({
      exit: 1,
      json: {
        verdict: 'pending',
        invites: { '@mallory': ['tools'] },
        roles: { tools: { state: 'inviting' } },
      },
    });
  });

  test('root has an old and a new quorum', async ({ world }) => {
    await world.delegate('alice', { role: 'root' as never, threshold: 3 });
    const { json } = await status(world);
    expect(json).toMatchObject({
      roles: {
        root: {
          quorums: [
            { of: 'old', threshold: 2 },
            { of: 'new', threshold: 3 },
          ],
        },
      },
    });
  });

  test('accepted is 0, rejected 2, no change 3', async ({ world }) => {
    world.push({ 'targets/tools/greet.sh': 'new' });
    await world.updateTargets();
    await world.sign('bob');
    await world.sign('carol');
    expect(await status(world)).toMatchObject({ exit: 0, json: { verdict: 'accepted', reasons: [] } });
    world.push({ 'metadata/evil.txt': 'x' });
    expect(await status(world)).toMatchObject({ exit: 2, json: { verdict: 'rejected' } });
    expect(await status(world, { event: 'origin/main' })).toMatchObject({
      exit: 3,
      json: { verdict: 'unchanged' },
    });
  });

  test('a known-good by hand is taken, whatever main says', async ({ world }) => {
    const start = world.remote.sha('main');
    world.push({ 'targets/tools/greet.sh': 'new' });
    await world.updateTargets();
    await world.sign('bob');
    await world.sign('carol');
    world.merge();
    const { exit } = await status(world, { event: 'origin/main', knownGood: start });
    expect(exit).toBe(0);
  });

  test('it writes nothing but its own memory, and leaves the checkout alone', async ({ world }) => {
    world.push({ 'targets/tools/greet.sh': 'new' });
    await status(world);
    expect(world.automation.git('status', '--porcelain')).toBe('');
    expect(world.automation.git('stash', 'list')).toBe('');
  });

  for (const event of ['nothing-here', '', '--help', 'origin/main\n', 'HEAD^{tree}']) {
    test(`a revision that is none is told: ${JSON.stringify(event)}`, async ({ world }) => {
      await expect(status(world, { event })).rejects.toMatchObject({ code: 'BAD_REVISION' });
    });
  }
});
