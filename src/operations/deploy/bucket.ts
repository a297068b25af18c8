import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { OperationError } from '../error.ts';
import { type ContentTags, contentTags, type Group } from './site-files.ts';
import { isStale, type Store } from './store.ts';

/** An object as a bucket lists it. */
export interface Listed {
  readonly length: number;
  /** What the bucket says of its content: hex of the MD5, or S3's ETag of parts. Empty: nothing. */
  readonly tag: string;
}

/** What a bucket's own program can do. Names are relative to the prefix. */
export interface BucketProgram {
  list(): Promise<ReadonlyMap<string, Listed>>;
  read(name: string): Promise<Uint8Array>;
  /** Everything below `folder`, its links followed. */
  send(folder: string, group: Group): Promise<void>;
  remove(names: readonly string[]): Promise<void>;
  /** Can this one be taken away, and nothing else with it? Default: any can. */
  isRemovable?(name: string): boolean;
}

/** What is not understood must not count as absent: something would be written over. */
export const notUnderstood = (program: string): OperationError =>
  new OperationError(
    'PROGRAM_FAILED',
    `${program} lists the place in an unknown form: what is there is not known`,
  );

/** A bucket as a {@link Store}: what it has is asked anew for each group, and compared by content. */
export function bucketStore(program: BucketProgram, folder: string): Store {
  const known = new Map<string, ContentTags>();
  const tagsOf = (file: string): ContentTags => {
    const tags = known.get(file) ?? contentTags(folder, file);
    known.set(file, tags);
    return tags;
  };
  let last: ReadonlyMap<string, Listed> | undefined;
  const list = async (): Promise<ReadonlyMap<string, Listed>> => {
    last = await program.list();
    return last;
  };
  return {
    async top() {
      const listed = await list();
      return new Map(
        [...listed].flatMap(([name, { length }]) => (name.includes('/') ? [] : [[name, length] as const])),
      );
    },
    async read(file, maxBytes) {
      // Whoever reads has just looked; a listing for each file of a large bucket would take minutes.
      const found = (last ?? (await list())).get(file);
      if (found === undefined || found.length > maxBytes) return undefined;
      const bytes = await program.read(file);
      return bytes.length > maxBytes ? undefined : bytes;
    },
    async compare(files) {
      const listed = await list();
      return {
        absent: files.filter(file => !listed.has(file)),
        other: files.filter(file => {
          const found = listed.get(file);
          return found !== undefined && !isSame(found, tagsOf(file));
        }),
      };
    },
    async send(group, files) {
      const scratch = await mkdtemp(join(tmpdir(), 'tuf-signer-deploy-'));
      try {
        for (const file of files) {
          const place = join(scratch, ...file.split('/'));
          await mkdir(dirname(place), { recursive: true });
          await symlink(join(folder, ...file.split('/')), place);
        }
        await program.send(scratch, group);
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },
    async stale(wanted) {
      return [...(await program.list()).keys()].filter(
        file => isStale(file, wanted) && program.isRemovable?.(file) !== false,
      );
    },
    remove: names => program.remove(names),
  };
}

const isSame = (listed: Listed, { length, md5, partsTag }: ContentTags): boolean =>
  listed.length === length && (listed.tag === md5 || listed.tag === partsTag);
