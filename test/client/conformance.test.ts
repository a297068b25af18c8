import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MetadataStore, memoryStore } from '../../src/client/store.ts';
import type { JsonObject } from '../../src/json.ts';
import { computeKeyid } from '../../src/metadata/key.ts';
import { type BuiltCli, builtCli, projectFolder, type Ran, runProgram } from '../support/cli.ts';
import {
  RepositorySimulator,
  type SimDelegation,
  signDocument,
  simLater,
  simPast,
} from '../support/repository-simulator.ts';
import { type TestKey, type TestKeyKind, testKey } from '../support/test-keys.ts';
import { clientOf, outcome } from './client.ts';
import { type Loopback, serve } from './loopback.ts';

// What the public suite tuf-conformance asks of a client, by the names of its cases, as it can be had from no registry:
// its behaviours were read, none of its code is here. First through script/conformance-client, which speaks its protocol
// (one case for each command and each thing that the suite can see: exit code, files, requests); then the tables of keys
// and signatures against the client itself. {workflow,search,steps,published-history}.test.ts hold what is not repeated here,
// test/interop/faketime.test.ts its clock.

interface Trial {
  readonly simulator: RepositorySimulator;
  readonly metadataDir: string;
  readonly targetDir: string;
  /** Requests since the last time, without the names of this trial. */
  asked(): readonly string[];
  init(root?: Uint8Array): Promise<number>;
  refresh(now?: string): Promise<number>;
  download(path: string | readonly string[], now?: string): Promise<number>;
  /** Role and version of each metadata file. */
  trusted(): readonly string[];
  /** Contents of what was downloaded, in any order. */
  downloads(): string[];
}

let cli: BuiltCli;
let server: Loopback;
let scratch = '';
const sites = new Map<string, { simulator: RepositorySimulator; requests: string[] }>();

beforeAll(async () => {
  cli = await builtCli();
  scratch = mkdtempSync(join(tmpdir(), 'tuf-signer-conformance-'));
  server = await serve((request, response) => {
    const [, name = '', ...rest] = (request.url ?? '').split('/');
    const site = sites.get(name);
    site?.requests.push(rest.join('/'));
    const bytes = site?.simulator.files.get(rest.join('/'));
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
});
afterAll(async () => {
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
  await cli[Symbol.asyncDispose]();
});

const NOW = '2030-06-01T00:00:00Z';

function trial(simulator: RepositorySimulator = new RepositorySimulator()): Trial {
  const name = `trial-${sites.size}`;
  const requests: string[] = [];
  sites.set(name, { simulator, requests });
  const [metadataDir, targetDir] = [join(scratch, name, 'metadata'), join(scratch, name, 'targets')];
  for (const folder of [metadataDir, targetDir]) mkdirSync(folder, { recursive: true });
  const url = `${server.url}${name}/`;
  const script = join(projectFolder, 'script/conformance-client');
  const run = async (now: string, ...args: readonly string[]): Promise<number> => {
    const env = { TUF_SIGNER_CLIENT_NOW: now, TUF_SIGNER_CLI: cli.file };
    const ran: Ran = await runProgram(script, ['--metadata-dir', metadataDir, ...args], { env });
    return ran.exit;
  };
  return {
    simulator,
    metadataDir,
    targetDir,
    asked: () => requests.splice(0),
    init: async (root = simulator.trustedRoot) => {
      const file = join(scratch, name, 'initial_root.json');
      writeFileSync(file, root);
      return await run(NOW, 'init', file);
    },
    refresh: (now = NOW) => run(now, '--metadata-url', `${url}metadata/`, 'refresh'),
    download: (paths, now = NOW) =>
      run(
        now,
        '--metadata-url',
        `${url}metadata/`,
        ...[paths].flat().flatMap(path => ['--target-name', path]),
        '--target-base-url',
        `${url}targets/`,
        '--target-dir',
        targetDir,
        'download',
      ),
    trusted: () =>
      readdirSync(metadataDir)
        .filter(file => file.endsWith('.json'))
        .sort()
        .map(file => {
          const { signed } = JSON.parse(readFileSync(join(metadataDir, file), 'utf8')) as {
            signed: { version: number };
          };
          return `${decodeURIComponent(file.slice(0, -5))} ${signed.version}`;
        }),
    downloads: () =>
      readdirSync(targetDir, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8')),
  };
}

describe.concurrent('script/conformance-client', () => {
  it('basic_init_and_refresh, and no request at init', async () => {
    const t = trial();
    expect(await t.init()).toBe(0);
    expect(t.asked()).toEqual([]);
    expect(await t.refresh()).toBe(0);
    expect(t.asked()).toEqual([
      'metadata/2.root.json',
      'metadata/timestamp.json',
      'metadata/1.snapshot.json',
      'metadata/1.targets.json',
    ]);
    expect(t.trusted()).toEqual(['root 1', 'snapshot 1', 'targets 1', 'timestamp 1']);
  });

  it('finds the command beside it, also through links to it', async () => {
    const place = join(scratch, 'a place');
    for (const name of ['own/script', 'own/dist', 'links']) mkdirSync(join(place, name), { recursive: true });
    copyFileSync(join(projectFolder, 'script/conformance-client'), join(place, 'own/script/client'));
    symlinkSync(cli.file, join(place, 'own/dist/cli.mjs'));
    symlinkSync('../own/script/client', join(place, 'links/relative'));
    symlinkSync(join(place, 'links/relative'), join(place, 'absolute'));
    const root = join(place, 'root.json');
    writeFileSync(root, new RepositorySimulator().trustedRoot);
    for (const name of ['own/script/client', 'links/relative', 'absolute']) {
      const args = ['--metadata-dir', join(place, 'kept', name), 'init', root];
      const ran = await runProgram('sh', [join(place, name), ...args], { cwd: place });
      expect([name, ran.exit, ran.stderr]).toEqual([name, 0, expect.any(String)]);
    }
  });

  it('metadata_bytes_match: what is kept is what was served, however it was written', async () => {
    const t = trial();
    const files = { root: '2.root', timestamp: 'timestamp', snapshot: '1.snapshot', targets: '1.targets' };
    t.simulator.bumpRoot();
    for (const file of Object.values(files)) {
      const name = `metadata/${file}.json`;
      const { signed, signatures } = JSON.parse(textOf(t.simulator.files.get(name))) as JsonObject;
      const written = JSON.stringify({ signed, signatures }, undefined, '\t');
      t.simulator.files.set(name, Buffer.from(` ${written.replaceAll('":', '" \r\n :')} \n `));
    }
    await t.init();
    expect(await t.refresh()).toBe(0);
    for (const [role, file] of Object.entries(files)) {
      const served = textOf(t.simulator.files.get(`metadata/${file}.json`));
      expect(readFileSync(join(t.metadataDir, `${role}.json`), 'utf8')).toBe(served);
    }
  });

  it('implicit_refresh: a download of nothing brings the metadata up to date, and fails', async () => {
    const t = trial();
    await t.init();
    expect(await t.download('nonexistent artifact')).toBe(1);
    expect(t.asked()).toEqual([
      'metadata/2.root.json',
      'metadata/timestamp.json',
      'metadata/1.snapshot.json',
      'metadata/1.targets.json',
    ]);
    expect(t.trusted()).toEqual(['root 1', 'snapshot 1', 'targets 1', 'timestamp 1']);
  });

  it.each(['invalid_initial_root', 'unsigned_initial_root'] as const)('%s: nobody is asked', async name => {
    const t = trial();
    const { version: _, ...rest } = t.simulator.root;
    const root =
      name === 'invalid_initial_root'
        ? signDocument(rest, [testKey(1, { kind: 'ed25519' }), testKey(2)])
        : signDocument(t.simulator.root, [testKey(9), testKey(8)]);
    await t.init(root);
    expect(await t.refresh()).toBe(1);
    expect(t.asked()).toEqual([]);
  });

  it.each([
    ['root', ['root 2']],
    ['timestamp', ['root 2']],
    ['snapshot', ['root 2', 'timestamp 2']],
    ['targets', ['root 2', 'snapshot 2', 'timestamp 2']],
  ] as const)('unsigned_metadata, %s: nothing is kept from there on', async (role, expected) => {
    const t = trial();
    t.simulator.bumpRoot();
    t.simulator.signers.set(role, []);
    if (role === 'root') {
      t.simulator.root.version = 3;
      t.simulator.publishRoot([]);
    } else t.simulator.bump('targets');
    await t.init();
    expect(await t.refresh()).toBe(1);
    expect(t.trusted()).toEqual(expected);
  });

  it('timestamp_content_changes, timestamp_eq_versions_check', async () => {
    const t = trial();
    await t.init();
    await t.refresh();
    t.simulator.timestamp.meta['snapshot.json'] = { version: 100 };
    t.simulator.publishTimestamp();
    t.asked();
    expect(await t.refresh()).toBe(0);
    expect(t.asked()).toEqual(['metadata/2.root.json', 'metadata/timestamp.json']);
    const kept = JSON.parse(readFileSync(join(t.metadataDir, 'timestamp.json'), 'utf8')) as JsonObject;
    expect(kept).toMatchObject({ signed: { meta: { 'snapshot.json': { version: 1 } } } });
  });

  it('new_timestamp_version_rollback, snapshot_rollback', async () => {
    const t = trial();
    await t.init();
    t.simulator.bump();
    expect(await t.refresh()).toBe(0);
    t.simulator.timestamp.version = 1;
    t.simulator.publishTimestamp();
    expect(await t.refresh()).toBe(1);
    expect(t.asked().at(-1)).toBe('metadata/timestamp.json');
    t.simulator.timestamp.version = 3;
    t.simulator.timestamp.meta['snapshot.json'] = { version: 1 };
    t.simulator.publishTimestamp();
    expect(await t.refresh()).toBe(1);
    expect(t.trusted()).toEqual(['root 1', 'snapshot 2', 'targets 1', 'timestamp 2']);
  });

  it('new_snapshot_version_mismatch: the timestamp is kept, the snapshot is not', async () => {
    const t = trial();
    await t.init();
    const served = t.simulator.sign('snapshot', { ...t.simulator.snapshot, version: 2 });
    t.simulator.files.set('metadata/1.snapshot.json', served);
    expect(await t.refresh()).toBe(1);
    expect(t.trusted()).toEqual(['root 1', 'timestamp 1']);
    expect(t.asked().at(-1)).toBe('metadata/1.snapshot.json');
  });

  it.each([false, true])(
    'targets_rollback (hashes: %s): a snapshot that goes back is not kept',
    async withHashes => {
      const t = trial();
      t.simulator.withHashes = withHashes;
      await t.init();
      t.simulator.bump('targets');
      t.simulator.bump('targets');
      expect(await t.refresh()).toBe(0);
      t.simulator.targets.version = 1;
      t.simulator.bump();
      expect(await t.refresh()).toBe(1);
      expect(t.trusted()).toEqual(['root 1', 'snapshot 3', 'targets 3', 'timestamp 4']);
    },
  );

  it('root_expired: the root is kept, and nothing else', async () => {
    const t = trial();
    await t.init();
    await t.refresh();
    t.simulator.bumpRoot();
    await t.refresh();
    t.simulator.bumpRoot(root => (root.expires = simPast));
    t.simulator.bump('targets');
    expect(await t.refresh()).toBe(1);
    expect(t.trusted()).toEqual(['root 3', 'snapshot 1', 'targets 1', 'timestamp 1']);
  });

  it.each([
    ['timestamp', ['root 1', 'snapshot 1', 'targets 1', 'timestamp 1']],
    ['snapshot', ['root 1', 'snapshot 1', 'targets 1', 'timestamp 2']],
    ['targets', ['root 1', 'snapshot 2', 'targets 1', 'timestamp 2']],
  ] as const)('%s_expired', async (role, expected) => {
    const t = trial();
    await t.init();
    await t.refresh();
    t.simulator[role].expires = simPast;
    t.simulator.bump('targets');
    expect(await t.refresh()).toBe(1);
    expect(t.trusted()).toEqual(expected);
  });

  it('expired_metadata: what is expired here still leads to what is not', async () => {
    const t = trial();
    t.simulator.timestamp.expires = '2030-06-08T00:00:00Z';
    t.simulator.bump();
    await t.init();
    expect(await t.refresh()).toBe(0);
    t.simulator.timestamp.expires = '2030-06-22T00:00:00Z';
    t.simulator.bump('targets');
    expect(await t.refresh('2030-06-19T00:00:00Z')).toBe(0);
    expect(t.trusted()).toEqual(['root 1', 'snapshot 3', 'targets 2', 'timestamp 3']);
  });

  it('delegated_targets_expired, expired_local_delegated_targets and their update', async () => {
    const t = trial();
    t.simulator.delegate('targets', 'delegated', { paths: ['path/*'] });
    t.simulator.role('delegated').expires = '2030-06-08T00:00:00Z';
    t.simulator.addTarget('delegated', 'path/first', 'first');
    t.simulator.addTarget('delegated', 'path/second', 'second');
    t.simulator.bump('targets', 'delegated');
    await t.init();
    expect(await t.download('path/first')).toBe(0);
    expect(await t.download('path/second', '2030-06-19T00:00:00Z')).toBe(1);
    expect(t.downloads()).toEqual(['first']);
    t.simulator.role('delegated').expires = '2030-06-22T00:00:00Z';
    t.simulator.bump('delegated');
    expect(await t.download('path/second', '2030-06-19T00:00:00Z')).toBe(0);
    expect(t.downloads().sort()).toEqual(['first', 'second']);
  });

  it('client_downloads_expected_file (in a folder, too), artifact_cache', async () => {
    const t = trial();
    t.simulator.addTarget('targets', 'path/to/a/file.txt', 'content');
    t.simulator.bump('targets');
    await t.init();
    expect(await t.refresh()).toBe(0);
    expect(t.downloads()).toEqual([]);
    for (let i = 0; i < 2; i++) expect(await t.download('path/to/a/file.txt')).toBe(0);
    expect(t.downloads()).toEqual(['content']);
    expect(t.asked().filter(path => path.startsWith('targets/'))).toHaveLength(1);
  });

  it('repository_substitutes_target_file, multiple_changes_to_target', async () => {
    const t = trial();
    await t.init();
    for (const content of ['one', 'two']) {
      t.simulator.addTarget('targets', 'file', content);
      t.simulator.bump('targets');
      expect(await t.download('file')).toBe(0);
      expect(t.downloads()).toEqual([content]);
    }
    t.simulator.files.set(t.simulator.artifactFile('file', Buffer.from('two')), Buffer.from('bad'));
    t.simulator.bump('targets');
    expect(await t.download('file')).toBe(0);
    t.simulator.addTarget('targets', 'file', 'three');
    t.simulator.files.set(t.simulator.artifactFile('file', Buffer.from('three')), Buffer.from('bad'));
    t.simulator.bump('targets');
    expect(await t.download('file')).toBe(1);
    expect(t.downloads()).toEqual(['two']);
  });

  it.each(['?', '#', '/delegatedrole', '../delegatedrole'])(
    'unusual_role_name %s: one encoded name',
    async role => {
      const t = trial();
      t.simulator.delegate('targets', role, { paths: ['*'] });
      t.simulator.bump('targets', role);
      await t.init();
      expect(await t.download('nonexistent target')).toBe(1);
      expect(t.asked()).toContain(`metadata/2.${encodeURIComponent(role)}.json`);
      expect(t.trusted()).toHaveLength(5);
    },
  );

  it('cached_role_is_verified_against_current_delegator: what was had before the failure stays', async () => {
    const t = trial();
    t.simulator.delegate('targets', 'A', { paths: ['a/*'] });
    t.simulator.delegate('targets', 'B', { paths: ['b/*'] });
    t.simulator.delegate('A', 'release', { paths: ['a/*'] }, testKey(20));
    t.simulator.delegate('B', 'release', { paths: ['b/*'] }, testKey(21));
    for (const path of ['a/of A', 'b/of B', 'a/after']) t.simulator.addTarget('release', path, path);
    t.simulator.bump('targets', 'A', 'B', 'release');
    await t.init();
    expect(await t.download(['a/of A', 'b/of B', 'a/after'])).toBe(1);
    expect(t.downloads()).toEqual(['a/of A']);
    expect(t.asked().filter(path => path === 'metadata/timestamp.json')).toHaveLength(1);
  });

  it('several targets are fetched in their order, whatever their names', async () => {
    const t = trial();
    const paths = ['two  words', '-n', '--target-dir', '"$HOME" `x` ?', 'refresh', 'a'];
    for (const path of paths) t.simulator.addTarget('targets', path, path);
    t.simulator.bump('targets');
    await t.init();
    t.asked();
    expect(await t.download(paths)).toBe(0);
    expect(t.downloads().sort()).toEqual([...paths].sort());
    const fetched = t.asked().filter(path => path.startsWith('targets/'));
    expect(fetched.map(path => decodeURIComponent(path).replace(/^targets\/\w{64}\./, ''))).toEqual(paths);
  });

  it('what is no command of the protocol ends with 1', async () => {
    for (const args of [
      [],
      ['refresh'],
      ['--metadata-dir'],
      ['--metadata-dir', '/x', 'update'],
      ['--unknown', 'x'],
      ['--metadata-dir', '/x', 'download'],
      // The value that is missing is not taken from the targets.
      ['--target-name', 'x', '--metadata-dir'],
    ]) {
      expect((await runProgram(join(projectFolder, 'script/conformance-client'), args)).exit).toBe(1);
    }
  });
});

const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? '').toString();
const keptVersion = async (store: MetadataStore, role: string): Promise<number> => {
  const text = textOf(await store.read(`${role}.json`, 1_000_000));
  return (JSON.parse(text) as { signed: { version: number } }).signed.version;
};
const signersOf = (indices: readonly number[]): readonly TestKey[] =>
  indices.map(i => testKey(60 + i, { kind: 'ed25519' }));
type Version = readonly [keys: readonly number[], threshold: number, signatures: readonly number[]];
const FIVE = [0, 1, 2, 3, 4];
const ROTATED = [0, 1, 3, 4, 5];
const OTHERS = [5, 6, 7, 8, 9];

describe('root_rotation: a chain of roots, and whether its last is taken', () => {
  const rows: readonly (readonly [name: string, accepted: boolean, versions: readonly Version[]])[] = [
    [
      '1 of 1',
      true,
      [
        [[1], 1, [1]],
        [[2], 1, [2, 1]],
        [[2], 1, [2]],
      ],
    ],
    [
      '1 of 1, with signatures of nobody',
      true,
      [
        [[1], 1, [3, 1, 4]],
        [[2], 1, [3, 2, 1, 4]],
        [[2], 1, [3, 2, 4]],
      ],
    ],
    [
      '3 of 5, each time by others',
      true,
      [
        [FIVE, 3, [0, 2, 4]],
        [FIVE, 3, [0, 4, 1]],
        [FIVE, 3, [0, 1, 3]],
        [FIVE, 3, [0, 1, 3]],
      ],
    ],
    [
      '3 of 5, one replaced',
      true,
      [
        [FIVE, 3, [0, 2, 4]],
        [ROTATED, 3, [0, 4, 1]],
      ],
    ],
    [
      '3 of 5, one replaced, over a step between',
      true,
      [
        [FIVE, 3, [0, 2, 4]],
        [ROTATED, 3, [0, 2, 4, 5]],
        [ROTATED, 3, [0, 4, 5]],
      ],
    ],
    [
      '3 of 5, all replaced, over a step between',
      true,
      [
        [FIVE, 3, [0, 2, 4]],
        [OTHERS, 3, [0, 2, 4, 5, 6, 7]],
        [OTHERS, 3, [5, 6, 7]],
      ],
    ],
    [
      '1 of 3 to 2 of 3',
      true,
      [
        [[1, 2, 3], 1, [1]],
        [[1, 2, 3], 2, [1, 2]],
      ],
    ],
    [
      '2 of 3 to 1 of 3',
      true,
      [
        [[1, 2, 3], 2, [1, 2]],
        [[1, 2, 3], 1, [1, 2]],
        [[1, 2, 3], 1, [1]],
      ],
    ],
    [
      '1 of 1 to 2 of 2',
      true,
      [
        [[1], 1, [1]],
        [[1, 2], 2, [1, 2]],
      ],
    ],
    [
      'not signed with the old key',
      false,
      [
        [[1], 1, [1]],
        [[2], 1, [2, 3, 4]],
      ],
    ],
    [
      'not signed with the new key',
      false,
      [
        [[1], 1, [1]],
        [[2], 1, [1, 3, 4]],
      ],
    ],
    [
      'not signed with 3 new keys',
      false,
      [
        [FIVE, 3, [0, 2, 4]],
        [ROTATED, 3, [0, 2, 4]],
      ],
    ],
    [
      'not signed with 3 old keys',
      false,
      [
        [FIVE, 3, [0, 2, 4]],
        [ROTATED, 3, [0, 4, 5]],
      ],
    ],
    [
      '1 of 3 to 2 of 3, the new threshold not reached',
      false,
      [
        [[1, 2, 3], 1, [1]],
        [[1, 2, 3], 2, [2]],
      ],
    ],
    [
      '2 of 3 to 1 of 3, the old threshold not reached',
      false,
      [
        [[1, 2, 3], 2, [1, 2]],
        [[1, 2, 3], 1, [1]],
      ],
    ],
  ];
  it.each(rows)('%s: %s', async (_, accepted, versions) => {
    const simulator = new RepositorySimulator();
    for (const [index, [keys, threshold, signatures]] of versions.entries()) {
      simulator.root.version = index + 1;
      simulator.rotate('root', ...signersOf(keys));
      simulator.root.roles.root.threshold = threshold;
      simulator.publishRoot(signersOf(signatures));
    }
    const store = memoryStore();
    expect(await outcome(clientOf(simulator, { store }).refresh())).toBe(accepted ? 'accepted' : 'QUORUM');
    expect(await keptVersion(store, 'root')).toBe(accepted ? versions.length : versions.length - 1);
  });
});

describe.each(['timestamp', 'snapshot', 'targets'] as const)('non_root_rotations: %s', role => {
  const rows: readonly (readonly [name: string, accepted: boolean, version: Version])[] = [
    ['1 of 1', true, [[2], 1, [2]]],
    ['1 of 1, with signatures of nobody', true, [[1], 1, [3, 1, 4]]],
    ['not signed with the new key', false, [[2], 1, [1, 3, 4]]],
    ['3 of 5, one of them by a key that is out', false, [ROTATED, 3, [0, 2, 4]]],
    ['2 of 5 where 3 are needed', false, [ROTATED, 3, [0, 4]]],
    ['3 of 5, one way', true, [FIVE, 3, [0, 2, 4]]],
    ['3 of 5, another way', true, [FIVE, 3, [0, 4, 1]]],
    ['3 of 5, a third way', true, [FIVE, 3, [0, 1, 3]]],
    ['3 of 5, a fourth way', true, [FIVE, 3, [1, 2, 3]]],
    ['3 of 5, a fifth way', true, [FIVE, 3, [2, 3, 4]]],
  ];
  it.each(rows)('%s: %s', async (_, accepted, [keys, threshold, signatures]) => {
    const simulator = new RepositorySimulator();
    simulator.bumpRoot(root => {
      simulator.rotate(role, ...signersOf(keys));
      root.roles[role].threshold = threshold;
    });
    simulator.signers.set(role, [...signersOf(signatures)]);
    simulator.bump('targets');
    expect(await outcome(clientOf(simulator).refresh())).toBe(accepted ? 'accepted' : 'QUORUM');
  });
});

describe('keys and signatures', () => {
  const kinds: readonly TestKeyKind[] = ['rsa', 'p256', 'p384', 'ed25519'];
  it.each(kinds)('keytype_and_scheme: %s, signed rightly and wrongly', async kind => {
    const simulator = new RepositorySimulator();
    const key = testKey(7, { kind });
    const rotate = (): void => simulator.rotate('root', ...(simulator.signers.get('root') ?? []), key);
    simulator.bumpRoot(root => {
      rotate();
      root.roles.root.threshold = 3;
    });
    expect(await outcome(clientOf(simulator).refresh())).toBe('accepted');
    const wrong = {
      ...key,
      sign: (payload: Uint8Array) => key.sign(Buffer.concat([payload, Buffer.from(' ')])),
    };
    simulator.bumpRoot();
    simulator.publishRoot([...(simulator.signers.get('root') ?? []).slice(0, 2), wrong]);
    expect(await outcome(clientOf(simulator).refresh())).toBe('QUORUM');
  });

  it.each([
    [
      'duplicate_sig_keyids: one signature twice',
      (signatures: readonly JsonObject[]) => [...signatures, ...signatures],
      'QUORUM',
    ],
    [
      'invalid_sig_in_valid_metadata: an empty one beside',
      (signatures: readonly JsonObject[]) => [...signatures, { keyid: 'ab'.repeat(32), sig: '' }],
      'accepted',
    ],
  ] as const)('%s', async (_, change, expected) => {
    const simulator = new RepositorySimulator();
    const name = 'metadata/1.snapshot.json';
    const document = JSON.parse(Buffer.from(simulator.files.get(name) ?? '').toString()) as {
      signatures: JsonObject[];
    };
    simulator.files.set(
      name,
      Buffer.from(JSON.stringify({ ...document, signatures: change(document.signatures) })),
    );
    expect(await outcome(clientOf(simulator).refresh())).toBe(expected);
  });

  const [first, second] = [testKey(71), testKey(72, { kind: 'ed25519' })];
  const wrong = { ...second, sign: () => second.sign(Buffer.from('of something else')) };
  const empty = { ...second, sign: () => Buffer.alloc(0) };
  it.each([
    ['a wrong one of a key of the role, beside a quorum', 1, [wrong, first], 'accepted'],
    ['an empty one of a key of the role, beside a quorum', 1, [empty, first], 'accepted'],
    ['a wrong one that the quorum would need', 2, [first, wrong], 'QUORUM'],
    ['an empty one that the quorum would need', 2, [first, empty], 'QUORUM'],
  ] as const)('invalid_sig_in_valid_metadata: %s', async (_, threshold, by, expected) => {
    const simulator = new RepositorySimulator();
    simulator.bumpRoot(root => {
      simulator.rotate('snapshot', first, second);
      root.roles.snapshot.threshold = threshold;
    });
    simulator.signers.set('snapshot', [...by]);
    simulator.bump();
    expect(await outcome(clientOf(simulator).refresh())).toBe(expected);
  });

  it('snapshot_has_too_few_keys, duplicate_keys', async () => {
    const simulator = new RepositorySimulator();
    simulator.bumpRoot(root => {
      simulator.rotate('snapshot', ...signersOf(FIVE));
      root.roles.snapshot.threshold = 6;
    });
    simulator.bump();
    const store = memoryStore();
    expect(await outcome(clientOf(simulator, { store }).refresh())).toBe('QUORUM');
    expect(await keptVersion(store, 'root')).toBe(2);
    simulator.bumpRoot(root => {
      root.roles.snapshot.keyids = Array.from({ length: 10 }, () => root.roles.snapshot.keyids[0] ?? '');
    });
    expect(await outcome(clientOf(simulator).refresh())).toBe('MALFORMED');
  });

  it.each([
    ['custom_fields', { extra: { a: [1] } }],
    ['wrong_hashing_algorithm', { keyid_hash_algorithms: ['md5'] }],
    ['deprecated_keyid_hash_algorithms: no list', { keyid_hash_algorithms: 'md5' }],
  ] as const)('%s: what is unknown is signed and let be, covered by the keyid or not', async (_, members) => {
    const simulator = new RepositorySimulator();
    const key = testKey(4, { kind: 'ed25519' });
    const raw = { ...key.raw, ...members };
    simulator.bumpRoot(root => {
      for (const keyid of Object.keys(root.keys)) root.keys[keyid] = { ...root.keys[keyid], ...members };
      for (const role of ['timestamp', 'snapshot'] as const)
        simulator.rotate(role, { ...key, raw, keyid: computeKeyid(raw) });
      for (const role of Object.values(root.roles)) Object.assign(role, members);
      Object.assign(root, members);
    });
    simulator.delegate('targets', 'tools', { paths: ['*'], ...members });
    for (const document of [
      simulator.timestamp,
      simulator.snapshot,
      simulator.targets,
      simulator.role('tools'),
    ])
      Object.assign(document, members);
    simulator.addTarget('tools', 'file', 'content');
    Object.assign(simulator.role('tools').targets['file'] ?? {}, members);
    simulator.bump('targets', 'tools');
    const client = clientOf(simulator);
    await client.checkArtifact(await client.requireTarget('file'));
  });
});

describe('download_with_hash_algorithms', () => {
  const hash = (algorithm: string): string => createHash(algorithm).update('content').digest('hex');
  const rows: readonly (readonly [name: string, hashes: Record<string, string>, expected: string])[] = [
    ['sha256', { sha256: hash('sha256') }, 'accepted'],
    ['sha512', { sha512: hash('sha512') }, 'accepted'],
    ['both', { sha256: hash('sha256'), sha512: hash('sha512') }, 'accepted'],
    ['both, one wrong', { sha256: hash('sha256'), sha512: hash('sha384') }, 'HASH_MISMATCH'],
    ['one that nobody knows', { unknown: hash('sha512') }, 'HASH_MISMATCH'],
  ];
  it.each(rows)('%s', async (_, hashes, expected) => {
    const simulator = new RepositorySimulator();
    simulator.targets.targets['file'] = { length: 7, hashes };
    for (const digest of Object.values(hashes))
      simulator.files.set(`targets/${digest}.file`, Buffer.from('content'));
    simulator.bump('targets');
    const client = clientOf(simulator);
    const info = await client.requireTarget('file');
    simulator.requests.length = 0;
    expect(await outcome(client.checkArtifact(info))).toBe(expected);
    expect(simulator.requests.length).toBeLessThanOrEqual(1);
  });
});

describe('targetfile_search', () => {
  const edges: readonly (readonly [string, string, Partial<SimDelegation>])[] = [
    ['targets', 'A', { paths: ['*.doc', '*.md'] }],
    ['targets', 'B', { paths: ['releases/*/*'] }],
    ['B', 'C', { paths: ['releases/x/*'] }],
    ['B', 'D', { paths: ['releases/y/*.zip'] }],
    ['targets', 'E', { paths: ['foo-?.tgz'] }],
  ];
  it.each([
    ['targetfile', 'targets', ''],
    ['README.md', 'A', 'A'],
    ['releases/x/x_v1', 'C', 'B C'],
    ['releases/y/y_v1.zip', 'D', 'B D'],
    ['releases/z/z_v1.zip', undefined, 'B'],
    // No * stands for a slash, a ? for one character, and no letter for its capital.
    ['releases/README.md', undefined, ''],
    ['foo-1.tgz', 'E', 'E'],
    ['foo-alpha.tgz', undefined, ''],
    ['README.MD', undefined, ''],
  ])('%s is of %s', async (path, role, visited) => {
    const simulator = new RepositorySimulator();
    for (const [from, to, delegation] of edges) simulator.delegate(from, to, delegation);
    for (const [owner, own] of [
      ['targets', 'targetfile'],
      ['A', 'README.md'],
      ['C', 'releases/x/x_v1'],
      ['D', 'releases/y/y_v1.zip'],
      ['D', 'releases/z/z_v1.zip'],
      ['A', 'releases/README.md'],
      ['E', 'foo-1.tgz'],
      ['E', 'foo-alpha.tgz'],
      ['A', 'README.MD'],
    ] as const) {
      simulator.addTarget(owner, own, own);
    }
    simulator.targets.expires = simLater;
    simulator.bump('targets', 'A', 'B', 'C', 'D', 'E');
    const client = clientOf(simulator);
    await client.refresh();
    simulator.requests.length = 0;
    expect((await client.getTargetInfo(path))?.role).toBe(role);
    expect(simulator.requests.map(name => name.replace(/^metadata\/\d+\.(.*)\.json$/, '$1')).join(' ')).toBe(
      visited,
    );
  });
});
