import { decodeSegments } from '../fetcher.ts';

// A bundle is a tar file of a repository's files in the layout of a published site: metadata/ and targets/, under the names
// that a web server would have them under. First stands this file, which says what it is.

export const MARKER_NAME = 'tuf-bundle.json';
export const MARKER: Uint8Array = Buffer.from('{"format":"tuf-bundle","version":1}\n');

export const METADATA = 'metadata';
export const TARGETS = 'targets';

/** The name in a bundle of what a {@link Fetcher} calls `path`; `undefined` where it can have none. Throws `UNSAFE_PATH`. */
export function bundleName(folder: string, path: string): string | undefined {
  const names = decodeSegments(path);
  // What is one name on a web server would be a folder and a name here.
  return names.some(name => name.includes('/')) ? undefined : [folder, ...names].join('/');
}
