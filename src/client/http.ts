import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { abortedBy, ClientError, systemErrorCode } from './error.ts';
import { collect, decodeSegments, type Fetcher, tooLarge, unsafePath } from './fetcher.ts';
import { redirectTarget, repositoryUrl, shown } from './url.ts';

export interface HttpOptions {
  /** Origins besides the repository's own that a redirect may lead to, as in `https://cdn.example.org`. */
  readonly redirectOrigins?: ReadonlySet<string>;
  /** Redirects followed for one file. */
  readonly maxRedirects?: number;
  /** Longest time without a byte, in milliseconds; at most 24 days, as timers have it. */
  readonly idleMs?: number;
  /** Longest time for one file, in milliseconds, to which large ones add a second for each 8 KiB they may have. */
  readonly deadlineMs?: number;
  /** Ends what is under way, and what comes after: `ABORTED`. */
  readonly signal?: AbortSignal;
}

type Settings = Required<Omit<HttpOptions, 'signal'>> & Pick<HttpOptions, 'signal'>;

/** See {@link HttpOptions.deadlineMs}, where it is not given. */
export const DEADLINE_MS = 60_000;

const defaults: Settings = {
  redirectOrigins: new Set(),
  maxRedirects: 5,
  idleMs: 20_000,
  deadlineMs: DEADLINE_MS,
};

// Slower than this for long is a slow-retrieval attack. Bytes per millisecond.
const SLOWEST = 8;
const DISCARDED = 16_384;
/** Milliseconds. Node takes a longer one for 1. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Fetches below `base` (http or https; metadata proves itself, so plain http is not refused). Throws {@link ClientError}
 * `BAD_URL` for any other address. `maxBytes` counts what comes out of a content encoding, so no gzip bomb gets far.
 */
export function httpFetcher(base: string | URL, options: HttpOptions = {}): Fetcher {
  const root = repositoryUrl(base);
  const settings: Settings = { ...defaults, ...options };
  const stream = async (path: string, maxBytes: number): Promise<AsyncIterable<Uint8Array> | undefined> => {
    const url = fileUrl(root, path);
    const watchdog = startWatchdog(url, settings, settings.deadlineMs + maxBytes / SLOWEST);
    try {
      const response = await request(root, url, settings, watchdog.signal);
      if (response !== undefined) return pieces(response, maxBytes, watchdog, url);
      watchdog.stop();
      return undefined;
    } catch (error) {
      watchdog.stop();
      throw transportError(url, error, watchdog.signal);
    }
  };
  return {
    stream,
    fetch: async (path, maxBytes) => collect(await stream(path, maxBytes)),
    place: path => shown(root) + path,
  };
}

function fileUrl(root: URL, path: string): URL {
  decodeSegments(path);
  const url = new URL(root.href + path);
  // A "?", a "#", a backslash: what a URL parser reads its own way has to come percent-encoded.
  if (url.pathname !== root.pathname + path) throw unsafePath(path);
  return url;
}

/** The successful response; `undefined` where the file is not there. Object stores say 403 for that. Source: TUF 5.3.3. */
async function request(
  root: URL,
  start: URL,
  settings: Settings,
  signal: AbortSignal,
): Promise<IncomingMessage | undefined> {
  let url = start;
  for (let redirects = 0; redirects <= settings.maxRedirects; redirects++) {
    const response = await get(url, signal);
    if (response.statusCode === 200) return response;
    await discard(response);
    switch (response.statusCode ?? 0) {
      case 403:
      case 404:
      case 410:
        return undefined;
      case 301:
      case 302:
      case 303:
      case 307:
      case 308:
        url = redirectTarget(root, url, response.headers.location ?? null, settings.redirectOrigins);
        break;
      default:
        throw unusable(url, response.statusCode ?? 0);
    }
  }
  throw new ClientError('TRANSPORT', `${shown(start)} redirects more than ${settings.maxRedirects} times`);
}

/**
 * The error of a server that has no answer for now (5xx, 408, 429), or of one that is not set up for clients. Source: RFC 9110
 * sections 15.5.9 and 15.6, RFC 6585 section 4.
 */
function unusable(url: URL, status: number): ClientError {
  const isOutage = status >= 500 || status === 408 || status === 429;
  const remedy = isOutage ? 'try again later' : 'clients need 200, or 404 for what is not there';
  return new ClientError('TRANSPORT', `${shown(url)} answered ${status}: ${remedy}`, { isOutage });
}

/** By Node's own client: `fetch` costs each process 25 ms more to load. Connections are kept and used again. */
async function get(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const { request: send } =
    url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'tuf-signer' };
  const once = (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const asked: ClientRequest = send(url, { headers, signal });
      asked.on('response', resolve);
      asked.on('error', error => reject(asked.reusedSocket ? new StaleConnection({ cause: error }) : error));
      asked.end();
    });
  try {
    return await once();
  } catch (error) {
    if (!(error instanceof StaleConnection)) throw error;
    // The server had closed the connection while nobody used it.
    if (signal.aborted || systemErrorCode(error.cause) !== 'ECONNRESET') throw error.cause;
    return await once();
  }
}

class StaleConnection extends Error {
  constructor(options: { readonly cause: unknown }) {
    super('a kept connection was of no use', options);
  }
}

/** Reads a short answer to its end, so that the connection lives on: every refresh meets a 404 for the next root. */
async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  let received = 0;
  for await (const piece of body) {
    received += piece.length;
    if (received > DISCARDED) return;
  }
}

async function* pieces(
  response: IncomingMessage,
  maxBytes: number,
  watchdog: Watchdog,
  url: URL,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  try {
    const { 'content-encoding': encoding, 'content-length': announced } = response.headers;
    if (encoding === undefined && Number(announced ?? 0) > maxBytes) throw tooLarge(shown(url), maxBytes);
    for await (const piece of await decoded(response, encoding, url)) {
      watchdog.alive();
      received += piece.length;
      if (received > maxBytes) throw tooLarge(shown(url), maxBytes);
      yield piece;
    }
  } catch (error) {
    throw transportError(url, error, watchdog.signal);
  } finally {
    response.destroy();
    watchdog.stop();
  }
}

/** What came out of a content encoding that nobody asked for. Throws {@link ClientError} `TRANSPORT` for an unknown one. */
async function decoded(
  response: IncomingMessage,
  encoding: string | undefined,
  url: URL,
): Promise<AsyncIterable<Uint8Array>> {
  if (encoding === undefined || encoding === 'identity') return response;
  const { createBrotliDecompress, createGunzip, createInflate } = await import('node:zlib');
  const { pipeline } = await import('node:stream');
  const decoders = new Map<string, () => Transform>([
    ['gzip', createGunzip],
    ['x-gzip', createGunzip],
    ['deflate', createInflate],
    ['br', createBrotliDecompress],
  ]);
  const decoder = decoders.get(encoding.toLowerCase())?.();
  if (decoder === undefined) {
    throw new ClientError(
      'TRANSPORT',
      `${shown(url)} answers in an encoding that nobody asked for (${encoding})`,
    );
  }
  // An error of either reaches whoever reads the decoder.
  return pipeline(response, decoder, () => undefined);
}

interface Watchdog {
  readonly signal: AbortSignal;
  /** A byte came. */
  alive(): void;
  /** Ends the request, whatever is left of it. */
  stop(): void;
}

function startWatchdog(url: URL, { idleMs, signal }: Settings, totalMs: number): Watchdog {
  const controller = new AbortController();
  const abort = (what: string): void =>
    controller.abort(
      new ClientError('TRANSPORT', `${shown(url)} ${what}: the request was given up`, { isOutage: true }),
    );
  const idle = setTimeout(abort, Math.min(idleMs, LONGEST_TIMER), 'sent nothing for too long');
  const total = setTimeout(abort, Math.min(totalMs, LONGEST_TIMER), 'took too long');
  const giveUp = (): void => controller.abort(abortedBy(signal));
  if (signal?.aborted === true) giveUp();
  else signal?.addEventListener('abort', giveUp, { once: true });
  return {
    signal: controller.signal,
    alive: () => void idle.refresh(),
    stop: () => {
      clearTimeout(idle);
      clearTimeout(total);
      signal?.removeEventListener('abort', giveUp);
      controller.abort();
    },
  };
}

/** Node's client fails with errors of no class that one could name, so here anything that is not ours is the network's. */
function transportError(url: URL, error: unknown, signal: AbortSignal): ClientError {
  if (error instanceof ClientError) return error;
  if (signal.reason instanceof ClientError) return signal.reason;
  const inner = error instanceof Error ? (error.cause ?? error) : error;
  const detail = inner instanceof Error ? inner.message : String(inner);
  return new ClientError('TRANSPORT', `${shown(url)} could not be fetched: ${detail}`, {
    cause: error,
    isOutage: isNoConnection(inner),
  });
}

/** What ends a connection on the way, or lets none begin. A certificate that is wrong is none of these, nor is what is no HTTP or no gzip. */
const NO_CONNECTION: ReadonlySet<unknown> = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
]);

/** Also where several addresses of one name were tried: Node's error has the code of one of them. */
const isNoConnection = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && NO_CONNECTION.has(error.code);
