import { describe, expect, it } from 'vitest';
import type { RoleName } from '../../src/metadata/names.ts';
import {
  documentOf,
  emptyTree,
  historyFile,
  invitesOf,
  metadataFile,
  roleFile,
  rootOf,
  targetsOf,
} from '../../src/repository/tree.ts';
import { repositoryOf } from '../support/tree-builder.ts';

describe('metadataFile', () => {
  it.each<readonly [string, object]>([
    ['root.json', { kind: 'role', role: 'root' }],
    ['timestamp.json', { kind: 'role', role: 'timestamp' }],
    ['registry.example.org.json', { kind: 'role', role: 'registry.example.org' }],
    ['.signing-event-state', { kind: 'state' }],
    ['root_history/1.root.json', { kind: 'history', version: 1 }],
    ['root_history/9999999999.root.json', { kind: 'history', version: 9_999_999_999 }],
    [`attestations/${'0f'.repeat(32)}.pem`, { kind: 'attestation' }],
  ])('knows %s', (path, file) => {
    expect(metadataFile(path)).toEqual(file);
  });

  it.each([
    '',
    'root',
    '.json',
    'root.json.bak',
    'root.JSON',
    'root.json/',
    '/root.json',
    './root.json',
    '../root.json',
    '..json',
    'a/b.json',
    'a\\b.json',
    'a b.json',
    'a\n.json',
    'r\u043e\u043et.json',
    'Root.json',
    'TIMESTAMP.json',
    '1.root.json',
    'con.json',
    `${'a'.repeat(101)}.json`,
    'root_history/root.json',
    'root_history/0.root.json',
    'root_history/01.root.json',
    'root_history/-1.root.json',
    'root_history/1.ROOT.json',
    'root_history/1.root.json\n',
    'root_history/99999999999.root.json',
    'root_history/a/1.root.json',
    'Root_History/1.root.json',
    `attestations/${'0F'.repeat(32)}.pem`,
    'attestations/x.pem',
    '.signing-event-state/x',
    '.gitkeep',
  ])('knows no %j', path => {
    expect(metadataFile(path)).toMatchObject({
      kind: 'unknown',
      problem: expect.stringMatching(/./) as string,
    });
  });

  it('is what roleFile and historyFile name', () => {
    expect(metadataFile(roleFile('dev' as RoleName))).toEqual({ kind: 'role', role: 'dev' });
    expect(metadataFile(historyFile(12))).toEqual({ kind: 'history', version: 12 });
  });
});

describe('documents of a tree', () => {
  const tree = repositoryOf({ signers: ['@alice'] })
    .write('metadata/bad.json', '{')
    .tree();

  it('are found by role', () => {
    expect(documentOf(tree, 'root' as RoleName)?.signed.type).toBe('root');
    expect(rootOf(tree)?.signed.version).toBe(1);
    expect(targetsOf(tree, 'targets' as RoleName)?.signed.version).toBe(1);
  });

  it('are not there where they do not parse, are of another type or do not exist', () => {
    expect(documentOf(tree, 'bad' as RoleName)).toBeUndefined();
    expect(documentOf(tree, 'none' as RoleName)).toBeUndefined();
    expect(targetsOf(tree, 'root' as RoleName)).toBeUndefined();
    const swapped = repositoryOf({ signers: ['@alice'] });
    expect(
      rootOf(swapped.write('metadata/root.json', swapped.bytes('metadata/targets.json')).tree()),
    ).toBeUndefined();
  });

  it('of an empty tree are none, and nobody is invited', () => {
    expect(rootOf(emptyTree)).toBeUndefined();
    expect(invitesOf(emptyTree).size).toBe(0);
    const broken = repositoryOf({ signers: ['@alice'] })
      .write('metadata/.signing-event-state', '[]')
      .tree();
    expect(broken.invites.ok).toBe(false);
    expect(invitesOf(broken).size).toBe(0);
  });
});
