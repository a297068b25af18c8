import { isJsonObject, type JsonValue, member, parseJson } from '../../json.ts';
import { type BucketProgram, type Listed, notUnderstood } from './bucket.ts';
import type { RunProgram } from './program.ts';
import { headersOf } from './site-files.ts';

const LISTING = { maxBytes: 512 * 1024 * 1024, maxDepth: 16 };

/** The Google Cloud CLI. */
export function gcloudProgram(run: RunProgram, bucket: string, prefix: string): BucketProgram {
  const place = `gs://${bucket}/${prefix}`;
  return {
    async list() {
      const args = [
        'storage',
        'objects',
        'list',
        `${place}**`,
        '--format=json(name,size,md5_hash)',
        '--quiet',
      ];
      const listed = new Map<string, Listed>();
      for (const row of rows(await run('gcloud', args))) {
        if (!isJsonObject(row)) throw notUnderstood('gcloud');
        const [name, size, md5] = ['name', 'size', 'md5_hash'].map(key => member(row, key));
        if (typeof name !== 'string' || !Number.isSafeInteger(Number(size))) throw notUnderstood('gcloud');
        const tag = typeof md5 === 'string' ? Buffer.from(md5, 'base64').toString('hex') : '';
        listed.set(name.slice(prefix.length), { length: Number(size), tag });
      }
      return listed;
    },
    read: name => run('gcloud', ['storage', 'cat', '--quiet', '--', `${place}${name}`]),
    async send(folder, { name }) {
      const { cacheControl, contentType } = headersOf(name);
      const headers = [`--cache-control=${cacheControl}`, `--content-type=${contentType}`];
      // Not rsync, which leaves out what is a link.
      const ways = ['--recursive', '--quiet', ...headers];
      await run('gcloud', ['storage', 'cp', ...ways, '--', `${folder}/*`, place]);
    },
    // To `rm` a line is a pattern, or names a generation, and no way leads around that: a role's artifact that is called so and was
    // taken back would take those of other roles along. Source: gcloud storage rm, Cloud Storage's "URI wildcards".
    isRemovable: name => !/[*?[\]{}#]/.test(name),
    async remove(names) {
      const input = names.map(name => `${place}${name}\n`).join('');
      // Whether they are gone, the next listing tells: gcloud also says 1 where somebody was faster.
      const ways = ['--read-paths-from-stdin', '--quiet'];
      await run('gcloud', ['storage', 'rm', ...ways], { input, answers: [0, 1] });
    },
  };
}

function rows(output: Buffer): readonly JsonValue[] {
  const text = output.toString('utf8').trim();
  if (text === '') return [];
  const value = parseJson(Buffer.from(text), LISTING);
  return isList(value) ? value : [];
}

const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);
