import { CodedError } from '../errors.ts';
import { ClientError } from './error.ts';

/**
 * Where a repository's files come from. A path is relative, its segments percent-encoded as in a URL: a role called
 * `a/b` is one segment, `a%2Fb.json`. What comes back is untrusted.
 */
export interface Fetcher {
  /**
   * The whole file. `undefined`: it is not there (404, 403, ENOENT). Throws {@link ClientError} `TOO_LARGE` beyond
   * `maxBytes`, `UNSAFE_PATH`, or `TRANSPORT` for everything else.
   */
  fetch(path: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** As `fetch`, in pieces, for artifacts that need not fit in memory. The iteration throws the same errors. */
  stream?(path: string, maxBytes: number): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Where a file is, for a person who reads an error: an address or a path, without secrets. */
  place?(path: string): string;
}

/**
 * The two places of a TUF repository, each with its mirrors in the order in which they are asked. Both may be parts of
 * one site: {@link siteOf}.
 */
export interface RepositorySource {
  /** Each holds `timestamp.json`. */
  readonly metadata: readonly Fetcher[];
  /** Each holds the artifacts. */
  readonly targets: readonly Fetcher[];
}

/** A repository in one place, without mirrors. */
export interface SingleSource {
  readonly metadata: Fetcher;
  readonly targets: Fetcher;
}

export const singleSource = ({ metadata, targets }: SingleSource): RepositorySource => ({
  metadata: [metadata],
  targets: [targets],
});

/** The mirror that is asked first. Throws {@link ClientError} `TRANSPORT` where there is none. */
export function firstMirror({ metadata: [metadata], targets: [targets] }: RepositorySource): SingleSource {
  if (metadata !== undefined && targets !== undefined) return { metadata, targets };
  throw new ClientError('TRANSPORT', 'no place to fetch from is known');
}

/** Folders of a published site. */
export interface SiteLayout {
  readonly metadata: string;
  readonly targets: string;
}

export const defaultLayout: SiteLayout = { metadata: 'metadata', targets: 'targets' };

/** A site with metadata and artifacts side by side. */
export const siteOf = (fetcher: Fetcher, layout: SiteLayout = defaultLayout): RepositorySource => ({
  metadata: [below(fetcher, layout.metadata)],
  targets: [below(fetcher, layout.targets)],
});

/** The same repository in several places, the one to ask first in front. */
export const mirrorsOf = (sources: readonly RepositorySource[]): RepositorySource => ({
  metadata: sources.flatMap(({ metadata }) => metadata),
  targets: sources.flatMap(({ targets }) => targets),
});

/** `fetcher`, its paths taken as relative to `folder`. */
export function below(fetcher: Fetcher, folder: string): Fetcher {
  const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  return {
    fetch: (path, maxBytes) => fetchFrom(fetcher, prefix + path, maxBytes),
    stream: (path, maxBytes) => streamFrom(fetcher, prefix + path, maxBytes),
    ...(fetcher.place === undefined ? {} : { place: path => fetcher.place?.(prefix + path) ?? path }),
  };
}

/**
 * Asks any fetcher for a whole file. A fetcher may be anybody's: what it throws of its own is the medium's failure, `null` is as
 * good as `undefined`, and its promise to keep to `maxBytes` is held. Throws {@link ClientError}.
 */
export async function fetchFrom(
  fetcher: Fetcher,
  path: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  try {
    const bytes: unknown = await fetcher.fetch(path, maxBytes);
    if (bytes === undefined || bytes === null) return undefined;
    if (!(bytes instanceof Uint8Array)) throw noBytes(placeIn(fetcher, path));
    if (bytes.length > maxBytes) throw tooLarge(placeIn(fetcher, path), maxBytes);
    return bytes;
  } catch (error) {
    throw transportError(placeIn(fetcher, path), error);
  }
}

/** As {@link fetchFrom}, in pieces; a fetcher that can't gives the whole file as one. */
export async function streamFrom(
  fetcher: Fetcher,
  path: string,
  maxBytes: number,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  if (fetcher.stream === undefined) {
    const bytes = await fetchFrom(fetcher, path, maxBytes);
    return bytes === undefined ? undefined : onePiece(bytes);
  }
  const place = placeIn(fetcher, path);
  try {
    const pieces = (await fetcher.stream(path, maxBytes)) as AsyncIterable<unknown> | null | undefined;
    return pieces === undefined || pieces === null ? undefined : heldPieces(pieces, place, maxBytes);
  } catch (error) {
    throw transportError(place, error);
  }
}

async function* heldPieces(
  pieces: AsyncIterable<unknown>,
  place: string,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  try {
    for await (const piece of pieces) {
      if (!(piece instanceof Uint8Array)) throw noBytes(place);
      received += piece.length;
      if (received > maxBytes) throw tooLarge(place, maxBytes);
      yield piece;
    }
  } catch (error) {
    throw transportError(place, error);
  }
}

/** Where a file of a fetcher is; its path where that does not say. */
export const placeIn = (fetcher: Fetcher, path: string): string => fetcher.place?.(path) ?? path;

/** The result of `check`. What it refuses is told with the place where the file came from. */
export function checkedFrom<T>(fetcher: Fetcher, path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof ClientError) || fetcher.place === undefined) throw error;
    throw new ClientError(error.code, `${fetcher.place(path)}: ${error.message}`, { cause: error.cause });
  }
}

/** Our own errors say what they are; any other is a foreign fetcher's way to fail. */
function transportError(place: string, error: unknown): Error {
  if (error instanceof CodedError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new ClientError('TRANSPORT', `${place} could not be fetched: ${detail}`, { cause: error });
}

const noBytes = (place: string): ClientError =>
  new ClientError('TRANSPORT', `${place} could not be fetched: the fetcher gave no bytes (Uint8Array)`);

/** The file is not there. */
export const notThere = (fetcher: Fetcher, path: string): ClientError =>
  new ClientError(
    'NOT_FOUND',
    fetcher.place === undefined ? `the repository has no ${path}` : `there is no ${fetcher.place(path)}`,
  );

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Puts the pieces together. Errors of the iteration pass through. */
export async function collect(
  pieces: AsyncIterable<Uint8Array> | undefined,
): Promise<Uint8Array | undefined> {
  if (pieces === undefined) return undefined;
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts);
}

/** The refusal of a file that goes on beyond `maxBytes`. */
export const tooLarge = (path: string, maxBytes: number): ClientError =>
  new ClientError('TOO_LARGE', `${path} has more than the ${maxBytes} bytes it may have`);

/**
 * The decoded segments of `path`, none of them empty, `.` or `..`; one may still hold a slash. Throws
 * {@link ClientError} `UNSAFE_PATH`.
 */
export function decodeSegments(path: string): readonly string[] {
  return path.split('/').map(segment => {
    const name = decodeSegment(segment);
    if (name === undefined || name === '' || name === '.' || name === '..') throw unsafePath(path);
    return name;
  });
}

export const unsafePath = (path: string): ClientError =>
  new ClientError('UNSAFE_PATH', `${JSON.stringify(path)} is no path below the repository`);

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
