import { createHash } from 'node:crypto';
import { GitError } from './error.ts';

/** The hash by which a repository names its objects. */
export type ObjectFormat = 'sha1' | 'sha256';
export type ObjectType = 'blob' | 'tree' | 'commit' | 'tag';

/** An object's full name: 40 (sha1) or 64 (sha256) lower-case hex digits. */
export type ObjectId = string & { readonly __brand: 'ObjectId' | 'CommitSha' };
/** The full name of an object that git said is a commit. */
export type CommitSha = string & { readonly __brand: 'CommitSha' };

const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

export const isObjectId = (text: string): text is ObjectId => OBJECT_ID.test(text);

/** Throws {@link GitError} `BAD_REVISION` unless `text` is a full object name. Says nothing of its existence. */
export function parseObjectId(text: string): ObjectId {
  if (!isObjectId(text)) {
    throw new GitError('BAD_REVISION', `${JSON.stringify(text)} is no full object name of git`);
  }
  return text;
}

/** Bytes of an object name: 20 or 32. */
export const objectIdLength = (format: ObjectFormat): number => (format === 'sha1' ? 20 : 32);

/** The name that stands for "no object" where git wants an old or new value. */
export const zeroObjectId = (format: ObjectFormat): string => '0'.repeat(2 * objectIdLength(format));

/** The name of the object of this type and content. */
export function nameObject(format: ObjectFormat, type: ObjectType, content: Uint8Array): ObjectId {
  const header = `${type} ${content.length}\0`;
  return createHash(format).update(header, 'latin1').update(content).digest('hex') as ObjectId;
}
