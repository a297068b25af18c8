import { copyFile, cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import { virtualTransport } from '../../signer-cli/demo/virtual-card/transport.ts';
import { DAY_MS } from '../../src/clock.ts';
import { parseDocument, signedBytes } from '../../src/metadata/document.ts';
import { fileSigner } from '../../src/signers/file.ts';
import { type BuiltCli, builtCli, type Ran } from '../support/cli.ts';
import { runCommand } from '../support/command.ts';
import { commandsOf, readBlocks } from '../support/examples.ts';
import { Rehearsal, type Rehearser } from '../support/rehearsal.ts';

const GREET = 'tools/greet.sh';
const HELLO = 'echo hello\n';

/** docs/recovery.md, accident by accident: what is typed is what it says. */
describe('recovery', { timeout: 120_000 }, () => {
  let cli: BuiltCli;
  let blocks: ReadonlyMap<string, string>;
  let ready: Rehearsal;
  let here: Rehearsal;
  const told = new Set<string>();

  beforeAll(async () => {
    cli = await builtCli();
    blocks = await readBlocks('docs/recovery.md');
    ready = await Rehearsal.begin(cli);
    here = ready;
    await found();
  }, 120_000);
  afterAll(async () => {
    await ready[Symbol.asyncDispose]();
    await cli[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    here = await ready.copy();
    return () => here[Symbol.asyncDispose]();
  });

  /** Types a block of the guide; it has to go well. */
  const perform = async (name: Rehearser, block: string, edit = (script: string) => script): Promise<Ran> => {
    told.add(block);
    const ran = await here.type(name, edit(commandsOf(blocks.get(block) ?? 'false')));
    expect(`${ran.exit} ${ran.stderr}`).toMatch(/^0 /);
    return ran;
  };
  /** People run `sign` one after the other, then the verdict is that all is done. */
  const everybodySigns = async (event: string, ...names: readonly Rehearser[]): Promise<void> => {
    for (const name of names) await perform(name, 'sign', script => script.replace('sign/EVENT', event));
    expect(await verdict(event)).toBe(0);
  };
  const verdict = async (event: string): Promise<number> =>
    (await here.type('alice', `git fetch -q; tuf-signer status --event origin/${event}`)).exit;
  const mergeAndPublish = async (event: string): Promise<void> => {
    here.merge(event);
    await perform('alice', 'publish');
  };
  const clientGets = async (path: string): Promise<string | undefined> => (await here.client()).look(path);
  const clientIsRefused = async (path: string, code: string): Promise<void> =>
    await expect((await here.client()).look(path)).rejects.toMatchObject({ code });

  /** Root: two of alice, bob and carol. Targets: two of alice, bob and dave. tools: bob and carol. Published, and a client has seen it. */
  async function found(): Promise<void> {
    const { folder } = here;
    const go = async (name: Rehearser, script: string): Promise<void> => {
      const ran = await here.type(name, script);
      if (ran.exit !== 0) throw new Error(ran.stderr);
    };
    const root = '--signers @alice,@bob,@carol --threshold 2';
    const targets = '--targets-signers @alice,@bob,@dave --targets-threshold 2';
    await go('alice', `tuf-signer init ${root} ${targets} --online-key file:online.pem --create-online-key`);
    await go('alice', 'tuf-signer delegate sign/init tools --signers @bob,@carol --threshold 2');
    await go(
      'alice',
      `git fetch -q; git switch -q sign/init; mkdir -p targets/tools; printf '${HELLO.trim()}\\n' > targets/${GREET}
      git add targets; git commit -q -m greet; git push -q origin sign/init; tuf-signer update-targets sign/init`,
    );
    for (const name of ['bob', 'carol', 'dave', 'bob', 'carol', 'alice'] as const)
      await go(name, 'tuf-signer sign sign/init');
    here.merge('sign/init');
    await go('alice', 'git fetch -q; tuf-signer online-sign; tuf-signer build --out site');
    await copyFile(join(folder, 'alice', 'site', '1.root.json'), join(folder, 'first.root.json'));
    expect(await clientGets(GREET)).toBe(HELLO);
  }

  test('a card is lost: its owner brings a new one', async () => {
    await here.giveKey('carol', 400);
    await perform('carol', 'rotate');
    await everybodySigns('sign/carol', 'alice', 'bob', 'carol');
    await mergeAndPublish('sign/carol');
    expect(await clientGets(GREET)).toBe(HELLO);
  });

  test('a card is lost: others take its key out', async () => {
    await perform('alice', 'remove');
    await everybodySigns('sign/carol', 'dave', 'alice', 'bob', 'dave');
    await mergeAndPublish('sign/carol');
    expect(await clientGets(GREET)).toBe(HELLO);
  });

  test('a role has lost its quorum', async () => {
    await perform('alice', 'role');
    await everybodySigns('sign/tools', 'dave', 'alice', 'dave');
    expect(await clientGets(GREET)).toBe(HELLO);
    await mergeAndPublish('sign/tools');
    expect(await clientGets(GREET)).toBe(HELLO);
  });

  test('root has lost its quorum: nobody can mend it, targets can vouch for another', async () => {
    await here.type('alice', 'tuf-signer delegate sign/alone root --signers @alice --threshold 1');
    await here.type('alice', 'tuf-signer sign sign/alone');
    expect(await verdict('sign/alone')).toBe(1);
    await writeFile(join(here.folder, 'next.root.json'), 'the first root of the new repository');
    await perform('alice', 'handover');
    await everybodySigns('sign/handover', 'alice', 'dave');
    await mergeAndPublish('sign/handover');
    expect(await clientGets('next.root.json')).toBe('the first root of the new repository');
    here.later = 366 * DAY_MS;
    await clientIsRefused('next.root.json', 'EXPIRED');
  });

  test('the online key leaked', async () => {
    await forgeTimestamp();
    expect(await clientGets(GREET)).toBe(HELLO); // frozen: nothing newer than this will do
    await perform('alice', 'online');
    await everybodySigns('sign/online', 'alice', 'bob');
    await mergeAndPublish('sign/online');
    expect(await clientGets(GREET)).toBe(HELLO);
    const timestamp = JSON.parse(await readFile(join(here.folder, 'cache/ours/timestamp.json'), 'utf8')) as {
      readonly signed: { readonly version: number };
    };
    expect(timestamp.signed.version).toBeLessThan(10);
  });

  /** What somebody with the online key and the hosting can do: count to a version that we never reach. */
  async function forgeTimestamp(): Promise<void> {
    const file = join(here.folder, 'alice/site/timestamp.json');
    const document = JSON.parse(await readFile(file, 'utf8')) as {
      signatures: { keyid: string; sig: string }[];
      signed: { version: number };
    };
    document.signed.version = 1_000_000;
    const payload = signedBytes(parseDocument(Buffer.from(JSON.stringify(document))));
    const root = parseDocument(await readFile(join(here.folder, 'first.root.json')));
    const signer = fileSigner('file:online.pem', { folder: join(here.folder, 'keys'), environment: {} });
    const keys = root.signed.type === 'root' ? [...root.signed.delegations.keys.values()] : [];
    for (const signature of document.signatures) {
      const key = keys.find(({ keyid }) => keyid === signature.keyid);
      const made = key === undefined ? undefined : await signer.sign(key, payload);
      signature.sig = Buffer.from(made ?? []).toString('hex');
    }
    await writeFile(file, JSON.stringify(document));
  }

  test('the token is compromised: metadata on main is put back', async () => {
    const tools = here.remote.git('show', 'main:metadata/tools.json').replace('"version": 1', '"version": 2');
    here.remote.commit({ 'metadata/tools.json': tools }, { message: 'Online sign (timestamp)' });
    await mainIsBad();
    await repair();
    await perform('alice', 'check');
    await perform('alice', 'publish');
    expect(await clientGets(GREET)).toBe(HELLO);
  });

  test('the token is compromised: artifacts on main are put back', async () => {
    const before = here.remote.sha('main');
    here.remote.commit({ [`targets/${GREET}`]: 'echo evil\n' }, { message: 'Online sign (timestamp)' });
    await mainIsBad();
    await perform('bob', 'undo', script => script.replace('$BEFORE', before));
    expect(await verdict('sign/undo')).toBe(0);
    here.merge('sign/undo');
    await perform('alice', 'check');
    await perform('alice', 'publish');
    expect(await clientGets(GREET)).toBe(HELLO);
  });

  async function mainIsBad(): Promise<void> {
    for (const block of ['check', 'publish'])
      expect((await here.type('alice', commandsOf(blocks.get(block) ?? ''))).exit).toBe(2);
    expect(await clientGets(GREET)).toBe(HELLO);
  }

  /** Nobody needs to sign the event that mends main. */
  async function repair(): Promise<void> {
    const event = (await perform('bob', 'repair')).stdout.trim();
    expect(await verdict(event)).toBe(0);
    here.merge(event);
  }

  test('a wrong merge: of an event that was not accepted', async () => {
    await change('sign/early', 'echo early\n');
    here.merge('sign/early');
    const publishing = await here.type('alice', commandsOf(blocks.get('publish') ?? ''));
    expect(publishing.exit).toBe(2);
    expect(await clientGets(GREET)).toBe(HELLO);
    await repair();
    await perform('alice', 'publish');
    expect(await clientGets(GREET)).toBe(HELLO);
  });

  test('a wrong merge: of an event that everybody signed', async () => {
    const before = here.remote.sha('main');
    await change('sign/wrong', 'echo wrong\n');
    await everybodySigns('sign/wrong', 'bob', 'carol');
    await mergeAndPublish('sign/wrong');
    expect(await clientGets(GREET)).toBe('echo wrong\n');
    await perform('bob', 'undo', script => script.replace('$BEFORE', before));
    await everybodySigns('sign/undo', 'bob', 'carol');
    await mergeAndPublish('sign/undo');
    expect(await clientGets(GREET)).toBe(HELLO);
  });

  async function change(event: string, content: string): Promise<void> {
    here.remote.commit(
      { [`targets/${GREET}`]: content },
      { branch: event, parents: [here.remote.sha('main')] },
    );
    const ran = await here.type('bob', `git fetch -q; tuf-signer update-targets ${event}`);
    expect(`${ran.exit} ${ran.stderr}`).toMatch(/^0 /);
  }

  test('a PIN is blocked', async () => {
    const card = new VirtualCard({ serial: 7, pin: '271828', puk: '31415926' });
    const type = (command: string, ...secrets: readonly string[]) =>
      runCommand(
        { cards: virtualTransport([card]), person: { secrets, texts: ['spend'] } },
        ...command.split(' ').slice(1),
        '--repo',
        here.folder,
      );
    for (const wrong of ['111111', '222222', '333333'])
      await type('tuf-signer key change-pin', wrong, '161803', '161803');
    expect(card.pinTriesLeft).toBe(0);
    const command = commandsOf(blocks.get('unblock') ?? '');
    told.add('unblock');
    expect(await type(command, '31415926', '161803', '161803')).toMatchObject({ code: 0 });
    expect((await type('tuf-signer key change-pin', '161803', '271828', '271828')).code).toBe(0);
  });

  test('timestamp has expired', async () => {
    here.later = 8 * DAY_MS;
    await clientIsRefused(GREET, 'EXPIRED');
    await perform('alice', 'publish');
    expect(await clientGets(GREET)).toBe(HELLO);
  });

  test('all has expired', async () => {
    here.later = 400 * DAY_MS;
    await clientIsRefused(GREET, 'EXPIRED');
    for (let left = 3; left > 0; left--) {
      await perform('alice', 'renew');
      const events = here.remote
        .git('for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads/sign')
        .split('\n');
      expect(events).toHaveLength(left);
      await everybodySigns(events[0] ?? '', 'alice', 'bob', 'carol');
      here.merge(events[0] ?? '');
    }
    await perform('alice', 'publish');
    expect(await clientGets(GREET)).toBe(HELLO);
  });

  test('a bad publish: half of it', async () => {
    const site = join(here.folder, 'alice', 'site');
    await change('sign/new', 'echo new\n');
    await everybodySigns('sign/new', 'bob', 'carol');
    const old = join(here.folder, 'old-site');
    await cp(site, old, { recursive: true });
    await mergeAndPublish('sign/new');
    // The new timestamp is there, what it leads to is not.
    await copyFile(join(site, 'timestamp.json'), join(old, 'timestamp.json'));
    await rm(site, { recursive: true });
    await cp(old, site, { recursive: true });
    await clientIsRefused(GREET, 'NOT_FOUND');
    await perform('alice', 'again');
    expect(await clientGets(GREET)).toBe('echo new\n');
  });

  test('a bad publish: an older state', async () => {
    const site = join(here.folder, 'alice', 'site');
    const old = join(here.folder, 'old-site');
    await cp(site, old, { recursive: true });
    await change('sign/new', 'echo new\n');
    await everybodySigns('sign/new', 'bob', 'carol');
    await mergeAndPublish('sign/new');
    expect(await clientGets(GREET)).toBe('echo new\n');
    await rm(site, { recursive: true });
    await cp(old, site, { recursive: true });
    await clientIsRefused(GREET, 'ROLLBACK');
    await perform('alice', 'again');
    expect(await clientGets(GREET)).toBe('echo new\n');
  });

  test('every command of the guide was typed', () => {
    expect([...told].sort()).toEqual([...blocks.keys()].sort());
  });
});
