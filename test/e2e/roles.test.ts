import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixedClock, type Instant } from '../../src/clock.ts';
import { parseSigningEvent } from '../../src/git/names.ts';
import { onlineSignTargets } from '../../src/operations/online-sign-targets.ts';
import { openWorkspace } from '../../src/operations/workspace.ts';
import { fileSigner } from '../../src/signers/file.ts';
import type { Signer } from '../../src/signers/signer.ts';
import { type BuiltCli, builtCli } from '../support/cli.ts';
import { Crew } from '../support/crew.ts';
import { commandsOf, readBlocks, perform as run } from '../support/examples.ts';

let cli: BuiltCli;
let blocks: ReadonlyMap<string, string>;

beforeAll(async () => {
  cli = await builtCli();
  blocks = await readBlocks('docs/roles.md');
});
afterAll(() => cli[Symbol.asyncDispose]());

interface Signed {
  readonly signed: { readonly version: number; readonly meta: Record<string, { readonly version: number }> };
}

/** The guide's commands in alice's clone, as they are typed; she says yes, and signs by a key file. */
async function perform(crew: Crew, name: string): Promise<string> {
  const ran = await run(cli, crew, 'alice', commandsOf(blocks.get(name)), {
    env: { TUF_SIGNER_KEYS: join(crew.folder, 'keys') },
    wrapping: { after: '--yes --key file:alice.pem --now 2030-06-01T00:00:00Z' },
  });
  return ran.stderr;
}

/** They join and sign by turns; the event is accepted, merged and signed online, and main verifies as clients get it. */
async function conclude(crew: Crew, event: string, ...names: readonly string[]): Promise<void> {
  const root = join(crew.folder, 'first-root.json');
  const trust = existsSync(root) ? ['--trusted-root', root] : [];
  for (const name of names) {
    const ran = await crew.signing(name, ['sign', event, ...trust]);
    expect(`${name} ${ran.exit} ${ran.stderr}`).toContain(`${name} 0 `);
  }
  const automation = crew.clone('automation');
  automation.git('fetch', '-q');
  if (event === 'sign/online') await signNightly(crew, automation.folder);
  automation.git('fetch', '-q');
  const status = await crew.run('automation', ['status', '--event', `origin/${event}`]);
  expect(status.stdout).toContain('ACCEPTED');
  crew.remote.git('update-ref', 'refs/heads/main', event);
  crew.remote.git('update-ref', '-d', `refs/heads/${event}`);
  const online = await crew.run('automation', ['online-sign']);
  expect(`${online.exit} ${online.stderr}`).toMatch(/^0 /);
  automation.git('fetch', '-q');
  const verified = await crew.run('automation', ['verify', '--rev', 'origin/main']);
  expect(`${verified.exit} ${verified.stdout}`).toMatch(/^0 /);
}

/** As the action does it, by the key file. */
async function signNightly(crew: Crew, folder: string): Promise<void> {
  await using workspace = await openWorkspace(
    folder,
    fixedClock(Date.parse('2030-06-01T00:00:00Z') as Instant),
  );
  const options = { folder: join(crew.folder, 'keys'), environment: {} };
  const signer: Signer = {
    sign: async (key, payload) => fileSigner(key.onlineUri ?? '', options).sign(key, payload),
  };
  const { signed } = await onlineSignTargets(workspace, parseSigningEvent('sign/online'), signer);
  expect(signed).toEqual(['nightly']);
}

const document = (crew: Crew, role: string): Signed['signed'] =>
  (JSON.parse(crew.remote.git('show', `main:metadata/${role}.json`)) as Signed).signed;

test('the guide to the life of a role works as it is written', async () => {
  expect([...blocks.keys()]).toEqual(['create', 'people', 'paths', 'online', 'remove', 'again']);
  await using crew = await Crew.gather(cli, 'alice', 'bob', 'carol', 'dave', 'erin');
  const init = 'init --signers @alice,@bob --threshold 2 --online-key file:online.pem --create-online-key';
  await crew.signing('alice', init.split(' '));
  await conclude(crew, 'sign/init', 'bob', 'alice', 'bob');
  await writeFile(join(crew.folder, 'first-root.json'), crew.remote.git('show', 'main:metadata/root.json'));

  const created = await perform(crew, 'create');
  expect(created).toContain('A dry run: nothing was written.');
  expect(created).toMatch(/\+ {5}tools +2 of 2 {2}365\/60 {2}invited: @bob, @carol; tools\/ \(4 levels\)/);
  await conclude(crew, 'sign/tools', 'bob', 'carol', 'alice', 'bob');

  const people = await perform(crew, 'people');
  expect(people).toContain('was: 2 of 4; @bob, @carol; invited: @dave, @erin');
  await conclude(crew, 'sign/people', 'dave', 'bob', 'alice');
  expect(document(crew, 'tools')).toMatchObject({ version: 2, expires: '2030-11-28T00:00:00Z' });

  const paths = await perform(crew, 'paths');
  expect(paths).toMatch(/\+ {7}linux +1 of 1 .*tools\/linux\/ \(3 levels\)/);
  await conclude(crew, 'sign/paths', 'bob', 'dave', 'alice', 'bob', 'dave');
  expect(document(crew, 'targets')).toMatchObject({
    delegations: {
      roles: [
        { name: 'docs', terminating: false },
        { name: 'tools', terminating: true },
      ],
    },
  });

  expect(await perform(crew, 'online')).toMatch(/was: 7\/4 days; online file:online\.pem/);
  await conclude(crew, 'sign/online', 'alice', 'bob');

  expect(await perform(crew, 'remove')).toContain('Removed roles tools, linux in sign/end');
  await conclude(crew, 'sign/end', 'alice', 'bob');
  expect(document(crew, 'snapshot').meta['linux.json']).toMatchObject({ version: 1 });
  const last = document(crew, 'snapshot').meta['tools.json']?.version ?? 0;

  await perform(crew, 'again');
  await conclude(crew, 'sign/again', 'carol', 'alice', 'bob');
  expect(document(crew, 'tools').version).toBe(last + 1);
}, 120_000); // some sixty processes: seconds, but for a busy machine
