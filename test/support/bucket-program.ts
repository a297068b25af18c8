import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { RunProgram } from '../../src/operations/deploy/program.ts';
import { OperationError } from '../../src/operations/error.ts';

export interface BucketObject {
  readonly bytes: Buffer;
  readonly cacheControl: string;
  readonly contentType: string;
}

/** As much of the AWS CLI as a deployment uses, over a map; `fail` makes it break off before the object of a name. */
export class FakeAws {
  readonly objects: Map<string, BucketObject> = new Map();
  /** Names in the order in which they were written. */
  readonly written: string[] = [];
  /** The argument arrays of every call. */
  readonly calls: (readonly string[])[] = [];
  fail: (key: string) => boolean = () => false;
  /** What it stores in place of what it was given. */
  store: (key: string, bytes: Buffer) => Buffer | undefined = (_key, bytes) => bytes;

  readonly run: RunProgram = async (program, args) => {
    this.calls.push([program, ...args]);
    const [service, verb] = args;
    if (service === 's3api' && verb === 'list-objects-v2') return this.#list(after(args, '--prefix'));
    if (service === 's3api' && verb === 'delete-objects') return this.#delete(after(args, '--delete'));
    const [from = '', to = ''] = args.slice(args.indexOf('--') + 1);
    if (to === '-') return this.objects.get(keyOf(from))?.bytes ?? Buffer.alloc(0);
    this.#upload(from, keyOf(to), after(args, '--cache-control'), after(args, '--content-type'));
    return Buffer.alloc(0);
  };

  #list(prefix: string): Buffer {
    const rows = [...this.objects]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { bytes }]) => [key, bytes.length, `"${createHash('md5').update(bytes).digest('hex')}"`]);
    return Buffer.from(rows.length === 0 ? 'null\n' : JSON.stringify(rows));
  }

  #delete(text: string): Buffer {
    const { Objects } = JSON.parse(text) as { Objects: readonly { Key: string }[] };
    for (const { Key } of Objects) this.objects.delete(Key);
    return Buffer.alloc(0);
  }

  #upload(folder: string, prefix: string, cacheControl: string, contentType: string): void {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
      entry => !entry.isDirectory(),
    );
    for (const file of entries.map(entry => join(entry.parentPath, entry.name)).sort()) {
      const key = `${prefix}${relative(folder, file)}`;
      if (this.fail(key))
        throw new OperationError('PROGRAM_FAILED', 'aws s3 failed (1): the network went away');
      const bytes = this.store(key, readFileSync(file));
      this.written.push(key);
      if (bytes !== undefined) this.objects.set(key, { bytes, cacheControl, contentType });
    }
  }
}

const after = (args: readonly string[], flag: string): string => args[args.indexOf(flag) + 1] ?? '';
const keyOf = (url: string): string => url.replace(/^s3:\/\/[^/]+\//, '');
