import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { DAY_MS, formatInstant } from '../../src/clock.ts';
import { parseSigningEvent } from '../../src/git/names.ts';
import { openDrill } from '../../src/operations/drill/open.ts';
import { drillStatus } from '../../src/operations/drill/status.ts';
import { publishSite } from '../../src/operations/publish.ts';
import { draftRepair } from '../../src/operations/repair.ts';
import { pendingEvents } from '../../src/operations/status.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import {
  INS_AUTHENTICATE,
  type Name,
  NOW,
  prompter,
  type TestWorld,
  worldTest as test,
} from '../support/world.ts';

const DRILL = parseSigningEvent('sign/drill-june');
const FILE = 'drills/june.json';

const later = (world: TestWorld, days: number): void => {
  world.clock.time = (NOW + days * DAY_MS) as typeof NOW;
};
const open = (world: TestWorld, name = 'june', days = 14): ReturnType<typeof openDrill> =>
  world.in(world.person('alice'), workspace => openDrill(workspace, { name, days }));
const status = (world: TestWorld): ReturnType<typeof drillStatus> =>
  world.in(world.person('bob'), workspace => drillStatus(workspace));
const proofs = (world: TestWorld, branch: string = DRILL): number =>
  (world.json(FILE, branch) as { signatures: readonly unknown[] }).signatures.length;

describe('a drill', () => {
  test('asks everybody, is accepted once all have proved their keys, and is a record on main', async ({
    world,
  }) => {
    const { branch, keyholders } = await open(world);
    expect(branch).toBe(DRILL);
    expect(keyholders.map(({ owner, roles }) => [owner, ...roles])).toEqual([
      ['@alice', 'root', 'targets'],
      ['@bob', 'root', 'targets', 'tools'],
      ['@carol', 'root', 'targets', 'tools'],
    ]);
    const before = await world.judge(DRILL);
    expect(before.report).toMatchObject({ verdict: 'pending', state: 'collecting' });
    expect(before.report.drill?.keys.map(({ owner, proved }) => [owner, proved])).toEqual([
      ['@alice', false],
      ['@bob', false],
      ['@carol', false],
    ]);
    for (const name of ['alice', 'bob', 'carol'] as const) {
      const asked = prompter();
      const { proved, signed, joined } = await world.sign(name, DRILL, { prompter: asked });
      expect({ signed, joined, proofs: proved.length }).toEqual({ signed: [], joined: [], proofs: 1 });
      expect(asked.questions).toHaveLength(1);
      expect(asked.questions[0]).toMatch(/^Prove your key [0-9a-f]{20} in drill june\?$/);
      expect(asked.said.join('\n')).toContain('this signs no metadata');
      expect(asked.shown).toHaveLength(1);
    }
    const { report } = await world.judge(DRILL);
    expect(report.verdict).toBe('accepted');
    expect(report.drill?.margins.map(({ role, margin }) => [role, margin])).toEqual([
      ['root', 1],
      ['targets', 1],
      ['tools', 0],
    ]);
    world.merge(DRILL);
    const { standing, open: still } = await status(world);
    expect(still).toEqual([]);
    expect(standing).toMatchObject({ drills: 1, last: { name: 'june' } });
    expect(standing.keys.map(({ state }) => state)).toEqual(['proved', 'proved', 'proved']);
  });

  test('one PIN for it, and again nothing is asked', async ({ world }) => {
    await open(world);
    await world.sign('bob', DRILL);
    expect(world.person('bob').signatures).toBe(1);
    const [again, refs] = [prompter(), world.refs()];
    expect(await world.sign('bob', DRILL, { prompter: again })).toMatchObject({ proved: [] });
    expect(again.questions).toEqual([]);
    expect(world.refs()).toBe(refs);
  });

  test('who is asked finds it in the list of events; who has proved does not', async ({ world }) => {
    await open(world);
    await world.sign('bob', DRILL);
    for (const [name, toProve] of [
      ['alice', true],
      ['bob', false],
    ] as const) {
      const { events } = await world.in(world.person(name), workspace => pendingEvents(workspace));
      expect(events.map(event => [event.branch, event.toSign.length, event.toProve])).toEqual([
        [DRILL, 0, toProve],
      ]);
    }
  });

  test('a lost key is found: silence ends it, main remembers since when, and a later proof ends the silence', async ({
    world,
  }) => {
    await open(world);
    for (const name of ['alice', 'bob'] as const) await world.sign(name, DRILL);
    expect((await world.judge(DRILL)).report.verdict).toBe('pending');
    later(world, 14);
    const { report } = await world.judge(DRILL);
    expect(report.verdict).toBe('accepted');
    expect(report.reasons.filter(({ rule }) => rule === 'drill').map(({ role }) => role)).toEqual([
      undefined,
      'root',
      'targets',
      'tools',
    ]);
    world.merge(DRILL);
    const { standing } = await status(world);
    expect(standing.keys.map(({ owner, state, silentSince }) => [owner, state, silentSince])).toEqual([
      ['@alice', 'proved', undefined],
      ['@bob', 'proved', undefined],
      ['@carol', 'silent', formatInstant(NOW)],
    ]);
    expect(standing.margins.map(({ role, proved, margin }) => [role, proved, margin])).toEqual([
      ['root', 2, 0],
      ['targets', 2, 0],
      ['tools', 1, -1],
    ]);
    // The card was in another drawer.
    await open(world, 'again');
    const again = parseSigningEvent('sign/drill-again');
    await world.sign('carol', again);
    later(world, 30);
    world.merge(again);
    const after = (await status(world)).standing;
    expect(after.keys.map(({ owner, state }) => [owner, state])).toEqual([
      ['@alice', 'silent'],
      ['@bob', 'silent'],
      ['@carol', 'proved'],
    ]);
    expect(after.keys[0]).toMatchObject({
      provedBy: '2030-06-15T00:00:00Z',
      silentSince: '2030-06-15T00:00:00Z',
    });
  });

  test('a proof comes late and still counts, as long as it is not merged', async ({ world }) => {
    await open(world);
    later(world, 20);
    expect(await world.sign('bob', DRILL)).toMatchObject({ proved: [expect.any(String)] });
    expect((await world.judge(DRILL)).report.verdict).toBe('accepted');
  });

  test('a lost race: both proofs are in it, and each card signed once', async ({ world }) => {
    await open(world);
    const [alice, bob] = [world.person('alice'), world.person('bob')];
    let raced = false;
    alice.interfere = async ins => {
      if (ins !== INS_AUTHENTICATE || raced) return;
      raced = true;
      await world.sign('bob', DRILL);
    };
    await world.sign('alice', DRILL);
    expect(proofs(world)).toBe(2);
    expect([alice.signatures, bob.signatures]).toEqual([1, 1]);
  });

  test('a cut network: the proof is kept and goes out with the next run, without the card', async ({
    world,
  }) => {
    await open(world);
    const bob = world.person('bob');
    bob.git.git('fetch', '-q');
    const url = bob.git.git('remote', 'get-url', 'origin');
    bob.interfere = ins => {
      if (ins === INS_AUTHENTICATE) bob.git.git('remote', 'set-url', '--push', 'origin', `${url}-gone`);
    };
    await expect(world.sign('bob', DRILL)).rejects.toMatchObject({ name: 'GitError' });
    bob.interfere = () => undefined;
    bob.git.git('remote', 'set-url', '--push', 'origin', url);
    bob.insert();
    const asked = prompter();
    expect(await world.sign('bob', DRILL, { prompter: asked })).toMatchObject({
      proved: [expect.any(String)],
    });
    expect(asked.questions).toEqual([]);
    expect(proofs(world)).toBe(1);
  });

  test.for([
    ['says no', { prompter: prompter(() => false) }, { code: 'DECLINED' }],
    ['has a card that fails', { pins: [] }, { message: 'asked for a PIN once too often' }],
  ] as const)('who %s proves nothing', async ([, options, error], { world }) => {
    await open(world);
    const before = world.refs();
    await expect(world.sign('bob', DRILL, options)).rejects.toMatchObject(error);
    expect(world.refs()).toBe(before);
  });

  test('another card in the reader: told which key is meant, and no PIN is spent', async ({ world }) => {
    await open(world);
    const bob = world.person('bob');
    bob.insert(bob.newCard);
    await expect(world.sign('bob', DRILL)).rejects.toMatchObject({ code: 'NO_SIGNER' });
    expect([bob.prompts.asked, bob.signatures]).toEqual([[], 0]);
  });

  test('who holds no key has nothing to prove', async ({ world }) => {
    await open(world);
    const asked = prompter();
    expect((await world.sign('mallory', DRILL, { prompter: asked })).proved).toEqual([]);
    expect(asked.questions).toEqual([]);
    expect(proofs(world)).toBe(0);
  });
});

describe('opening one', () => {
  test.for([
    ['a name that is no file name', '../june', 14],
    ['an empty name', '', 14],
    ['no time', 'june', 0],
    ['more time than a drill may have', 'june', 91],
    ['half a day', 'june', 0.5],
  ] as const)('%s is refused before anything is written', async ([, name, days], { shared }) => {
    const before = shared.refs();
    await expect(open(shared, name, days)).rejects.toMatchObject({ code: 'REFUSED' });
    expect(shared.refs()).toBe(before);
  });

  test('one of that name is open, or on main: said, and left as it is', async ({ world }) => {
    await open(world);
    const before = world.refs();
    await expect(open(world)).rejects.toMatchObject({ code: 'ALREADY_THERE' });
    expect(world.refs()).toBe(before);
    later(world, 15);
    world.merge(DRILL);
    await expect(open(world)).rejects.toMatchObject({ code: 'ALREADY_THERE' });
  });

  test('it comes alone: who would change a role in its event is told to take another', async ({ world }) => {
    await open(world);
    const before = world.refs();
    await expect(world.delegate('alice', { event: DRILL, threshold: 1 })).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('is a drill, which comes alone') as unknown,
    });
    expect(world.refs()).toBe(before);
  });

  test('on a main that does not verify none is opened', async ({ world }) => {
    world.remote.commit({ 'metadata/stray.json': '{}' }, { branch: 'main' });
    await expect(open(world)).rejects.toMatchObject({ code: 'REFUSED' });
  });

  test('in a repository without keys there is nothing to drill', async ({ empty }) => {
    empty.remote.commit({ 'README.md': 'x' }, { branch: 'main' });
    await expect(open(empty)).rejects.toMatchObject({ code: 'REFUSED' });
  });
});

/** The files that clients fetch, with what is in them. */
async function site(world: TestWorld): Promise<ReadonlyMap<string, string>> {
  const out = join(world.folder, 'site');
  await world.in(world.automation, async workspace => {
    const { commit } = await fetchMain(workspace);
    expect(await publishSite(workspace, { commit, out })).toMatchObject({ published: true });
  });
  const names = (await readdir(out, { recursive: true })).filter(name => /\.(json|sh)$/.test(name)).sort();
  return new Map(
    await Promise.all(names.map(async name => [name, await readFile(join(out, name), 'utf8')] as const)),
  );
}

describe('no client sees a drill', () => {
  test('neither online signing nor a role moves when it is merged', async ({ world }) => {
    const before = world.remote.git('rev-parse', 'main:metadata');
    const clients = await site(world);
    await open(world);
    for (const name of ['alice', 'bob', 'carol'] as const) await world.sign(name, DRILL);
    world.merge(DRILL);
    expect(await world.onlineSign()).toMatchObject({ signed: [] });
    expect(world.remote.git('rev-parse', 'main:metadata')).toBe(before);
    expect(await site(world)).toEqual(clients);
  });
});

const names: readonly Name[] = ['alice', 'bob', 'carol'];

describe('what a hostile drill gets', () => {
  const hostile: readonly (readonly [string, (world: TestWorld, text: string) => void, string])[] = [
    [
      'brings a change of metadata along',
      world => void world.push({ 'metadata/tools.json': '{}' }, DRILL),
      'event of its own',
    ],
    [
      'was made for another repository',
      (world, text) =>
        void world.push(
          { [FILE]: text.replace(/"repository": "[0-9a-f]+/, `"repository": "${'ab'.repeat(32)}`) },
          DRILL,
        ),
      'is for the repository that begins with root abab',
    ],
    [
      'passes over somebody',
      (world, text) => {
        const drill = JSON.parse(text) as { signed: { keys: unknown[] } };
        drill.signed.keys.pop();
        world.push({ [FILE]: JSON.stringify(drill) }, DRILL);
      },
      'passes over @carol',
    ],
    [
      'goes on for ever',
      (world, text) =>
        void world.push(
          { [FILE]: text.replace(/"deadline": "[^"]+/, '"deadline": "2090-01-01T00:00:00Z') },
          DRILL,
        ),
      'longer than 90 days',
    ],
  ];
  test.for(hostile)('one that %s is signed by nobody', async ([, attack, why], { world }) => {
    await open(world);
    attack(world, world.remote.git('show', `${DRILL}:${FILE}`));
    const asked = prompter();
    await expect(world.sign('bob', DRILL, { prompter: asked })).rejects.toMatchObject({ code: 'REFUSED' });
    expect(asked.questions).toEqual([]);
    expect(world.person('bob').signatures).toBe(0);
    expect((await world.judge(DRILL)).report.reasons.map(({ message }) => message).join('\n')).toContain(why);
    expect((await status(world)).open).toEqual([]);
  });

  test('an edit after proofs voids nothing silently: it is refused, and what was proved is on no main', async ({
    world,
  }) => {
    await open(world);
    await world.sign('bob', DRILL);
    const text = world.remote.git('show', `${DRILL}:${FILE}`);
    world.push({ [FILE]: text.replace(/"nonce": "[0-9a-f]{4}/, '"nonce": "0000') }, DRILL);
    const { report } = await world.judge(DRILL);
    expect(report.verdict).toBe('rejected');
    expect(report.reasons.map(({ message }) => message).join()).toContain('signature of @bob');
  });

  test('a proof that somebody takes away is missed, also behind a merge that puts the old state first', async ({
    world,
  }) => {
    await open(world);
    const opened = world.remote.sha(DRILL);
    const text = world.remote.git('show', `${DRILL}:${FILE}`);
    await world.sign('bob', DRILL);
    const git = world.remote;
    const commit = git.git(
      'commit-tree',
      '-p',
      opened,
      '-p',
      git.sha(DRILL),
      '-m',
      'Merge',
      `${opened}^{tree}`,
    );
    git.git('update-ref', `refs/heads/${DRILL}`, commit);
    expect(world.remote.git('show', `${DRILL}:${FILE}`)).toBe(text);
    const { report } = await world.judge(DRILL);
    expect(report.verdict).toBe('rejected');
    expect(report.reasons.map(({ message }) => message).join()).toContain('signature of @bob');
    // Put back, all is well.
    git.git('update-ref', `refs/heads/${DRILL}`, `${commit}^2`);
    expect((await world.judge(DRILL)).report.verdict).toBe('pending');
  });

  test('a repair of main stands beside a record', async ({ world }) => {
    const sound = world.remote.sha('main');
    await open(world);
    // One push brings the record and breaks main: the newest sound state has no record.
    const tools = world.remote
      .git('show', 'main:metadata/tools.json')
      .replace('"version": 1', '"version": 2');
    const record = world.remote.git('show', `${DRILL}:${FILE}`);
    world.remote.commit({ 'metadata/tools.json': tools, [FILE]: record }, { branch: 'main' });
    const repair = await world.in(world.person('alice'), async workspace => {
      const at = await fetchMain(workspace);
      return draftRepair(workspace, { main: at, sound, isConsistent: false });
    });
    expect(repair?.branch).toMatch(/^sign\/repair-/);
  });

  test('a record pushed to main by hand proves nothing that nobody signed', async ({ world }) => {
    await open(world);
    await world.sign('bob', DRILL);
    const drill = JSON.parse(world.remote.git('show', `${DRILL}:${FILE}`)) as {
      signatures: { fingerprint: string; sig: string }[];
      signed: { keys: { fingerprint: string }[] };
    };
    const [sig = ''] = drill.signatures.map(one => one.sig);
    drill.signatures = drill.signed.keys.map(({ fingerprint }) => ({ fingerprint, sig }));
    world.remote.commit(
      { [FILE]: JSON.stringify(drill), 'drills/notes.txt': 'x', 'drills/bad.json': '{' },
      { branch: 'main' },
    );
    later(world, 20);
    const { standing, unreadable } = await status(world);
    expect(standing.keys.map(({ state }) => state)).toEqual(['silent', 'proved', 'silent']);
    expect([...unreadable.keys()]).toEqual(['drills/bad.json']);
    expect(names).toHaveLength(standing.keys.length);
  });
});
