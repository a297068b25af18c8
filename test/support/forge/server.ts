import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Database } from './database.ts';
import { ApiError, badCredentials, notFound, requiresAuthentication } from './errors.ts';
import { type ApiCall, type Faults, faultAnswer } from './faults.ts';
import { type GitServer, readGitRequest, refuseGit, serveGit } from './git-http.ts';
import { answerQuery, readQuery, rootFields } from './graphql/execute.ts';
import { readBody, readCredentials, writeJson } from './http.ts';
import type { Token } from './model.ts';
import { servePages } from './pages.ts';
import { Body, type RunBook } from './rest/operation.ts';
import { findOperation, paginate } from './rest/router.ts';

export interface Backend {
  readonly database: Database;
  readonly runs: RunBook;
  readonly faults: Faults;
  readonly calls: ApiCall[];
  readonly git: GitServer;
}

/** One request as it is answered. */
interface Exchange {
  readonly backend: Backend;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  operation: string;
  token: Token | undefined;
}

/** Listens on loopback, on a port of the system's choice. */
export async function listen(backend: Backend): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => {
    void answer(backend, request, response);
  });
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function answer(backend: Backend, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', backend.database.url);
  const exchange: Exchange = { backend, request, response, url, operation: 'unknown', token: undefined };
  response.setHeader('x-github-request-id', randomBytes(8).toString('hex').toUpperCase());
  response.setHeader('x-ratelimit-limit', '5000');
  response.setHeader('x-ratelimit-remaining', '4999');
  try {
    await route(exchange);
  } catch (error) {
    if (!(error instanceof ApiError)) {
      // A defect of this server must be seen, not retried away.
      process.stderr.write(`local GitHub: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
    }
    if (!response.headersSent && !response.destroyed) {
      const failure = error instanceof ApiError ? error : new ApiError(500, 'local GitHub is broken');
      writeJson(response, failure.status, failure.body, failure.headers);
    }
  } finally {
    backend.calls.push({
      operation: exchange.operation,
      method: request.method ?? '',
      path: url.pathname,
      token: exchange.token?.kind ?? 'none',
      login: exchange.token?.account.login,
      status: response.destroyed ? 0 : response.statusCode,
    });
  }
}

/** The API lies where GitHub Enterprise Server has it, so that git's URLs and the API's are apart. */
async function route(exchange: Exchange): Promise<void> {
  const { url, backend } = exchange;
  if (url.pathname.startsWith('/pages/')) {
    exchange.operation = 'pages';
    return servePages(backend.database, url, exchange.response);
  }
  const credentials = readCredentials(exchange.request, backend.database.tokens);
  if (credentials.kind === 'good') exchange.token = credentials.token;
  const git = readGitRequest(url, backend.database);
  if (git !== undefined) {
    exchange.operation = `git/${git.service}`;
    const status = credentials.kind === 'bad' ? 401 : refuseGit(git, exchange.token);
    return withFaults(exchange, async () => {
      if (status === undefined)
        return serveGit(backend.git, git, url, exchange.token, exchange.request, exchange.response);
      if (status === 401) exchange.response.setHeader('www-authenticate', 'Basic realm="GitHub"');
      const words =
        status === 403
          ? `Permission to ${git.repository.fullName}.git denied to ${exchange.token?.account.login}.`
          : 'Repository not found.';
      exchange.response.writeHead(status, { 'content-type': 'text/plain' }).end(`${words}\n`);
    });
  }
  const body = await readBody(exchange.request);
  if (credentials.kind === 'bad') throw badCredentials();
  if (url.pathname === '/api/graphql' || url.pathname === '/graphql') return graphql(exchange, body);
  if (url.pathname.startsWith('/api/v3/')) return rest(exchange, url.pathname.slice('/api/v3'.length), body);
  throw notFound();
}

async function rest(exchange: Exchange, path: string, bytes: Buffer): Promise<void> {
  const { backend, request, response, url, token } = exchange;
  const found = findOperation(request.method ?? 'GET', path);
  if (found === undefined)
    throw new ApiError(404, `Not Found (${request.method} ${path} is not supported here)`);
  exchange.operation = found.operation.id;
  await withFaults(exchange, async () => {
    const call = {
      database: backend.database,
      base: backend.database.url,
      runs: backend.runs,
      token,
      params: found.params,
      query: url.searchParams,
      body: new Body(readJson(bytes)),
    };
    const { status, body, list } = found.operation.handle(call);
    if (list === undefined) return writeJson(response, status, body);
    const page = paginate(list, url);
    writeJson(response, status, page.body, page.link === undefined ? {} : { link: page.link });
  });
}

function readJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new ApiError(400, 'Problems parsing JSON');
    throw error;
  }
}

async function graphql(exchange: Exchange, bytes: Buffer): Promise<void> {
  const { backend, response, token } = exchange;
  exchange.operation = 'graphql';
  if (token === undefined) throw requiresAuthentication();
  const { request, document } = readQuery(bytes);
  const fields = 'definitions' in document ? rootFields(document) : [];
  exchange.operation = `graphql/${fields.join('+')}`;
  await withFaults(exchange, async () => {
    const context = { database: backend.database, base: backend.database.url, token };
    writeJson(response, 200, await answerQuery(context, request, document));
  });
}

/** Does the work, unless a fault waits for it; a fault may also come after the work and take its answer away. */
async function withFaults(exchange: Exchange, work: () => Promise<void> | void): Promise<void> {
  const { backend, response, token } = exchange;
  const fault = backend.faults.take(exchange.operation);
  if (fault === undefined) return work();
  if (fault.afterwards === true) await silently(exchange, work);
  const failure = faultAnswer(fault, token, Date.now());
  if (failure === undefined) response.destroy();
  else writeJson(response, failure.status, failure.body, failure.headers);
}

/** Runs work whose answer nobody gets. */
async function silently(exchange: Exchange, work: () => Promise<void> | void): Promise<void> {
  const { response } = exchange;
  const mute = { writeHead: () => response, end: () => response };
  Object.assign(response, mute);
  try {
    await work();
  } finally {
    // The methods of its class show again.
    for (const name of Object.keys(mute)) Reflect.deleteProperty(response, name);
  }
}
