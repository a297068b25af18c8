import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CardTransport } from '../../src/signers/piv/transport.ts';
import { type Loopback, serve } from '../client/loopback.ts';
import { type CommandOutcome, runCommand } from '../support/command.ts';
import { type TestFolder, testFolder } from '../support/git-repo.ts';
import { RepositorySimulator } from '../support/repository-simulator.ts';
import { testKey } from '../support/test-keys.ts';

let folder: TestFolder;
let server: Loopback;
let simulator: RepositorySimulator;
let requests: string[] = [];
/** What the server does instead, for the paths that it names. */
let fault: ((path: string) => RequestListener | undefined) | undefined;
let count = 0;
let dir = '';

const ARTIFACT = 'tools/greet.sh';

function repository(): RepositorySimulator {
  const made = new RepositorySimulator();
  made.addTarget('targets', 'plain.txt', 'plain');
  made.delegate('targets', 'tools');
  made.addTarget('tools', ARTIFACT, 'hello');
  made.bump('targets', 'tools');
  return made;
}

const answer = (request: IncomingMessage, response: ServerResponse): void => {
  const path = (request.url ?? '').slice(1);
  requests.push(path);
  const faulty = fault?.(path);
  if (faulty !== undefined) {
    faulty(request, response);
    return;
  }
  const bytes = simulator.files.get(path);
  response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
};

beforeAll(async () => {
  [folder, server] = await Promise.all([testFolder(), serve(answer)]);
});
afterAll(async () => {
  await server.close();
  await folder[Symbol.asyncDispose]();
});
beforeEach(() => {
  simulator = repository();
  requests = [];
  fault = undefined;
  dir = join(folder.path, `client-${++count}`);
});

const noCards = {} as CardTransport;
const NOW = '2030-06-01T00:00:00Z';

/** `tuf-signer client ARGS` in this test's folder. A later `--now` counts. */
const client = (command: string, ...args: readonly string[]): Promise<CommandOutcome> =>
  runCommand({ cards: noCards }, 'client', command, '--dir', dir, '--now', NOW, ...args);

function rootFile(root: Uint8Array = simulator.trustedRoot): string {
  const file = join(folder.path, `root-${++count}.json`);
  writeFileSync(file, root);
  return file;
}

const urls = (): readonly string[] => [
  '--metadata-url',
  `${server.url}metadata`,
  '--targets-url',
  `${server.url}targets/`,
];
const init = (): Promise<CommandOutcome> => client('init', rootFile(), ...urls());
const out = (name: string): string => join(dir, 'out', name);
const download = (...args: readonly string[]): Promise<CommandOutcome> =>
  client('download', ARTIFACT, '--out', join(dir, 'out'), ...args);

describe('init', () => {
  it('pins a root, shows its fingerprint, and asks nobody', async () => {
    const { code, out: printed, err } = await init();
    expect(code).toBe(0);
    expect(printed).toMatch(
      /^root {9}version 1, expires on 2031-06-01T00:00:00Z\nfingerprint {2}SHA-256 [0-9a-f]{64}\nof the file {2}SHA-256 [0-9a-f]{64}\nits signers {2}2 of /,
    );
    expect(err).toContain('Compare the fingerprint');
    expect(requests).toEqual([]);
  });

  it('of the same root changes the addresses; of another one is refused', async () => {
    await client('init', rootFile());
    expect((await client('refresh')).code).toBe(64);
    expect((await init()).code).toBe(0);
    expect((await client('refresh')).code).toBe(0);
    const other = new RepositorySimulator();
    other.rotate('root', testKey(50), testKey(51));
    const { code, err } = await client('init', rootFile(other.publishRoot()));
    expect([code, err]).toEqual([73, expect.stringContaining('another root is pinned')]);
    expect((await client('refresh')).code).toBe(0);
  });

  it('takes the fingerprint to compare', async () => {
    const json = JSON.parse((await client('init', rootFile(), '--json')).out) as Record<string, string>;
    for (const name of ['fingerprint', 'sha256']) {
      dir += '-again';
      expect((await client('init', rootFile(), '--fingerprint', json[name]?.toUpperCase() ?? '')).code).toBe(
        0,
      );
    }
    dir += '-wrong';
    const { code, err } = await client('init', rootFile(), '--fingerprint', '00'.repeat(32));
    expect([code, err]).toEqual([2, expect.stringContaining('nothing was pinned')]);
    expect(existsSync(dir)).toBe(false);
  });

  it.each([
    ['no root', (): string => '<html></html>', 65],
    [
      'a root that nobody signed',
      (): string => JSON.stringify({ signatures: [], signed: simulator.root }),
      65,
    ],
    [
      'another document',
      (): string => Buffer.from(simulator.files.get('metadata/timestamp.json') ?? '').toString(),
      65,
    ],
  ] as const)('%s is refused', async (_, text, expected) => {
    expect((await client('init', rootFile(Buffer.from(text())))).code).toBe(expected);
    expect(existsSync(dir)).toBe(false);
  });

  it.each(['ftp://x/', 'https://u:p@x/', 'nonsense'])('the address %s is refused', async url => {
    expect((await client('init', rootFile(), '--metadata-url', url)).code).toBe(64);
    expect(existsSync(dir)).toBe(false);
  });

  it('a file that is not there is a fault of the command line', async () => {
    expect((await client('init', join(folder.path, 'none'))).code).toBe(64);
  });
});

describe('what init was given is remembered', () => {
  const settings = (): string => join(dir, 'client/settings.json');

  it('redirects that are allowed, for metadata and artifacts, until a command says otherwise', async () => {
    const front = await serve((request, response) => {
      response.writeHead(302, { location: `${server.url}${(request.url ?? '').slice(1)}` }).end();
    });
    const places = ['--metadata-url', `${front.url}metadata`, '--targets-url', `${front.url}targets`];
    await client('init', rootFile(), ...places);
    expect((await client('refresh')).code).toBe(69);
    await client('init', rootFile(), ...places, '--allow-redirect-to', new URL(server.url).origin);
    expect((await download()).code).toBe(0);
    const refused = await client('refresh', '--allow-redirect-to', 'https://cdn.example.org');
    expect([refused.code, refused.err]).toEqual([69, expect.stringContaining('redirects to')]);
    await front.close();
  });

  it('how long a silent server is waited for, until a command says otherwise', async () => {
    fault = path => (path.includes('timestamp') ? (_, r) => r.write('{') : undefined);
    await client('init', rootFile(), ...urls(), '--timeout', '1s');
    const waited = async (...flags: readonly string[]): Promise<number> => {
      const from = performance.now();
      const { code, err } = await client('refresh', ...flags);
      expect([code, err]).toEqual([69, expect.stringContaining('sent nothing for too long')]);
      return performance.now() - from;
    };
    expect(await waited()).toBeLessThan(1_900);
    expect(await waited('--timeout', '2s')).toBeGreaterThan(1_900);
  });

  it.each([
    ['no JSON', 'nothing', 'not valid JSON'],
    ['no object', '[]', 'no object'],
    ['an address that is none', '{"metadata": ["ftp://x/"], "targets": []}', 'http or https'],
    ['addresses that are no list', '{"metadata": "https://x/", "targets": []}', 'metadata is no list'],
    ['one that is no text', '{"metadata": [], "targets": [1]}', 'targets is no list'],
    ['no addresses', '{}', 'metadata is no list'],
    ['a bad origin', '{"metadata": [], "targets": [], "allowRedirectTo": ["x"]}', 'is no origin'],
    ['a number for a time', '{"metadata": [], "targets": [], "timeout": 5}', 'timeout is no text'],
    ['a time that is none', '{"metadata": [], "targets": [], "timeout": "soon"}', 'is no duration'],
    ['a time of years', '{"metadata": [], "targets": [], "timeout": "999d"}', 'at most 24h'],
  ])('damaged, %s: 65 with the file and what to do, and init again mends it', async (_, text, why) => {
    await init();
    writeFileSync(settings(), text);
    const { code, err, out: printed } = await client('refresh', '--json');
    expect([code, JSON.parse(printed)]).toEqual([
      65,
      { error: { code: 'BAD_FILE', message: expect.any(String) as string } },
    ]);
    expect(err).toContain(`${settings()} is damaged: `);
    expect(err).toContain(why);
    expect(err).toContain(`tuf-signer client init ROOT_FILE --dir ${dir}`);
    expect((await init()).code).toBe(0);
    expect((await client('refresh')).code).toBe(0);
  });
});

it('a pinned root that is damaged is told by its file, and removing it is enough', async () => {
  await init();
  const file = join(dir, 'client/trusted-root.json');
  writeFileSync(file, '{');
  const { code, err } = await client('refresh');
  expect([code, err]).toEqual([65, expect.stringContaining(`${file} is damaged: root.json is no root`)]);
  rmSync(file);
  expect((await init()).code).toBe(0);
  expect((await client('refresh')).code).toBe(0);
});

describe('a failure with --json is one document, beside the line for people', () => {
  const failure = async (
    ran: Promise<CommandOutcome>,
  ): Promise<readonly [number, string, CommandOutcome]> => {
    const outcome = await ran;
    const { error, ...rest } = JSON.parse(outcome.out) as { error: { code: string; message: string } };
    expect(rest).toEqual({});
    expect(outcome.err).toContain(error.message);
    return [outcome.code, error.code, outcome];
  };

  it.each([
    ['refresh', []],
    ['list', []],
    ['download', ['x']],
  ] as const)('%s before init', async (command, args) => {
    expect((await failure(client(command, ...args, '--json'))).slice(0, 2)).toEqual([66, 'NOT_FOUND']);
  });

  type Row = readonly [name: string, code: number, error: string, run: () => Promise<CommandOutcome>];
  const other = (): string => {
    const made = new RepositorySimulator();
    made.rotate('root', testKey(50), testKey(51));
    return rootFile(made.publishRoot());
  };
  /** There, and can't be read, by root neither. */
  const unreadable = (): string => {
    const file = join(folder.path, `loop-${++count}`);
    symlinkSync(file, file);
    return file;
  };
  const none = (): string => join(folder.path, 'none');
  const rows: readonly Row[] = [
    ['init with another root', 73, 'ALREADY_THERE', () => client('init', other(), '--json')],
    [
      'init with the wrong fingerprint',
      2,
      'UNTRUSTED',
      () => client('init', rootFile(), '--fingerprint', '00', '--json'),
    ],
    ['init with no such file', 64, 'USAGE', () => client('init', none(), '--json')],
    ['init with a folder', 64, 'USAGE', () => client('init', folder.path, '--json')],
    ['init with an unreadable file', 74, 'STORAGE', () => client('init', unreadable(), '--json')],
    ['refresh without an address', 64, 'USAGE', () => client('refresh', '--dir', `${dir}-bare`, '--json')],
    ['a bad --max-age', 64, 'USAGE', () => client('refresh', '--max-age', 'soon', '--json')],
    ['a bad --timeout', 64, 'USAGE', () => client('refresh', '--timeout', '99999d', '--json')],
    ['a bad address', 64, 'BAD_URL', () => client('refresh', '--metadata-url', 'ftp://x', '--json')],
    ['no such map', 64, 'USAGE', () => client('download', 'x', '--map', none(), '--json')],
    ['an unreadable map', 74, 'STORAGE', () => client('download', 'x', '--map', unreadable(), '--json')],
    ['an unsafe path', 65, 'UNSAFE_PATH', () => client('download', '../x', '--json')],
    ['bundle without a site', 64, 'USAGE', () => runCommand({ cards: noCards }, 'bundle', '--json')],
    [
      'bundle of no such site',
      64,
      'USAGE',
      () => runCommand({ cards: noCards }, 'bundle', '--site', none(), '--out', 'b', '--all', '--json'),
    ],
    [
      'bundle with an unreadable root',
      74,
      'STORAGE',
      () =>
        runCommand(
          { cards: noCards },
          'bundle',
          '--site',
          server.url,
          '--trusted-root',
          unreadable(),
          '--out',
          'b',
          '--all',
          '--json',
        ),
    ],
  ];
  it.each(rows)('%s: exit %i, %s', async (name, code, error, run) => {
    await init();
    if (name === 'refresh without an address') await client('init', rootFile(), '--dir', `${dir}-bare`);
    const [actual, told, { err }] = await failure(run());
    expect([actual, told]).toEqual([code, error]);
    if (/no such|unreadable/.test(name)) expect(err).toMatch(/none|loop-\d+/);
  });

  it('a command line that Commander refuses', async () => {
    for (const args of [['refresh', '--nope'], ['frob'], ['refresh', 'too', 'many']]) {
      const { code, out: printed } = await runCommand({ cards: noCards }, 'client', ...args, '--json');
      expect([code, JSON.parse(printed)]).toMatchObject([64, { error: { code: 'USAGE' } }]);
    }
    expect((await runCommand({ cards: noCards }, 'client', 'refresh', '--', '--json')).out).toBe('');
  });

  it('of several downloads: what was written, and what ended it; what comes after it is not tried', async () => {
    await init();
    const batch = ['plain.txt', 'nope', ARTIFACT];
    const {
      code,
      out: printed,
      err,
    } = await client('download', ...batch, '--out', join(dir, 'out'), '--json');
    expect([code, JSON.parse(printed)]).toEqual([
      66,
      {
        downloads: [expect.objectContaining({ path: 'plain.txt', file: out('plain.txt') })],
        error: { code: 'TARGET_UNKNOWN', message: expect.stringContaining('nope') as string },
      },
    ]);
    expect(err).toContain(`not tried any more: ${ARTIFACT}`);
    expect([existsSync(out('plain.txt')), existsSync(out(ARTIFACT))]).toEqual([true, false]);
  });
});

describe('an error says where', () => {
  it.each([
    ['--metadata-url', 'https://user:s3cret@host/', '"https://host/"'],
    ['--targets-url', 'https://host/x?token=s3cret', '"https://host/x"'],
    ['--metadata-url', 's3cret@nonsense', '"…"'],
    ['--targets-url', 'C:/site', '"C:/site"'],
  ])('%s %s: the flag and the address, without its secrets', async (flag, url, shown) => {
    await init();
    for (const command of [
      client('refresh', '--metadata-url', server.url, flag, url),
      client('init', rootFile(), flag, url),
    ]) {
      const { code, err } = await command;
      expect([code, err]).toEqual([64, expect.stringContaining(`${flag}: ${shown} is no address`)]);
      expect(err).not.toContain('s3cret');
    }
  });

  it('a page in place of metadata, by its address', async () => {
    await init();
    fault = path => (path.includes('timestamp') ? (_, r) => r.end('<html>') : undefined);
    expect((await client('refresh')).err).toContain(
      `${server.url}metadata/timestamp.json: timestamp.json is no timestamp`,
    );
  });

  it('each mirror, by its address', async () => {
    await init();
    const wrong = `${server.url}wrong/`;
    const { code, err } = await client(
      'refresh',
      '--metadata-url',
      'http://127.0.0.1:1/',
      '--metadata-url',
      wrong,
    );
    expect(code).toBe(69);
    expect(err).toContain('http://127.0.0.1:1/2.root.json could not be fetched');
    expect(err).toContain(`there is no ${wrong}timestamp.json`);
  });

  it('a root that is none, by its file', async () => {
    const file = rootFile(Buffer.from('<html>'));
    expect((await client('init', file)).err).toContain(`ROOT ${JSON.stringify(file)}: root.json is no root`);
  });

  it('an entry of a map', async () => {
    const map = join(folder.path, `map-${++count}.json`);
    const mapping = [{ paths: ['*'], repositories: ['A'], terminating: true, threshold: 1 }];
    writeFileSync(map, JSON.stringify({ repositories: { A: ['ftp://x/'] }, mapping }));
    const top = dir;
    dir = join(top, 'A');
    await client('init', rootFile());
    dir = top;
    const { code, err } = await download('--map', map);
    expect([code, err]).toEqual([
      64,
      expect.stringContaining(`the map file ${map}, repositories.A: "ftp://x/`),
    ]);
  });

  it('a bundle that lacks an artifact', async () => {
    await init();
    const bundle = join(folder.path, `${++count}.tufbundle`);
    const site = ['--site', server.url, '--metadata-path', 'metadata'];
    await runCommand({ cards: noCards }, 'bundle', ...site, '--out', bundle, '--metadata-only', '--now', NOW);
    const { code, err } = await download('--bundle', bundle);
    expect([code, err]).toEqual([
      66,
      expect.stringMatching(/there is no targets\/tools\/\S+greet\.sh in the bundle \S+\.tufbundle/),
    ]);
  });

  it('a quorum of which one did not answer: not that there is no such target', async () => {
    const map = join(folder.path, `map-${++count}.json`);
    const mapping = [{ paths: ['*'], repositories: ['A', 'B'], terminating: true, threshold: 2 }];
    writeFileSync(
      map,
      JSON.stringify({ repositories: { A: [server.url], B: ['http://127.0.0.1:1/'] }, mapping }),
    );
    const top = dir;
    const second = new RepositorySimulator();
    second.rotate('root', testKey(50), testKey(51));
    for (const [name, root] of [
      ['A', rootFile()],
      ['B', rootFile(second.publishRoot())],
    ] as const) {
      dir = join(top, name);
      await client('init', root);
    }
    dir = top;
    const { code, err } = await client('download', 'nope', '--map', map, '--out', join(dir, 'out'));
    expect(code).toBe(69);
    expect(err).toMatch(/target "nope" is not known: B did not say: http:\/\/127\.0\.0\.1:1\//);
  });
});

describe('the commands', () => {
  it('refresh, list and download, for people and for programs', async () => {
    await init();
    expect((await client('refresh')).err).toBe(
      'Verified: root 1, timestamp 2, snapshot 2, targets 2. The timestamp lasts until 2031-06-01T00:00:00Z.\n',
    );
    expect(JSON.parse((await client('refresh', '--json')).out)).toMatchObject({
      timestamp: { version: 2, expires: '2031-06-01T00:00:00Z' },
    });
    expect((await client('list')).out).toBe('5  targets  plain.txt\n5  tools    tools/greet.sh\n');
    expect((await client('list', 'tools/*')).out).toBe('5  tools  tools/greet.sh\n');
    expect(await client('list', 'none*')).toMatchObject({ code: 0, out: '' });
    expect(await download()).toMatchObject({ code: 0, out: `${out(ARTIFACT)}\n` });
    expect(readFileSync(out(ARTIFACT), 'utf8')).toBe('hello');
    expect(JSON.parse((await download('--json')).out)).toMatchObject({
      downloads: [{ path: ARTIFACT, from: 'place', role: 'tools' }],
    });
  });

  it('before init say what to do', async () => {
    for (const command of ['refresh', 'list']) {
      expect(await client(command)).toMatchObject({
        code: 66,
        err: expect.stringContaining('tuf-signer client init') as string,
      });
    }
  });

  it('ask nobody where the policy says so', async () => {
    await init();
    await download();
    requests.length = 0;
    for (const policy of [['--offline'], ['--max-age', '72h'], ['--prefer-cache']]) {
      expect((await download('--now', '2030-06-03T23:59:59Z', ...policy)).code).toBe(0);
    }
    expect(requests).toEqual([]);
    expect((await download('--now', '2030-06-04T00:00:01Z', '--max-age', '72h')).code).toBe(0);
    expect(requests).toEqual(['metadata/2.root.json', 'metadata/timestamp.json']);
  });

  it('take expired metadata only where they are told to, and say how old it is', async () => {
    await init();
    await client('refresh');
    const late = ['--now', '2031-06-04T00:00:00Z', '--offline'];
    expect(await client('refresh', ...late)).toMatchObject({
      code: 65,
      err: expect.stringContaining('expired on') as string,
    });
    const { code, err } = await client('refresh', ...late, '--allow-expired');
    expect(code).toBe(0);
    expect(err).toContain(
      'warning: timestamp version 2 expired on 2031-06-01T00:00:00Z, 3 days ago, and is taken',
    );
  });

  it.each([
    [['--offline', '--max-age', '1h'], '--max-age and --offline'],
    [['--allow-expired'], 'goes with --offline or --bundle'],
    [['--max-age', '3 days'], 'is no duration'],
    [['--max-targets-bytes', '-1'], 'is no number'],
    [['--timeout', '0s'], 'is no duration'],
    [['--timeout', '25h'], 'at most 24h'],
    [['--timeout', '99999d'], 'at most 24h'],
    [['--allow-redirect-to', 'https://cdn.example.org/path'], 'is no origin'],
    [['--metadata-url', 'ftp://x/'], 'http or https'],
  ])('%j is no command line', async (flags, message) => {
    await init();
    expect(await client('refresh', ...flags)).toMatchObject({
      code: 64,
      err: expect.stringContaining(message) as string,
    });
  });

  it('a path that would lead out is refused before anybody is asked', async () => {
    await init();
    expect((await client('download', '../x')).code).toBe(65);
    expect(requests).toEqual([]);
  });

  it('mirrors are tried in their order', async () => {
    await init();
    const dead = 'http://127.0.0.1:1/';
    const flags = [
      '--metadata-url',
      dead,
      '--metadata-url',
      `${server.url}metadata`,
      '--targets-url',
      dead,
      '--targets-url',
      `${server.url}targets`,
    ];
    expect((await download(...flags)).code).toBe(0);
  });

  it('a bundle takes the place of the network', async () => {
    await init();
    const bundle = join(folder.path, `${++count}.tufbundle`);
    const pack = [
      'bundle',
      '--site',
      server.url,
      '--metadata-path',
      'metadata',
      '--out',
      bundle,
      '--now',
      NOW,
    ];
    const packed = await runCommand({ cards: noCards }, ...pack, '--artifact', ARTIFACT);
    expect([packed.code, packed.err]).toEqual([
      0,
      expect.stringContaining('Packed 1 artifact (5 bytes), 2 roles and 1 root'),
    ]);
    expect((await runCommand({ cards: noCards }, ...pack)).code).toBe(64);
    expect((await runCommand({ cards: noCards }, ...pack, '--artifact', 'none')).code).toBe(66);
    requests.length = 0;
    expect((await download('--bundle', bundle)).code).toBe(0);
    expect((await client('list', '--bundle', bundle)).out).toContain('plain.txt');
    expect(requests).toEqual([]);
    const late = ['--now', '2032-01-01T00:00:00Z', '--bundle', bundle];
    expect((await download(...late)).code).toBe(65);
    expect((await download(...late, '--allow-expired')).code).toBe(0);
    writeFileSync(bundle, 'no bundle');
    expect(await download('--bundle', bundle)).toMatchObject({
      code: 65,
      err: expect.stringContaining(`${bundle}: this is no bundle`) as string,
    });
  });

  it('a map file asks for a quorum of repositories', async () => {
    const top = dir;
    const map = join(folder.path, `map-${++count}.json`);
    const [A, B] = [[server.url], [server.url]];
    const mapping = [{ paths: ['*'], repositories: ['A', 'B'], terminating: true, threshold: 2 }];
    writeFileSync(map, JSON.stringify({ repositories: { A, B }, mapping }));
    dir = join(top, 'A');
    await client('init', rootFile());
    dir = top;
    expect(await download('--map', map)).toMatchObject({
      code: 66,
      err: expect.stringContaining(`client init ROOT_FILE --dir ${join(top, 'B')}`) as string,
    });
    dir = join(top, 'B');
    await client('init', rootFile());
    dir = top;
    expect(await download('--map', map)).toMatchObject({
      code: 65,
      err: expect.stringContaining('two of which have the same root') as string,
    });
    mapping[0] = { paths: ['*'], repositories: ['B'], terminating: true, threshold: 1 };
    writeFileSync(map, JSON.stringify({ repositories: { A, B }, mapping }));
    expect(await download('--map', map)).toMatchObject({ code: 0 });
    expect((await download('--map', map, '--metadata-url', server.url)).code).toBe(64);
  });

  it('names of the repository do nothing to a terminal', async () => {
    simulator.addTarget('targets', 'evil\u202egnp.exe', 'x');
    simulator.bump('targets');
    await init();
    expect((await client('list', 'evil*')).out).toContain('evil\\u{202e}gnp.exe');
  });
});

describe('a server that misbehaves', () => {
  const only =
    (pattern: RegExp, listener: RequestListener) =>
    (path: string): RequestListener | undefined =>
      pattern.test(path) ? listener : undefined;
  const TIMESTAMP = /timestamp/;
  const HELLO = /greet/;
  const page: RequestListener = (_, r) =>
    r.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Log in</title>');
  const cut: RequestListener = (_, r): void => {
    r.writeHead(200, { 'content-length': 50 });
    r.write('{"signed":', () => r.destroy());
  };
  const bomb: RequestListener = (_, r) =>
    r.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(30_000_000)));
  const stall: RequestListener = (_, r) => r.write('{');
  const loop: RequestListener = (q, r) => r.writeHead(302, { location: q.url ?? '/' }).end();
  const away: RequestListener = (_, r) =>
    r.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
  const saying =
    (content: string): RequestListener =>
    (_, r) =>
      void r.writeHead(200).end(content);
  const status =
    (code: number): RequestListener =>
    (_, r) =>
      void r.writeHead(code).end();
  /** Another answer each time. */
  const inTurn = (...codes: readonly number[]): RequestListener => {
    let turn = 0;
    return (q, r) => status(codes[turn++ % codes.length] ?? 500)(q, r);
  };

  type Row = readonly [
    name: string,
    code: number,
    error: string,
    fault: typeof fault,
    flags?: readonly string[],
  ];
  const rows: readonly Row[] = [
    ['a page for every file', 65, 'MALFORMED', () => page],
    ['a page for the timestamp', 65, 'MALFORMED', only(TIMESTAMP, page)],
    ['a page for the artifact', 65, 'TOO_LARGE', only(HELLO, page)],
    ['a timestamp that is cut off', 69, 'TRANSPORT', only(TIMESTAMP, cut)],
    [
      'an artifact that is cut off',
      69,
      'TRANSPORT',
      only(HELLO, (_, r) => (r.writeHead(200, { 'content-length': 5 }), r.write('he', () => r.destroy()))),
    ],
    ['an artifact that is short', 65, 'LENGTH_MISMATCH', only(HELLO, saying('hell'))],
    ['an artifact that is long', 65, 'TOO_LARGE', only(HELLO, saying('hello!'))],
    ['another artifact', 65, 'HASH_MISMATCH', only(HELLO, saying('jello'))],
    ['a gzip bomb for a timestamp', 65, 'TOO_LARGE', only(TIMESTAMP, bomb)],
    ['a gzip bomb for an artifact', 65, 'TOO_LARGE', only(HELLO, bomb)],
    ['a timestamp that never comes', 69, 'TRANSPORT', only(TIMESTAMP, stall), ['--timeout', '1s']],
    ['redirects in a circle', 69, 'TRANSPORT', () => loop],
    ['redirects to somebody else', 69, 'TRANSPORT', () => away],
    ['404 for everything', 66, 'NOT_FOUND', () => status(404)],
    ['403 for everything', 66, 'NOT_FOUND', () => status(403)],
    ['404 and 403 in turn', 66, 'NOT_FOUND', () => inTurn(404, 403)],
    ['500 and 404 in turn', 69, 'TRANSPORT', () => inTurn(500, 404)],
    ['no artifact', 66, 'NOT_FOUND', only(HELLO, status(404))],
    ['429', 69, 'TRANSPORT', () => status(429)],
    ["somebody else's timestamp", 65, 'QUORUM', only(TIMESTAMP, saying(forged()))],
    ['connections that it closes', 69, 'TRANSPORT', () => (_, r) => r.destroy()],
  ];
  function forged(): string {
    const other = new RepositorySimulator();
    other.signers.set('timestamp', [testKey(66)]);
    other.timestamp.version = 99;
    other.publishTimestamp();
    return Buffer.from(other.files.get('metadata/timestamp.json') ?? '').toString();
  }

  it.each(
    rows.map(([name, code, error, faulty, flags]) => ({ name, code, error, faulty, flags: flags ?? [] })),
  )('$name: $error, exit $code, and what was cached stays good', async ({ code, error, faulty, flags }) => {
    await init();
    expect((await client('download', 'plain.txt', '--out', join(dir, 'out'))).code).toBe(0);
    simulator.bump('targets', 'tools');
    fault = faulty;
    const refused = await download('--json', ...flags);
    expect([refused.code, JSON.parse(refused.out)]).toEqual([
      code,
      { error: { code: error, message: expect.any(String) as string } },
    ]);
    expect(existsSync(out(ARTIFACT))).toBe(false);
    fault = undefined;
    expect((await download()).code).toBe(0);
    expect((await download('--offline')).code).toBe(0);
  });

  it('a clock that is years ahead: everything is past its date, and the message says that it may be the clock', async () => {
    await init();
    expect((await client('refresh')).code).toBe(0);
    const { code, err } = await client('refresh', '--now', '2060-01-01T00:00:00Z');
    expect(code).toBe(65);
    expect(err).toContain('unless the clock of this machine is wrong (2060-01-01T00:00:00Z)');
    expect((await client('refresh', '--offline')).code).toBe(0);
  });

  it('a clock that was put back years does not make the last look young for ever', async () => {
    await init();
    expect((await client('refresh')).code).toBe(0);
    requests.length = 0;
    expect((await client('refresh', '--max-age', '72h', '--now', '1995-01-01T00:00:00Z')).code).toBe(0);
    expect(requests).not.toEqual([]);
  });
});
