import { type JsonValue, parseJson } from '../../json.ts';
import { type BucketProgram, type Listed, notUnderstood } from './bucket.ts';
import type { RunProgram } from './program.ts';
import { headersOf } from './site-files.ts';

/** Keys in one call that deletes: the limit of an argument's length, not of the service. */
const KEYS = 200;
const LISTING = { maxBytes: 512 * 1024 * 1024, maxDepth: 8 };

/** The AWS CLI. For another service that speaks S3, AWS_ENDPOINT_URL is its own variable. */
export function awsProgram(run: RunProgram, bucket: string, prefix: string): BucketProgram {
  const at = ['--bucket', bucket];
  return {
    async list() {
      const args = ['s3api', 'list-objects-v2', ...at, '--prefix', prefix, '--output', 'json'];
      const output = await run('aws', [...args, '--query', 'Contents[].[Key,Size,ETag]']);
      const listed = new Map<string, Listed>();
      for (const [key, size, tag] of rows(output)) {
        if (typeof key !== 'string' || typeof size !== 'number' || typeof tag !== 'string')
          throw notUnderstood('aws');
        listed.set(key.slice(prefix.length), { length: size, tag: tag.replaceAll('"', '').toLowerCase() });
      }
      return listed;
    },
    read: name =>
      run('aws', ['s3', 'cp', '--only-show-errors', '--', `s3://${bucket}/${prefix}${name}`, '-']),
    async send(folder, { name }) {
      const { cacheControl, contentType } = headersOf(name);
      const headers = ['--cache-control', cacheControl, '--content-type', contentType];
      const ways = ['--recursive', '--only-show-errors', '--follow-symlinks', ...headers];
      await run('aws', ['s3', 'cp', ...ways, '--', `${folder}/`, `s3://${bucket}/${prefix}`]);
    },
    async remove(names) {
      for (let i = 0; i < names.length; i += KEYS) {
        const keys = names.slice(i, i + KEYS).map(name => ({ Key: prefix + name }));
        await run('aws', [
          's3api',
          'delete-objects',
          ...at,
          '--delete',
          JSON.stringify({ Objects: keys, Quiet: true }),
        ]);
      }
    },
  };
}

function rows(output: Buffer): readonly (readonly JsonValue[])[] {
  const text = output.toString('utf8').trim();
  if (text === '' || text === 'null') return [];
  return listOf(parseJson(Buffer.from(text), LISTING)).map(listOf);
}

const listOf = (value: JsonValue): readonly JsonValue[] => (isList(value) ? value : []);
const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);
