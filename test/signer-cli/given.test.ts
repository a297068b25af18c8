import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../signer-cli/exit-codes.ts';
import { givenAddress, givenFile } from '../../signer-cli/given.ts';
import { type TestFolder, testFolder } from '../support/git-repo.ts';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
  writeFileSync(join(folder.path, 'file'), 'hello');
  mkdirSync(join(folder.path, 'folder'));
  symlinkSync('loop', join(folder.path, 'loop'));
});
afterAll(() => folder[Symbol.asyncDispose]());

describe('a file that is named', () => {
  it('is read', async () => {
    expect((await givenFile(join(folder.path, 'file'), '--map')).toString()).toBe('hello');
  });

  it.each([
    ['none', 64, 'USAGE', 'ENOENT'],
    ['folder', 64, 'USAGE', 'EISDIR'],
    ['file/below', 64, 'USAGE', 'ENOTDIR'],
    ['x'.repeat(300), 64, 'USAGE', 'ENAMETOOLONG'],
    ['loop', 74, 'STORAGE', 'ELOOP'], // it is there; so is one that another account owns
  ])('%s: exit %i, %s, with flag, name and %s', async (name, exit, code, why) => {
    const file = join(folder.path, name);
    const error: unknown = await givenFile(file, '--map').then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code,
      message: `--map ${JSON.stringify(file)} can not be read (${why})`,
    });
    expect(exitCodeOf(error)).toBe(exit);
  });
});

it('an address that can not be used is told with its flag', () => {
  expect(() => givenAddress('ftp://x/', '--site')).toThrow(
    '--site: "ftp://x/" is no address of a repository',
  );
});
