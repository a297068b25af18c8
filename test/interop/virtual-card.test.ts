import { createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import { generateP256 } from '../../signer-cli/demo/virtual-card/keys.ts';
import type { VpcdAttachment } from '../../signer-cli/demo/virtual-card/vpcd.ts';
import { readPublicKey } from '../../src/signers/piv/cards.ts';
import { pcscTransport } from '../../src/signers/piv/pcsc.ts';
import { type PcscDaemon, startPcscd } from './support/pcscd.ts';
import { run, runOk } from './support/program.ts';
import { insertCard } from './support/vpcd-cards.ts';

const PIN = '123456';
const WRONG_PIN = '000000';
const MANAGEMENT_KEY = '010203040506070801020304050607080102030405060708';
const PAYLOAD = 'signed by a program that we did not write';

/** Clients that we did not write, on a virtual card through a real pcscd: who disagrees with them is us. */
describe('the virtual card, driven by', () => {
  let daemon: PcscDaemon;
  let folder: string;
  let card: VirtualCard;
  let slot: VpcdAttachment;
  const reader = (): readonly string[] => ['--reader', daemon.readers[0]];
  const file = (name: string): string => join(folder, name);
  const pivTool = (...args: readonly string[]): Promise<string> =>
    runOk('yubico-piv-tool', ...reader(), ...args);
  const ykman = (...args: readonly string[]): Promise<string> => runOk('ykman', ...reader(), 'piv', ...args);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tuf-signer-card-'));
    await writeFile(file('payload'), PAYLOAD);
    daemon = await startPcscd();
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    card = new VirtualCard({ serial: 12_345_678 });
    slot = await insertCard(daemon, 0, card);
    return () => slot[Symbol.asyncDispose]();
  });

  /** What our own reader says of slot 9c. */
  const readByUs = async (): Promise<KeyObject> => {
    await using transport = pcscTransport();
    return (await readPublicKey(transport)).publicKey;
  };

  it('yubico-piv-tool: status, generate, certificate, sign, wrong PIN', async () => {
    expect(await pivTool('--action', 'status')).toMatch(
      /Version:\s+5\.4\.3[\s\S]*12345678[\s\S]*PIN tries left:\s+3/,
    );
    await pivTool(
      '--action',
      'generate',
      '--slot',
      '9c',
      '--algorithm',
      'ECCP256',
      '--output',
      file('tool.pem'),
    );
    const generated = createPublicKey(await readFile(file('tool.pem')));
    expect(card.publicKey()?.equals(generated)).toBe(true);
    expect((await readByUs()).equals(generated)).toBe(true);

    // Its own self-signing is broken on OpenSSL 3 (2.2.0 fails before it talks to the card): ykman makes the certificate.
    await ykman(
      'certificates',
      'generate',
      '-m',
      MANAGEMENT_KEY,
      '-P',
      PIN,
      '-s',
      'tool',
      '9c',
      file('tool.pem'),
    );
    await pivTool('--action', 'read-certificate', '--slot', '9c', '--output', file('tool.crt'));
    await pivTool('--action', 'import-certificate', '--slot', '9c', '--input', file('tool.crt'));
    const signing = ['--action', 'verify-pin', '--pin', PIN, '--action', 'test-signature', '--slot', '9c'];
    expect(await pivTool(...signing, '--input', file('tool.crt'))).toMatch(/Successful ECDSA verification/);

    const wrong = await run('yubico-piv-tool', ...reader(), '--action', 'verify-pin', '--pin', WRONG_PIN);
    expect(wrong).toMatchObject({ code: 1, output: expect.stringMatching(/2 tries left/) as string });
    expect(card.pinTriesLeft).toBe(2);
  });

  it('ykman: generate, self-signed certificate, wrong PIN, new PIN, AES management key', async () => {
    await ykman('keys', 'generate', '-a', 'ECCP256', '-m', MANAGEMENT_KEY, '9c', file('ykman.pem'));
    const generated = createPublicKey(await readFile(file('ykman.pem')));
    expect((await readByUs()).equals(generated)).toBe(true);
    await ykman(
      'certificates',
      'generate',
      '-m',
      MANAGEMENT_KEY,
      '-P',
      PIN,
      '-s',
      'ykman',
      '9c',
      file('ykman.pem'),
    );
    await ykman('certificates', 'export', '9c', file('ykman.crt'));
    // The card signed it: verified by node:crypto.
    const certificate = new X509Certificate(await readFile(file('ykman.crt')));
    expect(certificate.verify(generated)).toBe(true);

    const change = ['access', 'change-pin', '-P', WRONG_PIN, '-n', '654321'];
    const wrong = await run('ykman', ...reader(), 'piv', ...change);
    expect(wrong).toMatchObject({ code: 1, output: expect.stringMatching(/2 tries left/) as string });
    await ykman('access', 'change-pin', '-P', PIN, '-n', '654321');
    await ykman(
      'access',
      'change-management-key',
      '-m',
      MANAGEMENT_KEY,
      '-a',
      'AES192',
      '-n',
      MANAGEMENT_KEY,
    );
    await ykman('keys', 'generate', '-a', 'ECCP256', '-m', MANAGEMENT_KEY, '9a', file('ykman-9a.pem'));
    expect(await ykman('info')).toMatch(/PIN tries remaining: 3\/3[\s\S]*AES192[\s\S]*CN=ykman/);
  });

  it('OpenSC: sign with the PIN, wrong PIN', async () => {
    await slot[Symbol.asyncDispose]();
    const filled = new VirtualCard({ serial: 87_654_321, pin: '87654321' });
    filled.putKey(0x9c, generateP256());
    await using _slot = await insertCard(daemon, 0, filled);
    const sign = (pin: string): ReturnType<typeof run> =>
      run(
        'pkcs11-tool',

        '--slot-index',
        '0',
        '--login',
        '--pin',
        pin,
        '--sign',
        '--mechanism',
        'ECDSA-SHA256',
        '--id',
        '02',

        '--signature-format',
        'openssl',
        '--input-file',
        file('payload'),
        '--output-file',
        file('opensc.sig'),
      );
    const wrong = await sign(WRONG_PIN);
    expect(wrong.output).toMatch(/CKR_PIN_INCORRECT/);
    expect(filled.pinTriesLeft).toBe(2);
    expect(await sign('87654321')).toMatchObject({ code: 0 });
    const publicKey = filled.publicKey();
    const signature = await readFile(file('opensc.sig'));
    expect(publicKey !== undefined && verify('sha256', Buffer.from(PAYLOAD), publicKey, signature)).toBe(
      true,
    );
  });

  it('yubico-piv-tool, as old firmware without serial number and GET METADATA', async () => {
    await slot[Symbol.asyncDispose]();
    const old = new VirtualCard({ serial: 4, firmware: [4, 3, 5] });
    await using _slot = await insertCard(daemon, 0, old);
    await pivTool(
      '--action',
      'generate',
      '--slot',
      '9c',
      '--algorithm',
      'ECCP256',
      '--output',
      file('old.pem'),
    );
    expect(old.publicKey()?.equals(createPublicKey(await readFile(file('old.pem'))))).toBe(true);
  });
});
