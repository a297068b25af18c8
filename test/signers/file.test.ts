import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeKeyid, decodeKey, publicKeyOf, requirePublicKey } from '../../src/metadata/key.ts';
import { parseKeyOwner } from '../../src/metadata/names.ts';
import { personKey } from '../../src/repository/documents.ts';
import { SignerError, type SignerErrorCode } from '../../src/signers/error.ts';
import { type FileOptions, fileSigner, readKeyFile, writeKeyFile } from '../../src/signers/file.ts';
import { parseFileUri } from '../../src/signers/file-uri.ts';
import { parseSignerUri } from '../../src/signers/registry.ts';
import { type TestKeyKind, testKey } from '../support/test-keys.ts';

const payload = Buffer.from('{"_type":"timestamp"}');
const PASSPHRASE = 'correct horse battery';
let folder = '';
const warnings: string[] = [];

const optionsOf = (environment: Readonly<Record<string, string>> = {}): FileOptions => ({
  folder,
  environment,
  warn: message => void warnings.push(message),
});

const encrypted = (index: number): string =>
  testKey(index)
    .privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
    .toString();

async function codeOf(attempt: Promise<unknown>): Promise<SignerErrorCode | 'none'> {
  try {
    await attempt;
    return 'none';
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
    const told = `${error.message} ${String(error.cause)}`;
    expect(told).not.toContain('PRIVATE KEY-----');
    expect(told).not.toContain(PASSPHRASE);
    return error.code;
  }
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'file-signer-'));
  const files = {
    'key.pem': testKey(1).privatePem,
    'locked.pem': encrypted(1),
    'sec1.pem': testKey(1).privateKey.export({ format: 'pem', type: 'sec1' }).toString(),
    'public.pem': testKey(1).key.publicText,
    'twice.pem': testKey(1).privatePem + testKey(2).privatePem,
    'broken.pem': testKey(1).privatePem.replace(/.{20}\n/, '\n'),
    'p521.pem': generateKeyPairSync('ec', { namedCurve: 'secp521r1' })
      .privateKey.export({ format: 'pem', type: 'pkcs8' })
      .toString(),
    'empty.pem': '',
    'long.pem': 'x'.repeat(40_000),
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(path.join(folder, name), text, { mode: 0o600 });
  }
  await mkdir(path.join(folder, 'folder.pem'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('parseFileUri', () => {
  it.each([
    ['file:key.pem', { kind: 'path', path: 'key.pem', passphraseName: undefined }],
    ['file:/etc/keys/a b.pem', { kind: 'path', path: '/etc/keys/a b.pem', passphraseName: undefined }],
    ['file:../k;passphrase-env=P_1', { kind: 'path', path: '../k', passphraseName: 'P_1' }],
    ['file:env=ONLINE_KEY', { kind: 'environment', name: 'ONLINE_KEY', passphraseName: undefined }],
    ['file:env=K;passphrase-env=P', { kind: 'environment', name: 'K', passphraseName: 'P' }],
  ])('reads %s', (uri, expected) => {
    expect(parseFileUri(uri)).toEqual(expected);
  });

  it.each([
    '',
    'file',
    'file:',
    'FILE:a',
    'piv:',
    'file:///etc/key',
    'file:~/key',
    'file:a;',
    'file:a;b',
    'file:a;passphrase-env=',
    'file:a;passphrase-env=lower',
    'file:a;passphrase-env=A;passphrase-env=B',
    'file:a;passphrase=secret',
    'file:env=',
    'file:env=lower',
    'file:env=1A',
    'file:env=A B',
    'file:env=__proto__',
    'file:a\nb',
    'file:a\u202eb',
    'file:a\u0000',
    'file: a',
    'file:a ',
    'file:a/',
    `file:${'a'.repeat(2_000)}`,
  ])('refuses %j', uri => {
    expect(() => parseFileUri(uri)).toThrow(
      expect.objectContaining({ name: 'SignerError', code: 'BAD_URI' }),
    );
  });
});

describe('parseSignerUri', () => {
  it('knows piv and file', () => {
    expect(parseSignerUri('piv:serial=7')).toEqual({ scheme: 'piv', piv: { serial: 7, slot: undefined } });
    expect(parseSignerUri('file:a')).toMatchObject({ scheme: 'file', file: { path: 'a' } });
  });
  it.each(['gcpkms:x', 'a', '', ':', 'http://x', '__proto__:', 'constructor:x'])(
    'refuses %j and says what there is',
    uri => {
      expect(() => parseSignerUri(uri)).toThrow(/write piv: for a card, or file:NAME.pem/);
      expect(() => parseSignerUri(uri)).toThrow(expect.objectContaining({ code: 'BAD_URI' }));
    },
  );
  it('leaves what follows to the scheme', () => {
    expect(() => parseSignerUri('piv:slot=zz')).toThrow(expect.objectContaining({ code: 'BAD_URI' }));
  });
});

describe('fileSigner', () => {
  it.each(['p256', 'p384', 'ed25519', 'rsa'] as const)(
    'signs with %s from a variable',
    async (kind: TestKeyKind) => {
      const { key, privatePem } = testKey(1, { kind });
      const signer = fileSigner('file:env=KEY', optionsOf({ KEY: privatePem }));
      const signature = await signer.sign(key, payload);
      const { scheme, keyObject } = requirePublicKey(key);
      expect(scheme.verify(keyObject, payload, signature ?? Buffer.alloc(0))).toBe(true);
      expect(await signer.readPublicKey()).toEqual({
        keytype: key.keytype,
        scheme: key.scheme,
        public: key.publicText,
        place: 'private key in the environment variable KEY',
      });
    },
  );

  it.each([
    ['a file', 'file:key.pem', {}],
    ['an encrypted file', 'file:locked.pem;passphrase-env=PASS', { PASS: PASSPHRASE }],
    ['an encrypted variable', 'file:env=KEY;passphrase-env=PASS', { KEY: encrypted(1), PASS: PASSPHRASE }],
  ])('signs from %s', async (_, uri, environment) => {
    expect(await fileSigner(uri, optionsOf(environment)).sign(testKey(1).key, payload)).toBeDefined();
  });

  it.each([
    ['a variable', 'file:env=KEY', { KEY: testKey(1).privatePem }],
    ['an encrypted variable', 'file:env=KEY;passphrase-env=PASS', { KEY: encrypted(1), PASS: PASSPHRASE }],
  ])('signs from %s after a TLS connection of the process has failed', async (_, uri, environment) => {
    // No TLS is spoken there: on Node 24 what OpenSSL says of that waits for whoever opens a key next.
    const server = createServer(socket => socket.end('HTTP/1.1 200 OK\r\n\r\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const failed = connect({ host: '127.0.0.1', port });
    const { key } = testKey(1);
    await once(failed, 'error');
    try {
      expect(await fileSigner(uri, optionsOf(environment)).sign(key, payload)).toBeDefined();
    } finally {
      failed.destroy();
      server.close();
    }
  });

  it('takes an absolute path as it is', async () => {
    const uri = `file:${path.join(folder, 'key.pem')}`;
    expect(
      await fileSigner(uri, { folder: '/nowhere', environment: {} }).sign(testKey(1).key, payload),
    ).toBeDefined();
  });

  it.each([
    ['another key', testKey(2).key],
    ['a key of another kind', testKey(1, { kind: 'ed25519' }).key],
  ])('says that %s is not its own', async (_, key) => {
    expect(await fileSigner('file:key.pem', optionsOf()).sign(key, payload)).toBeUndefined();
  });

  it('signs with the padding that an imported RSA key asks for, and enrols none with it', async () => {
    const { raw, privatePem } = testKey(1, { kind: 'rsa' });
    const key = decodeKey('x', { ...raw, scheme: 'rsa-pkcs1v15-sha256' }, 'key');
    const signer = fileSigner('file:env=KEY', optionsOf({ KEY: privatePem }));
    const signature = await signer.sign(key, payload);
    const { scheme, keyObject } = requirePublicKey(key);
    expect(scheme.verify(keyObject, payload, signature ?? Buffer.alloc(0))).toBe(true);
    expect((await signer.readPublicKey()).scheme).toBe('rsassa-pss-sha256');
  });

  it('says that a key which nobody can use is not its own, without looking', async () => {
    const { raw } = testKey(1);
    const key = decodeKey('x', { ...raw, scheme: 'none' }, 'key');
    expect(publicKeyOf(key)).toBeInstanceOf(Error);
    expect(await fileSigner('file:missing.pem', optionsOf()).sign(key, payload)).toBeUndefined();
  });

  it.each<[string, string, Record<string, string>, SignerErrorCode]>([
    ['a file that is not there', 'file:missing.pem', {}, 'KEY_FILE_MISSING'],
    ['a file below a file', 'file:key.pem/x.pem', {}, 'KEY_FILE_MISSING'],
    ['a variable that is not set', 'file:env=KEY', {}, 'KEY_FILE_MISSING'],
    ['a folder', 'file:folder.pem', {}, 'KEY_FILE_BAD'],
    ['a device', 'file:/dev/zero', {}, 'KEY_FILE_BAD'],
    ['an empty file', 'file:empty.pem', {}, 'KEY_FILE_BAD'],
    ['a long file', 'file:long.pem', {}, 'KEY_FILE_BAD'],
    ['a public key', 'file:public.pem', {}, 'KEY_FILE_BAD'],
    ['another form of PEM', 'file:sec1.pem', {}, 'KEY_FILE_BAD'],
    ['two keys', 'file:twice.pem', {}, 'KEY_FILE_BAD'],
    ['a damaged key', 'file:broken.pem', {}, 'KEY_FILE_BAD'],
    ['a curve that nobody verifies', 'file:p521.pem', {}, 'KEY_FILE_BAD'],
    ['text in the variable', 'file:env=KEY', { KEY: 'secret' }, 'KEY_FILE_BAD'],
    ['a locked key without a passphrase', 'file:locked.pem', {}, 'PASSPHRASE'],
    ['a passphrase that is not set', 'file:locked.pem;passphrase-env=PASS', {}, 'PASSPHRASE'],
    ['an empty passphrase', 'file:locked.pem;passphrase-env=PASS', { PASS: '' }, 'PASSPHRASE'],
    ['a wrong passphrase', 'file:locked.pem;passphrase-env=PASS', { PASS: 'wrong' }, 'PASSPHRASE'],
  ])('refuses %s', async (_, uri, environment, code) => {
    expect(await codeOf(fileSigner(uri, optionsOf(environment)).sign(testKey(1).key, payload))).toBe(code);
    expect(await codeOf(readKeyFile(uri, optionsOf(environment)))).toBe(code);
  });

  it('refuses a bad URI at once', () => {
    expect(() => fileSigner('file:', optionsOf())).toThrow(SignerError);
  });

  it.skipIf(process.platform === 'win32')('warns of a key that others can read', async () => {
    const file = path.join(folder, 'open.pem');
    await writeFile(file, testKey(1).privatePem);
    await chmod(file, 0o644);
    warnings.length = 0;
    await readKeyFile('file:open.pem', optionsOf());
    expect(warnings).toEqual(['the key file "open.pem" can be used by others on this machine: chmod 600 it']);
    await chmod(file, 0o600);
    warnings.length = 0;
    await readKeyFile('file:open.pem', optionsOf());
    expect(warnings).toEqual([]);
  });
});

describe('writeKeyFile', () => {
  it('makes a key that signs, for its owner alone', async () => {
    const parts = await writeKeyFile('file:new.pem', optionsOf());
    const { place: _, ...read } = await readKeyFile('file:new.pem', optionsOf());
    expect(read).toEqual(parts);
    if (process.platform !== 'win32')
      expect((await stat(path.join(folder, 'new.pem'))).mode & 0o777).toBe(0o600);
    const raw = personKey(parts, parseKeyOwner('@alice'));
    const key = decodeKey(computeKeyid(raw), raw, 'key');
    const signature = await fileSigner('file:new.pem', optionsOf()).sign(key, payload);
    const { scheme, keyObject } = requirePublicKey(key);
    expect(scheme.verify(keyObject, payload, signature ?? Buffer.alloc(0))).toBe(true);
    expect(scheme.name).toBe('ecdsa-sha2-nistp256');
  });

  it('encrypts where the URI names a passphrase', async () => {
    const uri = 'file:new-locked.pem;passphrase-env=PASS';
    expect(await codeOf(writeKeyFile(uri, optionsOf()))).toBe('PASSPHRASE');
    const parts = await writeKeyFile(uri, optionsOf({ PASS: PASSPHRASE }));
    const pem = await readFile(path.join(folder, 'new-locked.pem'), 'utf8');
    expect(pem).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    expect(() => createPrivateKey(pem)).toThrow();
    expect((await readKeyFile(uri, optionsOf({ PASS: PASSPHRASE }))).public).toBe(parts.public);
  });

  it('writes over nothing, through no link, and into no missing folder', async () => {
    const before = await readFile(path.join(folder, 'key.pem'), 'utf8');
    expect(await codeOf(writeKeyFile('file:key.pem', optionsOf()))).toBe('KEY_FILE_EXISTS');
    expect(await readFile(path.join(folder, 'key.pem'), 'utf8')).toBe(before);
    await symlink(path.join(folder, 'elsewhere.pem'), path.join(folder, 'link.pem'));
    expect(await codeOf(writeKeyFile('file:link.pem', optionsOf()))).toBe('KEY_FILE_EXISTS');
    expect(await codeOf(writeKeyFile('file:no/key.pem', optionsOf()))).toBe('KEY_FILE_MISSING');
    expect(await codeOf(writeKeyFile('file:env=KEY', optionsOf()))).toBe('BAD_URI');
  });
});
