import { readFile } from 'node:fs/promises';
import { MetadataError } from '../src/metadata/error.ts';
import { type KeyOwner, parseKeyOwner, parseRoleName, type RoleName } from '../src/metadata/names.ts';
import { isSystemError } from './exit-codes.ts';
import { UsageError } from './usage-error.ts';

/** An account typed by a person, the `@` optional. Throws {@link UsageError}. */
export const givenOwner = (text: string): KeyOwner =>
  given(() => parseKeyOwner(text.startsWith('@') ? text : `@${text}`));

/** Throws {@link UsageError}. */
export const givenRole = (text: string): RoleName => given(() => parseRoleName(text));

/** A file named by a flag. Throws {@link UsageError}. */
export async function givenFile(file: string, flag: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new UsageError(`${flag} ${JSON.stringify(file)} can not be read (${String(error.code)})`);
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
