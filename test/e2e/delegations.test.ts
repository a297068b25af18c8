import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { parseSigningEvent } from '../../src/git/names.ts';
import { onlineSignTargets } from '../../src/operations/online-sign-targets.ts';
import { openWorkspace } from '../../src/operations/workspace.ts';
import { fileSigner } from '../../src/signers/file.ts';
import { type BuiltCli, builtCli, type Ran } from '../support/cli.ts';
import { Crew } from '../support/crew.ts';
import { commandsOf, readBlocks, perform as run } from '../support/examples.ts';

let cli: BuiltCli;
let blocks: ReadonlyMap<string, string>;

beforeAll(async () => {
  cli = await builtCli();
  blocks = await readBlocks('docs/delegations.md');
});
afterAll(() => cli[Symbol.asyncDispose]());

const perform = (crew: Crew, name: string, script: string): Promise<Ran> => run(cli, crew, name, script);

/** What the action does. */
async function signOnline(crew: Crew, event: string): Promise<number> {
  await using workspace = await openWorkspace(crew.clone('automation').folder, systemClock);
  const options = { folder: join(crew.folder, 'tuf-keys'), environment: {} };
  const { signed, waiting } = await onlineSignTargets(workspace, parseSigningEvent(event), {
    sign: async (key, payload) =>
      key.onlineUri === undefined ? undefined : fileSigner(key.onlineUri, options).sign(key, payload),
  });
  expect(waiting).toBeUndefined();
  return signed.length;
}

const merge = (crew: Crew, event: string): string => crew.remote.git('update-ref', 'refs/heads/main', event);

test('every example of the guide works as it is written', async () => {
  expect([...blocks.keys()]).toEqual(['bins', 'update', 'succinct']);
  await using crew = await Crew.gather(cli, 'alice', 'bob');
  await mkdir(join(crew.folder, 'tuf-keys'));
  const block = (name: string): string => commandsOf(blocks.get(name));
  const sign = async (event: string, ...names: readonly string[]): Promise<void> => {
    for (const name of names) await perform(crew, name, `tuf-signer sign ${event}`);
  };
  const online = '--online-key file:online.pem --create-online-key';
  await perform(crew, 'alice', `tuf-signer init sign/init --signers @alice --threshold 1 ${online}`);
  merge(crew, 'sign/init');

  const made = await perform(crew, 'alice', block('bins'));
  expect(made.stderr).toContain('Created 256 bins of packages, packages-00 to packages-ff, in sign/packages');
  await sign('sign/packages', 'bob', 'alice', 'bob');
  expect(await signOnline(crew, 'sign/packages')).toBe(256);
  await perform(crew, 'alice', 'git fetch -q && tuf-signer status --event origin/sign/packages');
  merge(crew, 'sign/packages');
  await perform(crew, 'alice', 'tuf-signer online-sign');

  await writeFile(join(crew.folder, 'hello.txt'), 'hello\n');
  const updated = await perform(crew, 'alice', block('update'));
  expect(updated.stderr).toMatch(/Updated and pushed: packages-[0-9a-f]{2}\./);
  expect(await signOnline(crew, 'sign/more')).toBe(1);
  const judged = await perform(crew, 'alice', 'git fetch -q && tuf-signer status --event origin/sign/more');
  expect(judged.stdout).toContain('ACCEPTED sign/more');
  merge(crew, 'sign/more');
  await perform(crew, 'alice', 'tuf-signer online-sign');

  const written = await perform(crew, 'alice', block('succinct'));
  expect(written.stderr).toContain('Changed 256 bins of packages');
  expect(crew.remote.git('diff', '--name-only', 'main', 'sign/succinct')).toBe('metadata/packages.json');
  await sign('sign/succinct', 'alice', 'bob');
  merge(crew, 'sign/succinct');
  await perform(
    crew,
    'alice',
    'tuf-signer online-sign && git fetch -q && tuf-signer verify --rev origin/main',
  );
});
