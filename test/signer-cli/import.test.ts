import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { virtualTransport } from '../../signer-cli/demo/virtual-card/transport.ts';
import { type CommandOutcome, type Person, runCommand } from '../support/command.ts';
import { type TestFolder, TestRepository, testFolder } from '../support/git-repo.ts';
import { legacyVector, writeFiles } from '../support/legacy-vector.ts';
import { testKey } from '../support/test-keys.ts';

let folder: TestFolder;
let count = 0;
const idOf = (name: string): string => (legacyVector.keyids[name] ?? '').slice(0, 12);
beforeAll(async () => {
  folder = await testFolder();
  await writeFiles(join(folder.path, 'site'), legacyVector.files);
  await mkdir(join(folder.path, 'keys'));
  await writeFile(join(folder.path, 'keys', 'online.pem'), testKey(7).privatePem, { mode: 0o600 });
});
afterAll(() => folder[Symbol.asyncDispose]());

/** A new empty repository, cloned. */
function fresh(): { readonly remote: TestRepository; readonly clone: TestRepository } {
  const remote = TestRepository.init(join(folder.path, `remote-${++count}`), { bare: true });
  const clone = TestRepository.clone(remote.folder, join(folder.path, `clone-${count}`), '-q');
  clone.git('config', 'tuf-signer.user', '@alice');
  return { remote, clone };
}

const run = (clone: TestRepository, args: readonly string[], person?: Person): Promise<CommandOutcome> =>
  runCommand(
    {
      cards: virtualTransport([]),
      ...(person === undefined ? {} : { person }),
      environment: {
        TUF_SIGNER_KEYS: join(folder.path, 'keys'),
        TUF_SIGNER_CONFIG: join(folder.path, `config-${count}`),
      },
    },
    'import',
    ...args,
    '--repo',
    clone.folder,
  );

const site = (): string => join(folder.path, 'site');
const trusted = (): readonly string[] => ['--trusted-root', join(site(), 'metadata', '1.root.json')];
const owners = ['alice', 'bob', 'carol'].flatMap(name => ['--owner', `${idOf(name)}=@${name}`]);
const online = ['--online-key', 'file:online.pem'];

it('takes everything from flags, and prints JSON', async () => {
  const { clone, remote } = fresh();
  const terms = ['--threshold', 'root=3', '--periods', 'timestamp=3/1', '--invite', 'targets=@dave,@erin'];
  const { code, out } = await run(clone, [
    site(),
    'sign/over',
    ...trusted(),
    ...owners,
    ...online,
    ...terms,
    '--json',
  ]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    became: 'new',
    pushed: true,
    root: 2,
    firstRoot: 1,
    versions: { snapshot: 7, targets: 1, timestamp: 7, tools: 1 },
    expired: [],
    artifacts: 2,
    event: 'sign/over',
    status: { verdict: 'pending' },
  });
  expect(JSON.parse(remote.git('show', 'sign/over:metadata/root.json'))).toMatchObject({
    signed: {
      roles: {
        root: { threshold: 3 },
        timestamp: { 'x-tuf-on-ci-expiry-period': 3, 'x-tuf-on-ci-signing-period': 1 },
      },
    },
  });
  const again = await run(clone, [site(), 'sign/over', ...trusted(), ...owners, ...online]);
  expect(again).toMatchObject({ code: 0 });
  expect(again.err).toContain('main holds already what is published');
});

it('asks for what no flag says: the root, each key, the roles that fall short, the online key', async () => {
  const { clone, remote } = fresh();
  const texts = ['y', '@alice', 'bob', '-', '@dave', 'file:online.pem'];
  const { code, asked, err } = await run(clone, [site()], { texts });
  expect({ code, err }).toMatchObject({ code: 0 });
  expect(asked).toEqual([
    expect.stringContaining('Do you trust this root'),
    expect.stringMatching(/^Whose is it/),
    expect.stringMatching(/^Whose is it/),
    expect.stringMatching(/^Whose is it/),
    'targets needs 1 signature and has 0 keys. Who joins with a new key? Accounts with commas between:',
    expect.stringContaining('Where is the key that automation will sign with?'),
  ]);
  for (const word of [
    legacyVector.keyids['carol'] ?? '',
    'A key of root, targets: rsassa-pss-sha256',
    'Invited: @dave',
  ])
    expect(err).toContain(word);
  expect(remote.git('show', 'sign/import:metadata/.signing-event-state')).toContain('@dave');
});

it('imports nothing where the root is not trusted, nor where nobody is there to say so', async () => {
  const { clone, remote } = fresh();
  expect(await run(clone, [site()], { texts: ['n'] })).toMatchObject({ code: 77 });
  expect(await run(clone, [site(), '--yes', ...owners, ...online], { texts: ['no'] })).toMatchObject({
    code: 77,
  });
  expect(remote.git('for-each-ref')).toBe('');
});

it('takes metadata and artifacts from two places', async () => {
  const { clone, remote } = fresh();
  const places = ['--metadata-url', join(site(), 'metadata'), '--targets-url', join(site(), 'targets')];
  expect(await run(clone, [...places, ...trusted(), ...owners, ...online])).toMatchObject({ code: 0 });
  expect(remote.git('show', 'main:targets/readme.txt')).toBe('read me');
});

it('says that a key goes on signing online', async () => {
  const { clone } = fresh();
  await writeFile(join(folder.path, 'keys', 'old.pem'), legacyVector.privateKeys['timestamp'] ?? '', {
    mode: 0o600,
  });
  const { code, err } = await run(clone, [
    site(),
    ...trusted(),
    ...owners,
    '--online-key',
    'file:old.pem',
    '-n',
  ]);
  expect(code).toBe(0);
  expect(err).toContain('go on with a key that they had');
  expect(err).toContain('Nothing was pushed (--dry-run).');
});

it.each([
  ['no source', () => [], 64, 'say where the repository is published'],
  ['a folder without metadata', () => [folder.path], 64, 'there is no timestamp.json'],
  ['a folder that is not there', () => ['nowhere-at-all'], 64, '"nowhere-at-all" is no folder here'],
  ['a URL that nobody answers', () => ['http://127.0.0.1:9/'], 69, 'could not be fetched'],
  [
    'a URL with a password',
    () => ['https://me:secret@tuf.example.org/'],
    64,
    'has a user name or a password',
  ],
  ['a scheme that is none of ours', () => ['ftp://tuf.example.org/'], 64, 'http or https address'],
  ['an event that is none', () => [site(), 'main'], 64, 'is no signing event'],
  [
    'a trusted root that is not there',
    () => [site(), '--trusted-root', 'nowhere'],
    64,
    '--trusted-root "nowhere"',
  ],
  [
    'a holder without a key',
    () => [site(), ...trusted(), '--owner', '@alice'],
    64,
    'has to be KEYID=@account',
  ],
  [
    'a key and its holder the wrong way round',
    () => [site(), ...trusted(), '--owner', '@alice=d3d3d3d3'],
    64,
    '--owner KEYID=@alice',
  ],
  [
    'too few digits of a key',
    () => [site(), ...trusted(), '--owner', 'd3=@alice'],
    64,
    'give at least 8 digits',
  ],
  [
    'digits of no key',
    () => [site(), ...trusted(), '--owner', 'aaaaaaaaaaaa=@alice'],
    64,
    'is no key of those',
  ],
  [
    'a holder of no account',
    () => [site(), ...trusted(), '--owner', `${idOf('bob')}=@a b`],
    64,
    'is no account name',
  ],
  [
    'a holder of no URI',
    () => [site(), ...trusted(), '--owner', `${idOf('bob')}=ldap:x`],
    64,
    'is no signer',
  ],
  [
    'a role twice',
    () => [site(), ...trusted(), '--threshold', 'root=1', '--threshold', 'root=2'],
    64,
    'twice for root',
  ],
  [
    'a threshold of no number',
    () => [site(), ...trusted(), '--threshold', 'root=many'],
    64,
    'has to be a number',
  ],
  ['a period of no days', () => [site(), ...trusted(), '--periods', 'root=1/1'], 64, 'the signing period'],
  [
    'somebody invited to snapshot',
    () => [site(), ...trusted(), ...owners, ...online, '--invite', 'snapshot=@eve'],
    2,
    'nobody is invited to it',
  ],
  [
    'a threshold beyond reach',
    () => [site(), ...trusted(), ...owners, ...online, '--threshold', 'root=9'],
    2,
    '--threshold root=NUMBER, at most 3',
  ],
] as const)('refuses %s', async (_name, args, code, message) => {
  const { clone, remote } = fresh();
  const outcome = await run(clone, args());
  expect(outcome.err).toContain(message);
  expect(outcome.err).not.toContain('secret');
  expect({ code: outcome.code, refs: remote.git('for-each-ref') }).toEqual({ code, refs: '' });
});
