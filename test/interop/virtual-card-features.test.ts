import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { attestationCa } from '../../signer-cli/demo/virtual-card/attestation-ca.ts';
import { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import type { VpcdAttachment } from '../../signer-cli/demo/virtual-card/vpcd.ts';
import { type PcscDaemon, startPcscd } from './support/pcscd.ts';
import { type ProgramResult, run, runOk } from './support/program.ts';
import { insertCard } from './support/vpcd-cards.ts';

const PIN = '123456';
const PUK = '12345678';
const MANAGEMENT_KEY = '010203040506070801020304050607080102030405060708';
/** A ykman of version 5 knows the algorithms of firmware 5.7; Debian's does not. */
const NEW_YKMAN = fileURLToPath(new URL('../../.interop/ykman5/bin/ykman', import.meta.url));

/** What a card holds beyond a P-256 key, as clients see it that we did not write. */
describe('the virtual card and other people’s clients', () => {
  let daemon: PcscDaemon;
  let folder: string;
  let card: VirtualCard;
  let slot: VpcdAttachment;
  const file = (name: string): string => join(folder, name);
  const pivTool = (...args: readonly string[]): Promise<string> =>
    runOk('yubico-piv-tool', '--reader', daemon.readers[0], ...args);
  const ykmanAt = (reader: 0 | 1, ...args: readonly string[]): Promise<string> =>
    runOk('ykman', '--reader', daemon.readers[reader], 'piv', ...args);
  const ykman = (...args: readonly string[]): Promise<string> => ykmanAt(0, ...args);
  const failing = (program: string, ...args: readonly string[]): Promise<ProgramResult> =>
    run(program, '--reader', daemon.readers[0], ...args);
  const insert = async (next: VirtualCard): Promise<void> => {
    await slot[Symbol.asyncDispose]();
    card = next;
    slot = await insertCard(daemon, 0, card);
  };
  const publicKeyIn = async (name: string): Promise<KeyObject> => createPublicKey(await readFile(file(name)));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tuf-signer-card-'));
    await writeFile(file('ca.pem'), attestationCa().pem);
    daemon = await startPcscd();
  });
  afterAll(async () => {
    // Absent where the daemon did not start.
    await (daemon as PcscDaemon | undefined)?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    card = new VirtualCard({ serial: 12_345_678 });
    slot = await insertCard(daemon, 0, card);
    return () => slot[Symbol.asyncDispose]();
  });

  it('yubico-piv-tool: generates, signs and attests each algorithm it knows; openssl verifies the chain', async () => {
    const rows = [
      ['ECCP256', '9c', 0x9c],
      ['ECCP384', '9a', 0x9a],
      ['RSA2048', '82', 0x82],
    ] as const;
    for (const [algorithm, name, reference] of rows) {
      const at = ['--slot', name];
      await pivTool('--action', 'generate', ...at, '--algorithm', algorithm, '--output', file('made.pem'));
      const key = await publicKeyIn('made.pem');
      expect(card.publicKey(reference)?.equals(key)).toBe(true);
      await pivTool('--action', 'attest', ...at, '--output', file('attested.pem'));
      await pivTool('--action', 'read-certificate', '--slot', 'f9', '--output', file('f9.pem'));
      const chain = ['-CAfile', file('ca.pem'), '-untrusted', file('f9.pem')];
      expect(await runOk('openssl', 'verify', ...chain, file('attested.pem'))).toMatch(/OK/);
      const attested = new X509Certificate(await readFile(file('attested.pem')));
      expect(attested.publicKey.equals(key)).toBe(true);
      // It signs by a key whose certificate it is given; an attestation is one.
      const signing = ['--action', 'verify-pin', '--pin', PIN, '--action', 'test-signature', ...at];
      const hash = algorithm === 'ECCP384' ? 'SHA384' : 'SHA256';
      expect(await pivTool(...signing, '--hash', hash, '--input', file('attested.pem'))).toMatch(
        /Successful/,
      );
    }
  });

  it('yubico-piv-tool: imports keys and certificates; an imported key is not attested', async () => {
    await runOk('openssl', 'genrsa', '-out', file('own.pem'), '2048');
    await runOk(
      'openssl',
      'req',
      '-x509',
      '-new',
      '-key',
      file('own.pem'),
      '-subj',
      '/CN=own',
      '-out',
      file('own.crt'),
    );
    const at = ['--slot', '95'];
    await pivTool(
      '--action',
      'import-key',
      ...at,
      '--pin-policy',
      'never',
      '--touch-policy',
      'cached',
      '--input',
      file('own.pem'),
    );
    await pivTool('--action', 'import-certificate', ...at, '--input', file('own.crt'));
    await pivTool('--action', 'read-certificate', ...at, '--output', file('read.crt'));
    expect(await readFile(file('read.crt'), 'utf8')).toBe(await readFile(file('own.crt'), 'utf8'));
    expect(await pivTool('--action', 'test-signature', ...at, '--input', file('own.crt'))).toMatch(
      /Successful/,
    );
    expect((await failing('yubico-piv-tool', '--action', 'attest', ...at)).code).not.toBe(0);
  });

  it('yubico-piv-tool: PIN, PUK, tries, and reset', async () => {
    await pivTool('--action', 'change-pin', '--pin', PIN, '--new-pin', '654321');
    await pivTool('--action', 'change-puk', '--pin', PUK, '--new-pin', '87654321');
    const wrong = await failing(
      'yubico-piv-tool',
      '--action',
      'change-pin',
      '--pin',
      PIN,
      '--new-pin',
      '111111',
    );
    expect(wrong).toMatchObject({ code: 1, output: expect.stringMatching(/2 tries left/) as string });
    await pivTool('--action', 'unblock-pin', '--pin', '87654321', '--new-pin', '222222');
    await pivTool(
      '--action',
      'verify-pin',
      '--pin',
      '222222',
      '--action',
      'pin-retries',
      '--pin-retries',
      '5',
      '--puk-retries',
      '4',
    );
    expect([card.pinTriesLeft, card.pukTriesLeft]).toEqual([5, 4]);
    expect((await failing('yubico-piv-tool', '--action', 'reset')).code).toBe(1);
    for (let round = 0; round < 5; round += 1)
      await failing('yubico-piv-tool', '--action', 'verify-pin', '--pin', '999999');
    for (let round = 0; round < 4; round += 1)
      await failing('yubico-piv-tool', '--action', 'change-puk', '--pin', '99999999', '--new-pin', PUK);
    await pivTool('--action', 'reset');
    expect([card.pinTriesLeft, card.pukTriesLeft]).toEqual([3, 3]);
  });

  it('ykman: generates, attests, imports a certificate; info tells all of it', async () => {
    await ykman(
      'keys',
      'generate',
      '-a',
      'ECCP384',
      '-m',
      MANAGEMENT_KEY,
      '--pin-policy',
      'ONCE',
      '9d',
      file('made.pem'),
    );
    await ykman('keys', 'attest', '9d', file('attested.pem'));
    await ykman('certificates', 'export', 'f9', file('f9.pem'));
    const attested = new X509Certificate(await readFile(file('attested.pem')));
    expect(attested.verify(new X509Certificate(await readFile(file('f9.pem'))).publicKey)).toBe(true);
    expect(attested.publicKey.equals(await publicKeyIn('made.pem'))).toBe(true);
    await ykman('certificates', 'import', '-m', MANAGEMENT_KEY, '9d', file('attested.pem'));
    expect(await ykman('info')).toMatch(
      /PIN tries remaining: 3\/3[\s\S]*Slot 9d:[\s\S]*YubiKey PIV Attestation 9d/,
    );
    await runOk('openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file('own.pem'));
    await ykman('keys', 'import', '-m', MANAGEMENT_KEY, '--touch-policy', 'ALWAYS', '9e', file('own.pem'));
    const refused = await failing('ykman', 'piv', 'keys', 'attest', '9e', file('none.pem'));
    expect(refused).toMatchObject({ code: 1, output: expect.stringMatching(/Attestation failed/) as string });
  });

  it('ykman: PIN, PUK, tries, and reset', async () => {
    await ykman('access', 'change-pin', '-P', PIN, '-n', '654321');
    await ykman('access', 'change-puk', '-p', PUK, '-n', '87654321');
    await ykman('access', 'unblock-pin', '-p', '87654321', '-n', '222222');
    const wrong = await failing('ykman', 'piv', 'access', 'unblock-pin', '-p', PUK, '-n', '333333');
    expect(wrong.code).toBe(1);
    expect(card.pukTriesLeft).toBe(2);
    await ykman('access', 'set-retries', '-m', MANAGEMENT_KEY, '-P', '222222', '-f', '6', '4');
    expect([card.pinTriesLeft, card.pukTriesLeft]).toEqual([6, 4]);
    expect(await ykman('info')).toMatch(/PIN tries remaining: 6\/6/);
    await ykman('reset', '-f');
    expect([card.pinTriesLeft, card.pukTriesLeft]).toEqual([3, 3]);
  });

  it('ykman: a management key of each kind, and one that the PIN opens', async () => {
    for (const [algorithm, key] of [
      ['AES128', '11'.repeat(16)],
      ['AES256', '22'.repeat(32)],
      ['TDES', '0123456789abcdeffedcba98765432100f1e2d3c4b5a6978'],
    ] as const) {
      await insert(new VirtualCard({ serial: 1 }));
      await ykman('access', 'change-management-key', '-m', MANAGEMENT_KEY, '-a', algorithm, '-n', key);
      await ykman('keys', 'generate', '-a', 'ECCP256', '-m', key, '9a', file('made.pem'));
      expect(card.publicKey(0x9a)?.equals(await publicKeyIn('made.pem'))).toBe(true);
    }
    await insert(new VirtualCard({ serial: 1 }));
    await ykman(
      'access',
      'change-management-key',
      '-m',
      MANAGEMENT_KEY,
      '-P',
      PIN,
      '-a',
      'AES192',
      '--protect',
    );
    expect(await ykman('info')).toMatch(/protected by PIN/);
    await ykman('keys', 'generate', '-a', 'ECCP256', '-P', PIN, '9a', file('made.pem'));
    expect(card.publicKey(0x9a)?.equals(await publicKeyIn('made.pem'))).toBe(true);
    const wrong = await failing('ykman', 'piv', 'keys', 'generate', '-P', '999999', '9a', file('none.pem'));
    expect(wrong.code).toBe(1);
    expect(card.pinTriesLeft).toBe(2);

    // And one that was protected by us, as the option of the card does it.
    const managementKey = Buffer.alloc(24, 0x5a);
    await insert(new VirtualCard({ serial: 1, managementKey, isManagementKeyProtected: true }));
    await ykman('keys', 'generate', '-a', 'ECCP256', '-P', PIN, '9a', file('made.pem'));
    expect(card.publicKey(0x9a)?.equals(await publicKeyIn('made.pem'))).toBe(true);
  });

  it('two at once: each client has the card that it asked for', async () => {
    const other = new VirtualCard({ serial: 22_222_222, firmware: [5, 2, 7] });
    await using _other = await insertCard(daemon, 1, other);
    const [first, second] = await Promise.all([ykmanAt(0, 'info'), ykmanAt(1, 'info')]);
    expect([first, second]).toEqual([expect.stringMatching(/5\.4\.3/), expect.stringMatching(/5\.2\.7/)]);
    await Promise.all([
      ykmanAt(0, 'keys', 'generate', '-a', 'ECCP256', '-m', MANAGEMENT_KEY, '9c', file('first.pem')),
      ykmanAt(1, 'keys', 'generate', '-a', 'ECCP384', '-m', MANAGEMENT_KEY, '9c', file('second.pem')),
    ]);
    expect(card.publicKey()?.equals(await publicKeyIn('first.pem'))).toBe(true);
    expect(other.publicKey()?.equals(await publicKeyIn('second.pem'))).toBe(true);
    await ykmanAt(1, 'keys', 'attest', '9c', file('attested.pem'));
    expect(
      new X509Certificate(await readFile(file('attested.pem'))).publicKey.asymmetricKeyDetails,
    ).toMatchObject({
      namedCurve: 'secp384r1',
    });
    const wrong = await run(
      'ykman',
      '--reader',
      daemon.readers[1],
      'piv',
      'access',
      'change-pin',
      '-P',
      '999999',
      '-n',
      PIN,
    );
    expect(wrong.code).toBe(1);
    expect([card.pinTriesLeft, other.pinTriesLeft]).toEqual([3, 2]);
  });

  it('touch: the client waits as long as nobody touches, and fails where nobody does', async () => {
    let isTouched = true;
    const touch = (): Promise<boolean> => new Promise(resolve => setTimeout(resolve, 200, isTouched));
    await insert(new VirtualCard({ serial: 1, touch }));
    const at = ['--slot', '9c'];
    await pivTool(
      '--action',
      'generate',
      ...at,
      '--algorithm',
      'ECCP256',
      '--touch-policy',
      'always',
      '--output',
      file('made.pem'),
    );
    await pivTool('--action', 'attest', ...at, '--output', file('attested.pem'));
    const signing = ['--action', 'verify-pin', '--pin', PIN, '--action', 'test-signature', ...at];
    expect(await pivTool(...signing, '--input', file('attested.pem'))).toMatch(/Successful/);
    isTouched = false;
    const untouched = await failing('yubico-piv-tool', ...signing, '--input', file('attested.pem'));
    expect(untouched.code).not.toBe(0);
    expect(untouched.output).toMatch(/Failed signing/);
  });

  it('transport: 61xx to extended APDUs, and replies that come whole', async () => {
    for (const quirks of [{ replyLimit: 100 }, { isWhole: true }]) {
      await insert(new VirtualCard({ serial: 1, quirks }));
      await ykman('certificates', 'export', 'f9', file('f9.pem'));
      const certificate = new X509Certificate(await readFile(file('f9.pem')));
      expect(certificate.verify(new X509Certificate(attestationCa().pem).publicKey)).toBe(true);
    }
  });

  it('faults: a wrong status, a reply cut short, a card pulled in mid-command', async () => {
    const verifying = ['--action', 'verify-pin', '--pin', PIN];
    // It asks for the tries first, by the same instruction.
    card.faults.add({ ins: 0x20, times: 9, fault: { kind: 'status', sw: 0x6f00 } });
    expect((await failing('yubico-piv-tool', ...verifying)).code).not.toBe(0);
    card.faults.clear();
    card.faults.add({ ins: 0xfd, times: 9, fault: { kind: 'truncate', length: 1 } });
    expect((await failing('ykman', 'piv', 'info')).code).not.toBe(0);
    card.faults.clear();
    await pivTool(...verifying);
    card.faults.add({ ins: 0x20, fault: { kind: 'pull' } });
    expect((await failing('yubico-piv-tool', ...verifying)).code).not.toBe(0);
    await slot.closed;
    expect(card.pinTriesLeft).toBe(3);
    // The daemon looks every 400 ms: a card put in before it saw the pulled one gone would be taken for that one.
    await sleep(1_000);
  });

  it('ykman 5: the algorithms and defaults of firmware 5.7', async () => {
    await insert(new VirtualCard({ serial: 12_345_678, firmware: [5, 7, 1] }));
    const newYkman = (...args: readonly string[]): Promise<string> =>
      runOk(NEW_YKMAN, '--reader', daemon.readers[0], 'piv', ...args);
    for (const [algorithm, name, reference] of [
      ['ED25519', '9a', 0x9a],
      ['RSA3072', '9c', 0x9c],
      ['RSA4096', '9d', 0x9d],
      ['RSA2048', '82', 0x82],
    ] as const) {
      await newYkman('keys', 'generate', '-a', algorithm, '-m', MANAGEMENT_KEY, name, file('made.pem'));
      const key = await publicKeyIn('made.pem');
      expect(card.publicKey(reference)?.equals(key)).toBe(true);
      await newYkman('keys', 'attest', name, file('attested.pem'));
      expect(new X509Certificate(await readFile(file('attested.pem'))).publicKey.equals(key)).toBe(true);
      // The certificate is signed by the card: its signature is what the key makes.
      await newYkman(
        'certificates',
        'generate',
        '-m',
        MANAGEMENT_KEY,
        '-P',
        PIN,
        '-s',
        'CN=new',
        name,
        file('made.pem'),
      );
      await newYkman('certificates', 'export', name, file('self.crt'));
      expect(new X509Certificate(await readFile(file('self.crt'))).verify(key)).toBe(true);
      expect(await newYkman('keys', 'info', name)).toMatch(new RegExp(`${algorithm}[\\s\\S]*GENERATED`));
    }
    await runOk('openssl', 'genpkey', '-algorithm', 'ed25519', '-out', file('own.pem'));
    const policies = ['--pin-policy', 'ALWAYS', '--touch-policy', 'CACHED'];
    await newYkman('keys', 'import', '-m', MANAGEMENT_KEY, ...policies, '83', file('own.pem'));
    expect(await newYkman('keys', 'info', '83')).toMatch(/ED25519[\s\S]*IMPORTED[\s\S]*ALWAYS[\s\S]*CACHED/);
    expect(await newYkman('info')).toMatch(/AES192[\s\S]*default/i);
    await newYkman(
      'access',
      'change-management-key',
      '-m',
      MANAGEMENT_KEY,
      '-P',
      PIN,
      '-a',
      'AES256',
      '--protect',
    );
    await newYkman('keys', 'generate', '-a', 'ED25519', '-P', PIN, '84', file('made.pem'));
    expect(card.publicKey(0x84)?.equals(await publicKeyIn('made.pem'))).toBe(true);
  }, 240_000);
});
