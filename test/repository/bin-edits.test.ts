import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/json.ts';
import { binName } from '../../src/metadata/bins.ts';
import { parseDocument } from '../../src/metadata/document.ts';
import { ROOT, type RoleName, TARGETS } from '../../src/metadata/names.ts';
import { shareOut, withBins } from '../../src/repository/bin-edits.ts';
import { Draft } from '../../src/repository/draft.ts';
import { keyOf, repositoryOf, testNow } from '../support/tree-builder.ts';

const robot = keyOf('robot');
const signers = { keys: new Map([[robot.keyid as never, robot.raw]]), threshold: 1 };
const bins = { namePrefix: 'dev', bitLength: 3 };

describe('bins in a draft', () => {
  const tree = repositoryOf({ signers: ['@alice'], roles: { dev: { signers: ['@dave'] } } })
    .bins('dev', { signers: ['robot'], bitLength: 3, succinct: true })
    .tree();
  const files = (edit: (draft: Draft) => void): ReadonlyMap<string, Uint8Array | undefined> => {
    const draft = new Draft(tree, tree);
    edit(draft);
    return draft.files(testNow);
  };
  const keyidsIn = (bytes: Uint8Array | undefined): readonly string[] =>
    parseDocument(bytes ?? new Uint8Array()).signatures.map(({ keyid }) => keyid);
  const bin = binName(bins, 5);

  it.each(['listed', 'succinct'] as const)(
    '%s: each has the placeholders of the key that all share',
    form => {
      const changes = files(draft => {
        draft.edit('dev' as RoleName, signed => withBins(signed, bins, signers, form));
        draft.renew(bin);
      });
      expect(keyidsIn(changes.get(`metadata/${bin}.json`))).toEqual([robot.keyid]);
    },
  );

  it('are renewed, all of them, where their key changes, and none where they are written otherwise', () => {
    const other = keyOf('other');
    const moved = files(draft =>
      draft.edit('dev' as RoleName, signed =>
        withBins(
          signed,
          bins,
          { keys: new Map([[other.keyid as never, other.raw]]), threshold: 1 },
          'succinct',
        ),
      ),
    );
    expect(moved.size).toBe(1 + 8);
    expect(keyidsIn(moved.get(`metadata/${bin}.json`))).toEqual([other.keyid]);
    const written = files(draft =>
      draft.edit('dev' as RoleName, signed => withBins(signed, bins, signers, 'listed')),
    );
    expect([...written.keys()]).toEqual(['metadata/dev.json']);
  });

  it('a bin that its delegator no longer names has nobody to sign it', () => {
    const changes = files(draft => {
      draft.edit('dev' as RoleName, signed => ({ ...signed, delegations: { keys: {}, roles: [] } }));
      draft.renew(bin);
    });
    expect(keyidsIn(changes.get(`metadata/${bin}.json`))).toEqual([]);
    expect([ROOT, TARGETS].every(role => !changes.has(`metadata/${role}.json`))).toBe(true);
  });
});

describe('artifacts that are shared out', () => {
  it('are each in the bin that its path falls into, as they were', () => {
    const file: JsonObject = { length: 1, hashes: { sha256: 'ab' }, custom: { a: 1 } };
    const shares = shareOut(
      ['dev/a', 'dev/b', '__proto__'].map(path => [path, file] as const),
      bins,
    );
    const shared = new Map([...shares.values()].flatMap(share => Object.entries(share)));
    expect(shared).toEqual(
      new Map([
        ['dev/a', file],
        ['dev/b', file],
        ['__proto__', file],
      ]),
    );
  });
});
