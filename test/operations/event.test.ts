import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { resolveCommit } from '../../src/git/refs.ts';
import { listEvents, loadEvent } from '../../src/operations/event.ts';
import { eventStatus, pendingEvents } from '../../src/operations/status.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { TestRepository } from '../support/git-repo.ts';
import { containing, INIT, NOW, type TestWorld, worldTest as test, UPDATE } from '../support/world.ts';

const rulesOf = (event: { readonly report: { readonly reasons: readonly { rule: string }[] } }): string[] => [
  ...new Set(event.report.reasons.map(({ rule }) => rule)),
];

/** Moves main by one commit of files, past every rule. */
const pushMain = (world: TestWorld, files: Record<string, string | null>): string =>
  world.remote.commit(files, { branch: 'main' });

describe('known-good', () => {
  test('is the single merge-base with main', async ({ world }) => {
    const start = world.remote.sha('main');
    world.push({ 'targets/one.txt': 'one' });
    expect((await world.judge()).knownGoodCommit).toBe(start);
  });

  test('an event forked from inside a merged event is refused', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    const inside = world.push({ 'targets/two.txt': 'two' });
    world.push({ 'targets/three.txt': 'three' });
    world.merge();
    world.remote.commit({ 'targets/evil.txt': 'evil' }, { branch: 'sign/evil', parents: [inside] });
    await expect(world.judge('sign/evil' as typeof UPDATE)).rejects.toMatchObject({ code: 'NOT_FROM_MAIN' });
  });

  test('an event that is merged and still there is told apart', async ({ world }) => {
    const head = world.push({ 'targets/one.txt': 'one' });
    world.merge();
    world.remote.git('update-ref', `refs/heads/${UPDATE}`, head);
    await expect(world.judge()).rejects.toMatchObject({
      code: 'MERGED',
      message: containing('part of main already'),
    });
    const { events, merged, unreadable } = await world.in(world.person('alice'), pendingEvents);
    expect([events, merged, unreadable]).toEqual([[], [UPDATE], []]);
  });

  test('an event that branched off a merge that went through main is fine', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    world.merge();
    const merged = world.remote.sha('main');
    world.push({ 'targets/two.txt': 'two' }, 'sign/next');
    expect((await world.judge('sign/next' as typeof UPDATE)).knownGoodCommit).toBe(merged);
  });

  test('two merge-bases are refused', async ({ world }) => {
    const start = world.remote.sha('main');
    const left = world.remote.commit({ 'a.txt': 'a' }, { branch: 'left', parents: [start] });
    const right = world.remote.commit({ 'b.txt': 'b' }, { branch: 'right', parents: [start] });
    world.remote.commit({ 'b.txt': 'b' }, { branch: 'main', parents: [left, right] });
    world.remote.commit({ 'a.txt': 'a' }, { branch: UPDATE, parents: [right, left] });
    await expect(world.judge()).rejects.toMatchObject({ code: 'MANY_MERGE_BASES' });
  });

  test('a branch without a common ancestor is refused', async ({ world }) => {
    world.remote.commit({ 'targets/evil.txt': 'evil' }, { branch: UPDATE, parents: [] });
    await expect(world.judge()).rejects.toMatchObject({ code: 'NO_MERGE_BASE' });
  });

  test('a shallow clone is refused', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    const shallow = TestRepository.clone(
      `file://${world.remote.folder}`,
      join(world.folder, 'shallow'),
      '--depth=1',
      '--no-single-branch',
    );
    const judged = world.in(shallow, workspace => eventStatus(workspace, { event: `origin/${UPDATE}` }));
    await expect(judged).rejects.toMatchObject({ code: 'SHALLOW' });
  });

  test('a replace ref changes nothing', async ({ world }) => {
    const head = world.push({ 'targets/one.txt': 'one' });
    await world.judge();
    world.automation.git('replace', head, world.remote.sha('main'));
    expect((await world.judge()).report.verdict).toBe('pending');
  });
});

describe('main, which an event stands on', () => {
  test('when it moves on in metadata or artifacts, the event awaits', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    world.push({ 'targets/other.txt': 'other' }, 'sign/other');
    await world.updateTargets();
    expect(rulesOf(await world.judge())).not.toContain('base');
    world.merge('sign/other');
    expect((await world.judge()).report.reasons).toContainEqual(
      expect.objectContaining({ rule: 'base', severity: 'await' }),
    );
  });

  test('when it moves on in online metadata or beside, the event does not mind', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    pushMain(world, { 'README.md': 'hello' });
    world.clock.time = (NOW + 5 * 86_400_000) as typeof NOW;
    expect((await world.onlineSign()).signed).toEqual(['timestamp']);
    expect(rulesOf(await world.judge())).not.toContain('base');
  });

  test('when it is broken itself, every event is rejected, naming known-good', async ({ world }) => {
    const targets = world.remote.git('show', 'main:metadata/targets.json');
    pushMain(world, { 'metadata/targets.json': targets.replace('"version": 1', '"version": 2') });
    world.push({ 'targets/one.txt': 'one' });
    const { report } = await world.judge();
    expect(report.verdict).toBe('rejected');
    expect(report.reasons).toContainEqual(
      expect.objectContaining({
        rule: 'role-quorum',
        severity: 'refuse',
        message: containing('known-good itself'),
      }),
    );
  });

  test('named by hand, its faults are warnings and base is off', async ({ world }) => {
    const targets = world.remote.git('show', 'main:metadata/targets.json');
    const broken = pushMain(world, {
      'metadata/targets.json': targets.replace('"version": 1', '"version": 2'),
    });
    world.push({ 'targets/one.txt': 'one' });
    pushMain(world, { 'targets/moved.txt': 'moved' });
    const { report } = await world.in(world.automation, async workspace => {
      await fetchMain(workspace);
      const knownGood = await resolveCommit(workspace.repository, broken);
      return loadEvent(workspace, {
        head: await resolveCommit(workspace.repository, `origin/${UPDATE}`),
        knownGood,
      });
    });
    const inherited = report.reasons.filter(({ message }) => message.startsWith('known-good itself'));
    expect(inherited.map(({ severity }) => severity)).toEqual(inherited.map(() => 'warn'));
    expect(inherited).not.toEqual([]);
    expect(report.reasons.map(({ rule }) => rule)).not.toContain('base');
  });
});

describe('branches that somebody pushed', () => {
  test('with a hostile name are ignored and listed, escaped', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    for (const name of ['sign/$(touch${IFS}evil)', "sign/a'b", 'sign/аdmin'])
      world.remote.git('update-ref', `refs/heads/${name}`, 'main');
    const { events, ignored } = await world.in(world.person('alice'), async workspace => {
      await fetchMain(workspace);
      return listEvents(workspace);
    });
    expect(events).toEqual([UPDATE]);
    expect(ignored).toHaveLength(3);
    expect(ignored.join('')).toContain('$(touch');
  });

  test('that can not be judged do not hide the others from a signer', async ({ world }) => {
    world.remote.commit({ 'targets/evil.txt': 'evil' }, { branch: 'sign/evil', parents: [] });
    const far = world.remote
      .git('cat-file', 'commit', 'main')
      .replace(/^parent .*\n/gm, '')
      .replace('\nauthor', `\nparent ${world.remote.sha('main')}\nauthor`)
      .replace(/\d{10} /g, '999999999999 ');
    world.remote.git('update-ref', 'refs/heads/sign/far', world.remote.object('commit', `${far}\n`));
    world.push({ 'targets/one.txt': 'one' });
    await world.updateTargets();
    const { events, unreadable } = await world.in(world.person('alice'), pendingEvents);
    expect(events.map(({ branch, toSign }) => [branch, toSign])).toEqual([[UPDATE, ['targets']]]);
    expect(unreadable).toEqual([
      { branch: 'sign/evil', problem: containing('no common ancestor') },
      { branch: 'sign/far', problem: containing('malformed at its author') },
    ]);
  });

  test('that are rejected ask nobody for anything', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one', 'metadata/evil.txt': 'evil' });
    await world.updateTargets();
    const { events } = await world.in(world.person('alice'), pendingEvents);
    expect(events).toMatchObject([{ branch: UPDATE, invited: [], toSign: [] }]);
    expect(events[0]?.event.report.verdict).toBe('rejected');
  });

  test('that hold what is on main are unchanged', async ({ world }) => {
    world.remote.git('update-ref', `refs/heads/${INIT}`, 'main');
    expect((await world.judge(INIT)).report.verdict).toBe('unchanged');
  });
});
