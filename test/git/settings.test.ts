import { afterEach, beforeEach, expect, test } from 'vitest';
import type { GitRepository } from '../../src/git/repository.ts';
import { listSettings, readSettings, writeSetting } from '../../src/git/settings.ts';
import { type TestFolder, TestRepository, testFolder } from '../support/git-repo.ts';

let folder: TestFolder;
let repo: TestRepository;
let opened: GitRepository;
beforeEach(async () => {
  folder = await testFolder();
  repo = TestRepository.init(folder.path);
  opened = await repo.open();
});
afterEach(() => folder[Symbol.asyncDispose]());

test('settings are read back as written, and can be taken away', async () => {
  expect(await readSettings(opened)).toEqual({});
  await writeSetting(opened, 'user', '@Me');
  await writeSetting(opened, 'pull-remote', 'upstream');
  await writeSetting(opened, 'push-remote', 'origin');
  await writeSetting(opened, 'push-remote', 'fork');
  expect(await readSettings(opened)).toEqual({ user: '@me', pullRemote: 'upstream', pushRemote: 'fork' });
  await writeSetting(opened, 'user', undefined);
  await writeSetting(opened, 'user', undefined);
  expect(await readSettings(opened)).toEqual({ pullRemote: 'upstream', pushRemote: 'fork' });
});

test('only the configuration of the clone itself counts', async () => {
  repo.git('config', 'tuf-signer.other', 'a\nb');
  expect(await listSettings(opened)).toEqual(new Map([['other', 'a\nb']]));
});

test.each([
  ['user', 'me', 'BAD_NAME'],
  ['user', '--file=x', 'BAD_NAME'],
  ['pull-remote', '--upload-pack=x', 'BAD_REF_NAME'],
  ['push-remote', 'ext::sh', 'BAD_REF_NAME'],
] as const)('%s may not be %j', async (name, value, code) => {
  await expect(writeSetting(opened, name, value)).rejects.toMatchObject({ code });
  repo.git('config', `tuf-signer.${name}`, value);
  await expect(readSettings(opened)).rejects.toMatchObject({ code });
});
