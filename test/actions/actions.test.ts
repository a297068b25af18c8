import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { createSigningEvents } from '../../actions/create-signing-events/action.ts';
import { deployBy } from '../../actions/deploy/action.ts';
import { judgeAction } from '../../actions/judge/action.ts';
import type { Action } from '../../actions/lib/run.ts';
import { onlineSigning } from '../../actions/online-sign/action.ts';
import { onlineSigningOfTargets } from '../../actions/online-sign-targets/action.ts';
import { signingEvent } from '../../actions/signing-event/action.ts';
import { testRepository } from '../../actions/test-repository/action.ts';
import { updateIssue } from '../../actions/update-issue/action.ts';
import { uploadRepository } from '../../actions/upload-repository/action.ts';
import { serveFolder } from '../../signer-cli/demo/static-server.ts';
import { DAY_MS } from '../../src/clock.ts';
import { type Job, jobTest as test } from '../support/action-world.ts';
import { FakeAws } from '../support/bucket-program.ts';
import { NOW, type TestWorld, UPDATE } from '../support/world.ts';

const EVENT = { environment: { GITHUB_REF: `refs/heads/${UPDATE}` } } as const;
const later = (world: TestWorld, days: number): void => {
  world.clock.time = (NOW + days * DAY_MS) as typeof NOW;
};
const change = (world: TestWorld): unknown => world.push({ 'targets/tools/greet.sh': 'echo new\n' });

describe('signing-event', () => {
  test('is green while it waits, and tells', async ({ world, job, stub }) => {
    change(world);
    const { exitCode, outputs, summary, errors } = await job.run(signingEvent, EVENT);
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: [] });
    expect(outputs).toEqual(
      new Map([
        ['updated', 'tools'],
        ['verdict', 'pending'],
      ]),
    );
    expect(summary).toMatch(/# sign\/update[^]*Pending: the content stands and 2 signers/);
    expect(stub.pulls).toHaveLength(1);
    expect(world.remote.git('log', '-1', '--format=%an <%ae>', UPDATE)).toBe(
      'github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>',
    );
  });

  test('is red where the event is rejected', async ({ world, job }) => {
    world.push({ 'metadata/stray.json': '{}' });
    const { exitCode, errors, outputs } = await job.run(signingEvent, EVENT);
    expect(exitCode).toBe(1);
    expect(errors).toEqual([expect.stringMatching(/^::error::sign\/update is rejected: schema, orphans/)]);
    expect(outputs.get('verdict')).toBe('rejected');
  });

  test('is red where it can not be judged', async ({ world, job }) => {
    world.remote.commit({ 'metadata/root.json': '{}' }, { branch: UPDATE, parents: [] });
    const { exitCode, errors } = await job.run(signingEvent, EVENT);
    expect([exitCode, errors[0]]).toEqual([1, expect.stringContaining('can not be judged')]);
  });

  test('judges all open events after a push to main, and is green', async ({ world, job, stub }) => {
    world.push({ 'metadata/stray.json': '{}' });
    expect(await job.run(signingEvent)).toMatchObject({ exitCode: 0, errors: [] });
    expect(stub.pulls).toMatchObject([{ head: { ref: UPDATE }, draft: true }]);
  });

  test.for([
    ['that a shell would run', 'refs/heads/sign/$(touch${IFS}pwned)'],
    ['that looks like an option', 'refs/heads/sign/--upload-pack=x'],
    ['that climbs', 'refs/heads/sign/../../main'],
    ['with a command for the runner', 'refs/heads/sign/x\n::set-output name=x::y'],
  ] as const)('refuses a branch %s', async ([, ref], { job, stub }) => {
    const { exitCode, lines } = await job.run(signingEvent, { environment: { GITHUB_REF: ref } });
    expect(exitCode).toBe(ref.includes('\n') ? 0 : 1);
    expect(lines.filter(line => line.startsWith('::') && !line.startsWith('::error::'))).toEqual([]);
    expect(stub.taken({ writes: true })).toEqual([]);
  });

  test('tells a permission that lacks in one sentence, without a trace or a token', async ({
    world,
    job,
    stub,
  }) => {
    change(world);
    stub.fail('POST /pulls', {
      status: 403,
      headers: { 'x-accepted-github-permissions': 'pull_requests=write' },
    });
    const { exitCode, errors, lines } = await job.run(signingEvent, EVENT);
    expect(exitCode).toBe(1);
    expect(errors).toEqual([expect.stringContaining('the job needs permissions pull-requests: write')]);
    expect(lines.join('\n')).not.toMatch(/s3cret| at .*\.ts/);
  });
});

describe('create-signing-events', () => {
  test('begins events, tells of them, and warns as the end comes near', async ({ world, job, stub }) => {
    later(world, 310);
    expect(await job.run(createSigningEvents)).toMatchObject({
      exitCode: 0,
      outputs: new Map([['events', 'sign/root-v2 sign/tools-v2']]),
    });
    expect(stub.pulls.map(({ head }) => head.ref)).toEqual(['sign/root-v2', 'sign/tools-v2']);
    expect(stub.issues).toEqual([]);
    later(world, 340);
    await job.run(createSigningEvents);
    expect(stub.issues).toMatchObject([
      { title: expect.stringMatching(/^Soon: /) as unknown, state: 'open' },
    ]);
    expect(stub.issues[0]?.body).toContain(
      'root ends at `2031-06-01T00:00:00Z`: signatures are wanted on `sign/root-v2`',
    );
    later(world, 360);
    await job.run(createSigningEvents);
    expect(stub.issues.map(({ title, state }) => [title.split(':')[0], state])).toEqual([
      ['Soon', 'closed'],
      ['Urgent', 'open'],
    ]);
  });

  test('with nothing to do: four calls, none of which writes', async ({ job, stub }) => {
    expect(await job.run(createSigningEvents)).toMatchObject({ exitCode: 0 });
    const calls = stub.taken();
    expect(calls).toHaveLength(4);
    expect(calls.filter(call => !call.startsWith('GET '))).toEqual(['POST /graphql viewer']);
  });
});

describe('online-sign', () => {
  const inputs = { 'publish-workflow': 'publish.yml' };

  test('signs what is stale and starts the workflow that publishes', async ({ world, job, stub }) => {
    later(world, 4);
    const { exitCode, outputs } = await job.run(onlineSigning, { inputs });
    expect([exitCode, outputs.get('signed')]).toEqual([0, 'timestamp']);
    expect(stub.dispatches).toEqual([{ workflow: 'publish.yml', ref: 'main', inputs: {} }]);
    expect(world.remote.git('log', '-1', '--format=%an %s', 'main')).toBe(
      'github-actions[bot] Online sign (timestamp)',
    );
  });

  test.for([
    ['on its schedule nothing is started', { GITHUB_EVENT_NAME: 'schedule' }, 0],
    [
      'a further attempt makes good for a run that could not start it',
      { GITHUB_EVENT_NAME: 'schedule', GITHUB_RUN_ATTEMPT: '2' },
      1,
    ],
    ['a push starts it', {}, 1],
  ] as const)('where all is fresh, %s', async ([, environment, dispatches], { job, stub }) => {
    expect(await job.run(onlineSigning, { inputs, environment })).toMatchObject({ exitCode: 0 });
    expect(stub.dispatches).toHaveLength(dispatches);
  });

  test('is red on a main that is not fit, and signs nothing', async ({ world, job }) => {
    world.remote.commit({ 'targets/tools/greet.sh': 'evil' }, { branch: 'main' });
    const before = world.refs();
    const { exitCode, errors, summary } = await job.run(onlineSigning);
    expect([exitCode, errors]).toEqual([
      1,
      [expect.stringContaining('main is not fit to be signed: artifacts')],
    ]);
    expect(summary).toContain('greet.sh');
    expect(world.refs()).toBe(before);
  });

  test('follows from the trusted root, in either form, and from no other', async ({ world, job }) => {
    const root = world.remote.git('show', 'main:metadata/root_history/1.root.json');
    for (const text of [root, Buffer.from(root).toString('base64')])
      expect(await job.run(onlineSigning, { inputs: { 'trusted-root': text } })).toMatchObject({
        exitCode: 0,
      });
    for (const [text, words] of [
      [root.replace('"threshold": 2', '"threshold": 1'), 'main is not what was trusted'],
      ['{}', 'the trusted root can not be read'],
      ['<html>', 'input trusted-root is no root document'],
    ] as const)
      expect((await job.run(onlineSigning, { inputs: { 'trusted-root': text } })).errors).toEqual([
        expect.stringContaining(words),
      ]);
  });

  test('says where a key is missing', async ({ world, job }) => {
    later(world, 4);
    const { errors } = await job.run(onlineSigning, { environment: { TUF_SIGNER_KEYS: '/nowhere' } });
    expect(errors).toEqual([expect.stringContaining('key file "online.pem" is not there')]);
  });
});

describe('upload-repository and test-repository', () => {
  const site = async (job: Job): Promise<string> => {
    const { exitCode, outputs } = await job.run(uploadRepository);
    expect(exitCode).toBe(0);
    expect(outputs.get('commit')).toBe(job.world.remote.sha('main'));
    return outputs.get('path') ?? '';
  };
  const against = (
    job: Job,
    url: string,
    inputs: Readonly<Record<string, string>> = {},
  ): ReturnType<Job['run']> =>
    job.run(testRepository, { inputs: { 'metadata-url': url, 'compare-source': 'true', ...inputs } });

  test('what one builds the other finds in order', async ({ job }) => {
    const folder = await site(job);
    expect(readFileSync(join(folder, 'index.html'), 'utf8')).toContain('<html');
    await using server = await serveFolder(folder);
    expect(
      await against(job, server.url, {
        artifact: 'tools/greet.sh',
        'valid-days': '6',
        'offline-valid-days': '300',
      }),
    ).toMatchObject({
      exitCode: 0,
      summary: expect.stringContaining('| tools | 1 |') as unknown,
    });
  });

  test('what is not in order is said', async ({ world, job }) => {
    const folder = await site(job);
    await using server = await serveFolder(folder);
    for (const [inputs, words] of [
      [{ 'valid-days': '8' }, 'timestamp version 1 expires at'],
      [{ 'offline-valid-days': '400' }, 'root version 1 expires at'],
      [{ artifact: 'tools/none.sh' }, 'no target "tools/none.sh"'],
      [{ 'valid-days': 'many' }, 'input valid-days has to be a whole number'],
      [{ 'compare-source': 'maybe' }, 'input compare-source has to be true or false'],
      [{ 'metadata-url': 'ftp://x/' }, 'is no address of a repository'],
      [{ 'metadata-url': 'http://127.0.0.1:1/' }, 'the site is out of reach'],
    ] as const)
      expect((await against(job, server.url, inputs)).errors).toEqual([expect.stringContaining(words)]);
    later(world, 4);
    await world.onlineSign();
    expect((await against(job, server.url)).errors).toEqual([
      expect.stringContaining('timestamp is version 1 on the site and 2 on main'),
    ]);
    expect((await against(job, server.url, { 'compare-source': 'false' })).errors).toEqual([]);
    later(world, 8);
    expect((await against(job, server.url)).errors).toEqual([
      expect.stringContaining('a client refuses this site'),
    ]);
  });

  test('what clients have has to be named and reached', async ({ world, job }) => {
    later(world, 4);
    await world.onlineSign();
    const build = (inputs: Readonly<Record<string, string>>): ReturnType<Job['run']> =>
      job.run(uploadRepository, { inputs });
    expect((await build({})).errors).toEqual([expect.stringContaining('there is no site at')]);
    expect((await build({ 'previous-url': 'http://127.0.0.1:1/' })).errors).toEqual([
      expect.stringContaining('nothing is published unseen'),
    ]);
    expect((await build({ 'previous-url': 'ftp://x/' })).errors).toEqual([
      expect.stringContaining('is no address of a repository'),
    ]);
    expect((await build({ repair: 'maybe' })).errors).toEqual([
      expect.stringContaining('input repair has to be true or false'),
    ]);
  });

  test('what is built leads on from what clients have, or says that it is broken', async ({ world, job }) => {
    const folder = await site(job);
    later(world, 4);
    await world.onlineSign();
    const build = (inputs: Readonly<Record<string, string>>): ReturnType<Job['run']> =>
      job.run(uploadRepository, { inputs });
    await using server = await serveFolder(folder);
    expect((await build({ 'previous-url': server.url })).errors).toEqual([]);
    writeFileSync(join(folder, '1.snapshot.json'), '{}');
    expect((await build({ 'previous-url': server.url })).errors).toEqual([
      expect.stringContaining('main can not be published: clients, version'),
    ]);
    expect((await build({ 'previous-url': server.url, repair: 'true' })).exitCode).toBe(0);
    expect((await build({ 'first-publish': 'true' })).exitCode).toBe(0);
  });

  test('nothing is built from a main that is not fit', async ({ world, job }) => {
    world.remote.commit({ 'targets/tools/greet.sh': 'evil' }, { branch: 'main' });
    const { exitCode, outputs, errors } = await job.run(uploadRepository);
    expect([exitCode, outputs.get('path')]).toEqual([1, undefined]);
    expect(errors).toEqual([expect.stringContaining('main can not be published: artifacts')]);
  });
});

describe('deploy', () => {
  const deploying = (
    job: Job,
    aws: FakeAws,
    inputs: Readonly<Record<string, string>>,
  ): ReturnType<Job['run']> =>
    job.run(deployBy(aws.run), {
      inputs: { to: 's3://bucket/tuf', delete: 'false', repair: 'false', ...inputs },
    });
  const built = async (job: Job): Promise<string> =>
    (await job.run(uploadRepository, { inputs: { 'first-publish': 'true' } })).outputs.get('path') ?? '';

  test('sends what upload-repository built, timestamp last, each object with its headers; a second run sends nothing', async ({
    job,
  }) => {
    const [path, aws] = [await built(job), new FakeAws()];
    const first = await deploying(job, aws, { path });
    expect(first).toMatchObject({ exitCode: 0, summary: expect.stringContaining('0 were there') as unknown });
    expect(aws.written.at(-1)).toBe('tuf/timestamp.json');
    expect(aws.objects.get('tuf/1.root.json')?.cacheControl).toContain('immutable');
    expect(aws.objects.get('tuf/timestamp.json')?.cacheControl).toBe('public, max-age=60');
    const second = await deploying(job, aws, { path });
    expect(second.summary).toMatch(/^Sent 0 files; \d+ were there already; 0 were taken away\./);
  });

  test('goes on where a run broke off, and leaves the old site whole until then', async ({ job }) => {
    const [path, aws] = [await built(job), new FakeAws()];
    aws.fail = key => key.endsWith('snapshot.json');
    const broken = await deploying(job, aws, { path });
    expect(broken.errors).toEqual([expect.stringContaining('the network went away')]);
    expect(aws.objects.has('tuf/timestamp.json')).toBe(false);
    aws.fail = () => false;
    expect((await deploying(job, aws, { path })).exitCode).toBe(0);
    expect(new Set(aws.written).size).toBe(aws.written.length);
  });

  test('takes files of older sites away where it is told to, and goes only forward', async ({
    world,
    job,
  }) => {
    const [old, aws] = [await built(job), new FakeAws()];
    await deploying(job, aws, { path: old });
    const stale = aws.objects.get('tuf/1.root.json');
    if (stale !== undefined) aws.objects.set('tuf/77.tools.json', stale).set('tuf/of-others.txt', stale);
    later(world, 4);
    await world.onlineSign();
    expect((await deploying(job, aws, { path: await built(job), delete: 'true' })).exitCode).toBe(0);
    expect(aws.objects.has('tuf/77.tools.json')).toBe(false);
    expect(aws.objects.has('tuf/of-others.txt')).toBe(true);
    expect((await deploying(job, aws, { path: old })).errors).toEqual([
      expect.stringContaining('clients would refuse to go back'),
    ]);
  });

  test('sends nothing that a client would refuse, or from what is no site', async ({ world, job }) => {
    const path = await built(job);
    const root = JSON.stringify(world.json('metadata/root.json'));
    writeFileSync(join(path, '1.snapshot.json'), '{}');
    const aws = new FakeAws();
    for (const [inputs, words] of [
      [{ path }, 'a client would refuse'],
      [{ path, 'trusted-root': root.replace('"version":1', '"version":7') }, 'a client would refuse'],
      [{ path: world.folder }, ''],
      [{ path: '' }, 'input path is empty'],
      [{ path, to: 's3://' }, 'is no destination'],
      [{ path, to: '--rsync-path=x' }, 'is no destination'],
      [{ path, delete: 'maybe' }, 'input delete has to be true or false'],
      [{ path, repair: 'maybe' }, 'input repair has to be true or false'],
      [{ path, 'trusted-root': '<html>' }, 'input trusted-root is no root document'],
    ] as const)
      expect((await deploying(job, aws, inputs)).errors).toEqual([expect.stringContaining(words)]);
    expect(aws.calls).toEqual([]);
  });
});

describe('update-issue', () => {
  const success = (value: string): { readonly inputs: Readonly<Record<string, string>> } => ({
    inputs: { success: value },
  });

  test('opens one issue a workflow, points it to the last run, and closes it', async ({ job, stub }) => {
    expect(await job.run(updateIssue, success('true'))).toMatchObject({ exitCode: 0 });
    await job.run(updateIssue, success('false'));
    await job.run(updateIssue, { ...success('false'), environment: { GITHUB_RUN_ID: '8' } });
    expect(stub.issues).toMatchObject([
      { title: 'The workflow TUF fails', state: 'open', body: expect.stringMatching(/runs\/8/) as unknown },
    ]);
    await job.run(updateIssue, { ...success('true'), environment: { GITHUB_WORKFLOW: 'Other' } });
    expect(stub.issues[0]?.state).toBe('open');
    await job.run(updateIssue, success('true'));
    expect(stub.issues[0]?.state).toBe('closed');
  });

  test('refuses an input that is neither', async ({ job }) => {
    expect((await job.run(updateIssue, success('success'))).errors).toEqual([
      expect.stringContaining('has to be true or false'),
    ]);
  });
});

describe('judge', () => {
  const PULL = { payload: { pull_request: { number: 7 } } } as const;
  const asPull = (world: TestWorld, commit: string): unknown =>
    world.remote.git('update-ref', 'refs/pull/7/head', commit);

  test('says the verdict on a pull request of a fork, and writes nothing', async ({ world, job, stub }) => {
    asPull(world, world.push({ 'metadata/stray.json': '{}' }));
    world.remote.git('update-ref', '-d', `refs/heads/${UPDATE}`);
    const before = world.refs();
    const { exitCode, errors, outputs, summary } = await job.run(judgeAction, PULL);
    expect([exitCode, outputs.get('verdict')]).toEqual([1, 'rejected']);
    expect(errors).toEqual([expect.stringContaining('#7 is rejected: schema, orphans')]);
    expect(summary).toContain('Rejected');
    expect(world.refs()).toBe(before);
    expect(stub.taken()).toEqual([]);
  });

  test('is green on one that waits', async ({ world, job }) => {
    change(world);
    asPull(world, world.remote.sha(UPDATE));
    expect(await job.run(judgeAction, PULL)).toMatchObject({
      exitCode: 0,
      outputs: new Map([['verdict', 'pending']]),
    });
  });

  test('is green on one that changes nothing of the repository', async ({ world, job }) => {
    asPull(world, world.push({ 'README.md': 'hello' }));
    expect(await job.run(judgeAction, PULL)).toMatchObject({
      exitCode: 0,
      outputs: new Map([['verdict', 'aside']]),
    });
  });

  test('is red on one that can not be judged', async ({ world, job }) => {
    asPull(world, world.remote.commit({ 'metadata/root.json': '{}' }, { branch: 'x', parents: [] }));
    expect(await job.run(judgeAction, PULL)).toMatchObject({
      exitCode: 1,
      outputs: new Map([['verdict', 'unjudged']]),
    });
  });

  test.for([
    ['is named by no event', {}],
    ['has no number', { pull_request: { number: '7;id' } }],
    ['is one of a text', { pull_request: '7' }],
  ] as const)('wants a pull request: refuses one that %s', async ([, payload], { job }) => {
    expect((await job.run(judgeAction, { payload })).errors).toEqual([
      expect.stringContaining('no pull request is named'),
    ]);
  });
});

test('online-sign-targets refuses to run from an event', async ({ job }) => {
  const { errors } = await job.run(onlineSigningOfTargets, { ...EVENT, inputs: { event: UPDATE } });
  expect(errors).toEqual([expect.stringContaining('never from that of an event')]);
});

describe('every action', () => {
  const actions: ReadonlyMap<string, Action> = new Map([
    ['signing-event', signingEvent],
    ['create-signing-events', createSigningEvents],
    ['online-sign', onlineSigning],
    ['upload-repository', uploadRepository],
  ]);

  test('says that it is no step of a job, or that there is no such repository', async ({ job }) => {
    for (const [, action] of actions) {
      const elsewhere = await job.run(action, { environment: { GITHUB_REPOSITORY: 'octo/none' } });
      expect(elsewhere.errors).toEqual([expect.stringMatching(/^::error::git ls-remote failed: [^%]*$/)]);
      const nowhere = await job.run(action, { environment: { GITHUB_REPOSITORY: '$(id)' } });
      expect(nowhere.errors).toEqual([expect.stringContaining('not OWNER/NAME')]);
    }
  });
});
