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
    fetch: (path, maxBytes) => fetcher.fetch(prefix + path, maxBytes),
    stream: (path, maxBytes) => streamFrom(fetcher, prefix + path, maxBytes),
  };
}

/** Streams from any fetcher; one that can't gives the whole file as one piece. */
export async function streamFrom(
  fetcher: Fetcher,
  path: string,
  maxBytes: number,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  if (fetcher.stream !== undefined) return fetcher.stream(path, maxBytes);
  const bytes = await fetcher.fetch(path, maxBytes);
  return bytes === undefined ? undefined : onePiece(bytes);
}

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
