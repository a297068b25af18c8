import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { groupsOf, headersOf } from '../../src/operations/deploy/site-files.ts';
import { projectFolder } from '../support/cli.ts';

// What docs/publishing.md tells people to write into nginx's settings, in Debian's nginx with Debian's list of types by file name.

const NGINX = '/usr/sbin/nginx';
const HASH = 'a'.repeat(64);

/** Each file of a site by a kind of its own; of artifacts those that a browser would run, show or guess at. */
const ARTIFACTS = [
  'evil.html',
  'evil.htm',
  'evil.svg',
  'evil.xhtml',
  'evil.xml',
  'evil.js',
  'evil.css',
  'evil.pdf',
  'evil.php',
  '1.x.json',
  'data.json',
  'greet.sh',
  'none',
].flatMap(name => [`targets/${HASH}.${name}`, `targets/tools/deep/${HASH}.${name}`]);
const METADATA = ['1.root.json', '2.snapshot.json', '12.targets.json', '1.a role.json', 'timestamp.json'];
const FILES = [...METADATA, 'index.html', ...ARTIFACTS];

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let folder: string;
let socket: string;
let server: ChildProcess;

/** A location such as many servers have; uploads must not come under it. */
const NEIGHBOUR = 'location ~ \\.(php|html|svg)$ { add_header X-Neighbour yes always; }';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tuf-signer-nginx-'));
  socket = join(folder, 'socket');
  for (const file of FILES) {
    await mkdir(dirname(join(folder, 'site', file)), { recursive: true });
    await writeFile(join(folder, 'site', file), `<html>${file}`);
  }
  const text = await readFile(join(projectFolder, 'docs/publishing.md'), 'utf8');
  const snippet = /```nginx\n([^]*?)```/.exec(text)?.[1] ?? '';
  expect(snippet).toContain('location');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${folder}/${name};`,
  );
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr warn;
events {}
http {
  include /etc/nginx/mime.types; default_type application/octet-stream; access_log off;
  ${temporary.join(' ')}
  server { listen unix:${socket}; root ${folder}/site;
${snippet}
${NEIGHBOUR} }
}
`,
  );
  server = spawn(NGINX, ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  server.stderr?.setEncoding('utf8').on('data', (words: string) => (complaint += words));
  server.on('error', error => (complaint += error.message));
  await vi.waitFor(async () => expect(await get('/').catch(() => complaint)).toMatchObject({ status: 200 }), {
    timeout: 20_000,
  });
});
afterAll(async () => {
  if (server.exitCode === null && server.pid !== undefined) {
    const ended = once(server, 'exit');
    server.kill();
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
});

const get = (path: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request(
      { socketPath: socket, path, headers: { host: 'tuf.example.org', accept: 'text/html' } },
      response => {
        const pieces: string[] = [];
        response
          .setEncoding('utf8')
          .on('data', (piece: string) => pieces.push(piece))
          .on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: pieces.join('') }),
          )
          .on('error', reject);
      },
    )
      .on('error', reject)
      .end();
  });

const addressOf = (file: string): string => `/${file.split('/').map(encodeURIComponent).join('/')}`;

describe('nginx, told by the guide to publishing', () => {
  test('hands each file out as a bucket does: type, caching, no guessing', async () => {
    for (const { name, files } of groupsOf(FILES)) {
      const { contentType, cacheControl } = headersOf(name);
      for (const file of files) {
        const { status, headers, body } = await get(addressOf(file));
        expect([file, status, body]).toEqual([file, 200, `<html>${file}`]);
        expect([file, headers]).toMatchObject([
          file,
          {
            'content-type': contentType,
            'cache-control': cacheControl,
            'x-content-type-options': 'nosniff',
          },
        ]);
      }
    }
  });

  test('has the page at its address, to be asked for again soon', async () => {
    const { headers, body } = await get('/');
    expect(body).toBe('<html>index.html');
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'public, max-age=60',
    });
  });

  test('lets nobody keep what is not there: the next root comes at that very name', async () => {
    const absent = ['/2.root.json', `/targets/${HASH}.gone.html`, '/gone', '/targets/tools/gone.svg'];
    for (const path of [...absent, '/targets/', '/targets/tools/deep/', '/targets/../../nginx.conf']) {
      const { status, headers } = await get(path);
      expect([path, status]).toEqual([path, expect.toSatisfy((code: number) => code >= 400 && code < 500)]);
      expect([path, headers['cache-control']]).toEqual([path, undefined]);
      expect(headers['x-neighbour']).toBeUndefined();
    }
  });

  test('lets no other location have an artifact', async () => {
    for (const file of ARTIFACTS) expect((await get(addressOf(file))).headers['x-neighbour']).toBeUndefined();
    // It is there, and does what it is told elsewhere.
    expect((await get('/page.svg')).headers['x-neighbour']).toBe('yes');
  });
});
