import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  isAncestor,
  isOnFirstParent,
  listCommits,
  listFirstParents,
  singleMergeBase,
} from '../../src/git/history.ts';
import type { CommitSha } from '../../src/git/oid.ts';
import { type GitRepository, openRepository } from '../../src/git/repository.ts';
import { type TestFolder, TestRepository, testFolder } from '../support/git-repo.ts';

// main: root - m1 - merge - m2      event: root - e1 - e2, merged by `merge`
let folder: TestFolder;
let repo: TestRepository;
let opened: GitRepository;
let root: CommitSha;
let m1: CommitSha;
let e1: CommitSha;
let e2: CommitSha;
let merge: CommitSha;
let m2: CommitSha;

beforeAll(async () => {
  folder = await testFolder();
  repo = TestRepository.init(join(folder.path, 'repo'), { bare: true });
  root = repo.commit({ a: 'root' });
  m1 = repo.commit({ a: 'm1' });
  e1 = repo.commit({ b: 'e1' }, { branch: 'sign/event', parents: [root] });
  e2 = repo.commit({ b: 'e2' }, { branch: 'sign/event' });
  merge = repo.commit({ b: 'e2' }, { parents: [m1, e2] });
  m2 = repo.commit({ a: 'm2' });
  opened = await repo.open();
});
afterAll(() => folder[Symbol.asyncDispose]());

test('singleMergeBase finds the one base', async () => {
  expect(await singleMergeBase(opened, m1, e2)).toBe(root);
  expect(await singleMergeBase(opened, m2, e2)).toBe(e2);
  expect(await singleMergeBase(opened, m2, m2)).toBe(m2);
});

test('singleMergeBase refuses unrelated histories', async () => {
  const orphan = repo.commit({ c: 'orphan' }, { branch: 'orphan', parents: [] });
  await expect(singleMergeBase(opened, m2, orphan)).rejects.toMatchObject({ code: 'NO_MERGE_BASE' });
});

test('singleMergeBase refuses a criss-cross merge', async () => {
  const a = repo.commit({ c: 'a' }, { branch: 'a', parents: [m1, e1] });
  const b = repo.commit({ c: 'b' }, { branch: 'b', parents: [e1, m1] });
  await expect(singleMergeBase(opened, a, b)).rejects.toMatchObject({ code: 'MANY_MERGE_BASES' });
});

test('isAncestor holds for what was merged, and for the commit itself', async () => {
  expect(await isAncestor(opened, e1, m2)).toBe(true);
  expect(await isAncestor(opened, m2, m2)).toBe(true);
  expect(await isAncestor(opened, m2, e1)).toBe(false);
});

test('isOnFirstParent holds for what main was, never for the inside of a merged event', async () => {
  for (const commit of [root, m1, merge, m2]) expect(await isOnFirstParent(opened, commit, m2)).toBe(true);
  for (const commit of [e1, e2]) expect(await isOnFirstParent(opened, commit, m2)).toBe(false);
  expect(await isOnFirstParent(opened, m2, m1)).toBe(false);
});

test('isOnFirstParent is not misled by the dates of commits', async () => {
  let tip = repo.commit({ d: '0' }, { branch: 'dates', parents: [root], time: 4_000_000_000 });
  const chain = [tip];
  for (let at = 1; at < 12; at++) {
    tip = repo.commit({ d: `${at}` }, { branch: 'dates', time: at % 2 === 0 ? 4_000_000_000 : 1 });
    chain.push(tip);
  }
  const inner = repo.commit({ e: 'e' }, { branch: 'inner', parents: [chain[3] ?? tip], time: 1 });
  tip = repo.commit({ e: 'e' }, { branch: 'dates', parents: [tip, inner], time: 2 });
  for (const commit of [root, ...chain]) expect(await isOnFirstParent(opened, commit, tip)).toBe(true);
  expect(await isOnFirstParent(opened, inner, tip)).toBe(false);
});

test('lists the first-parent chain and the commits between', async () => {
  expect(await listFirstParents(opened, m2, 3)).toEqual([m2, merge, m1]);
  expect(await listCommits(opened, root, e2, 10)).toEqual([e1, e2]);
  expect(await listCommits(opened, m1, m2, 2)).toEqual([merge, m2]);
  expect(await listCommits(opened, m2, e2, 10)).toEqual([]);
});

test('replace refs and grafts do not change history', async () => {
  repo.git('replace', '--graft', m2, root);
  expect(await isAncestor(opened, e1, m2)).toBe(true);
  expect(await singleMergeBase(opened, m2, e2)).toBe(e2);
  repo.git('replace', '-d', m2);
});

test('nothing is told of a shallow clone', async () => {
  TestRepository.clone(`file://${repo.folder}`, join(folder.path, 'shallow'), '--depth=2');
  const shallow = await openRepository(join(folder.path, 'shallow'));
  for (const answer of [
    () => singleMergeBase(shallow, m2, merge),
    () => isAncestor(shallow, merge, m2),
    () => isOnFirstParent(shallow, merge, m2),
    () => listCommits(shallow, merge, m2, 5),
    () => listFirstParents(shallow, m2, 5),
    () => isAncestor(shallow, e1, m2), // not in the clone
  ]) {
    await expect(answer()).rejects.toMatchObject({ code: 'SHALLOW' });
  }
});
