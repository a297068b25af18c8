import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { digestOf } from '../../src/event/succession.ts';
import { parseSigningEvent } from '../../src/git/names.ts';
import type { Document, Root } from '../../src/metadata/document.ts';
import { type KeyOwner, ROOT, TARGETS } from '../../src/metadata/names.ts';
import { openDrill } from '../../src/operations/drill/open.ts';
import type { InitRequest } from '../../src/operations/init.ts';
import { folderPins } from '../../src/operations/pin/folder.ts';
import type { PinStore } from '../../src/operations/pin/pin.ts';
import { answerRequest } from '../../src/operations/request/answer.ts';
import { exportRequest } from '../../src/operations/request/export.ts';
import { importResponse } from '../../src/operations/request/import.ts';
import { openRequest } from '../../src/operations/request/open.ts';
import {
  decodeResponse,
  encodeResponse,
  type MadeProof,
  type Response,
} from '../../src/operations/request/response.ts';
import { withChecksum } from '../../src/operations/request/strict.ts';
import type { SignOutcome } from '../../src/operations/sign.ts';
import { rootOf } from '../../src/repository/tree.ts';
import { TestRepository } from '../support/git-repo.ts';
import {
  containing,
  INIT,
  type Name,
  owners,
  prompter,
  type TestPrompter,
  type TestWorld,
  TOOLS,
  worldTest as test,
  UPDATE,
} from '../support/world.ts';

/** What a machine without network has: a folder, pins of its own, and the card that is put into it. */
interface IsolatedMachine {
  readonly folder: string;
  readonly pins: PinStore;
  readonly prompter: TestPrompter;
}

const machine = (world: TestWorld, name = 'isolated'): IsolatedMachine => ({
  folder: join(world.folder, name, 'requests'),
  pins: folderPins(join(world.folder, name, 'pins')),
  prompter: prompter(),
});

const DRILL = parseSigningEvent('sign/drill-june');

let files = 0;
const newFile = (world: TestWorld): string => join(world.folder, `${files++}.request`);

async function exported(world: TestWorld, name: Name, branch = UPDATE): Promise<string> {
  const [person, out] = [world.person(name), newFile(world)];
  await world.in(person, workspace =>
    exportRequest(workspace, { branch, out, prompter: prompter(), trust: { pins: person.pins } }),
  );
  return out;
}

async function answered(
  world: TestWorld,
  name: Name,
  file: string,
  where: IsolatedMachine = machine(world),
  user?: KeyOwner,
  trustedRoot?: Uint8Array,
): Promise<Response> {
  await using request = await openRequest(file, where.folder, world.clock, user);
  await using signer = world.person(name).signer();
  return decodeResponse(
    encodeResponse(
      await answerRequest(request, {
        signer,
        prompter: where.prompter,
        trust: { pins: where.pins, trustedRoot },
      }),
    ),
  );
}

/** By whoever carries it. */
const imported = (world: TestWorld, response: Response, by: Name = 'alice'): Promise<SignOutcome> =>
  world.in(world.person(by), workspace =>
    importResponse(workspace, { response, prompter: prompter(), trust: { pins: world.person(by).pins } }),
  );

/** An event that asks two of alice, bob and carol to sign targets, and bob and carol to sign tools. */
async function changeTools(world: TestWorld): Promise<void> {
  await world.delegate('alice', { periods: { expiryDays: 200, signingDays: 30 } });
}

describe('a request', () => {
  test('is signed without network, and what comes back completes the event', async ({ world }) => {
    await changeTools(world);
    const there = machine(world);
    const response = await answered(world, 'bob', await exported(world, 'bob'), there);
    expect(there.prompter.trustQuestions).toHaveLength(1);
    expect(there.prompter.shown).toHaveLength(1);
    expect(response.signatures.map(({ role }) => role)).toEqual([TOOLS]);
    const before = world.remote.sha(UPDATE);
    const outcome = await imported(world, response);
    expect(outcome.signed).toEqual([TOOLS]);
    expect(world.remote.git('log', '-1', '--format=%s', UPDATE)).toBe('Signature from @bob');
    expect(world.remote.git('rev-parse', `${UPDATE}^`)).toBe(before);
    await world.sign('carol');
    expect((await world.judge()).report.verdict).toBe('accepted');
    // A second time changes nothing.
    const refs = world.refs();
    expect((await imported(world, response)).signed).toEqual([]);
    expect(world.refs()).toBe(refs);
  });

  describe('of a repository whose main has no root yet', () => {
    /** The root of the event is another one than alice made, as bob and carol have joined it. */
    const begun = async (world: TestWorld): Promise<string> => {
      await world.init('alice');
      for (const name of ['bob', 'carol'] as const) await world.sign(name, INIT);
      const { gathered } = await world.judge(INIT);
      return digestOf(rootOf(gathered.event) as Document<Root>);
    };
    const exportedOf = (world: TestWorld, out: string): ReturnType<typeof exportRequest> =>
      world.in(world.person('alice'), workspace =>
        exportRequest(workspace, {
          branch: INIT,
          out,
          prompter: prompter(),
          trust: { pins: world.person('alice').pins },
        }),
      );

    test('says the fingerprint that the other machine shows, asks about and keeps', async ({
      empty: world,
    }) => {
      const identity = await begun(world);
      const out = newFile(world);
      const { note, isFirst } = await exportedOf(world, out);
      expect([note.firstRoot, isFirst]).toEqual([identity, true]);
      const there = machine(world);
      const response = await answered(world, 'alice', out, there);
      expect(there.prompter.said).toContainEqual(containing(`first root   SHA-256 ${identity}`));
      expect(there.prompter.trustQuestions).toHaveLength(1);
      expect(await there.pins.list()).toMatchObject([{ identity, state: 'proposed' }]);
      expect(response.signatures.map(({ role }) => role).sort()).toEqual([ROOT, TARGETS]);
      await answered(world, 'alice', out, there);
      expect(there.prompter.trustQuestions).toHaveLength(1);
      expect((await imported(world, response)).signed).toContain(ROOT);
    });

    test('signs nothing and keeps nothing where the root is not trusted', async ({ empty: world }) => {
      await begun(world);
      const out = newFile(world);
      await exportedOf(world, out);
      const there = { ...machine(world), prompter: prompter(question => !question.includes('trust')) };
      const made = world.person('alice').signatures;
      await expect(answered(world, 'alice', out, there)).rejects.toMatchObject({ code: 'DECLINED' });
      expect(world.person('alice').signatures).toBe(made);
      expect(await there.pins.list()).toEqual([]);
    });

    test('asks nothing where that very root was given, and refuses where another one was', async ({
      empty: world,
    }) => {
      await begun(world);
      const out = newFile(world);
      await exportedOf(world, out);
      const root = Buffer.from(world.remote.git('show', `${INIT}:metadata/root.json`));
      const other = Buffer.from(root.toString().replace('"threshold": 2', '"threshold": 1'));
      const there = machine(world);
      const made = world.person('alice').signatures;
      await expect(answered(world, 'alice', out, there, undefined, other)).rejects.toMatchObject({
        code: 'UNTRUSTED',
      });
      await expect(world.sign('alice', INIT, { trustedRoot: other })).rejects.toMatchObject({
        code: 'UNTRUSTED',
      });
      expect(world.person('alice').signatures).toBe(made);
      expect(await there.pins.list()).toEqual([]);
      await answered(world, 'alice', out, there, undefined, root);
      expect(there.prompter.trustQuestions).toEqual([]);
      expect(await there.pins.list()).toHaveLength(1);
    });

    test('names no fingerprint while a key is still to join', async ({ empty: world }) => {
      await world.init('alice');
      const bob = world.person('bob');
      const { note, isFirst } = await world.in(bob, workspace =>
        exportRequest(workspace, {
          branch: INIT,
          out: newFile(world),
          prompter: prompter(),
          trust: { pins: bob.pins },
        }),
      );
      expect([note.firstRoot, isFirst]).toEqual([undefined, true]);
    });
  });

  test('of a repository that was met before asks about its root no more', async ({ world }) => {
    await changeTools(world);
    const there = machine(world);
    await answered(world, 'bob', await exported(world, 'bob'), there);
    await answered(world, 'bob', await exported(world, 'bob'), there);
    expect(there.prompter.trustQuestions).toHaveLength(1);
  });

  test('of an event below the name of an earlier one is laid out all the same', async ({ world }) => {
    await changeTools(world);
    const there = machine(world);
    await answered(world, 'bob', await exported(world, 'bob'), there);
    world.remote.git('update-ref', '-d', `refs/heads/${UPDATE}`);
    const again = parseSigningEvent(`${UPDATE}/again`);
    await world.delegate('alice', { event: again, periods: { expiryDays: 210, signingDays: 30 } });
    const response = await answered(world, 'bob', await exported(world, 'bob', again), there);
    expect(response.event).toBe(again);
  });

  test('lets somebody join by a first round, and sign by a second', async ({ world }) => {
    await world.delegate('alice', { signers: owners('bob', 'carol', 'mallory'), threshold: 2 });
    const there = machine(world);
    const joining = await answered(world, 'mallory', await exported(world, 'mallory'), there);
    expect(joining.joins?.roles).toEqual([TOOLS]);
    expect(joining.signatures).toEqual([]);
    expect((await imported(world, joining)).joined).toEqual([TOOLS]);
    expect(world.remote.git('log', '-1', '--format=%s', UPDATE)).toBe('@mallory accepted invitation');
    const signing = await answered(world, 'mallory', await exported(world, 'mallory'), there);
    expect(signing.signatures.map(({ role }) => role)).toEqual([TOOLS]);
    expect((await imported(world, signing)).signed).toEqual([TOOLS]);
  });

  test('in the place of a response is told for what it is', () => {
    const request = Buffer.from('# v2 git bundle\n0123 refs/heads/main\n');
    expect(() => decodeResponse(request)).toThrow(/this is a request, not a response/);
  });

  test('carries a drill: a key proves itself there, and whoever carries the proof brings it in once', async ({
    world,
  }) => {
    await world.in(world.person('alice'), workspace => openDrill(workspace, { name: 'june', days: 14 }));
    const there = machine(world);
    const file = await exported(world, 'bob', DRILL);
    const response = await answered(world, 'bob', file, there);
    expect(there.prompter.questions).toEqual([containing('in drill june?')]);
    expect(there.prompter.said).toContainEqual(containing('this signs no metadata'));
    expect(response).toMatchObject({ joins: undefined, signatures: [] });
    expect(response.proofs).toHaveLength(1);
    // By carol, whose key is not asked for: it is bob's that proves itself.
    const made = world.person('carol').signatures;
    expect(await imported(world, response, 'carol')).toMatchObject({
      joined: [],
      signed: [],
      proved: response.proofs.map(({ fingerprint }) => fingerprint),
    });
    expect(world.person('carol').signatures).toBe(made);
    expect(world.remote.git('log', '-1', '--format=%s', DRILL)).toBe('Drill proof from @bob');
    const { report } = await world.judge(DRILL);
    expect(report.drill?.keys.filter(({ proved }) => proved).map(({ owner }) => owner)).toEqual(['@bob']);
    const refs = world.refs();
    expect((await imported(world, response)).proved).toEqual([]);
    expect(world.refs()).toBe(refs);
    await expect(exported(world, 'bob', DRILL)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('brings the attestation of a joining key along', async ({ world }) => {
    await world.delegate('alice', { signers: owners('bob', 'carol', 'mallory'), threshold: 2 });
    const response = await answered(world, 'mallory', await exported(world, 'mallory'));
    const certificate = Buffer.from('certificate');
    const joins =
      response.joins === undefined
        ? undefined
        : { ...response.joins, attestation: { certificate, issuers: [certificate] } };
    expect(decodeResponse(encodeResponse({ ...response, joins })).joins?.attestation).toEqual({
      certificate,
      issuers: [certificate],
    });
  });

  test('of somebody whom nobody asks is not made', async ({ world }) => {
    await changeTools(world);
    await expect(exported(world, 'mallory')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('of a rejected event is not made', async ({ world }) => {
    await changeTools(world);
    world.push({ 'elsewhere.txt': 'x' });
    const out = newFile(world);
    const person = world.person('bob');
    await expect(
      world.in(person, workspace =>
        exportRequest(workspace, { branch: UPDATE, out, prompter: prompter(), trust: { pins: person.pins } }),
      ),
    ).rejects.toMatchObject({ code: 'REFUSED' });
    expect(existsSync(out)).toBe(false);
  });

  test('leaves no ref and no change in the clone that it was made in', async ({ world }) => {
    await changeTools(world);
    const { git } = world.person('bob');
    git.git('fetch', '--quiet');
    const before = git.git('for-each-ref');
    await exported(world, 'bob');
    expect(git.git('for-each-ref')).toBe(before);
    expect(git.git('status', '--porcelain')).toBe('');
  });

  test('whose card failed half way is signed on by the next run', async ({ world }) => {
    await world.delegate('alice', { role: TARGETS, periods: { expiryDays: 200, signingDays: 30 } });
    await changeTools(world);
    const there = machine(world);
    const file = await exported(world, 'bob');
    const bob = world.person('bob');
    bob.interfere = ins => {
      if (ins === 0x87 && bob.signatures === 1) bob.insert();
    };
    await expect(answered(world, 'bob', file, there)).rejects.toThrow();
    bob.interfere = () => undefined;
    bob.insert(bob.card);
    const made = bob.signatures;
    const response = await answered(world, 'bob', file, there);
    expect(response.signatures.map(({ role }) => role).sort()).toEqual([TARGETS, TOOLS]);
    expect(bob.signatures).toBeLessThan(made + 2);
  });
});

describe('a request is refused', () => {
  /** Makes a bundle out of a request's, changed. */
  function remade(
    world: TestWorld,
    file: string,
    change: (git: TestRepository) => readonly string[],
  ): string {
    const folder = join(world.folder, `remade-${files++}`);
    const git = TestRepository.init(folder, { bare: true });
    git.git('fetch', '--quiet', file, '+refs/*:refs/*');
    const refs = change(git);
    const out = newFile(world);
    git.git('bundle', 'create', '--quiet', out, ...refs);
    return out;
  }

  const NOTE = 'refs/tuf-signer/request';
  const ALL = ['refs/heads/main', `refs/heads/${UPDATE}`, NOTE];

  function withNote(
    world: TestWorld,
    file: string,
    change: (note: Record<string, unknown>) => unknown,
  ): string {
    return remade(world, file, git => {
      const note = JSON.parse(git.git('cat-file', 'blob', NOTE)) as Record<string, unknown>;
      const changed = join(world.folder, 'note.json');
      writeFileSync(changed, JSON.stringify(change(note)));
      git.git('update-ref', NOTE, git.git('hash-object', '-w', changed));
      return ALL;
    });
  }

  type Row = readonly [string, (world: TestWorld, file: string) => string, string];
  const rows: readonly Row[] = [
    [
      'where it is no bundle',
      world => {
        const file = newFile(world);
        writeFileSync(file, 'hello');
        return file;
      },
      'BAD_OBJECT',
    ],
    ['where it is not there', world => join(world.folder, 'nothing'), 'BAD_OBJECT'],
    [
      'where it was cut off',
      (_, file) => {
        writeFileSync(file, readFileSync(file).subarray(0, -200));
        return file;
      },
      'BAD_OBJECT',
    ],
    [
      'where a byte was changed',
      (_, file) => {
        const bytes = readFileSync(file);
        bytes[bytes.length - 300] = (bytes[bytes.length - 300] ?? 0) ^ 1;
        writeFileSync(file, bytes);
        return file;
      },
      'BAD_OBJECT',
    ],
    ['without a note', (world, file) => remade(world, file, () => ALL.slice(0, 2)), 'BAD_FILE'],
    [
      'with a ref more',
      (world, file) =>
        remade(world, file, git => {
          git.git('update-ref', 'refs/heads/more', 'main');
          return [...ALL, 'refs/heads/more'];
        }),
      'BAD_FILE',
    ],
    [
      'where the event is not what the note says',
      (world, file) =>
        remade(world, file, git => {
          git.git('update-ref', `refs/heads/${UPDATE}`, 'main');
          return ALL;
        }),
      'BAD_FILE',
    ],
    [
      'of an unknown format',
      (world, file) => withNote(world, file, note => ({ ...note, format: 'tuf-signer request 2' })),
      'BAD_FILE',
    ],
    [
      'with a member more',
      (world, file) => withNote(world, file, note => ({ ...note, extra: 1 })),
      'BAD_FILE',
    ],
    [
      'with a member less',
      (world, file) =>
        withNote(world, file, note =>
          Object.fromEntries(Object.entries(note).filter(([name]) => name !== 'user')),
        ),
      'BAD_FILE',
    ],
    [
      'with a place that steers a terminal',
      (world, file) => withNote(world, file, note => ({ ...note, place: 'a\u001b[2J' })),
      'BAD_FILE',
    ],
    [
      'with a first root that is no digest',
      (world, file) => withNote(world, file, note => ({ ...note, firstRoot: 'x' })),
      'BAD_FILE',
    ],
    [
      'with a user that is none',
      (world, file) => withNote(world, file, note => ({ ...note, user: 'no body' })),
      'BAD_NAME',
    ],
    [
      'with an event that is none',
      (world, file) => withNote(world, file, note => ({ ...note, event: note['main'] })),
      'BAD_REF_NAME',
    ],
    [
      'with a commit that is none',
      (world, file) => withNote(world, file, note => ({ ...note, main: { branch: 'main', commit: 'abc' } })),
      'BAD_FILE',
    ],
    ['with a note that is no object', (world, file) => withNote(world, file, () => []), 'BAD_FILE'],
  ];
  let request: Promise<string> | undefined;
  test.for(rows)('%s', async ([, change, code], { shared }) => {
    request ??= changeTools(shared).then(() => exported(shared, 'bob'));
    const file = newFile(shared);
    copyFileSync(await request, file);
    const there = machine(shared, `isolated-${files}`);
    const changed = change(shared, file);
    await expect(answered(shared, 'bob', changed, there)).rejects.toMatchObject({ code });
    expect(shared.person('bob').signatures).toBe(0);
    expect(await there.pins.list()).toEqual([]);
  });

  const flipped = (bytes: Buffer, at: number): Buffer => {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    return changed;
  };
  test('where it was damaged, also where this machine has seen all of it', async ({ world }) => {
    await changeTools(world);
    const there = machine(world);
    const file = await exported(world, 'bob');
    await answered(world, 'bob', file, there);
    const whole = readFileSync(file);
    const head = whole.indexOf('\n\n');
    const damages: readonly (readonly [string, Buffer])[] = [
      ['cut in the pack', whole.subarray(0, 2000)],
      ['without its last byte', whole.subarray(0, -1)],
      ['its header alone', whole.subarray(0, head + 2)],
      ['half of the header', whole.subarray(0, head)],
      ['empty', Buffer.alloc(0)],
      ['with a byte more', Buffer.concat([whole, Buffer.from('\n')])],
      ...[0, 20, head + 3, head + 100, whole.length - 300, whole.length - 1].map(
        at => [`with byte ${at} changed`, flipped(whole, at)] as const,
      ),
    ];
    const made = world.person('bob').signatures;
    for (const [what, bytes] of damages) {
      writeFileSync(file, bytes);
      const ended: unknown = await answered(world, 'bob', file, there).catch((error: unknown) => error);
      expect([what, ended]).toMatchObject([what, { code: expect.stringMatching(/^BAD_/) as string }]);
    }
    expect(world.person('bob').signatures).toBe(made);
    writeFileSync(file, whole);
    await answered(world, 'bob', file, there);
  });

  test('where it says it were a repository that is known, and is another', async ({ world, empty }) => {
    await changeTools(world);
    const there = machine(world);
    const file = await exported(world, 'bob');
    await answered(world, 'bob', file, there);
    const place = decodePlace(file, world);
    await empty.init('bob', { root: people('bob'), targets: people('bob') });
    await empty.sign('bob', parseSigningEvent('sign/init'));
    empty.merge('sign/init');
    await empty.delegate('bob', { signers: owners('bob'), threshold: 1 });
    const other = withNote(empty, await exported(empty, 'bob'), note => ({ ...note, place }));
    const made = empty.person('bob').signatures;
    await expect(answered(empty, 'bob', other, there)).rejects.toMatchObject({ code: 'UNTRUSTED' });
    expect(empty.person('bob').signatures).toBe(made);
  });

  test('where main was rewritten since', async ({ world }) => {
    await changeTools(world);
    const there = machine(world);
    await answered(world, 'bob', await exported(world, 'bob'), there);
    const tree = world.remote.git('rev-parse', 'main^{tree}');
    const forged = world.remote.git('commit-tree', '-m', 'anew', tree);
    const file = remade(world, await exported(world, 'bob'), git => {
      git.git('fetch', '--quiet', world.remote.folder, '+refs/heads/*:refs/remotes/o/*');
      git.git('fetch', '--quiet', world.remote.folder, forged);
      git.git('update-ref', 'refs/heads/main', forged);
      const note = JSON.parse(git.git('cat-file', 'blob', NOTE)) as Record<string, unknown>;
      const changed = join(world.folder, 'note.json');
      writeFileSync(changed, JSON.stringify({ ...note, main: { branch: 'main', commit: forged } }));
      git.git('update-ref', NOTE, git.git('hash-object', '-w', changed));
      return ALL;
    });
    await expect(answered(world, 'bob', file, there)).rejects.toMatchObject({ code: 'UNTRUSTED' });
  });

  test('where the event is rejected, though the exporting machine said nothing', async ({ world }) => {
    await changeTools(world);
    const file = remade(world, await exported(world, 'bob'), git => {
      const head = git.commit({ 'elsewhere.txt': 'x' }, { branch: UPDATE });
      const note = JSON.parse(git.git('cat-file', 'blob', NOTE)) as Record<string, unknown>;
      const changed = join(world.folder, 'note.json');
      writeFileSync(changed, JSON.stringify({ ...note, event: { branch: UPDATE, commit: head } }));
      git.git('update-ref', NOTE, git.git('hash-object', '-w', changed));
      return ALL;
    });
    await expect(answered(world, 'bob', file)).rejects.toMatchObject({ code: 'REFUSED' });
    expect(world.person('bob').signatures).toBe(0);
  });

  const people = (...names: readonly Name[]): InitRequest['root'] => ({
    signers: owners(...names),
    threshold: 1,
    periods: { expiryDays: 365, signingDays: 60 },
  });

  function decodePlace(file: string, world: TestWorld): string {
    let place = '';
    withNote(world, file, note => {
      place = String(note['place']);
      return note;
    });
    return place;
  }
});

describe('a response is refused', () => {
  const signed = async (world: TestWorld): Promise<Response> => {
    await changeTools(world);
    return answered(world, 'bob', await exported(world, 'bob'));
  };

  test('where the event says something else by now: nothing is pushed, and it still fits what it was made for', async ({
    world,
  }) => {
    const response = await signed(world);
    const old = world.remote.sha(UPDATE);
    await world.delegate('alice', { periods: { expiryDays: 100, signingDays: 30 } });
    const refs = world.refs();
    await expect(imported(world, response)).rejects.toMatchObject({
      code: 'NO_SIGNER',
      message: containing('export it again'),
    });
    expect(world.refs()).toBe(refs);
    world.remote.git('update-ref', `refs/heads/${UPDATE}`, old);
    expect((await imported(world, response)).signed).toEqual([TOOLS]);
  });

  test('where a signature was changed', async ({ world }) => {
    const response = await signed(world);
    const refs = world.refs();
    const signatures = response.signatures.map(made => ({
      ...made,
      sig: made.sig.replace(/..$/, hex => (hex === '00' ? '01' : '00')),
    }));
    await expect(imported(world, { ...response, signatures })).rejects.toMatchObject({ code: 'NO_SIGNER' });
    expect(world.refs()).toBe(refs);
  });

  test("where it says it were somebody else's", async ({ world }) => {
    const response = await signed(world);
    const refs = world.refs();
    const [mallory = '' as KeyOwner, carol = '' as KeyOwner] = owners('mallory', 'carol');
    expect((await imported(world, { ...response, user: mallory })).signed).toEqual([]);
    await expect(imported(world, { ...response, user: carol })).rejects.toMatchObject({ code: 'NO_SIGNER' });
    expect(world.refs()).toBe(refs);
  });

  test.for<readonly [string, (proof: MadeProof) => MadeProof]>([
    [
      'was changed',
      proof => ({ ...proof, sig: proof.sig.replace(/..$/, hex => (hex === '00' ? '01' : '00')) }),
    ],
    ['is of another drill', proof => ({ ...proof, payload: 'a'.repeat(64) })],
    ["says that it were another key's", proof => ({ ...proof, fingerprint: 'a'.repeat(64) })],
  ])('where a proof %s', async ([, change], { world }) => {
    await world.in(world.person('alice'), workspace => openDrill(workspace, { name: 'june', days: 14 }));
    const response = await answered(world, 'bob', await exported(world, 'bob', DRILL));
    const refs = world.refs();
    const proofs = response.proofs.map(change);
    await expect(imported(world, { ...response, proofs })).rejects.toMatchObject({ code: 'NO_SIGNER' });
    await expect(imported(world, { ...response, user: '@carol' as KeyOwner })).rejects.toMatchObject({
      code: 'NO_SIGNER',
    });
    expect(world.refs()).toBe(refs);
  });

  test('where the event invites to more than was agreed to', async ({ world }) => {
    await world.delegate('alice', { signers: owners('bob', 'carol', 'mallory'), threshold: 2 });
    const response = await answered(world, 'mallory', await exported(world, 'mallory'));
    await world.delegate('alice', {
      role: ROOT,
      signers: owners('alice', 'bob', 'carol', 'mallory'),
      threshold: 2,
    });
    const refs = world.refs();
    await expect(imported(world, response)).rejects.toMatchObject({
      code: 'REFUSED',
      message: containing('root'),
    });
    expect(world.refs()).toBe(refs);
  });

  test('where nobody confirms', async ({ world }) => {
    const response = await signed(world);
    const { pins } = world.person('alice');
    await expect(
      world.in(world.person('alice'), workspace =>
        importResponse(workspace, { response, prompter: prompter(() => false), trust: { pins } }),
      ),
    ).rejects.toMatchObject({ code: 'DECLINED' });
  });

  const sealed = (response: object): Buffer => Buffer.from(JSON.stringify(withChecksum(response)));
  const GOOD = {
    format: 'tuf-signer response 1',
    event: 'sign/x',
    user: '@bob',
    signatures: [{ role: 'root', version: 1, keyid: 'ab', payload: 'a'.repeat(64), sig: '00' }],
  };
  const JOINS = { roles: ['root'], keytype: 'ecdsa', scheme: 'x', public: 'PEM', attestation: [] };
  const PROOF = { fingerprint: 'a'.repeat(64), payload: 'b'.repeat(64), sig: '00' };
  test('reads what is as it should be', () => {
    expect(decodeResponse(sealed({ ...GOOD, proofs: [PROOF] })).proofs).toEqual([PROOF]);
    expect(decodeResponse(sealed(GOOD)).proofs).toEqual([]);
    expect(decodeResponse(sealed({ ...GOOD, joins: JOINS })).joins?.roles).toEqual([ROOT]);
    // A carrier that ends lines its own way has changed nothing.
    expect(decodeResponse(Buffer.from(sealed(GOOD).toString().replaceAll(',', ',\r\n'))).user).toBe('@bob');
  });
  test('where any one byte of it was changed, or it was cut off', () => {
    const bytes = sealed({ ...GOOD, joins: JOINS, proofs: [PROOF] });
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => decodeResponse(changed), `byte ${at}`).toThrow();
      expect(() => decodeResponse(bytes.subarray(0, at)), `the first ${at}`).toThrow();
    }
  });
  test.for<readonly [string, object, string]>([
    ['another format', { ...GOOD, format: 'x' }, 'BAD_FILE'],
    ['an event that is none', { ...GOOD, event: 'main' }, 'BAD_REF_NAME'],
    ['a user that is none', { ...GOOD, user: '' }, 'BAD_FILE'],
    ['a member more', { ...GOOD, more: 1 }, 'BAD_FILE'],
    ['a member less', { ...GOOD, signatures: undefined }, 'BAD_FILE'],
    ['signatures that are no list', { ...GOOD, signatures: {} }, 'BAD_FILE'],
    ['a signature that is no object', { ...GOOD, signatures: [1] }, 'BAD_FILE'],
    ['a version of 0', { ...GOOD, signatures: [{ ...GOOD.signatures[0], version: 0 }] }, 'BAD_FILE'],
    ['a role that is a path', { ...GOOD, signatures: [{ ...GOOD.signatures[0], role: '../x' }] }, 'BAD_NAME'],
    ['half a byte', { ...GOOD, signatures: [{ ...GOOD.signatures[0], sig: '0' }] }, 'BAD_FILE'],
    [
      'a digest that is short',
      { ...GOOD, signatures: [{ ...GOOD.signatures[0], payload: 'ab' }] },
      'BAD_FILE',
    ],
    ['a key without roles', { ...GOOD, joins: { ...JOINS, roles: [1] } }, 'BAD_FILE'],
    [
      'too many certificates',
      { ...GOOD, joins: { ...JOINS, attestation: Array<string>(9).fill('AA==') } },
      'BAD_FILE',
    ],
    ['proofs that are no list', { ...GOOD, proofs: {} }, 'BAD_FILE'],
    [
      'more proofs than a drill asks for',
      { ...GOOD, proofs: Array.from({ length: 1001 }, () => PROOF) },
      'BAD_FILE',
    ],
    ['a proof by half a key', { ...GOOD, proofs: [{ ...PROOF, fingerprint: 'ab' }] }, 'BAD_FILE'],
    ['a proof with a member more', { ...GOOD, proofs: [{ ...PROOF, more: 1 }] }, 'BAD_FILE'],
    ['a list in its place', [GOOD], 'BAD_FILE'],
  ])('with %s', ([, json, code]) => {
    expect(() => decodeResponse(sealed(json))).toThrow(expect.objectContaining({ code }) as Error);
  });
  test.for<readonly [string, object]>([
    ['that is of something else', { ...GOOD, checksum: 'a'.repeat(64) }],
    ['that is no text', { ...GOOD, checksum: 1 }],
    ['that is missing', GOOD],
  ])('with a checksum %s', ([, json]) => {
    expect(() => decodeResponse(Buffer.from(JSON.stringify(json)))).toThrow(
      expect.objectContaining({ code: 'BAD_FILE', message: containing('damaged on its way') }) as Error,
    );
  });
});
