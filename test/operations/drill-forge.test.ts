import { describe, expect } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import type { Forge } from '../../src/forge/forge.ts';
import { githubForge } from '../../src/forge/github.ts';
import { parseSigningEvent } from '../../src/git/names.ts';
import { openDrill } from '../../src/operations/drill/open.ts';
import { judgePullRequest } from '../../src/operations/judge-pull-request.ts';
import { runSigningEvent, tellOpenEvents } from '../../src/operations/signing-event.ts';
import { EVENT_MARKER } from '../../src/render/event-comment.ts';
import { GithubStub } from '../support/github-stub.ts';
import { worldTest as base, NOW, type TestWorld } from '../support/world.ts';

const test = base.extend<{ readonly stub: GithubStub; readonly forge: Forge }>({
  // oxlint-disable-next-line no-empty-pattern
  stub: async ({}, use) => {
    await using stub = await GithubStub.start();
    await use(stub);
  },
  forge: async ({ stub }, use) => use(githubForge(stub.options)),
});

const DRILL = parseSigningEvent('sign/drill-june');
const later = (world: TestWorld, days: number): void => {
  world.clock.time = (NOW + days * DAY_MS) as typeof NOW;
};
const open = (world: TestWorld): unknown =>
  world.in(world.person('alice'), workspace => openDrill(workspace, { name: 'june', days: 14 }));
const bodies = (stub: GithubStub): readonly string[] => (stub.comments.get(1) ?? []).map(({ body }) => body);
const mentions = (stub: GithubStub): readonly string[] =>
  bodies(stub).filter(body => !body.startsWith(EVENT_MARKER));
const sticky = (stub: GithubStub): string => bodies(stub).find(body => body.startsWith(EVENT_MARKER)) ?? '';
const tell = (world: TestWorld, forge: Forge): unknown =>
  world.in(world.automation, workspace => tellOpenEvents(workspace, forge));

describe('a drill on the forge', () => {
  test('calls everybody once, the silent ones again when the time is nearly over, and is ready when it is', async ({
    world,
    stub,
    forge,
  }) => {
    await open(world);
    await world.in(world.automation, workspace => runSigningEvent(workspace, DRILL, forge));
    const status = (): unknown => stub.statuses.get(world.remote.sha(DRILL))?.[0];
    expect(stub.pulls).toMatchObject([{ head: { ref: DRILL }, draft: true }]);
    expect(status()).toMatchObject({ state: 'pending', description: 'pending: drill' });
    expect(sticky(stub)).toContain('## ⏳ Pending: 0 of 3 keys proved, and it ends in 14 days');
    expect(sticky(stub)).toContain('| @&#8203;carol |');
    expect(mentions(stub)).toHaveLength(1);
    expect(mentions(stub)[0]).toMatch(
      /tuf-signer sign sign\/drill-june[^]*- @alice: prove key[^]*- @bob[^]*- @carol/,
    );

    await world.sign('bob', DRILL);
    await tell(world, forge);
    expect(sticky(stub)).toContain('**■ proved**');
    later(world, 10);
    await tell(world, forge);
    expect(mentions(stub)).toHaveLength(1);

    later(world, 11);
    for (let run = 0; run < 2; run++) await tell(world, forge);
    expect(mentions(stub)).toHaveLength(2);
    expect(mentions(stub)[1]).toMatch(/- @alice: [^]*- @carol: /);
    expect(mentions(stub)[1]).not.toContain('@bob');

    later(world, 14);
    await tell(world, forge);
    expect(mentions(stub)).toHaveLength(2);
    expect(status()).toMatchObject({ state: 'success' });
    expect(stub.pulls).toMatchObject([{ draft: false }]);
    expect(sticky(stub)).toContain('1 of 3 keys proved when the time was over');
    expect(sticky(stub)).toContain('only 1 key proved, and a quorum needs 2');
  });

  test('brought by a pull request from a fork it is judged, and not passed by as a change of no file of ours', async ({
    world,
  }) => {
    await open(world);
    const text = world.remote.git('show', `${DRILL}:drills/june.json`);
    world.push({ 'drills/june.json': text.replace(/"nonce": "[0-9a-f]{4}/, '"nonce": "000') }, DRILL);
    world.remote.git('update-ref', 'refs/pull/7/head', DRILL);
    const judged = await world.in(world.automation, workspace => judgePullRequest(workspace, 7));
    expect(judged).toMatchObject({ kind: 'judged', report: { verdict: 'rejected' } });
  });
});
