import { readFile } from 'node:fs/promises';
import { ClientError } from '../src/client/error.ts';
import type { Fetcher } from '../src/client/fetcher.ts';
import { type HttpOptions, httpFetcher } from '../src/client/http.ts';
import { MetadataError } from '../src/metadata/error.ts';
import { type KeyOwner, parseKeyOwner, parseRoleName, type RoleName } from '../src/metadata/names.ts';
import { isSystemError } from './exit-codes.ts';
import { UnreadableFile, UsageError } from './usage-error.ts';

/** An account typed by a person, the `@` optional. Throws {@link UsageError}. */
export const givenOwner = (text: string): KeyOwner =>
  given(() => parseKeyOwner(text.startsWith('@') ? text : `@${text}`));

/** Throws {@link UsageError}. */
export const givenRole = (text: string): RoleName => given(() => parseRoleName(text));

/** What there is no file by that name for: a slip of whoever named it. */
const NO_SUCH_FILE: ReadonlySet<string | undefined> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ENAMETOOLONG',
]);

/**
 * A file named by a flag. Throws {@link UsageError} where there is none of that name, and {@link UnreadableFile} where there is one
 * that this machine does not let us read.
 */
export async function givenFile(file: string, flag: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const message = `${flag} ${JSON.stringify(file)} can not be read (${String(error.code)})`;
    throw NO_SUCH_FILE.has(error.code)
      ? new UsageError(message)
      : new UnreadableFile(message, { cause: error });
  }
}

/** An address that `flag` named. Throws {@link ClientError} `BAD_URL`. */
export function givenAddress(url: string, flag: string, options?: HttpOptions): Fetcher {
  try {
    return httpFetcher(url, options);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw new ClientError(error.code, `${flag}: ${error.message}`, { cause: error });
  }
}

/** What a person typed wrong is a fault of the command line, not of the repository's data. */
function given<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof MetadataError) throw new UsageError(error.message);
    throw error;
  }
}
