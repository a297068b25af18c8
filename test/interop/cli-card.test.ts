import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import { padPin } from '../../signer-cli/demo/virtual-card/secrets.ts';
import { INS, PIV_AID } from '../../src/signers/piv/applet.ts';
import { CARD_KEYS } from '../support/card-keys.ts';
import { type CommandResult, requireBuilt } from './support/command.ts';
import { type PcscDaemon, startPcscd } from './support/pcscd.ts';
import { runOk } from './support/program.ts';
import { type Person, Town } from './support/town.ts';
import { HAND_MS, insertCard } from './support/vpcd-cards.ts';

const [ALICE_KEY, BOB_KEY, STRANGE_KEY] = CARD_KEYS;
const [ALICE_PIN, BOB_PIN, WRONG_PIN, SHORT_PIN] = ['73519264', '60418357', '92837465', '8264'];
const PINS = [ALICE_PIN, BOB_PIN, WRONG_PIN, SHORT_PIN];
const [ALICE_SERIAL, BOB_SERIAL] = [10_101_010, 20_202_020];
const SIGN = ['sign', 'sign/init', '--yes'];
const INIT = ['init', '--signers', '@alice,@bob', '--threshold', '2', '--online-key', 'file:online.pem'];

const aliceCard = (): VirtualCard =>
  new VirtualCard({ serial: ALICE_SERIAL, pin: ALICE_PIN, privateKey: ALICE_KEY });
const bobCard = (): VirtualCard => new VirtualCard({ serial: BOB_SERIAL, pin: BOB_PIN, privateKey: BOB_KEY });

/** The built command, as a person runs it, on cards behind a real daemon. */
describe('tuf-signer with cards', () => {
  let daemon: PcscDaemon;
  let ready: Town;
  let town: Town;
  let alice: Person;

  beforeAll(async () => {
    await requireBuilt();
    ready = await readyToSign();
    daemon = await startPcscd();
  }, 120_000);
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
    await ready[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    town = await ready.copy();
    alice = town.person('alice');
    return () => town[Symbol.asyncDispose]();
  });

  /** Runs what has to fail, and looks that nothing but words came of it. */
  const fails = async (
    attempt: () => Promise<CommandResult>,
    code: number,
    sentence: RegExp,
  ): Promise<CommandResult> => {
    const before = [await town.branches(), await alice.git('for-each-ref', 'refs/heads')];
    const result = await attempt();
    expect(result.output).toMatch(sentence);
    expect(result.code).toBe(code);
    expect(result.output).toMatch(/^tuf-signer: \S/m);
    expectDiscreet(result);
    const after = [await town.branches(), await alice.git('for-each-ref', 'refs/heads')];
    expect(after).toEqual(before);
    expect(await alice.git('status', '--porcelain')).toBe('');
    return result;
  };
  const pinFile = async (pin: string): Promise<readonly string[]> => [
    '--pin-file',
    await town.secretFile('pin', `${pin}\n`),
  ];

  describe('two people in turn, both cards in the machine', () => {
    it('init, join and sign: by serial number, then by public key', async () => {
      await using fresh = await Town.found('alice', 'bob');
      const [one, two] = [fresh.person('alice'), fresh.person('bob')];
      const cards = [aliceCard(), bobCard()] as const;
      await using _slotA = await insertCard(daemon, 0, cards[0]);
      await using _slotB = await insertCard(daemon, 1, cards[1]);

      succeeded(await one.run([...INIT, '--create-online-key', '--key', `piv:serial=${ALICE_SERIAL}`]));
      const bobPin = await fresh.secretFile('bob-pin', `${BOB_PIN}\n`);
      const joined = await two.run([...SIGN, '--key', `piv:serial=${BOB_SERIAL}`, '--pin-file', bobPin]);
      succeeded(joined);
      expect(joined.output).toMatch(
        /you have joined root and targets[\s\S]*You have signed root and targets/i,
      );
      const signed = await one.run([...SIGN, '--pin-fd', '3'], { descriptor3: `${ALICE_PIN}\n` });
      succeeded(signed);
      expect(signed.output).toMatch(/sign\/init is complete: it can be merged/);
      expect(await one.run(['status', '--event', 'origin/sign/init'])).toMatchObject({ code: 0 });
      expect(cards.map(card => card.pinTriesLeft)).toEqual([3, 3]);
    });

    it('the PIN of TUF_SIGNER_PIN', async () => {
      await using _slotA = await insertCard(daemon, 0, bobCard());
      await using _slotB = await insertCard(daemon, 1, aliceCard());
      succeeded(await alice.run(SIGN, { pinVariable: ALICE_PIN }));
    });

    it('init and signature of somebody alone, one after the other', async () => {
      await using fresh = await Town.found('alice');
      await using _slot = await insertCard(daemon, 0, aliceCard());
      const flags = ['--signers', '@alice', '--threshold', '1', '--online-key', 'file:online.pem'];
      const result = await fresh
        .person('alice')
        .run(['init', ...flags, '--create-online-key', '--yes'], { pinVariable: ALICE_PIN });
      succeeded(result);
      expect(result.output).toMatch(/You have signed root and targets/);
    });

    it('a drill: the card proves its key with one PIN, which is typed once', async () => {
      await using fresh = await Town.found('alice');
      const card = aliceCard();
      await using _slot = await insertCard(daemon, 0, card);
      const flags = ['--signers', '@alice', '--threshold', '1', '--online-key', 'file:online.pem'];
      const one = fresh.person('alice');
      succeeded(
        await one.run(['init', ...flags, '--create-online-key', '--yes'], { pinVariable: ALICE_PIN }),
      );
      await runOk('git', '-C', fresh.remote, 'update-ref', 'refs/heads/main', 'refs/heads/sign/init');
      succeeded(await one.run(['drill', 'open', '--name', 'june']));
      const proved = await one.runAtTerminal(
        ['drill', 'sign'],
        [
          { asked: /Prove your key [0-9a-f]{20} in drill june\? \[y\/N\]/, typed: 'y' },
          { asked: /PIN/, typed: ALICE_PIN },
        ],
      );
      succeeded(proved);
      expect(proved.output).toMatch(/this signs no metadata[\s\S]*Your key works\. Thank you\./);
      expect(proved.output).toMatch(/Drill june: 1 of 1 key proved/);
      expect(await one.run(['status', '--event', 'origin/sign/drill-june'])).toMatchObject({ code: 0 });
      expect(card.pinTriesLeft).toBe(3);
    });
  });

  describe('at a terminal', () => {
    const agree = { asked: /Sign root and targets\? \[y\/N\]/, typed: 'y' };
    const askedPin = /PIN of card 10101010, slot 9c/;

    it('asks once for consent and once for the PIN, which is not shown', async () => {
      await using _slot = await insertCard(daemon, 0, aliceCard());
      const result = await alice.runAtTerminal(
        ['sign', 'sign/init'],
        [agree, { asked: askedPin, typed: ALICE_PIN }],
      );
      succeeded(result);
      expect(result.output.match(new RegExp(askedPin, 'g'))).toHaveLength(1);
    });

    it('asks again after a wrong PIN, with the tries that are left', async () => {
      const card = aliceCard();
      await using _slot = await insertCard(daemon, 0, card);
      const result = await alice.runAtTerminal(
        ['sign', 'sign/init'],
        [
          agree,
          { asked: askedPin, typed: WRONG_PIN },
          { asked: /wrong\. Tries left: 2[\s\S]*PIN of card/, typed: ALICE_PIN },
        ],
      );
      succeeded(result);
      expect(card.pinTriesLeft).toBe(3);
    });

    it('spends the last try only for the word that it asks for', async () => {
      const card = aliceCard();
      spendTries(card, 2);
      await using _slot = await insertCard(daemon, 0, card);
      const lastTry = /One PIN try is left.*Type the word/;
      await fails(
        () => alice.runAtTerminal(['sign', 'sign/init'], [agree, { asked: lastTry, typed: 'yes' }]),
        69,
        /one PIN try left, and it was not spent: be sure of the PIN, or set a new one with the PUK/,
      );
      expect(card.pinTriesLeft).toBe(1);
      const spent = await alice.runAtTerminal(
        ['sign', 'sign/init'],
        [agree, { asked: lastTry, typed: 'spend' }, { asked: askedPin, typed: ALICE_PIN }],
      );
      succeeded(spent);
      expect(card.pinTriesLeft).toBe(3);
    });

    it('a no, or a terminal that is closed, changes nothing', async () => {
      const card = aliceCard();
      await using _slot = await insertCard(daemon, 0, card);
      await fails(
        () => alice.runAtTerminal(['sign', 'sign/init'], [{ ...agree, typed: 'n' }]),
        77,
        /nothing was signed/,
      );
      const before = await town.branches();
      const { code } = await alice.runAtTerminal(
        ['sign', 'sign/init'],
        [agree, { asked: askedPin, typed: null }],
      );
      expect(code).toBeGreaterThanOrEqual(64);
      expect(await town.branches()).toBe(before);
      expect(card.pinTriesLeft).toBe(3);
    });
  });

  describe('a PIN that is not right', () => {
    it.each([
      ['--pin-file', async () => alice.run([...SIGN, ...(await pinFile(WRONG_PIN))])],
      ['--pin-fd', () => alice.run([...SIGN, '--pin-fd', '3'], { descriptor3: `${WRONG_PIN}\n` })],
      ['TUF_SIGNER_PIN', () => alice.run(SIGN, { pinVariable: WRONG_PIN })],
    ] as const)('%s: one try is spent, no more, and the rest is told', async (_name, attempt) => {
      const card = aliceCard();
      await using _slot = await insertCard(daemon, 0, card);
      await fails(attempt, 69, /PIN was wrong\. Tries left: 2[\s\S]*no further try was spent/);
      expect(card.pinTriesLeft).toBe(2);
      succeeded(await alice.run([...SIGN, ...(await pinFile(ALICE_PIN))]));
      expect(card.pinTriesLeft).toBe(3);
    });

    it('too short: the card never sees it', async () => {
      const card = aliceCard();
      await using _slot = await insertCard(daemon, 0, card);
      await fails(() => alice.run(SIGN, { pinVariable: SHORT_PIN }), 69, /PIN has 6 to 8 characters/);
      expect(card.pinTriesLeft).toBe(3);
    });

    it.each([
      ['an empty file', async () => pinFile(''), /the PIN that was given is empty/],
      ['no file', () => Promise.resolve(['--pin-file', 'not-there']), /not-there/],
      ['no descriptor', () => Promise.resolve(['--pin-fd', '97']), /--pin-fd|descriptor/],
    ] as const)('%s: said before a try is spent', async (_name, flags, sentence) => {
      const card = aliceCard();
      await using _slot = await insertCard(daemon, 0, card);
      const given = await flags();
      const result = await fails(() => alice.run([...SIGN, ...given]), 64, sentence);
      expect(result.output).not.toMatch(/\n\s+at /);
      expect(card.pinTriesLeft).toBe(3);
    });

    it('stops before the last try, though --yes was said', async () => {
      const card = aliceCard();
      spendTries(card, 2);
      await using _slot = await insertCard(daemon, 0, card);
      await fails(
        () => alice.run(SIGN, { pinVariable: ALICE_PIN }),
        69,
        /one PIN try left, and it was not spent: be sure of the PIN, or set a new one with the PUK/,
      );
      expect(card.pinTriesLeft).toBe(1);
    });

    it('blocked', async () => {
      const card = aliceCard();
      spendTries(card, 3);
      await using _slot = await insertCard(daemon, 0, card);
      await fails(() => alice.run(SIGN, { pinVariable: ALICE_PIN }), 69, /blocked: unblock it with the PUK/);
    });
  });

  describe('the card is not the one, or not there', () => {
    it('pulled in mid-signing; put back, it signs', async () => {
      const card = new HookedCard({ serial: ALICE_SERIAL, pin: ALICE_PIN, privateKey: ALICE_KEY });
      const slot = await insertCard(daemon, 0, card);
      card.onSign = () => void slot[Symbol.asyncDispose]();
      await fails(() => alice.run(SIGN, { pinVariable: ALICE_PIN }), 69, /put it back and try again/);
      card.onSign = undefined;
      await sleep(HAND_MS);
      await using _again = await insertCard(daemon, 0, card);
      succeeded(await alice.run(SIGN, { pinVariable: ALICE_PIN }));
    });

    it('somebody else’s: no try is spent on it', async () => {
      const card = new VirtualCard({ serial: 30_303_030, privateKey: STRANGE_KEY });
      await using _slot = await insertCard(daemon, 0, card);
      await fails(() => alice.run(SIGN, { pinVariable: ALICE_PIN }), 69, /insert the (one|card) that/);
      expect(card.pinTriesLeft).toBe(3);
    });

    it('another one than --key names: no try is spent on it', async () => {
      const cards = [aliceCard(), bobCard()] as const;
      await using _slotA = await insertCard(daemon, 0, cards[0]);
      await using _slotB = await insertCard(daemon, 1, cards[1]);
      await fails(
        () => alice.run([...SIGN, '--key', `piv:serial=${BOB_SERIAL}`], { pinVariable: ALICE_PIN }),
        69,
        /insert the (one|card) that/,
      );
      expect(cards.map(card => card.pinTriesLeft)).toEqual([3, 3]);
    });

    it('no card', async () => {
      await sleep(HAND_MS); // the card of the test before is gone for the daemon, too
      await fails(
        () => alice.run(SIGN, { pinVariable: ALICE_PIN }),
        69,
        /no card in .*insert yours and try again/,
      );
    });

    it('an empty card at init', async () => {
      await using fresh = await Town.found('alice');
      await using _slot = await insertCard(daemon, 0, new VirtualCard({ serial: 4 }));
      const result = await fresh.person('alice').run([...INIT, '--create-online-key']);
      expect(result).toMatchObject({ code: 69, output: matching(/no key in this slot: generate one/) });
      expect(await fresh.branches()).toBe('');
    });

    it('two cards and no choice at init: names both, and nothing is pushed', async () => {
      await using fresh = await Town.found('alice');
      await using _slotA = await insertCard(daemon, 0, aliceCard());
      await using _slotB = await insertCard(daemon, 1, bobCard());
      const result = await fresh.person('alice').run([...INIT, '--create-online-key']);
      expect(result).toMatchObject({
        code: 69,
        output: matching(/choose one by its serial.*10101010.*20202020/),
      });
      expect(await fresh.branches()).toBe('');
    });
  });

  describe('the daemon', () => {
    it('stops under a signature: nothing is written', async () => {
      const card = new HookedCard({ serial: ALICE_SERIAL, pin: ALICE_PIN, privateKey: ALICE_KEY });
      await using _slot = await insertCard(daemon, 0, card);
      card.onSign = () => void daemon.stop();
      await fails(() => alice.run(SIGN, { pinVariable: ALICE_PIN }), 69, /try again|not running/);
      await daemon.stop();
      daemon = await startPcscd();
    });

    it('is not running: says so; what needs no card goes on', async () => {
      await daemon.stop();
      await fails(
        () => alice.run(SIGN, { pinVariable: ALICE_PIN }),
        69,
        /PC\/SC service is not running: on Linux install pcscd and start it/,
      );
      const listed = await alice.run(['sign']);
      expect(listed).toMatchObject({ code: 0, output: matching(/sign\/init/) });
      expect(await alice.run(['status', '--event', 'origin/sign/init'])).toMatchObject({ code: 1 });
      daemon = await startPcscd();
    });
  });
});

/** A repository whose first event waits for alice's signature alone. Her card holds the key that she joined with. */
async function readyToSign(): Promise<Town> {
  const town = await Town.found('alice', 'bob');
  await writeFile(join(town.keys, 'alice.pem'), ALICE_KEY, { mode: 0o600 });
  await writeFile(join(town.keys, 'bob.pem'), BOB_KEY, { mode: 0o600 });
  succeeded(await town.person('alice').run([...INIT, '--create-online-key', '--key', 'file:alice.pem']));
  succeeded(await town.person('bob').run([...SIGN, '--key', 'file:bob.pem']));
  succeeded(await town.person('alice').run(['sign'])); // has fetched once: nothing new may appear in the clone later
  return town;
}

function succeeded(result: CommandResult): void {
  if (result.code !== 0) throw new Error(`ended with ${result.code}:\n${result.output}`);
  expectDiscreet(result);
}

/** No PIN is in what anybody can read. */
function expectDiscreet({ output }: CommandResult): void {
  for (const pin of PINS.filter(pin => pin.length > 4)) expect(output).not.toContain(pin);
}

const matching = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

/** Gives a card wrong PINs, as somebody did before us. */
function spendTries(card: VirtualCard, count: number): void {
  card.process(Uint8Array.of(0, INS.select, 4, 0, PIV_AID.length, ...PIV_AID));
  for (let spent = 0; spent < count; spent += 1)
    card.process(Uint8Array.of(0, INS.verify, 0, 0x80, 8, ...padPin(WRONG_PIN)));
  expect(card.pinTriesLeft).toBe(3 - count);
  card.reset();
}

/** Something happens when it should sign. */
class HookedCard extends VirtualCard {
  onSign: (() => void) | undefined;

  override process(apdu: Uint8Array): Uint8Array {
    if (apdu[1] === INS.authenticate) this.onSign?.();
    return super.process(apdu);
  }
}
