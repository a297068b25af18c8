import { describe, expect } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import type { Forge } from '../../src/forge/forge.ts';
import { githubForge } from '../../src/forge/github.ts';
import {
  runSigningEvent,
  type SigningEventOutcome,
  tellOpenEvents,
} from '../../src/operations/signing-event.ts';
import { EVENT_MARKER } from '../../src/render/event-comment.ts';
import { GithubStub } from '../support/github-stub.ts';
import { worldTest as base, NOW, owners, type TestWorld, UPDATE } from '../support/world.ts';

const test = base.extend<{ readonly stub: GithubStub; readonly forge: Forge }>({
  // oxlint-disable-next-line no-empty-pattern
  stub: async ({}, use) => {
    await using stub = await GithubStub.start();
    await use(stub);
  },
  forge: async ({ stub }, use) => use(githubForge(stub.options)),
});

const run = (world: TestWorld, forge: Forge, branch = UPDATE): Promise<SigningEventOutcome> =>
  world.in(world.automation, workspace => runSigningEvent(workspace, branch, forge));

const bodies = (stub: GithubStub): readonly string[] => (stub.comments.get(1) ?? []).map(({ body }) => body);
const mentions = (stub: GithubStub): readonly string[] =>
  bodies(stub).filter(body => !body.startsWith(EVENT_MARKER));
const sticky = (stub: GithubStub): string => bodies(stub).find(body => body.startsWith(EVENT_MARKER)) ?? '';
const status = (stub: GithubStub, world: TestWorld): unknown =>
  stub.statuses.get(world.remote.sha(UPDATE))?.[0];

/** Bob and carol have to sign `tools`. */
const change = (world: TestWorld, content = 'echo new\n'): unknown =>
  world.push({ 'targets/tools/greet.sh': content });

describe('a signing event on the forge', () => {
  test('updates metadata, sets the status, opens a draft, comments, and calls the signers', async ({
    world,
    stub,
    forge,
  }) => {
    change(world);
    expect(await run(world, forge)).toMatchObject({
      updated: ['tools'],
      told: { kind: 'judged', report: { verdict: 'pending' } },
    });
    expect(stub.pulls).toMatchObject([{ head: { ref: UPDATE }, draft: true, title: 'Signing event update' }]);
    expect(status(stub, world)).toMatchObject({ context: 'tuf-signer', state: 'pending' });
    expect(sticky(stub)).toContain('Pending: the content stands and 2 signers can sign now');
    expect(mentions(stub)).toEqual([expect.stringMatching(/tuf-signer sign sign\/update[^]*@bob[^]*@carol/)]);
  });

  test('again, an hour later: at most eight calls, none of which writes, and nobody is called', async ({
    world,
    stub,
    forge,
  }) => {
    change(world);
    // Not at a full day before an end: the comment says in how many days it comes.
    world.clock.time = (NOW + 3_600_000) as typeof NOW;
    await run(world, forge);
    stub.taken();
    world.clock.time = (NOW + 7_200_000) as typeof NOW;
    // Another process: nothing is remembered but what the forge holds.
    await run(world, githubForge(stub.options));
    const calls = stub.taken();
    expect(calls.filter(call => !call.startsWith('GET '))).toEqual(['POST /graphql viewer']);
    expect(calls.length).toBeLessThanOrEqual(8);
    expect(calls).toHaveLength(4);
  });

  test('a key that another account than its owner brought is told', async ({ world, stub, forge }) => {
    await world.delegate('alice', { signers: owners('carol', 'mallory') });
    const before = world.remote.sha(UPDATE);
    await world.sign('mallory');
    const push = { before, after: world.remote.sha(UPDATE) };
    stub.activity.push({ ...push, actor: { login: 'Mallory' } });
    await run(world, forge);
    expect(sticky(stub)).not.toContain('was brought by');
    stub.activity.splice(0, 1, { ...push, actor: { login: 'Bob' } });
    await run(world, forge);
    expect(sticky(stub)).toMatch(/the key of \S*mallory was brought by \S*bob/);
  });

  test('a signature moves the comment on and calls nobody; the last one makes it ready', async ({
    world,
    stub,
    forge,
  }) => {
    change(world);
    await run(world, forge);
    await world.sign('bob');
    await run(world, forge);
    expect(sticky(stub)).toContain('1 of 2');
    expect(mentions(stub)).toHaveLength(1);
    await world.sign('carol');
    expect(await run(world, forge)).toMatchObject({ told: { report: { verdict: 'accepted' } } });
    expect(stub.pulls).toMatchObject([{ draft: false }]);
    expect(status(stub, world)).toMatchObject({ state: 'success' });
    expect(mentions(stub)).toHaveLength(1);
  });

  test('who has to sign once more is called once more; who still owes the same is not', async ({
    world,
    stub,
    forge,
  }) => {
    change(world);
    await run(world, forge);
    await world.sign('bob');
    await run(world, forge);
    change(world, 'echo newer\n');
    await run(world, forge);
    const [, second] = mentions(stub);
    expect(second).toContain('@bob');
    expect(second).not.toContain('@carol');
  });

  test('a rejection calls nobody, and its end does not call everybody again', async ({
    world,
    stub,
    forge,
  }) => {
    change(world);
    await run(world, forge);
    world.push({ 'metadata/stray.json': '{}' });
    expect(await run(world, forge)).toMatchObject({ told: { report: { verdict: 'rejected' } } });
    expect(status(stub, world)).toMatchObject({
      state: 'failure',
      description: expect.stringContaining('rejected: ') as unknown,
    });
    world.push({ 'metadata/stray.json': null });
    await run(world, forge);
    expect(mentions(stub)).toHaveLength(1);
  });

  test('an invited person is called to answer', async ({ world, stub, forge }) => {
    await world.delegate('alice', { signers: owners('bob', 'carol', 'mallory') });
    await run(world, forge);
    expect(mentions(stub)).toEqual([expect.stringMatching(/@mallory: accept the invitation/)]);
  });

  test.for([
    ['a comment that says all is good', (text: string) => text.replace(/Pending/, 'Accepted')],
    ['a memory that is no memory', (text: string) => text.replace(/; mentioned.*-->/, '; mentioned <b> -->')],
    ['a date that is no date', (text: string) => text.replace(/judged \S+;/, 'judged 2030-99-99T00:00:00Z;')],
    ['no memory', (text: string) => text.split('\n').toSpliced(1, 1).join('\n')],
  ] as const)('%s, edited by somebody who may, is put right', async ([, edit], { world, stub, forge }) => {
    change(world);
    await run(world, forge);
    const before = sticky(stub);
    const comment = stub.comments.get(1)?.find(({ body }) => body === before);
    if (comment === undefined) throw new Error('there is no comment');
    comment.body = edit(before);
    expect(comment.body).not.toBe(before);
    await run(world, forge);
    expect(sticky(stub)).toBe(before);
    expect(mentions(stub).length).toBeLessThanOrEqual(2);
  });

  test('a forged comment of somebody else is left, and ours stands beside it', async ({
    world,
    stub,
    forge,
  }) => {
    const pull = stub.addPull(UPDATE, { draft: true });
    stub.addComment(pull.number, `${EVENT_MARKER}\n\n## ✅ Accepted`, 'mallory');
    change(world);
    await run(world, forge);
    expect(bodies(stub)).toHaveLength(3);
    expect(bodies(stub)[0]).toContain('Accepted');
    expect(bodies(stub).at(-1)).toContain('Pending');
  });

  test('an event that can not be judged gets status and comment too', async ({ world, stub, forge }) => {
    const { remote } = world;
    const orphan = remote.commit({ 'metadata/root.json': '{}' }, { branch: UPDATE, parents: [] });
    expect(await run(world, forge)).toMatchObject({ told: { kind: 'unjudged' } });
    expect(stub.statuses.get(orphan)?.[0]).toMatchObject({
      state: 'error',
      description: expect.stringMatching(/^can not be judged: .*no common ancestor/) as unknown,
    });
    expect(sticky(stub)).toContain('can not be judged');
    expect(stub.pulls).toMatchObject([{ draft: true }]);
    stub.taken();
    await run(world, forge);
    expect(stub.taken({ writes: true })).toEqual([]);
  });

  test('one that is on main already is left alone', async ({ world, stub, forge }) => {
    world.remote.git('update-ref', `refs/heads/${UPDATE}`, 'main');
    expect(await run(world, forge)).toMatchObject({ told: { kind: 'merged' } });
    expect(stub.taken()).toEqual([]);
  });

  test('a name that is made to harm is escaped in all that is written', async ({ world, stub, forge }) => {
    world.push({ 'targets/tools/@everyone](x)<img src=x>': 'x' });
    await run(world, forge);
    for (const body of bodies(stub)) expect(body.replace(/`[^`\n]*`/g, '')).not.toMatch(/@everyone|<img/);
  });
});

describe('after a push to main', () => {
  test('every open event is judged again, those that can not be told about apart', async ({
    world,
    stub,
    forge,
  }) => {
    change(world);
    world.push({ 'targets/tools/other.sh': 'x' }, 'sign/gone');
    world.push({ 'targets/tools/third.sh': 'y' }, 'sign/z');
    stub.fail(`POST /statuses/${world.remote.sha('sign/gone')}`, { status: 422 });
    const { told, failed, ignored } = await world.in(world.automation, workspace =>
      tellOpenEvents(workspace, forge),
    );
    expect([...told.keys()]).toEqual(['sign/update', 'sign/z']);
    expect([...failed.keys()]).toEqual(['sign/gone']);
    expect(ignored).toEqual([]);
  });

  test('an event that main has moved on under says so', async ({ world, stub, forge }) => {
    change(world);
    await run(world, forge);
    world.push({ 'targets/other.txt': 'x' }, 'sign/first');
    await world.updateTargets('sign/first' as typeof UPDATE);
    await world.sign('alice', 'sign/first' as typeof UPDATE);
    await world.sign('bob', 'sign/first' as typeof UPDATE);
    world.merge('sign/first');
    world.clock.time = (NOW + DAY_MS) as typeof NOW;
    await world.in(world.automation, workspace => tellOpenEvents(workspace, forge));
    expect(status(stub, world)).toMatchObject({ description: expect.stringContaining('base') as unknown });
  });
});
