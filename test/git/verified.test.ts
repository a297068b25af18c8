import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CommitSha, ObjectId } from '../../src/git/oid.ts';
import { recallVerified, rememberVerified } from '../../src/git/verified.ts';
import { TestRepository, testFolder } from '../support/git-repo.ts';

const [first, second] = ['a'.repeat(40), 'b'.repeat(40)] as unknown as [CommitSha, CommitSha];
const [one, two] = ['1'.repeat(40), '2'.repeat(40)] as unknown as [ObjectId, ObjectId];

test('a clone remembers each commit, the leaves of the last, and no line that was cut short', async () => {
  await using folder = await testFolder();
  const repository = await TestRepository.init(join(folder.path, 'clone')).open();
  expect(await recallVerified(repository, first)).toBeUndefined();
  await rememberVerified(repository, first, { leaves: new Set([one]) });
  expect(await recallVerified(repository, first)).toEqual({ leaves: new Set([one]) });
  expect(await recallVerified(repository, second)).toBeUndefined();
  await rememberVerified(repository, second, { leaves: new Set([two]) });
  for (const commit of [first, second]) {
    expect(await recallVerified(repository, commit)).toEqual({ leaves: new Set([two]) });
  }
  const memory = join(repository.gitDir, 'tuf-signer');
  const files = await readdir(memory);
  expect(files.toSorted()).toEqual(['leaves-4', 'verified-4']);
  await appendFile(join(memory, 'leaves-4'), one.slice(1));
  await appendFile(join(memory, 'verified-4'), 'c'.repeat(39));
  expect(await recallVerified(repository, first)).toEqual({ leaves: new Set([two]) });
  expect(await recallVerified(repository, 'c'.repeat(40) as CommitSha)).toBeUndefined();
});
