import { describe, expect, it } from 'vitest';
import { allDigests, changedDigests } from '../../src/repository/digests.ts';
import type { ObjectId } from '../../src/repository/tree.ts';
import { digestsOf, repositoryOf, type TestRepository } from '../support/tree-builder.ts';

const main = repositoryOf({
  signers: ['@alice'],
  roles: { dev: { signers: ['@dave'] } },
  artifacts: { a: 'a', b: 'b', 'dev/c': 'c' },
});

/** The contents that have to be hashed. All of them have one character here. */
function needed(change: (event: TestRepository) => void): string {
  const event = main.fork();
  change(event);
  const oids = changedDigests(main.tree(), event.tree());
  const names = new Map(
    [...event.files.values()].map(({ bytes }) => [Buffer.from(bytes).toString(), bytes] as const),
  );
  const byDigest = new Map([...event.tree().artifacts.values()].map(({ oid, path }) => [oid, path]));
  const contents = [...oids].map(oid => Buffer.from(event.bytes(`targets/${byDigest.get(oid)}`)).toString());
  expect(contents.every(content => names.has(content))).toBe(true);
  return contents.toSorted().join('');
}

describe('the digests that an event needs', () => {
  it.each<readonly [string, (event: TestRepository) => void, string]>([
    ['nothing changes', () => {}, ''],
    ['an artifact changes', e => void e.artifact('a', 'x'), 'x'],
    ['an artifact is added', e => void e.artifact('dev/n', 'n'), 'n'],
    ['an artifact goes', e => void e.artifact('a', undefined), ''],
    ['an artifact moves', e => void e.artifact('a', undefined).artifact('z', 'a'), 'a'],
    ['a document changes and says the same of its artifacts', e => void e.edit('targets'), ''],
    [
      'a length is restated',
      e => void e.edit('targets', s => void ((s.targets['a'] ?? { length: 0 }).length = 9)),
      'a',
    ],
    [
      'a hash is restated',
      e => void e.edit('targets', s => void ((s.targets['a'] ?? { hashes: {} }).hashes = { sha256: 'ab' })),
      'a',
    ],
    [
      'a hash is added',
      e => void e.edit('targets', s => void ((s.targets['a']?.hashes ?? {})['sha512'] = 'ab')),
      'a',
    ],
    [
      'a custom field is restated',
      e => void e.edit('targets', s => void ((s.targets['a'] ?? { custom: 0 }).custom = 'x')),
      '',
    ],
    [
      'another role speaks of a path',
      e => void e.edit('dev', s => void (s.targets['b'] = { length: 1, hashes: { sha256: 'ab' } })),
      'b',
    ],
    [
      "main's document can not be compared",
      e =>
        void e
          .delegate('ops', { signers: ['@gina'] })
          .edit('ops', s => void (s.targets['dev/c'] = { length: 1, hashes: { sha256: 'ab' } })),
      'c',
    ],
    ['an artifact becomes a symlink', e => void e.write('targets/a', 'x', '120000'), ''],
  ])('%s', (_, change, contents) => {
    expect(needed(change)).toBe(contents);
  });

  it('are all of them where a tree is judged on its own, but for what is no file', () => {
    const event = main.fork().write('targets/l', 'link', '120000').write('targets/s', 'sub', '160000');
    expect(allDigests(event.tree()).size).toBe(3);
  });

  it('are told by length and SHA-256', () => {
    const oid = main.tree().artifacts.get('a')?.oid as ObjectId;
    expect(digestsOf([oid]).get(oid)).toEqual({
      length: 1,
      sha256: 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
    });
  });
});
