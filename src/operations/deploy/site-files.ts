import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { publishRank } from '../../repository/layout.ts';

/** Files that go together; each group is complete before the next begins. */
export interface Group {
  readonly name: string;
  readonly files: readonly string[];
}

const NAMES = ['artifacts', 'roles', 'snapshot', 'page', 'roots', 'timestamp'] as const;

/** In the order in which they may appear, `timestamp.json` alone and last. Empty groups are left out. */
export function groupsOf(files: Iterable<string>): readonly Group[] {
  const groups = NAMES.map((name): { name: string; files: string[] } => ({ name, files: [] }));
  for (const file of files) groups[publishRank(file)]?.files.push(file);
  return groups
    .filter(group => group.files.length > 0)
    .map(({ name, files }) => ({ name, files: files.sort() }));
}

/** How a web server or a bucket should hand a file out. Nothing that people upload is shown as a page of this site. */
export interface Headers {
  readonly cacheControl: string;
  readonly contentType: string;
}

/** Seconds for which `timestamp.json` and the page may be kept: as long again, clients may see the site of before. */
const SHORT = 60;
const FOR_EVER = 'public, max-age=31536000, immutable';

export function headersOf(group: string): Headers {
  switch (group) {
    case 'artifacts':
      return { cacheControl: FOR_EVER, contentType: 'application/octet-stream' };
    case 'page':
      return { cacheControl: `public, max-age=${SHORT}`, contentType: 'text/html; charset=utf-8' };
    case 'timestamp':
      return { cacheControl: `public, max-age=${SHORT}`, contentType: 'application/json' };
    default:
      return { cacheControl: FOR_EVER, contentType: 'application/json' };
  }
}

/** In parts of this size do the AWS tools send what is larger. Source: AWS CLI, "s3 configuration", `multipart_chunksize`. */
const PART = 8 * 1024 * 1024;

/** What object stores say of a content: hex of its MD5, and S3's ETag of one that came in parts. */
export interface ContentTags {
  readonly length: number;
  readonly md5: string;
  readonly partsTag: string;
}

export function contentTags(folder: string, file: string): ContentTags {
  const descriptor = openSync(join(folder, ...file.split('/')), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const [whole, parts, piece] = [createHash('md5'), createHash('md5'), Buffer.allocUnsafe(1 << 16)];
    let part = createHash('md5');
    let [length, inPart, count] = [0, 0, 0];
    const endPart = (): void => {
      parts.update(part.digest());
      part = createHash('md5');
      [inPart, count] = [0, count + 1];
    };
    for (let got = readSync(descriptor, piece); got > 0; got = readSync(descriptor, piece)) {
      length += got;
      whole.update(piece.subarray(0, got));
      for (let at = 0; at < got; ) {
        const end = Math.min(got, at + PART - inPart);
        part.update(piece.subarray(at, end));
        inPart += end - at;
        at = end;
        if (inPart === PART) endPart();
      }
    }
    if (inPart > 0) endPart();
    return { length, md5: whole.digest('hex'), partsTag: `${parts.digest('hex')}-${count}` };
  } finally {
    closeSync(descriptor);
  }
}
