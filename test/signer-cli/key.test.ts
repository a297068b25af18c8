import { createPublicKey, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { VirtualCard, type VirtualCardOptions } from '../../signer-cli/demo/virtual-card/card.ts';
import { virtualReaderName, virtualTransport } from '../../signer-cli/demo/virtual-card/transport.ts';
import { parseJson } from '../../src/json.ts';
import { CardError } from '../../src/signers/piv/error.ts';
import type { CardTransport } from '../../src/signers/piv/transport.ts';
import { CARD_KEYS } from '../support/card-keys.ts';
import { type CommandOutcome, type Person, runCommand } from '../support/command.ts';
import { type TestFolder, testFolder } from '../support/git-repo.ts';

const [KEY_A, KEY_B] = CARD_KEYS;
const PIN = '123456';
const PUK = '12345678';

/** A card of the newest kind, with {@link KEY_A} in 9c. */
const card = (options: Partial<VirtualCardOptions> = {}): VirtualCard =>
  new VirtualCard({ serial: 7, firmware: [5, 7, 1], privateKey: KEY_A, ...options });

const empty = (options: Partial<VirtualCardOptions> = {}): VirtualCard =>
  new VirtualCard({ serial: 7, firmware: [5, 7, 1], ...options });

let folder: TestFolder;
beforeEach(async () => {
  folder = await testFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

/** In a folder that is no clone. */
const key = (
  cards: readonly VirtualCard[] | CardTransport,
  args: readonly string[],
  person?: Person,
  environment: NodeJS.ProcessEnv = {},
): Promise<CommandOutcome> =>
  runCommand(
    {
      cards: 'readers' in cards ? cards : virtualTransport(cards),
      environment,
      ...(person === undefined ? {} : { person }),
    },
    'key',
    ...args,
    '--repo',
    folder.path,
  );

const secretFile = async (name: string, text: string): Promise<string> => {
  const file = join(folder.path, name);
  await writeFile(file, `${text}\n`);
  return file;
};

describe('key list', () => {
  it('shows each card with its keys', async () => {
    const old = new VirtualCard({ serial: 8, firmware: [5, 2, 4], privateKey: KEY_B });
    const { code, out } = await key([card({ touchPolicy: 3 }), old, empty({ serial: 9 })], ['list']);
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "Virtual Reader 0
        card 7, firmware 5.7.1, PIN: 3 tries left
          9c  P-256     PIN always, touch cached  CN=virtual card 7
              9d657989e69ae57acb63efad3965acab88216f49be6c6a19992cced8e312803e
      Virtual Reader 1
        card 8, firmware 5.2.4, PIN: 3 tries left
          9c  P-256     PIN policy unknown, touch policy unknown  CN=virtual card 8
              3efeb15dd47c4bd7dec83c1ea3b231df78bebc06f875176189f0f9dd589d5522
              advisory YSA-2024-03: see tuf-signer key doctor
      Virtual Reader 2
        card 9, firmware 5.7.1, PIN: 3 tries left
          no key: tuf-signer key generate makes one
      "
    `);
  });

  it('tells programs the same', async () => {
    const { out } = await key([card()], ['list', '--json']);
    expect(parseJson(Buffer.from(out))).toMatchInlineSnapshot(`
      {
        "cards": [
          {
            "firmware": "5.7.1",
            "pinTriesLeft": 3,
            "reader": "Virtual Reader 0",
            "serial": 7,
            "slots": [
              {
                "advisories": [],
                "algorithm": "P-256",
                "certificate": {
                  "subject": "CN=virtual card 7",
                },
                "fingerprint": "9d657989e69ae57acb63efad3965acab88216f49be6c6a19992cced8e312803e",
                "keys": [],
                "origin": "generated",
                "pinPolicy": "always",
                "slot": "9c",
                "touchPolicy": "never",
              },
            ],
          },
        ],
        "failures": [],
        "otherReaders": [],
      }
    `);
  });

  it('shows one card by its serial, and says when it is not here', async () => {
    const both = [card(), empty({ serial: 9 })];
    expect((await key(both, ['list', '--card', '9'])).out).not.toContain('card 7');
    const absent = await key(both, ['list', '--card', '10']);
    expect([absent.code, absent.err]).toEqual([
      69,
      'tuf-signer: the card with serial 10 is not here: insert it\n',
    ]);
  });

  it('makes the name of a certificate harmless', async () => {
    const hostile = virtualTransport([card()]);
    const readers = hostile.readers.bind(hostile);
    const transport: CardTransport = {
      ...hostile,
      readers: async () => [...(await readers()), { name: 'evil\u001b[2Jreader', hasCard: false }],
    };
    const { out } = await key(transport, ['list']);
    expect(out).toContain('reader');
    expect(out).not.toContain('\u001b');
  });

  it('takes less than 0.3 s and no PIN try', async () => {
    const one = card();
    const start = performance.now();
    await key([one], ['list']);
    expect(performance.now() - start).toBeLessThan(300);
    expect(one.pinTriesLeft).toBe(3);
  });

  it.each([['0'], ['x'], ['99999999999'], ['']])('refuses --card %j', async serial => {
    expect((await key([card()], ['list', '--card', serial])).code).toBe(64);
  });
});

describe('key generate', () => {
  it('makes a P-256 key in 9c with a certificate', async () => {
    const one = empty();
    const { code, out, err, typed } = await key([one], ['generate'], { secrets: [PIN] });
    expect([code, err.replace(/[0-9a-f]{64}/, 'FINGERPRINT')]).toEqual([
      0,
      'Made a P-256 key in slot 9c of card 7 (PIN always, touch never).\nIts fingerprint: FINGERPRINT\n',
    ]);
    expect(createPublicKey(out).equals(one.publicKey() ?? createPublicKey(KEY_A))).toBe(true);
    expect([...(typed[0] ?? [])]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('takes every algorithm, slot and policy, and says which clients can not verify it', async () => {
    const one = empty();
    const args = [
      '--algorithm',
      'ed25519',
      '--slot',
      '82',
      '--pin-policy',
      'once',
      '--touch-policy',
      'cached',
    ];
    const { code, out, err } = await key([one], ['generate', '--json', ...args], { secrets: [PIN] });
    expect(code).toBe(0);
    expect(err).toContain('warning: not every TUF client verifies Ed25519 keys');
    expect(err).toContain('Touch card 7 now.');
    const made = parseJson(Buffer.from(out)) as Record<string, string>;
    expect(made).toMatchObject({
      serial: 7,
      slot: '82',
      algorithm: 'Ed25519',
      pinPolicy: 'once',
      touchPolicy: 'cached',
    });
    expect(new X509Certificate(made['certificate'] ?? '').subject).toBe('CN=tuf-signer');
  });

  it('keeps the key that is there unless the serial is typed', async () => {
    const one = card();
    const before = one.publicKey();
    const kept = await key([one], ['generate'], { texts: ['yes'], secrets: [PIN] });
    expect([kept.code, kept.err]).toEqual([
      77,
      'slot 9c of card 7 holds a P-256 key, which could never be had back.\ntuf-signer: the key was kept: nothing was changed\n',
    ]);
    const nobody = await key([one], ['generate'], undefined, { TUF_SIGNER_PIN: PIN });
    expect([nobody.code, nobody.err]).toEqual([
      69,
      'tuf-signer: slot 9c of card 7 holds a P-256 key, which could never be had back: choose another --slot, or give --overwrite 7\n',
    ]);
    expect((await key([one], ['generate', '--overwrite', '8'], { secrets: [PIN] })).code).toBe(64);
    expect(one.publicKey()?.equals(before ?? createPublicKey(KEY_B))).toBe(true);
    expect((await key([one], ['generate'], { texts: ['7'], secrets: [PIN] })).code).toBe(0);
    expect(one.publicKey()?.equals(before ?? createPublicKey(KEY_B))).toBe(false);
    const flag = await key([one], ['generate', '--overwrite', '7'], undefined, { TUF_SIGNER_PIN: PIN });
    expect(flag.code).toBe(0);
  });

  it('shows a wrong PIN before the key is replaced', async () => {
    const one = card();
    const before = one.publicKey();
    const { code, err } = await key([one], ['generate', '--overwrite', '7'], { secrets: ['654321'] });
    expect(code).toBe(69);
    expect(err).toContain('2 tries');
    expect(one.publicKey()?.equals(before ?? createPublicKey(KEY_B))).toBe(true);
  });

  it('takes a management key in hex, from a file or typed, and says when it is needed', async () => {
    const managementKey = Uint8Array.from({ length: 24 }, (_value, index) => index + 40);
    const hex = Buffer.from(managementKey).toString('hex');
    const make = (): VirtualCard => empty({ managementKey });
    const file = await secretFile('management', hex.toUpperCase());
    const fromFile = await key([make()], ['generate', '--management-key-file', file], { secrets: [PIN] });
    expect(fromFile.code).toBe(0);
    const typed = await key([make()], ['generate'], { secrets: [hex, PIN] });
    expect([typed.code, typed.asked[0]]).toEqual([0, 'Management key of card 7, in hex:']);
    const missing = await key([make()], ['generate'], undefined, { TUF_SIGNER_PIN: PIN });
    expect([missing.code, missing.err]).toEqual([69, expect.stringContaining('--management-key-file FILE')]);
    expect((await key([make()], ['generate'], { secrets: ['0102xx', PIN] })).code).toBe(64);
    for (const { out, err } of [fromFile, typed, missing]) expect(out + err).not.toContain(hex);
  });

  it('opens a management key that the PIN protects', async () => {
    const managementKey = Uint8Array.from({ length: 24 }, (_value, index) => index + 40);
    const one = empty({ managementKey, isManagementKeyProtected: true });
    expect((await key([one], ['generate'], { secrets: [PIN] })).code).toBe(0);
  });

  it('asks which of several cards is meant', async () => {
    const cards = [empty(), empty({ serial: 8 })];
    const unclear = await key(cards, ['generate'], { secrets: [PIN] });
    expect([unclear.code, unclear.err]).toEqual([69, expect.stringContaining('serial 7, serial 8')]);
    expect((await key(cards, ['generate', '--card', '8'], { secrets: [PIN] })).code).toBe(0);
    expect(cards[0]?.publicKey()).toBeUndefined();
  });

  it.each([
    ['--slot', '9b'],
    ['--slot', 'f9'],
    ['--algorithm', 'p521'],
    ['--algorithm', 'rsa1024'],
    ['--pin-policy', 'sometimes'],
    ['--touch-policy', 'Never'],
    ['--pin-fd', 'x'],
    ['--management-key-fd', '-1'],
  ])('refuses %s %s before it looks at a card', async (flag, value) => {
    const cards = virtualTransport([empty()]);
    const readers = vi.spyOn(cards, 'readers');
    expect((await key(cards, ['generate', flag, value], { secrets: [PIN] })).code).toBe(64);
    expect(readers).not.toHaveBeenCalled();
  });
});

describe('key attest', () => {
  it('prints the certificates of key and card, the one by the other', async () => {
    const { code, out, err } = await key([card()], ['attest']);
    const [slot, device, ...more] = out
      .split(/(?<=-----END CERTIFICATE-----\n)/)
      .map(pem => new X509Certificate(pem));
    expect([code, more]).toEqual([0, []]);
    expect(device && slot?.verify(device.publicKey)).toBe(true);
    expect(err).toMatch(/^warning: no vendor known here answers for it: /);
  });

  it('writes a new file, and never over another', async () => {
    const file = join(folder.path, 'card.pem');
    expect(await key([card()], ['attest', '--out', file])).toMatchObject({ code: 0, out: '' });
    expect(await readFile(file, 'utf8')).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
    expect((await key([card()], ['attest', '--out', file])).code).toBe(73);
  });

  it('has nothing to say of an empty slot', async () => {
    expect((await key([empty()], ['attest'])).code).toBe(69);
  });
});

describe('key change-pin, change-puk, unblock', () => {
  it('set what was typed, twice the same', async () => {
    const one = card();
    const pin = await key([one], ['change-pin'], { secrets: [PIN, 'abcdef', 'abcdef'] });
    expect([pin.code, pin.err]).toEqual([0, 'The PIN of card 7 is changed.\n']);
    expect(pin.asked).toEqual([
      'PIN of card 7:',
      'New PIN of card 7 (6 to 8 characters):',
      'The same new PIN again:',
    ]);
    const puk = await key([one], ['change-puk'], { secrets: [PUK, '87654321', '87654321'] });
    expect(puk.code).toBe(0);
    const unblocked = await key([one], ['unblock'], { secrets: ['87654321', PIN, PIN] });
    expect([unblocked.code, unblocked.err]).toEqual([0, 'card 7 has a new PIN, and all its tries.\n']);
    for (const { typed } of [pin, puk, unblocked])
      expect(typed.flatMap(bytes => [...bytes]).every(b => b === 0)).toBe(true);
  });

  it('take files where nobody types', async () => {
    const one = card();
    const files = {
      pin: await secretFile('pin', PIN),
      puk: await secretFile('puk', PUK),
      other: await secretFile('other', 'abcdef'),
    };
    expect(
      (await key([one], ['change-pin', '--pin-file', files.pin, '--new-pin-file', files.other])).code,
    ).toBe(0);
    expect((await key([one], ['unblock', '--puk-file', files.puk, '--new-pin-file', files.pin])).code).toBe(
      0,
    );
    expect(
      (await key([one], ['change-pin', '--pin-file', files.pin, '--new-pin-file', files.other])).code,
    ).toBe(0);
    expect(await key([one], ['change-pin', '--pin-file', join(folder.path, 'none')])).toMatchObject({
      code: 64,
    });
  });

  it('tell two spellings of a new PIN apart, and change nothing', async () => {
    const one = card();
    const { code, typed } = await key([one], ['change-pin'], { secrets: [PIN, 'abcdef', 'abcdeg'] });
    expect([code, one.pinTriesLeft]).toEqual([64, 3]);
    expect(typed.flatMap(bytes => [...bytes]).every(byte => byte === 0)).toBe(true);
    expect((await key([one], ['change-pin'], { secrets: [PIN, 'abcdef', 'abcdef'] })).code).toBe(0);
  });

  it.each([['12345'], ['123456789'], ['pässwd'], ['']])('never send %j to a card', async bad => {
    const sent: number[] = [];
    const cards = virtualTransport([card()], (_reader, apdu) => {
      if ((apdu[1] === 0x20 && apdu.length > 5) || apdu[1] === 0x24 || apdu[1] === 0x2c) sent.push(apdu[1]);
    });
    const refused = [
      await key(cards, ['change-pin'], { secrets: [bad] }),
      await key(cards, ['change-pin'], { secrets: [PIN, bad] }),
      await key(cards, ['unblock'], { secrets: [bad] }),
      await key(cards, ['generate', '--slot', '9a'], { secrets: [bad] }),
    ];
    expect(refused.map(({ code }) => code)).toEqual([69, 69, 69, 69]);
    expect(sent).toEqual([]);
  });

  it('spend the last try only on a typed word', async () => {
    const one = card();
    for (const _try of [1, 2]) await key([one], ['change-pin'], { secrets: ['999999', 'abcdef', 'abcdef'] });
    expect(one.pinTriesLeft).toBe(1);
    const no = await key([one], ['change-pin'], { texts: ['yes'], secrets: ['999999', 'abcdef', 'abcdef'] });
    expect([no.code, one.pinTriesLeft]).toEqual([69, 1]);
    const files = [
      '--pin-file',
      await secretFile('bad', '999999'),
      '--new-pin-file',
      await secretFile('new', 'abcdef'),
    ];
    expect([(await key([one], ['change-pin', ...files])).code, one.pinTriesLeft]).toEqual([69, 1]);
    const spent = await key([one], ['change-pin'], {
      texts: ['spend'],
      secrets: ['999999', 'abcdef', 'abcdef'],
    });
    expect([spent.code, one.pinTriesLeft]).toEqual([69, 0]);
    // Nobody types a PIN that can not be used.
    expect((await key([one], ['change-pin'], {})).asked).toEqual([]);
    expect((await key([one], ['unblock'], { secrets: [PUK, PIN, PIN] })).code).toBe(0);
    expect(one.pinTriesLeft).toBe(3);
  });

  it('take no secret as an argument', async () => {
    expect((await key([card()], ['change-pin', PIN])).code).toBe(64);
    expect((await key([card()], ['change-pin', '--pin', PIN])).code).toBe(64);
  });
});

describe('key doctor', () => {
  const lines = ({ out }: CommandOutcome): readonly string[] =>
    out
      .split('\n')
      .filter(line => !/^(ok|warn) {2,}(git version|this folder is no clone)|fix: run this in/.test(line));

  it('says what a new card lacks', async () => {
    const outcome = await key([empty()], ['doctor']);
    expect(outcome.code).toBe(0);
    expect(lines(outcome).join('\n')).toMatchInlineSnapshot(`
      "ok    the card service (PC/SC) is running and lets you in
      ok    readers: Virtual Reader 0
      ok    card 7 in Virtual Reader 0
      ok    card 7 has firmware 5.7.1
      ok    PIN of card 7: 3 tries left of 3
      ok    PUK of card 7: 3 tries left of 3
      warn  the PIN of card 7 is still the one of every new card
            fix: tuf-signer key change-pin
      warn  the PUK of card 7 is still the one of every new card
            fix: tuf-signer key change-puk
      warn  the management key of card 7 is still the one of every new card: who holds the card can replace its keys
            fix: ykman piv access change-management-key --generate --protect
      warn  card 7 holds no key to sign with
            fix: tuf-signer key generate
      "
    `);
  });

  it('is content with a card that is set up', async () => {
    const one = card({
      pin: 'abcdef',
      puk: '87654321',
      managementKey: Uint8Array.from({ length: 24 }, () => 5),
    });
    const outcome = await key([one], ['doctor']);
    expect(lines(outcome).filter(line => line.startsWith('warn'))).toEqual([]);
  });

  it('names the advisory, and slots that it is about', async () => {
    const { out } = await key([card({ firmware: [5, 4, 3] })], ['doctor']);
    expect(out).toMatch(/warn {2}card 7 has firmware 5\.4\.3, older than 5\.7\.0: .*YSA-2024-03; slots 9c/);
  });

  it('never tries a PIN, and costs none', async () => {
    const verified: string[] = [];
    const cards = virtualTransport([card(), card({ serial: 8, firmware: [5, 2, 4] })], (_reader, apdu) => {
      if ([0x20, 0x24, 0x2c].includes(apdu[1] ?? 0) && apdu.length > 5)
        verified.push(Buffer.from(apdu).toString('hex'));
    });
    const { out } = await key(cards, ['doctor']);
    expect(verified).toEqual([]);
    expect(out).toContain('card 8 does not tell whether PIN and PUK are still those of every new card');
  });

  it('fails on a blocked PIN, and says how to unblock it', async () => {
    const one = card();
    for (let left = 3; left > 0; left -= 1) one.process(Buffer.from('002000800839393939393939ff', 'hex'));
    one.reset();
    one.process(Buffer.from('00a4040005a000000308', 'hex'));
    for (let left = 3; left > 0; left -= 1) one.process(Buffer.from('002000800839393939393939ff', 'hex'));
    const { code, out } = await key([one], ['doctor', '--json']);
    expect(code).toBe(69);
    expect(parseJson(Buffer.from(out))).toMatchObject({
      checks: expect.arrayContaining([
        {
          id: 'pin-tries',
          state: 'fail',
          says: 'the PIN of card 7 is blocked',
          fix: 'tuf-signer key unblock (asks for the PUK)',
        },
      ]) as unknown,
    });
  });

  it('fails without a reader, without a card, without a service', async () => {
    const none = await key([], ['doctor']);
    expect([none.code, none.out]).toEqual([69, expect.stringContaining('fail  no card reader')]);
    const pulled = virtualTransport([card()]);
    pulled.remove(virtualReaderName(0));
    const without = await key(pulled, ['doctor']);
    expect([without.code, without.out]).toEqual([
      69,
      expect.stringContaining('fail  no card in Virtual Reader 0'),
    ]);
    const down: CardTransport = {
      readers: () => Promise.reject(new CardError('NO_PCSC', 'not running')),
      connect: () => Promise.reject(new CardError('NO_PCSC', 'not running')),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const socket = { PCSCLITE_CSOCK_NAME: join(folder.path, 'no.comm') };
    const stopped = await key(down, ['doctor'], undefined, socket);
    expect([stopped.code, stopped.out]).toEqual([
      69,
      expect.stringContaining(
        'fail  the card service (pcscd) is not running\n      fix: install pcscd, then: systemctl',
      ),
    ]);
  });
});

describe('TUF_SIGNER_TRACE=apdu', () => {
  it('shows commands, and no PIN in any form', async () => {
    const { code, out, err } = await key(
      [card()],
      ['change-pin'],
      { secrets: [PIN, 'abcdef', 'abcdef'] },
      {
        TUF_SIGNER_TRACE: 'apdu',
      },
    );
    expect(code).toBe(0);
    expect(err).toContain('> 00240080 [16 bytes]');
    for (const secret of [
      PIN,
      'abcdef',
      Buffer.from(PIN).toString('hex'),
      Buffer.from('abcdef').toString('hex'),
    ])
      expect(out + err).not.toContain(secret);
  });

  it('is the only thing that can be traced', async () => {
    expect((await key([card()], ['list'], undefined, { TUF_SIGNER_TRACE: 'all' })).code).toBe(64);
  });
});
