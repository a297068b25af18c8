import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bucketStore } from '../../../src/operations/deploy/bucket.ts';
import { parseDestination } from '../../../src/operations/deploy/destination.ts';
import { gcloudProgram } from '../../../src/operations/deploy/gcs.ts';
import { type RunProgram, runProgram } from '../../../src/operations/deploy/program.ts';
import { contentTags, groupsOf, headersOf } from '../../../src/operations/deploy/site-files.ts';

describe('a destination', () => {
  it.each([
    ['/srv/www', { kind: 'rsync', target: '/srv/www/' }],
    ['www@example.org:tuf/', { kind: 'rsync', target: 'www@example.org:tuf/' }],
    ['rsync://example.org/module', { kind: 'rsync', target: 'rsync://example.org/module/' }],
    ['s3://bucket', { kind: 's3', bucket: 'bucket', prefix: '' }],
    ['s3://bucket/', { kind: 's3', bucket: 'bucket', prefix: '' }],
    ['s3://my.bucket-1/a/b', { kind: 's3', bucket: 'my.bucket-1', prefix: 'a/b/' }],
    ['gs://bucket_1/a/', { kind: 'gs', bucket: 'bucket_1', prefix: 'a/' }],
  ])('%s', (text, destination) => expect(parseDestination(text)).toEqual(destination));

  it.each([
    '',
    ' ',
    '-e sh',
    '--rsync-path=x',
    'a\nb',
    's3://',
    's3://B/x',
    's3://bucket/a//b',
    's3://bucket/../x',
    's3://bucket/a b',
    's3://bucket/*',
    'ftp://host/x',
    'http://host/',
    'gs://b',
    '\u202eabc',
  ])('refuses %j', text =>
    expect(() => parseDestination(text)).toThrow(expect.objectContaining({ code: 'BAD_DESTINATION' })),
  );
});

describe('the files of a site', () => {
  it('go in groups, what is named before what names it', () => {
    const files = [
      'timestamp.json',
      'index.html',
      '2.root.json',
      '7.snapshot.json',
      '3.targets.json',
      '1.root-a.json',
      'targets/a/x',
      'targets/1.root.json',
    ];
    expect(groupsOf(files)).toEqual([
      { name: 'artifacts', files: ['targets/1.root.json', 'targets/a/x'] },
      { name: 'roles', files: ['1.root-a.json', '3.targets.json'] },
      { name: 'snapshot', files: ['7.snapshot.json'] },
      { name: 'page', files: ['index.html'] },
      { name: 'roots', files: ['2.root.json'] },
      { name: 'timestamp', files: ['timestamp.json'] },
    ]);
  });

  it('may be kept for ever where their name is for ever, and no artifact is a page', () => {
    for (const name of ['artifacts', 'roles', 'snapshot', 'roots'])
      expect(headersOf(name).cacheControl).toContain('immutable');
    for (const name of ['page', 'timestamp']) expect(headersOf(name).cacheControl).toBe('public, max-age=60');
    expect(headersOf('artifacts').contentType).toBe('application/octet-stream');
  });

  it('are known by the MD5 of their content, and by that of its parts', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tuf-signer-tags-'));
    const md5 = (bytes: Uint8Array): Buffer => createHash('md5').update(bytes).digest();
    const [part, rest] = [Buffer.alloc(8 * 1024 * 1024, 1), Buffer.alloc(70_000, 2)];
    for (const [name, bytes, partsTag] of [
      ['empty', Buffer.alloc(0), `${md5(Buffer.alloc(0)).toString('hex')}-0`],
      ['one', part, `${md5(md5(part)).toString('hex')}-1`],
      ['two', Buffer.concat([part, rest]), `${md5(Buffer.concat([md5(part), md5(rest)])).toString('hex')}-2`],
    ] as const) {
      await writeFile(join(folder, name), bytes);
      expect(contentTags(folder, name)).toEqual({
        length: bytes.length,
        md5: md5(bytes).toString('hex'),
        partsTag,
      });
    }
    await rm(folder, { recursive: true });
  });
});

describe('a program', () => {
  it('gives its output, takes no shell, and says what went wrong', async () => {
    expect((await runProgram('printf', ['%s', '$(id); `id`'])).toString()).toBe('$(id); `id`');
    await expect(runProgram('no-such-program', [])).rejects.toMatchObject({
      code: 'PROGRAM_FAILED',
      message: 'no-such-program is not on the PATH: install it',
    });
    const script = 'echo "ERROR: (it) said \u001b[31mno" >&2; echo advice >&2; exit 3';
    await expect(runProgram('sh', ['-c', script])).rejects.toMatchObject({
      message: 'sh -c failed (3): ERROR: (it) said [31mno - nothing is lost: mend that, and run this again',
    });
    // As rsync says it where a disk is full: the cause comes first, and what came of it last.
    const rsync =
      'echo "rsync: [receiver] write failed: No space left on device (28)" >&2; echo "rsync error: error in file IO (code 11)" >&2; echo >&2; echo "rsync: [sender] write error: Broken pipe (32)" >&2; exit 11';
    await expect(runProgram('sh', ['-c', rsync])).rejects.toMatchObject({
      message: expect.stringMatching(
        /^sh -c failed \(11\): rsync: \[receiver\] write failed: No space left on device \(28\) \| .* \| rsync: \[sender\] write error: Broken pipe \(32\) - nothing is lost/,
      ) as unknown,
    });
    // However much a program says, the beginning and the end of it are told, and no more.
    const talks = 'echo first >&2; yes "$0" | head -n 20000 >&2; echo last >&2; exit 1';
    const told = await runProgram('sh', ['-c', talks, 'x'.repeat(2_000)]).catch(String);
    expect(told).toMatch(/failed \(1\): first \| x{300} \| … \| x{300} \| last - nothing/);
    await expect(runProgram('false', [])).rejects.toMatchObject({
      message: expect.stringContaining('failed (1): it gave no reason') as unknown,
    });
    await expect(runProgram('sh', ['-c', 'kill -9 $$'])).rejects.toMatchObject({
      message: expect.stringContaining('killed') as unknown,
    });
    expect((await runProgram('sh', ['-c', 'exit 3'], { answers: [0, 3] })).length).toBe(0);
    // A program that does not read its input is judged by its exit code.
    await runProgram('true', [], { input: 'x'.repeat(1 << 20) });
  });
});

describe('the Google Cloud CLI', () => {
  // It takes what it reads for patterns, and has no way to say that one is none.
  const gcloud = (objects: Set<string>): RunProgram => {
    const matcher = (pattern: string): RegExp =>
      new RegExp(
        `^${pattern
          .replace(/[.+^${}()|\\]/g, '\\$&')
          .replaceAll('*', '[^/]*')
          .replaceAll('?', '[^/]')}$`,
      );
    return async (_program, args, options) => {
      if (args[1] === 'objects')
        return Buffer.from(JSON.stringify([...objects].map(name => ({ name, size: 1, md5_hash: '' }))));
      for (const line of (options?.input ?? '').split('\n'))
        for (const name of objects)
          if (line !== '' && matcher(line).test(`gs://bucket/${name}`)) objects.delete(name);
      return Buffer.alloc(0);
    };
  };
  const victim = 'a/targets/tools/v1/HASH.greet.sh';

  it.each(['tools/*/HASH.greet.sh', 'tools/v?/HASH.greet.sh', 'tools/[v]1/HASH.greet.sh', 'x#1'])(
    'takes away no file of another role for a stale %s',
    async name => {
      const stray = `a/targets/${name}`;
      const objects = new Set([victim, stray, 'a/targets/HASH.gone']);
      const store = bucketStore(gcloudProgram(gcloud(objects), 'bucket', 'a/'), '/nowhere');
      const stale = await store.stale(new Set(['targets/tools/v1/HASH.greet.sh']));
      await store.remove(stale);
      expect(objects).toEqual(new Set([victim, stray]));
      expect(await store.stale(new Set(['targets/tools/v1/HASH.greet.sh']))).toEqual([]);
    },
  );
});
