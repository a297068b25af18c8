import { createHash, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeBlob } from '../../src/git/blobs.ts';
import { type TestFolder, TestRepository, testFolder } from '../support/git-repo.ts';

let folder: TestFolder;
let repository: TestRepository;
beforeEach(async () => {
  folder = await testFolder();
  repository = TestRepository.init(join(folder.path, 'r'));
});
afterEach(() => folder[Symbol.asyncDispose]());

async function* pieces(...parts: readonly (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield part;
  }
}

describe('writeBlob', () => {
  it.each([
    ['nothing', []],
    ['one piece', [Buffer.from('hello\r\n')]],
    ['more than a pipe holds', Array.from({ length: 40 }, () => randomBytes(100_000))],
  ])('keeps %s as it is, whatever attributes say', async (_name, parts) => {
    repository.commit({ '.gitattributes': '* text=auto eol=lf\n' });
    const oid = await writeBlob(await repository.open(), pieces(...parts));
    const whole = Buffer.concat(parts);
    const name = createHash('sha1').update(`blob ${whole.length}\0`).update(whole).digest('hex');
    expect(oid).toBe(name);
    expect(repository.git('cat-file', '-t', oid)).toBe('blob');
  });

  it('writes nothing where a piece does not come, and says why', async () => {
    const failure = new Error('cut off');
    const before = repository.git('count-objects');
    const parts = [randomBytes(300_000), failure];
    await expect(writeBlob(await repository.open(), pieces(...parts))).rejects.toBe(failure);
    expect(repository.git('count-objects')).toBe(before);
  });

  it.each([
    ['little', [Buffer.from('x')]],
    ['much', Array.from({ length: 40 }, () => randomBytes(100_000))],
  ])('says so where git can not write, with %s to write', async (_name, parts) => {
    const opened = await repository.open();
    await rm(join(repository.folder, '.git', 'objects'), { recursive: true });
    await expect(writeBlob(opened, pieces(...parts))).rejects.toMatchObject({ name: 'GitError' });
  });
});
