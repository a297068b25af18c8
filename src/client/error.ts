import { CodedError } from '../errors.ts';

export type ClientErrorCode =
  /** What was served is no metadata of the wanted type, or of another major version of the specification. */
  | 'MALFORMED'
  /** Too few distinct keys have signed. The cause is the {@link MetadataError}. */
  | 'QUORUM'
  /** An older version than one that this client has trusted, or a name that is listed no more. */
  | 'ROLLBACK'
  /** Metadata is past its date: an attacker may be holding back what is newer (a freeze attack). */
  | 'EXPIRED'
  /** Files that do not belong together: not the version that the delegating metadata lists (mix and match). */
  | 'VERSION_MISMATCH'
  | 'HASH_MISMATCH'
  | 'LENGTH_MISMATCH'
  /** The snapshot does not list a role, or a delegation names no role that could be one. */
  | 'ROLE_UNKNOWN'
  /** A file that the trusted metadata promises is not there. */
  | 'NOT_FOUND'
  /** The cache lacks something that is needed, and no network may be used. */
  | 'NOT_CACHED'
  /** More bytes than allowed; reading stopped there. */
  | 'TOO_LARGE'
  /** No role that may speak for the path lists it. */
  | 'TARGET_UNKNOWN'
  /** A path that would lead out of the repository or of the folder to write to. */
  | 'UNSAFE_PATH'
  /** The address of a repository that can't be used. */
  | 'BAD_URL'
  /** The network, the server or the medium failed, or took too long. */
  | 'TRANSPORT'
  /** A bundle that is not as `tuf-signer bundle` writes it. */
  | 'BAD_BUNDLE'
  /** Too few of the repositories of a map file say the same of a target. */
  | 'NO_CONSENSUS'
  /** This machine could not read or write a cache or a download. */
  | 'STORAGE'
  /** The caller's signal was aborted. */
  | 'ABORTED';

export interface ClientErrorOptions {
  readonly cause?: unknown;
  /** See {@link ClientError.isOutage}. */
  readonly isOutage?: boolean;
}

export class ClientError extends CodedError<ClientErrorCode> {
  /**
   * Did nobody answer, or a server say that it can't for now? Then waiting alone may mend it, and it tells nothing of what is
   * served. Of `TRANSPORT` alone; `false` of a server that answers what no client can use.
   */
  readonly isOutage: boolean;

  constructor(code: ClientErrorCode, message: string, options: ClientErrorOptions = {}) {
    super(code, message, options);
    this.isOutage = options.isOutage === true;
  }
}

/** What is this machine's or the caller's own: no other mirror, and no second attempt, would mend it. */
const OWN_FAULTS: ReadonlySet<ClientErrorCode> = new Set([
  'STORAGE',
  'UNSAFE_PATH',
  'BAD_URL',
  'BAD_BUNDLE',
  'ABORTED',
]);

export const abortedBy = (signal: AbortSignal | undefined): ClientError =>
  new ClientError('ABORTED', 'given up as was asked: nothing half-written is left', {
    cause: signal?.reason,
  });

/** Might the same question have a good answer elsewhere? */
export const isSourcesFault = (error: unknown): error is ClientError =>
  error instanceof ClientError && !OWN_FAULTS.has(error.code);

/** The value of `attempt`, or `undefined` where it threw a {@link ClientError}. For cached files, which nobody vouches for. */
export function unlessRefused<T>(attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof ClientError) return undefined;
    throw error;
  }
}

/** The `code` of a Node system error, as in `ENOENT`; `undefined` for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
