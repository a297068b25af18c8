import { expect } from 'vitest';
import type { RuleId } from '../../src/event/reason.ts';
import type { BranchName } from '../../src/git/names.ts';
import type { ObjectId } from '../../src/repository/tree.ts';
import type { TestWorld } from '../support/world.ts';
import { type Client, type Page, type Run, type Scene, type Sight, UPDATE } from './scene.ts';

// What scenarios prove again and again, in one place each.

/** What quorums signed when the scene opened. */
export const SIGNED = 'echo hello\n';

/**
 * The page rejects by exactly these rules, bob's command refuses without a look at his card, and each of `words` stands on his
 * screen and on the page.
 */
export async function expectRejected(
  scene: Scene,
  rules: readonly RuleId[],
  words: readonly string[],
  branch: BranchName = UPDATE,
): Promise<{ readonly page: Page; readonly sight: Sight }> {
  const page = await scene.page(branch);
  expect([page.verdict, page.rules], page.markdown).toEqual(['rejected', rules]);
  const before = scene.world.person('bob').signatures;
  const sight = await scene.sign('bob', branch);
  expect([sight.refusal?.code, sight.signed]).toEqual(['REFUSED', []]);
  expect(scene.world.person('bob').signatures).toBe(before);
  expect(sight.screen).toContain('REJECTED');
  for (const word of words) {
    expect(page.markdown).toContain(word);
    expect(unwrapped(sight.screen)).toContain(word);
  }
  return { page, sight };
}

/** Text as it was before the terminal's width broke it. */
export const unwrapped = (screen: string): string => screen.replace(/\s+/g, ' ');

/** A client that remembers, and one that begins today at the first root, still get what the quorum signed. */
export async function expectUnmoved(scene: Scene, ...clients: readonly Client[]): Promise<void> {
  for (const client of [...clients, scene.client()]) {
    expect(await client.download('tools/greet.sh')).toBe(SIGNED);
  }
  await scene.expectWholeSite();
}

/** Nothing came of it, for at least this rule. */
export function expectStopped(run: Run, rule: RuleId): void {
  expect(run.done).toBe(false);
  expect(run.rules).toContain(rule);
}

/** A new version of greet.sh that its quorum signed, merged and published. */
export async function releaseTools(scene: Scene, content: string): Promise<void> {
  scene.world.push({ 'targets/tools/greet.sh': content });
  await scene.update();
  for (const name of ['bob', 'carol'] as const) expect((await scene.sign(name)).signed).toEqual(['tools']);
  const { online, published } = await scene.force();
  expect([online.done, published.done]).toEqual([true, true]);
}

interface Entry {
  readonly mode: string;
  readonly name: string;
  readonly oid: ObjectId;
}

/** A folder with one file of that name, whatever bytes it has: what no checkout would make. */
export function folderWith(world: TestWorld, name: string | Buffer, content: string): ObjectId {
  const blob = world.remote.object('blob', content);
  const entry = [Buffer.from('100644 '), Buffer.from(name), Buffer.from([0]), Buffer.from(blob, 'hex')];
  return world.remote.object('tree', Buffer.concat(entry));
}

/** Pushes main with another tree, link or submodule in the place of `targets/tools`, or beside it under another name. */
export function pushBelowTargets(world: TestWorld, mode: string, oid: ObjectId, name = 'tools'): void {
  const { remote } = world;
  const inside = [
    ...entriesOf(world, 'main:targets').filter(entry => entry.name !== name),
    { mode, name, oid },
  ];
  const targets = remote.tree(...inside);
  const top = entriesOf(world, 'main').map(entry =>
    entry.name === 'targets' ? { ...entry, oid: targets } : entry,
  );
  const commit = remote.git('commit-tree', '-p', 'main', '-m', 'x', remote.tree(...top));
  remote.git('update-ref', `refs/heads/${UPDATE}`, commit);
}

function entriesOf({ remote }: TestWorld, tree: string): readonly Entry[] {
  return remote
    .git('ls-tree', tree)
    .split('\n')
    .map(line => {
      const [, mode = '', oid = '', name = ''] = /^0?(\d+) \w+ ([0-9a-f]+)\t(.*)$/.exec(line) ?? [];
      return { mode, name, oid: oid as ObjectId };
    });
}
