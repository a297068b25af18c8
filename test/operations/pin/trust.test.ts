import { describe, expect } from 'vitest';
import { DAY_MS } from '../../../src/clock.ts';
import type { Pin } from '../../../src/operations/pin/pin.ts';
import { TestRepository } from '../../support/git-repo.ts';
import {
  INIT,
  type Name,
  NOW,
  prompter,
  type TestPrompter,
  type TestWorld,
  worldTest as test,
  UPDATE,
} from '../../support/world.ts';

/** An event that bob and carol are asked to sign. */
async function startEvent(world: TestWorld, content = 'echo new\n'): Promise<void> {
  world.push({ 'targets/tools/greet.sh': content });
  await world.updateTargets();
}

const pinsOf = (world: TestWorld, name: Name): Promise<readonly Pin[]> => world.person(name).pins.list();

/** What a person whose machine knows nothing of the repository was asked. */
async function newcomerSigns(
  world: TestWorld,
  answer = true,
): Promise<{ asked: TestPrompter; ended: unknown }> {
  for (const { identity } of await pinsOf(world, 'bob')) await world.person('bob').pins.remove(identity);
  const asked = prompter(question => answer || !question.includes('trust'));
  const ended = await world.sign('bob', UPDATE, { prompter: asked }).catch((error: unknown) => error);
  return { asked, ended };
}

describe('a repository that this machine never met', () => {
  test('is shown and asked about once; yes pins it', async ({ world }) => {
    await startEvent(world);
    const { asked, ended } = await newcomerSigns(world);
    expect(ended).toMatchObject({ signed: ['tools'] });
    expect(asked.trustQuestions).toHaveLength(1);
    const [pin] = await pinsOf(world, 'bob');
    const told = asked.said.join('\n');
    expect(told).toContain(`SHA-256 ${pin?.identity ?? 'none'}`);
    expect(told).toContain('version 1, expires on');
    expect(told).toContain('2 of @alice, @bob and @carol');
    expect(pin).toMatchObject({ state: 'trusted', commit: world.remote.sha('main') });

    const again = prompter();
    await startEvent(world, 'echo newer\n');
    await world.sign('bob', UPDATE, { prompter: again });
    expect(again.trustQuestions).toEqual([]);
  });

  test('no: nothing is signed, nothing is kept', async ({ world }) => {
    await startEvent(world);
    const before = world.refs();
    const { ended } = await newcomerSigns(world, false);
    expect(ended).toMatchObject({ code: 'DECLINED' });
    expect(world.person('bob').signatures).toBe(0);
    expect(await pinsOf(world, 'bob')).toEqual([]);
    expect(world.refs()).toBe(before);
  });

  test('a root that was given is trusted unasked; one that main does not follow from is not', async ({
    world,
  }) => {
    await startEvent(world);
    await world.person('carol').pins.remove((await pinsOf(world, 'carol'))[0]?.identity ?? '');
    const asked = prompter();
    const trustedRoot = Buffer.from(world.remote.git('show', 'main:metadata/root.json'));
    const other = Buffer.from(trustedRoot.toString().replace('"version": 1', '"version": 2'));
    await expect(world.sign('carol', UPDATE, { trustedRoot: other })).rejects.toMatchObject({
      code: 'UNTRUSTED',
    });
    expect(world.person('carol').signatures).toBe(0);
    expect((await world.sign('carol', UPDATE, { prompter: asked, trustedRoot })).signed).toEqual(['tools']);
    expect(asked.trustQuestions).toEqual([]);
    expect(await pinsOf(world, 'carol')).toMatchObject([{ state: 'trusted' }]);
  });

  test('whose main does not verify is not even asked about', async ({ world }) => {
    await startEvent(world);
    const tools = world.remote.git('show', 'main:metadata/tools.json');
    world.remote.commit(
      { 'metadata/tools.json': tools.replace('"version": 1', '"version": 2') },
      { branch: 'main' },
    );
    const { asked, ended } = await newcomerSigns(world);
    expect(ended).toMatchObject({ code: 'UNTRUSTED' });
    expect(asked.trustQuestions).toEqual([]);
  });
});

describe('the people of a new repository', () => {
  test('pin what they make and sign, and are not asked when it comes to main', async ({ empty: world }) => {
    await world.init('alice');
    expect(await pinsOf(world, 'alice')).toMatchObject([{ state: 'proposed', commit: undefined }]);
    for (const name of ['bob', 'carol', 'alice', 'bob'] as const) await world.sign(name, INIT);
    const made = await pinsOf(world, 'alice');
    expect(made).toMatchObject([{ state: 'proposed' }]);
    world.merge(INIT);
    await world.onlineSign();
    world.push({ 'targets/one.txt': 'one' });
    await world.updateTargets();
    const asked = prompter();
    expect((await world.sign('alice', UPDATE, { prompter: asked })).signed).toEqual(['targets']);
    expect(asked.trustQuestions).toEqual([]);
    expect(await pinsOf(world, 'alice')).toMatchObject([{ identity: made[0]?.identity, state: 'trusted' }]);
  });

  test('are asked, and told, where main begins with another root than they signed', async ({
    empty: world,
  }) => {
    await world.init('alice');
    for (const name of ['bob', 'carol', 'alice', 'bob'] as const) await world.sign(name, INIT);
    const [pin] = await pinsOf(world, 'alice');
    await world.person('alice').pins.remove(pin?.identity ?? '');
    await world.person('alice').pins.save({ ...(pin as Pin), identity: 'f'.repeat(64) });
    world.merge(INIT);
    await world.onlineSign();
    world.push({ 'targets/one.txt': 'one' });
    await world.updateTargets();
    const asked = prompter(question => !question.includes('trust'));
    await expect(world.sign('alice', UPDATE, { prompter: asked })).rejects.toMatchObject({
      code: 'DECLINED',
    });
    expect(asked.said.join('\n')).toContain('does not begin with the root that you made or signed here');
  });
});

describe('a main that follows from the pin', () => {
  test('moves the pin on, and never asks', async ({ world }) => {
    for (const name of ['bob', 'carol'] as const) {
      await startEvent(world);
      await world.sign(name);
    }
    world.merge();
    await world.onlineSign();
    await startEvent(world, 'echo newest\n');
    await world.sign('bob');
    const [pin] = await pinsOf(world, 'bob');
    expect(pin?.commit).toBe(world.remote.sha('main'));
    expect([...(pin?.roles ?? [])].map(([role, { version }]) => [role, version])).toContainEqual([
      'tools',
      2,
    ]);
  });

  test('is the same under another name: it is met there too', async ({ world }) => {
    await startEvent(world);
    await world.sign('bob');
    const elsewhere = TestRepository.clone(world.remote.folder, `${world.folder}/fork.git`, '--bare');
    const bob = world.person('bob');
    bob.git.git('remote', 'set-url', 'origin', elsewhere.folder);
    const asked = prompter();
    await world.sign('bob', UPDATE, { prompter: asked });
    expect(asked.trustQuestions).toEqual([]);
    expect((await bob.pins.list()).flatMap(({ places }) => places)).toHaveLength(3);
  });

  test('that has expired is warned of, so that the renewal can be signed', async ({ world }) => {
    await startEvent(world);
    world.clock.time = (NOW + 400 * DAY_MS) as typeof NOW;
    const asked = prompter();
    await world.sign('bob', UPDATE, { prompter: asked }).catch(() => undefined);
    expect(asked.said.join('\n')).toContain('main: root expired on');
  });
});

describe('a main that does not follow from the pin', () => {
  /** Tools at version 2 on main, which bob's machine has seen. */
  async function seenTwo(world: TestWorld): Promise<void> {
    await startEvent(world);
    for (const name of ['bob', 'carol'] as const) await world.sign(name);
    world.merge();
    await world.onlineSign();
    await startEvent(world, 'echo newer\n');
    await world.sign('bob');
  }

  const old = (world: TestWorld, path: string): string => world.remote.git('show', `main~3:${path}`);

  const rows: readonly (readonly [string, RegExp, (world: TestWorld) => void])[] = [
    [
      'a role that goes back, with the artifact of then',
      /tools goes back from version 2 to 1/,
      world =>
        world.remote.commit(
          {
            'metadata/tools.json': old(world, 'metadata/tools.json'),
            'targets/tools/greet.sh': `${old(world, 'targets/tools/greet.sh')}\n`,
          },
          { branch: 'main' },
        ),
    ],
    [
      'history that was rewritten',
      /history was rewritten/,
      world => {
        const tree = world.remote.git('rev-parse', 'main^{tree}');
        const commit = world.remote.git('commit-tree', '-m', 'All in one', tree);
        world.remote.git('update-ref', 'refs/heads/main', commit);
      },
    ],
    [
      'metadata that is gone',
      /another root/,
      world => {
        const commit = world.remote.git('commit-tree', '-m', 'Nothing', world.remote.git('mktree'));
        world.remote.git('update-ref', 'refs/heads/main', commit);
      },
    ],
  ];
  for (const [name, told, attackMain] of rows) {
    test(`${name} is refused, saying so, and nothing is signed`, async ({ world }) => {
      await seenTwo(world);
      attackMain(world);
      const { signatures } = world.person('bob');
      const asked = prompter(question => !question.includes('Open an event'));
      const error = await world.sign('bob', UPDATE, { prompter: asked }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'UNTRUSTED', message: expect.stringMatching(told) as string });
      expect(world.person('bob').signatures).toBe(signatures);
      expect(asked.shown).toEqual([]);
      expect(world.remote.git('for-each-ref', 'refs/heads/sign/repair-*')).toBe('');
    });
  }

  test('can be mended by an event that puts back what was verified', async ({ world }) => {
    await seenTwo(world);
    rows[0]?.[2](world);
    const error = await world.sign('bob').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'UNTRUSTED',
      message: expect.stringContaining('sign/repair-') as string,
    });
    const repair = world.remote.git('for-each-ref', '--format=%(refname:short)', 'refs/heads/sign/repair-*');
    expect((await world.judge(repair as typeof UPDATE)).report.verdict).toBe('accepted');
    world.merge(repair);
    expect((await world.onlineSign()).refusals).toEqual([]);
    world.person('bob').git.git('fetch', '--quiet');
    expect((await world.sign('bob')).event.report.verdict).toBe('pending');
  });
});

describe('a main that does not verify', () => {
  const breakMain = (world: TestWorld): void => {
    const tools = world.remote.git('show', 'main:metadata/tools.json');
    world.remote.commit(
      { 'metadata/tools.json': tools.replace('"version": 1', '"version": 2'), 'metadata/evil.txt': 'x' },
      { branch: 'main' },
    );
  };

  test('is mended by an event that is judged against the newest state that does', async ({ world }) => {
    breakMain(world);
    await startEvent(world);
    const asked = prompter();
    await expect(world.sign('bob', UPDATE, { prompter: asked })).rejects.toMatchObject({ code: 'UNTRUSTED' });
    const repair = world.remote.git('for-each-ref', '--format=%(refname:short)', 'refs/heads/sign/repair-*');
    const { report, isRepair } = await world.judge(repair as typeof UPDATE);
    expect([report.verdict, isRepair]).toEqual(['accepted', true]);
    expect(report.reasons).toContainEqual(
      expect.objectContaining({
        rule: 'base',
        severity: 'warn',
        message: expect.stringContaining('mends it') as string,
      }),
    );
    expect((await world.judge()).report.verdict).toBe('rejected');
    world.merge(repair);
    expect((await world.onlineSign()).refusals).toEqual([]);
    world.push({ 'targets/tools/other.sh': 'echo other\n' }, 'sign/after');
    await world.updateTargets('sign/after' as typeof UPDATE);
    expect((await world.sign('bob', 'sign/after' as typeof UPDATE)).signed).toEqual(['tools']);
  });

  test('is mended by nothing that brings something new along', async ({ world }) => {
    breakMain(world);
    await expect(world.sign('bob', UPDATE)).rejects.toMatchObject({ code: 'UNTRUSTED' });
    const repair = world.remote.git('for-each-ref', '--format=%(refname:short)', 'refs/heads/sign/repair-*');
    world.remote.commit({ 'targets/tools/evil.sh': 'evil' }, { branch: repair });
    const { report, isRepair } = await world.judge(repair as typeof UPDATE);
    expect([report.verdict, isRepair]).toEqual(['rejected', false]);
  });

  test('is left as it is by a person who says no', async ({ world }) => {
    await startEvent(world);
    await world.sign('bob');
    breakMain(world);
    const before = world.refs();
    await expect(
      world.sign('bob', UPDATE, { prompter: prompter(question => !question.includes('Open')) }),
    ).rejects.toMatchObject({ code: 'UNTRUSTED' });
    expect(world.refs()).toBe(before);
  });
});
