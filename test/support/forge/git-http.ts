import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { devNull } from 'node:os';
import { gunzipSync } from 'node:zlib';
import { type Database, publicRefs } from './database.ts';
import { readBody } from './http.ts';
import type { Repository, Token } from './model.ts';
import { actorOf } from './pull-requests.ts';
import { emitPushes, NO_OBJECT } from './pushes.ts';
import { forbidsForce, refusal } from './rules.ts';
import { accessOf, allows, maySee } from './tokens.ts';

// Smart HTTP: git's own `git http-backend` behind our checks. Left out: SSH, dumb HTTP, push options, LFS.

export interface GitRequest {
  readonly repository: Repository;
  /** What follows OWNER/NAME(.git): `/info/refs`, `/git-upload-pack` or `/git-receive-pack`. */
  readonly tail: string;
  readonly service: 'upload-pack' | 'receive-pack';
}

/** Reads a request for git; `undefined` where it is none or the repository is not there. */
export function readGitRequest(url: URL, database: Database): GitRequest | undefined {
  const match = /^\/([^/]+)\/([^/]+?)(?:\.git)?(\/info\/refs|\/git-upload-pack|\/git-receive-pack)$/.exec(
    url.pathname,
  );
  const [, owner = '', name = '', tail = ''] = match ?? [];
  const repository = database.repository(`${decodeURIComponent(owner)}/${decodeURIComponent(name)}`);
  const named = tail === '/info/refs' ? url.searchParams.get('service') : tail.slice(1);
  if (repository === undefined || (named !== 'git-upload-pack' && named !== 'git-receive-pack'))
    return undefined;
  return { repository, tail, service: named === 'git-upload-pack' ? 'upload-pack' : 'receive-pack' };
}

/** The status that refuses the request; `undefined`: go on. Nobody is asked for a password first, then told 403 or 404. */
export function refuseGit(
  { repository, service }: GitRequest,
  token: Token | undefined,
): 401 | 403 | 404 | undefined {
  if (token === undefined) return service === 'receive-pack' || repository.private ? 401 : undefined;
  if (!maySee(token, repository)) return 404;
  const access = accessOf(token, repository, 'contents');
  if (service === 'receive-pack') return allows(access, 'write') ? undefined : 403;
  return repository.private && !allows(access, 'read') ? 403 : undefined;
}

export interface GitServer {
  readonly database: Database;
  readonly projectRoot: string;
  readonly hooks: string;
  /** Pushes to one repository come one after the other, so that each ref change is laid at its pusher's door. */
  readonly queues: Map<Repository, Promise<void>>;
}

export async function serveGit(
  server: GitServer,
  git: GitRequest,
  url: URL,
  token: Token | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  if (git.tail !== '/git-receive-pack' || token === undefined) {
    await runBackend(server, git, url, token, {}, request, body, response);
    return;
  }
  const before = server.queues.get(git.repository) ?? Promise.resolve();
  const turn = before.then(() => push(server, git, url, token, request, body, response));
  server.queues.set(
    git.repository,
    turn.catch(() => undefined),
  );
  await turn;
}

async function push(
  server: GitServer,
  git: GitRequest,
  url: URL,
  token: Token,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  const { repository } = git;
  const refs = publicRefs(repository);
  const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  const environment = pushEnvironment(repository, token, refs, readCommands(plain));
  await runBackend(server, git, url, token, environment, request, body, response, () =>
    emitPushes(server.database, repository, refs, publicRefs(repository), actorOf(token.account, token.kind)),
  );
}

/** The ref updates that a push asks for. Source: gitprotocol-pack(5), "Reference Update Request". */
export function readCommands(body: Buffer): readonly { readonly ref: string; readonly after: string }[] {
  const commands: { ref: string; after: string }[] = [];
  for (let at = 0; at + 4 <= body.length; ) {
    const length = Number.parseInt(body.toString('latin1', at, at + 4), 16);
    if (!(length > 4)) break;
    const line = body.toString('utf8', at + 4, at + length).split('\0')[0] ?? '';
    const [, after, ref] = /^[0-9a-f]+ ([0-9a-f]+) (.+?)\n?$/.exec(line) ?? [];
    if (after !== undefined && ref !== undefined) commands.push({ ref, after });
    at += length;
  }
  return commands;
}

function pushEnvironment(
  repository: Repository,
  token: Token,
  refs: ReadonlyMap<string, string>,
  commands: readonly { readonly ref: string; readonly after: string }[],
): Readonly<Record<string, string>> {
  const { login } = token.account;
  const refused: string[] = [];
  const unforced: string[] = [];
  for (const { ref, after } of commands) {
    const [, branch] = /^refs\/heads\/(.+)$/.exec(ref) ?? [];
    if (ref.startsWith('refs/pull/')) refused.push(`${ref}\tdeny updating a hidden ref`);
    if (branch === undefined) continue;
    const change = { before: refs.get(ref), after: after === NO_OBJECT ? undefined : after };
    const why =
      change.after === undefined && branch === repository.defaultBranch
        ? 'refusing to delete the current branch'
        : refusal(repository, branch, login, change);
    if (why !== undefined) refused.push(`${ref}\t${why}`);
    if (forbidsForce(repository, branch, login)) unforced.push(ref);
  }
  const mayWorkflows =
    token.permissions === undefined || allows(accessOf(token, repository, 'workflows'), 'write');
  return {
    FORGE_REFUSED: refused.map(line => `${line}\n`).join(''),
    FORGE_NO_FORCE: unforced.join('\n'),
    FORGE_NO_WORKFLOWS: mayWorkflows ? '' : '1',
  };
}

const SETTINGS = (hooks: string): readonly (readonly [string, string])[] => [
  ['http.receivepack', 'true'],
  ['core.hooksPath', hooks],
  ['receive.denyDeletes', 'false'],
  ['receive.denyCurrentBranch', 'ignore'],
  ['uploadpack.allowFilter', 'true'],
  ['uploadpack.allowAnySHA1InWant', 'true'],
  ['gc.auto', '0'],
  ['receive.autogc', 'false'],
];

/** Runs git's CGI program. `finished` is called before the last byte of the answer is sent, so that events are not late. */
function runBackend(
  { projectRoot, hooks }: GitServer,
  { repository, tail }: GitRequest,
  url: URL,
  token: Token | undefined,
  more: Readonly<Record<string, string>>,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
  finished: () => void = () => undefined,
): Promise<void> {
  const settings = SETTINGS(hooks);
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_CONFIG_GLOBAL: devNull,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_COUNT: String(settings.length),
      ...Object.fromEntries(
        settings.flatMap(([key, value], at) => [
          [`GIT_CONFIG_KEY_${at}`, key],
          [`GIT_CONFIG_VALUE_${at}`, value],
        ]),
      ),
      GIT_PROJECT_ROOT: projectRoot,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: `/${repository.fullName}.git${tail}`,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: String(body.length),
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: [request.headers['git-protocol'] ?? ''].flat().join(''),
      REMOTE_ADDR: '127.0.0.1',
      ...(token === undefined ? {} : { REMOTE_USER: token.account.login }),
      ...more,
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(body);
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      finished();
      writeCgi(Buffer.concat(parts), response);
      resolve();
    });
  });
}

/** Turns a CGI answer into an HTTP one. Source: RFC 3875, section 6. */
function writeCgi(output: Buffer, response: ServerResponse): void {
  const end = output.indexOf('\r\n\r\n');
  const headers = output.toString('latin1', 0, Math.max(0, end)).split('\r\n');
  for (const line of headers) {
    const name = line.slice(0, line.indexOf(':'));
    const value = line.slice(line.indexOf(':') + 1).trim();
    if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10);
    else if (name !== '') response.setHeader(name, value);
  }
  if (end < 0) response.statusCode = 500;
  response.end(output.subarray(end < 0 ? 0 : end + 4));
}
