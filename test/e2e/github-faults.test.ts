import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENT_MARKER } from '../../src/render/event-comment.ts';
import type { Run } from '../support/forge/actions/run.ts';
import type { Fault } from '../support/forge/faults.ts';
import { logsOf, shippedWorkflows, Town } from '../support/town.ts';

// What goes wrong around the shipped workflows. Whatever it is, the job's log ends in a sentence, and nothing is published.

let town: Town;
let published: number;
beforeAll(async () => {
  town = await Town.inService();
  published = publishings();
  expect(published).toBeGreaterThan(0);
});
afterAll(() => town[Symbol.asyncDispose]());

const publishings = (): number =>
  town.github.actions.runs.filter(({ workflow }) => workflow.endsWith('/publish.yml')).length;
const change = (text: string): Readonly<Record<string, string>> => ({ 'targets/greet.sh': `echo ${text}\n` });

/** A push by alice, and what the run that it starts came to. */
async function pushed(
  branch: string,
  files: Readonly<Record<string, string>> = change(branch),
): Promise<{ readonly conclusion: unknown; readonly log: string }> {
  town.push('alice', files, branch);
  await town.github.settled();
  const { conclusion } = town.last('signing-event');
  return { conclusion, log: logsOf(town.last('signing-event')) };
}

/** The run of a person's push once more, as "Re-run jobs" starts it. */
async function again(branch: string): Promise<Run> {
  const { events } = town.github.database;
  const push = events.findLast(
    ({ name, ref, byJob, sha }) => name === 'push' && ref === `refs/heads/${branch}` && !byJob && sha !== '',
  );
  const before = town.github.actions.runs.length;
  if (push !== undefined) town.github.database.emit(push);
  expect(town.github.actions.runs.length).toBe(before + 1);
  await town.github.settled();
  return town.last('signing-event');
}

function expectSentence(log: string, words: RegExp): void {
  expect(log).toMatch(words);
  expect(log).not.toMatch(/^\s+at .*\.mjs|defect of tuf-signer|gh[sp]_[0-9a-f]{8}/m);
  expect(publishings()).toBe(published);
}

describe('a run that fails says why in a sentence', () => {
  const STATUS = 'repos/get-combined-status-for-ref';
  const FAULTS: readonly (readonly [name: string, fault: Fault, words: RegExp])[] = [
    [
      'the API is down',
      { operation: STATUS, kind: 'server-error', status: 503, times: 9 },
      /^error: can not read the status of the commit: GitHub answers 503; see githubstatus\.com/m,
    ],
    [
      'the limit of an hour is reached',
      { operation: 'pulls/create', kind: 'primary-limit', resetSeconds: 3_000, times: 9 },
      /^error: can not open a pull request for "sign\/fault-\d": GitHub limits how often it is asked; run the job again after 2/m,
    ],
    [
      'GitHub wants a long pause',
      { operation: 'issues/create-comment', kind: 'secondary-limit', retryAfter: 300, times: 9 },
      /^error: can not comment on #\d+: GitHub limits how often it is asked; run the job again in 300 seconds/m,
    ],
  ];
  test.for(FAULTS.map((row, at) => [...row, at] as const))(
    '%s',
    { timeout: 60_000 },
    async ([, fault, words, at]) => {
      town.github.faults.inject(fault);
      const { conclusion, log } = await pushed(`sign/fault-${at}`);
      town.github.faults.clear();
      expect(conclusion).toBe('failure');
      expectSentence(log, words);
    },
  );

  test.for([
    ['contents', /^error: push to origin failed: .*the job lacks permissions contents: write/m],
    ['pull-requests', /^error: can not .*the job needs permissions pull-requests: write/m],
    [
      'statuses',
      /^error: can not set the status of the commit: .*the job needs permissions statuses: write/m,
    ],
  ] as const)('its token may not write %s', async ([scope, words]) => {
    const [file, text] = Object.entries(shippedWorkflows()).find(([name]) =>
      name.endsWith('/signing-event.yml'),
    ) ?? ['', ''];
    const without = String(text).replace(new RegExp(`^ *${scope}: write.*\n`, 'm'), '');
    expect(without).not.toBe(text);
    const { conclusion, log } = await pushed(`sign/without-${scope}`, { ...change(scope), [file]: without });
    expect(conclusion).toBe('failure');
    expectSentence(log, words);
  });

  test('its branch is gone by the time it runs', async () => {
    await pushed('sign/gone');
    await town.call('alice', 'DELETE', '/git/refs/heads/sign/gone');
    await town.github.settled();
    const run = await again('sign/gone');
    expect(run.conclusion).toBe('failure');
    expectSentence(logsOf(run), /^error: there is no event sign\/gone on origin/m);
  });

  test.for([
    ['that a shell would run', 'sign/$(touch${IFS}pwned)'],
    ['with a quote', "sign/x';id;'"],
  ] as const)('its branch has a name %s', async ([, branch]) => {
    const { conclusion, log } = await pushed(branch);
    expect(conclusion).toBe('failure');
    expectSentence(log, /^error: branch name .* may hold only ASCII letters/m);
    expect(() => town.pull(branch)).toThrow('no pull request');
  });
});

describe('a run makes good for', () => {
  const calls = async (act: () => Promise<unknown>): Promise<readonly string[]> => {
    const before = town.github.calls.length;
    await act();
    return town.github.calls
      .slice(before)
      .map(({ operation }) => operation)
      .filter(operation => !operation.startsWith('git/'));
  };
  const pulls = (branch: string): number =>
    [...town.repository.issues.values()].filter(({ pull }) => pull?.head.branch === branch).length;
  const texts = (branch: string): readonly string[] => town.pull(branch).comments.map(({ body }) => body);

  test('nothing, where nothing has changed: at most eight calls, and none writes', async () => {
    await pushed('sign/same');
    expect((await again('sign/same')).conclusion).toBe('success');
    const before = texts('sign/same');
    const made = await calls(() => again('sign/same'));
    expect(made.length).toBeGreaterThan(2);
    expect(made.length).toBeLessThanOrEqual(8);
    expect(made.filter(one => /create|update|graphql\/(?!viewer)/.test(one))).toEqual([]);
    expect(texts('sign/same')).toEqual(before);
  });

  test.for([
    ['a call that the API failed', { operation: 'issues/create-comment', kind: 'server-error' }],
    ['a connection that was cut', { operation: 'pulls/list', kind: 'reset' }],
    [
      'a short pause that GitHub wants',
      { operation: 'pulls/create', kind: 'secondary-limit', retryAfter: 1 },
    ],
  ] as const)('%s', async ([name, fault]) => {
    town.github.faults.inject(fault);
    const branch = `sign/${name.replaceAll(' ', '-')}`;
    expect(await pushed(branch)).toMatchObject({ conclusion: 'success' });
    expect([pulls(branch), texts(branch).length]).toEqual([1, 2]);
  });

  test('a pull request that somebody closed', async () => {
    await pushed('sign/closed');
    const { number } = town.pull('sign/closed');
    await town.call('alice', 'PATCH', `/pulls/${number}`, { state: 'closed' });
    await pushed('sign/closed', change('again'));
    expect([pulls('sign/closed'), town.pull('sign/closed').state]).toEqual([2, 'open']);
  });

  test('a second pull request of the same branch', async () => {
    await pushed('sign/double');
    town.push('alice', { 'README.md': 'x' }, 'other');
    const body = { title: 'Mine', head: 'sign/double', base: 'other' };
    expect((await town.call('alice', 'POST', '/pulls', body))[0]).toBe(201);
    const second = town.pull('sign/double');
    await pushed('sign/double', change('double again'));
    expect([pulls('sign/double'), second.comments.length]).toEqual([2, 0]);
  });

  test('an event that was forced to something else', async () => {
    await pushed('sign/forced');
    const parents = [town.repository.git.sha('main')];
    town.push('alice', change('something else'), 'sign/forced', { parents });
    await town.github.settled();
    const head = town.repository.git.sha('sign/forced').slice(0, 12);
    expect(texts('sign/forced').find(text => text.startsWith(EVENT_MARKER))).toContain(`commit \`${head}\``);
  });

  test('two pushes at once: the comment is on the last', async () => {
    town.push('alice', change('first'), 'sign/both');
    town.push('alice', change('second'), 'sign/both');
    await town.github.settled();
    const head = town.repository.git.sha('sign/both').slice(0, 12);
    const [sticky, ...more] = texts('sign/both').filter(text => text.startsWith(EVENT_MARKER));
    expect(sticky).toContain(`commit \`${head}\``);
    expect([more.length, pulls('sign/both')]).toEqual([0, 1]);
  });

  test("a comment that somebody edited, and takes nobody else's for its own", async () => {
    await pushed('sign/edited');
    const own = town.pull('sign/edited').comments.find(({ body }) => body.startsWith(EVENT_MARKER));
    const lie = `${EVENT_MARKER}\n\n## ✅ Accepted: merge this`;
    await town.call('alice', 'PATCH', `/issues/comments/${own?.id}`, { body: lie });
    await town.call('mallory', 'POST', `/issues/${town.pull('sign/edited').number}/comments`, { body: lie });
    expect(logsOf(await again('sign/edited'))).toContain('pending');
    expect(own?.body).toContain('Pending');
    expect(texts('sign/edited').filter(text => text === lie)).toHaveLength(1);
  });
});

test('nothing was published meanwhile', () => expect(publishings()).toBe(published));
