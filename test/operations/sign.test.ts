import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { TestRepository } from '../support/git-repo.ts';
import {
  INIT,
  INS_AUTHENTICATE,
  INS_VERIFY,
  owners,
  PIN,
  prompter,
  type TestWorld,
  TOOLS,
  worldTest as test,
  UPDATE,
} from '../support/world.ts';

/** An event with a new artifact of `tools`, for bob and carol to sign. */
async function toolsEvent(world: TestWorld): Promise<void> {
  world.push({ 'targets/tools/greet.sh': 'echo hello again\n' });
  await world.updateTargets();
}

/** An event with a new artifact of `targets`, for two of three to sign. */
async function targetsEvent(world: TestWorld): Promise<void> {
  world.push({ 'targets/one.txt': 'one' });
  await world.updateTargets();
}

const unpushed = (world: TestWorld, name: 'alice' | 'bob' | 'carol'): string =>
  world.person(name).git.git('for-each-ref', 'refs/tuf-signer/unpushed');

/** Runs `act` once, right before `name`'s card signs. */
function beforeSignature(world: TestWorld, name: 'alice' | 'bob' | 'carol', act: () => unknown): void {
  let done = false;
  world.person(name).interfere = async ins => {
    if (ins !== INS_AUTHENTICATE || done) return;
    done = true;
    await act();
  };
}

describe('a whole event', () => {
  test('everybody joins, in any order, then signs the final content', async ({ empty: world }) => {
    await world.init('alice');
    expect((await world.sign('carol', INIT)).joined).toEqual(['root', 'targets']);
    const bob = await world.sign('bob', INIT);
    expect(bob).toMatchObject({ joined: ['root', 'targets'], signed: ['root', 'targets'] });
    expect((await world.sign('alice', INIT)).signed).toEqual(['root', 'targets']);
    // The quorum is there; carol, who joins, still shows that she has her key.
    expect((await world.judge(INIT)).report.verdict).toBe('pending');
    expect((await world.sign('carol', INIT)).event.report.verdict).toBe('accepted');
  });

  test('one question, one PIN, however many roles', async ({ empty: world }) => {
    await world.init('alice', { root: two, targets: two });
    await world.sign('bob', INIT);
    const asked = prompter();
    await world.sign('alice', INIT, { prompter: asked });
    expect(asked.questions).toEqual(['Sign root and targets?']);
    expect(world.person('alice').prompts.asked).toHaveLength(1);
    expect(world.person('alice').signatures).toBe(2);
  });

  test('joining signs nothing while another invitation is open', async ({ empty: world }) => {
    await world.init('alice');
    const outcome = await world.sign('bob', INIT);
    expect(outcome.signed).toEqual([]);
    expect(world.person('bob').signatures).toBe(0);
    expect(world.person('bob').prompts.asked).toEqual([]);
  });

  test('what is shown has the digest of what is signed', async ({ world }) => {
    await toolsEvent(world);
    const asked = prompter();
    await world.sign('bob', UPDATE, { prompter: asked });
    const role = asked.shown[0]?.roles.get(TOOLS);
    expect(role?.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(role?.changes.join()).toContain('greet.sh');
  });
});

const two = { signers: owners('alice', 'bob'), threshold: 2, periods: { expiryDays: 365, signingDays: 60 } };

describe('nothing is asked', () => {
  test('of who has signed', async ({ world }) => {
    await toolsEvent(world);
    await world.sign('bob');
    const asked = prompter();
    expect((await world.sign('bob', UPDATE, { prompter: asked })).signed).toEqual([]);
    expect(asked.questions).toEqual([]);
  });

  test('of who signs no such role', async ({ world }) => {
    await toolsEvent(world);
    const before = world.refs();
    const asked = prompter();
    expect(await world.sign('mallory', UPDATE, { prompter: asked })).toMatchObject({
      joined: [],
      signed: [],
    });
    expect([asked.questions, world.refs()]).toEqual([[], before]);
  });

  test('of who says no: nothing is written', async ({ world }) => {
    await toolsEvent(world);
    const before = world.refs();
    const no = prompter(() => false);
    await expect(world.sign('bob', UPDATE, { prompter: no })).rejects.toMatchObject({ code: 'DECLINED' });
    expect([world.refs(), world.person('bob').signatures, unpushed(world, 'bob')]).toEqual([before, 0, '']);
  });

  test('of who does not want to join: nothing is written', async ({ empty: world }) => {
    await world.init('alice');
    const before = world.refs();
    const no = prompter(() => false);
    await expect(world.sign('bob', INIT, { prompter: no })).rejects.toMatchObject({ code: 'DECLINED' });
    expect(world.refs()).toBe(before);
  });

  test('in a rejected event, neither a question nor a PIN, but the reasons are shown', async ({ world }) => {
    await toolsEvent(world);
    world.push({ 'metadata/evil.txt': 'evil' });
    const asked = prompter();
    await expect(world.sign('bob', UPDATE, { prompter: asked })).rejects.toMatchObject({ code: 'REFUSED' });
    expect([asked.questions, asked.shown.length]).toEqual([[], 1]);
    expect(world.person('bob').prompts.asked).toEqual([]);
  });

  test('about a role whose artifacts its metadata does not describe yet', async ({ world }) => {
    await toolsEvent(world);
    world.push({ 'targets/tools/other.sh': 'echo other\n' });
    const asked = prompter();
    expect((await world.sign('bob', UPDATE, { prompter: asked })).signed).toEqual([]);
    expect(asked.questions).toEqual([]);
  });

  test('where the event is not there', async ({ world }) => {
    await expect(world.sign('bob')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

test("joining with a colleague's card is refused before anything is written", async ({ empty: world }) => {
  await world.init('alice');
  const before = world.refs();
  world.person('bob').transport.insert('Virtual Reader 0', world.person('alice').card);
  const asked = prompter();
  await expect(world.sign('bob', INIT, { prompter: asked })).rejects.toMatchObject({
    code: 'REFUSED',
    message: 'this key is that of @alice in root already: insert your own card',
  });
  expect([world.refs(), asked.questions]).toEqual([before, []]);
});

describe('a lost race', () => {
  test('with another signature: both are there, nobody is asked twice', async ({ world }) => {
    await toolsEvent(world);
    beforeSignature(world, 'bob', () => world.sign('carol'));
    const asked = prompter();
    const { event, signed } = await world.sign('bob', UPDATE, { prompter: asked });
    expect(signed).toEqual([TOOLS]);
    expect(event.report.verdict).toBe('accepted');
    expect(asked.questions).toHaveLength(1);
    expect(world.person('bob').signatures).toBe(1);
    expect(unpushed(world, 'bob')).toBe('');
  });

  test('with the last signature that was needed: ours still goes in', async ({ world }) => {
    await targetsEvent(world);
    await world.sign('alice');
    beforeSignature(world, 'bob', () => world.sign('carol'));
    await world.sign('bob');
    const { event } = await world.sign('bob');
    const [quorum] = event.report.roles.get('targets' as typeof TOOLS)?.quorums ?? [];
    expect(quorum?.signed).toEqual(['@alice', '@bob', '@carol']);
  });

  test('with other content: shown, asked and signed again', async ({ world }) => {
    await toolsEvent(world);
    beforeSignature(world, 'bob', async () => {
      world.push({ 'targets/tools/greet.sh': 'echo changed\n' });
      await world.updateTargets();
    });
    const asked = prompter();
    const { event } = await world.sign('bob', UPDATE, { prompter: asked });
    expect(asked.questions).toHaveLength(2);
    expect(world.person('bob').signatures).toBe(2);
    expect(event.report.roles.get(TOOLS)?.quorums[0]?.signed).toEqual(['@bob']);
    // No signature over what is gone was written.
    expect(event.report.reasons.filter(({ rule }) => rule === 'signature-ids')).toEqual([]);
  });

  test('with content that is refused: nothing goes in', async ({ world }) => {
    await toolsEvent(world);
    beforeSignature(world, 'bob', () => world.push({ 'metadata/evil.txt': 'evil' }));
    await expect(world.sign('bob')).rejects.toMatchObject({ code: 'REFUSED' });
    expect((await world.judge()).report.roles.get(TOOLS)?.quorums[0]?.signed).toEqual([]);
    expect(unpushed(world, 'bob')).toContain(UPDATE);
  });

  test('of two who join at once: both are in', async ({ empty: world }) => {
    await world.init('alice');
    const bob = world.person('bob');
    const asked = prompter();
    let raced = false;
    asked.confirm = async () => {
      if (!raced) await world.sign('carol', INIT);
      raced = true;
      return true;
    };
    expect((await world.sign('bob', INIT, { prompter: asked })).joined).toEqual(['root', 'targets']);
    expect((await world.judge(INIT)).report.invites.size).toBe(0);
    expect(bob.signatures).toBe(2);
  });
});

describe('a fork to push to', () => {
  test('that has no such branch yet gets it', async ({ world }) => {
    await toolsEvent(world);
    const bob = world.person('bob').git;
    const fork = TestRepository.clone(world.remote.folder, join(world.folder, 'fork.git'), '--bare');
    fork.git('update-ref', '-d', `refs/heads/${UPDATE}`);
    bob.git('remote', 'add', 'fork', fork.folder);
    bob.git('config', 'tuf-signer.push-remote', 'fork');
    const before = world.refs();
    expect((await world.sign('bob')).signed).toEqual([TOOLS]);
    expect(world.refs()).toBe(before);
    expect(fork.git('log', '-1', '--format=%s', UPDATE)).toBe('Signature from @bob');
    expect(unpushed(world, 'bob')).toBe('');
  });
});

describe('a push that fails', () => {
  test('keeps the signature; the next run pushes it without card or question', async ({ world }) => {
    await toolsEvent(world);
    const gone = `${world.remote.folder}.gone`;
    beforeSignature(world, 'bob', () => rename(world.remote.folder, gone));
    await expect(world.sign('bob')).rejects.toMatchObject({ code: 'REMOTE_FAILED' });
    expect(unpushed(world, 'bob')).toContain(`refs/tuf-signer/unpushed/${UPDATE}/`);
    await rename(gone, world.remote.folder);
    const asked = prompter();
    const { signed, event } = await world.sign('bob', UPDATE, { prompter: asked, pins: [] });
    expect(signed).toEqual([TOOLS]);
    expect(event.report.roles.get(TOOLS)?.quorums[0]?.signed).toEqual(['@bob']);
    expect([asked.questions, world.person('bob').signatures]).toEqual([[], 1]);
    expect(unpushed(world, 'bob')).toBe('');
  });

  test('keeps the signature though the content moves on: it is not used for other bytes', async ({
    world,
  }) => {
    await toolsEvent(world);
    const gone = `${world.remote.folder}.gone`;
    beforeSignature(world, 'bob', () => rename(world.remote.folder, gone));
    await expect(world.sign('bob')).rejects.toMatchObject({ code: 'REMOTE_FAILED' });
    await rename(gone, world.remote.folder);
    world.push({ 'targets/tools/greet.sh': 'echo changed\n' });
    await world.updateTargets();
    await world.sign('bob');
    expect(world.person('bob').signatures).toBe(2);
    expect(unpushed(world, 'bob')).toBe('');
  });

  test('keeps the signature though somebody takes the content away for a while', async ({ world }) => {
    await toolsEvent(world);
    const gone = `${world.remote.folder}.gone`;
    beforeSignature(world, 'bob', () => rename(world.remote.folder, gone));
    await expect(world.sign('bob')).rejects.toMatchObject({ code: 'REMOTE_FAILED' });
    await rename(gone, world.remote.folder);
    const content = world.remote.sha(UPDATE);
    world.remote.git('update-ref', `refs/heads/${UPDATE}`, 'main');
    expect((await world.sign('bob')).signed).toEqual([]);
    world.remote.git('update-ref', `refs/heads/${UPDATE}`, content);
    expect((await world.sign('bob', UPDATE, { pins: [] })).signed).toEqual([TOOLS]);
    expect(world.person('bob').signatures).toBe(1);
  });

  test('by a rule of the remote is told with its words', async ({ world }) => {
    await toolsEvent(world);
    world.remote.git('config', 'receive.denyNonFastForwards', 'true');
    world.remote.git('config', 'receive.maxInputSize', '1');
    await expect(world.sign('bob')).rejects.toMatchObject({ name: 'GitError' });
    expect(unpushed(world, 'bob')).toContain(UPDATE);
  });
});

describe('a card that fails leaves remote, branch and checkout as they were', () => {
  const rows: readonly [string, string, (world: TestWorld) => readonly string[]][] = [
    ['the wrong PIN thrice', 'PIN_LAST_TRY', () => ['111111', '222222', '333333']],
    ['a PIN that none can be', 'PIN_FORM', () => ['12']],
    [
      'pulled while it signs',
      'CARD_REMOVED',
      world => {
        const { transport } = world.person('bob');
        beforeSignature(world, 'bob', () => transport.remove('Virtual Reader 0'));
        return [PIN];
      },
    ],
    [
      'pulled while the PIN is checked',
      'NO_CARD',
      world => {
        const bob = world.person('bob');
        bob.interfere = ins => {
          if (ins === INS_VERIFY) bob.transport.remove('Virtual Reader 0');
        };
        return [PIN];
      },
    ],
    [
      'not in the reader',
      'NO_CARD',
      world => {
        world.person('bob').transport.remove('Virtual Reader 0');
        return [];
      },
    ],
    [
      'another card is in the reader',
      'NO_SIGNER',
      world => {
        world.person('bob').transport.insert('Virtual Reader 0', world.person('mallory').card);
        return [];
      },
    ],
  ];
  for (const [name, code, arrange] of rows) {
    test(name, async ({ world }) => {
      await toolsEvent(world);
      const before = [world.refs(), world.person('bob').git.git('status', '--porcelain')];
      const pins = arrange(world);
      const error: unknown = await world.sign('bob', UPDATE, { pins }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      expect((error as Error).message).not.toMatch(new RegExp([PIN, '111111'].join('|')));
      expect([world.refs(), world.person('bob').git.git('status', '--porcelain')]).toEqual(before);
      expect(unpushed(world, 'bob')).toBe('');
    });
  }

  test('blocked: told, and no PIN is asked for', async ({ world }) => {
    await toolsEvent(world);
    const before = world.refs();
    const pins = ['111111', '222222', '333333'];
    const wrong = world.sign('bob', UPDATE, { pins, lastTry: true });
    await expect(wrong).rejects.toMatchObject({ code: 'PIN_BLOCKED' });
    await expect(world.sign('bob', UPDATE)).rejects.toMatchObject({ code: 'PIN_BLOCKED' });
    expect(world.person('bob').prompts.asked).toEqual([]);
    expect(world.refs()).toBe(before);
  });

  test('after the first of two signatures: that one is kept', async ({ empty: world }) => {
    await world.init('alice', { root: two, targets: two });
    await world.sign('bob', INIT);
    const before = world.refs();
    const alice = world.person('alice');
    alice.interfere = ins => {
      if (ins === INS_AUTHENTICATE && alice.signatures === 1) alice.transport.remove('Virtual Reader 0');
    };
    await expect(world.sign('alice', INIT)).rejects.toMatchObject({ code: 'CARD_REMOVED' });
    expect(world.refs()).toBe(before);
    expect(unpushed(world, 'alice')).toContain(INIT);
    alice.interfere = () => undefined;
    alice.transport.insert('Virtual Reader 0', alice.card);
    const { signed } = await world.sign('alice', INIT);
    expect([...signed].sort()).toEqual(['root', 'targets']);
    expect(alice.signatures).toBe(3); // root's, the one that was cut off, and that of targets
  });
});
