import { OperationError } from '../error.ts';

/** Where a site goes. */
export type Destination =
  /** A folder of this machine or another, as rsync takes it, with a slash at its end. */
  | { readonly kind: 'rsync'; readonly target: string }
  /** Objects of a bucket below a prefix, which is empty or ends with a slash. */
  | { readonly kind: 's3' | 'gs'; readonly bucket: string; readonly prefix: string };

// Source: the naming rules of Amazon S3 and Google Cloud Storage, which allows underscores.
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/;

/** Throws {@link OperationError} `BAD_DESTINATION`. What could be taken for an option, or reach a terminal, is none. */
export function parseDestination(text: string): Destination {
  if (/[\p{Cc}\p{Cf}]/u.test(text) || text.startsWith('-') || text.trim() === '') throw bad(text);
  const url = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text);
  if (url === null || url[1] === 'rsync')
    return { kind: 'rsync', target: text.endsWith('/') ? text : `${text}/` };
  const [bucket = '', ...rest] = (url[2] ?? '').split('/');
  const segments = rest.filter((segment, i) => segment !== '' || i < rest.length - 1);
  const plain = segments.every(segment => /^[A-Za-z0-9._~-]+$/.test(segment) && !/^\.+$/.test(segment));
  if ((url[1] !== 's3' && url[1] !== 'gs') || !BUCKET.test(bucket) || !plain) throw bad(text);
  return { kind: url[1], bucket, prefix: segments.map(segment => `${segment}/`).join('') };
}

const bad = (text: string): OperationError =>
  new OperationError(
    'BAD_DESTINATION',
    `${JSON.stringify(text)} is no destination: name FOLDER, HOST:FOLDER, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX`,
  );
