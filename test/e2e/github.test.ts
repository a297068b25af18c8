import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { downloadWithTufJs } from '../../signer-cli/demo/peer-client.ts';
import { openFromFork } from '../../src/forge/github/from-fork.ts';
import { apiOf } from '../../src/forge/github/place.ts';
import { parseSigningEvent } from '../../src/git/names.ts';
import { openDrill } from '../../src/operations/drill/open.ts';
import { drillStatus } from '../../src/operations/drill/status.ts';
import { EVENT_MARKER } from '../../src/render/event-comment.ts';
import { type CommandOutcome, runCommand } from '../support/command.ts';
import { logsOf, Town } from '../support/town.ts';
import { INIT, type Name, PIN, UPDATE } from '../support/world.ts';

// The whole ceremony by the shipped workflows and the shipped bundles, in one town and in order: each test stands on the ones
// before it.

const ARTIFACT = 'greet.sh';
const ROOT_EVENT = parseSigningEvent('sign/root-v2');
const DRILL = parseSigningEvent('sign/drill-spring');
/** Minutes in which the shipped schedules fire. */
const RENEWAL = Date.UTC(2026, 0, 1, 6, 23);
const TEST = Date.UTC(2026, 0, 1, 4, 17);

let town: Town;
let trustedRoot: Uint8Array;
let downloads: string;
beforeAll(async () => {
  town = await Town.found();
  downloads = await mkdtemp(join(tmpdir(), 'tuf-signer-downloads-'));
});
afterAll(async () => {
  await town[Symbol.asyncDispose]();
  await rm(downloads, { recursive: true, force: true });
});

const bodies = (branch: string): readonly string[] => town.pull(branch).comments.map(({ body }) => body);
const said = (branch: string): string => bodies(branch).find(body => body.startsWith(EVENT_MARKER)) ?? '';

async function sign(branch: typeof INIT, ...names: readonly Name[]): Promise<void> {
  for (const name of names) {
    await town.world.sign(name, branch);
    await town.github.settled();
  }
}

async function download(): Promise<string> {
  const folder = await mkdtemp(join(downloads, 'client-'));
  return readFile(await downloadWithTufJs(town.site, trustedRoot, ARTIFACT, folder), 'utf8');
}

/** Every job of these workflows' last runs did what it should. */
function expectGreen(...workflows: readonly string[]): void {
  for (const workflow of workflows) {
    const run = town.last(workflow);
    expect(run.conclusion, `${workflow}: ${run.problem ?? ''}\n${logsOf(run)}`).toBe('success');
  }
}

describe('a repository on GitHub, by the shipped workflows', () => {
  test('begins with an event that calls who is invited', async () => {
    for (const name of ['alice', 'bob', 'carol'] as const) town.join(name);
    await town.init();
    await town.github.settled();
    expectGreen('signing-event');
    const pull = town.pull(INIT);
    expect([pull.author.login, pull.pull?.draft, town.statusOf(INIT)]).toEqual([
      'github-actions[bot]',
      true,
      'pending',
    ]);
    expect(bodies(INIT)[0]).toMatch(/@bob: accept[^]*@carol: accept/);
    expect(said(INIT)).toContain('2 invitations to be answered');
  });

  test('takes an artifact, whose metadata the automation makes', async () => {
    town.push('alice', { [`targets/${ARTIFACT}`]: 'echo hello\n' }, INIT);
    await town.github.settled();
    expectGreen('signing-event');
    expect(logsOf(town.last('signing-event'))).toContain('Updated the targets metadata of targets.');
    expect(said(INIT)).toContain(`artifact \`${ARTIFACT}\``);
  });

  test('can not be merged before the quorum has signed', async () => {
    expect(await town.merge(INIT, 'bob')).toBe(405);
    await sign(INIT, 'bob', 'carol');
    expect(said(INIT)).toContain('1 of 2');
    expect(await town.merge(INIT, 'bob')).toBe(405);
    await sign(INIT, 'alice', 'bob');
    expect([town.statusOf(INIT), town.pull(INIT).pull?.draft]).toEqual(['success', false]);
  });

  test('is signed online and published once it is merged', async () => {
    trustedRoot = await town.trust(INIT);
    expect(await town.merge(INIT)).toBe(200);
    await town.github.settled();
    expectGreen('signing-event', 'online-sign', 'publish');
    expect(town.repository.git.git('log', '-1', '--format=%s', 'main')).toMatch(/^Online sign/);
    expect(await download()).toBe('echo hello\n');
  });

  test('takes a signature from a fork, by a pull request to the event', async () => {
    town.push('alice', { [`targets/${ARTIFACT}`]: 'echo good day\n' }, UPDATE);
    await town.github.settled();
    const fork = town.github.database.addFork(town.repository, town.account('carol'));
    const token = town.github.token(town.account('carol'));
    const { folder, git, env, transport } = town.world.person('carol');
    git.git('remote', 'add', 'fork', town.github.cloneUrl(fork, token));
    const signs = (environment: NodeJS.ProcessEnv): Promise<CommandOutcome> =>
      runCommand(
        {
          cards: transport,
          person: { texts: ['y'], secrets: [PIN] },
          environment: { ...env, ...environment },
        },
        'sign',
        UPDATE,
        '--repo',
        folder,
        '--push-remote',
        'fork',
      );
    const elsewhere = await signs({ GH_TOKEN: token });
    expect(elsewhere.err).toContain(
      `Open a pull request to bring it into ${UPDATE}: ${town.github.url}/town/metadata/compare/${UPDATE}...carol:metadata:${UPDATE}?expand=1`,
    );
    expect(
      town.github.calls.filter(({ login }) => login === 'carol').map(({ operation }) => operation),
    ).not.toContain('pulls/list');
    fork.git.git('update-ref', '-d', `refs/heads/${UPDATE}`);
    const { err } = await signs({ GH_TOKEN: token, GITHUB_SERVER_URL: town.github.url });
    const page = /Your signature waits in a pull request from your fork: (http\S+\/pull\/\d+)\n/.exec(
      err,
    )?.[1];
    expect(page, err).toBeDefined();
    expect(err).not.toContain(token);
    const [server, repo] = [town.github.url, 'metadata'];
    const upstream = { server, owner: 'town', repo };
    const request = {
      upstream,
      fork: { ...upstream, owner: 'carol' },
      branch: UPDATE,
      title: 'Again',
      body: '',
    };
    expect(await openFromFork(request, { token, ...apiOf(server) })).toBe(page);
    const opened = [...town.repository.issues.values()].filter(({ author }) => author.login === 'carol');
    expect(opened.map(({ title, pull }) => [title, pull?.base])).toEqual([
      [`@carol signs ${UPDATE}`, UPDATE],
    ]);
    expect((await town.call('bob', 'PUT', `/pulls/${opened[0]?.number}/merge`))[0]).toBe(200);
    await town.github.settled();
    expectGreen('signing-event');
    expect(said(UPDATE)).toContain('1 of 2');
  });

  test('publishes a change of the artifact once another has signed', async () => {
    expect(await download()).toBe('echo hello\n');
    await sign(UPDATE, 'bob');
    expect(await town.merge(UPDATE, 'bob')).toBe(200);
    await town.github.settled();
    expectGreen('online-sign', 'publish');
    expect(await download()).toBe('echo good day\n');
  });

  test('holds a drill: calls everybody, shows who has proved their key, and keeps the record', async () => {
    await town.world.in(town.world.person('alice'), workspace =>
      openDrill(workspace, { name: 'spring', days: 14 }),
    );
    await town.github.settled();
    expectGreen('signing-event');
    expect([town.pull(DRILL).pull?.draft, town.statusOf(DRILL)]).toEqual([true, 'pending']);
    expect(said(DRILL)).toContain('0 of 3 keys proved');
    const calls = bodies(DRILL).filter(body => !body.startsWith(EVENT_MARKER));
    expect(calls).toEqual([expect.stringMatching(/- @alice: prove key[^]*- @bob: [^]*- @carol: /)]);
    expect(await town.merge(DRILL, 'bob')).toBe(405);
    await sign(DRILL, 'bob', 'carol');
    expect(said(DRILL)).toContain('2 of 3 keys proved');
    await sign(DRILL, 'alice');
    expectGreen('signing-event');
    expect(town.statusOf(DRILL)).toBe('success');
    // Nobody was called twice.
    expect(bodies(DRILL)).toHaveLength(2);
    expect(await town.merge(DRILL, 'bob')).toBe(200);
    await town.github.settled();
    const { standing } = await town.world.in(town.world.person('carol'), drillStatus);
    expect(standing.margins.map(({ role, margin }) => [role, margin])).toEqual([
      ['root', 1],
      ['targets', 1],
    ]);
    // No client sees anything of it.
    expect(await download()).toBe('echo good day\n');
  });

  test('renews root as its end comes near', async () => {
    town.later(310);
    town.github.tick(RENEWAL);
    await town.github.settled();
    expectGreen('create-signing-events');
    expect(town.pull(ROOT_EVENT).author.login).toBe('github-actions[bot]');
    expect(said(ROOT_EVENT)).toContain('version 2');
    await sign(ROOT_EVENT, 'alice', 'carol');
    expect(await town.merge(ROOT_EVENT)).toBe(200);
    await town.github.settled();
    expectGreen('online-sign', 'publish');
    expect(await (await fetch(`${town.site}2.root.json`)).json()).toMatchObject({ signed: { version: 2 } });
    expect(await download()).toBe('echo good day\n');
  });

  test('opens one issue while a workflow fails, and closes it', async () => {
    const failing = (): readonly string[] =>
      [...town.repository.issues.values()]
        .filter(({ pull, title }) => pull === undefined && title.includes('Test repository'))
        .map(({ state }) => state);
    const { folder } = town.repository.pages ?? {};
    delete town.repository.pages?.folder;
    for (let i = 0; i < 2; i++) {
      town.github.tick(TEST);
      await town.github.settled();
    }
    expect(failing()).toEqual(['open']);
    Object.assign(town.repository.pages ?? {}, { folder });
    town.github.tick(TEST);
    await town.github.settled();
    expectGreen('test');
    expect(failing()).toEqual(['closed']);
  });
});

test('its pages are kept to be looked at', async () => {
  const folder = join('test-output');
  await mkdir(folder, { recursive: true });
  for (const branch of [INIT, UPDATE, DRILL, ROOT_EVENT])
    await writeFile(
      join(folder, `pull-request-${branch.replace('/', '-')}.md`),
      [`# ${town.pull(branch).title}`, town.pull(branch).body ?? '', ...bodies(branch)].join('\n\n---\n\n'),
    );
});
