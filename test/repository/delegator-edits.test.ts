import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/json.ts';
import type { RoleName } from '../../src/metadata/names.ts';
import { withDelegation, withKey, withoutKeys, withThreshold } from '../../src/repository/delegator-edits.ts';
import { keyOf } from '../support/tree-builder.ts';

const [alice, bob, zoe] = [keyOf('@alice'), keyOf('@bob'), keyOf('@zoe')];
const [DEV, OPS, ROOT] = ['dev', 'ops', 'root'] as RoleName[] as [RoleName, RoleName, RoleName];

const rootSigned: JsonObject = {
  _type: 'root',
  keys: { [alice.keyid]: alice.raw, [bob.keyid]: bob.raw },
  roles: {
    root: { keyids: [alice.keyid, bob.keyid], threshold: 2, 'x-note': 1 },
    targets: { keyids: [alice.keyid], threshold: 1 },
  },
};
const dev = { name: 'dev', keyids: [alice.keyid], threshold: 1, paths: ['dev/*'], terminating: true };
const ops = { ...dev, name: 'ops', keyids: [bob.keyid] };
const targetsSigned: JsonObject = {
  _type: 'targets',
  delegations: { keys: { [alice.keyid]: alice.raw, [bob.keyid]: bob.raw }, roles: [dev, ops], 'x-note': 2 },
  targets: {},
};

describe('an edit of who signs', () => {
  const rows: readonly (readonly [string, JsonObject, JsonObject])[] = [
    [
      'lists a key once, and in the role',
      withKey(rootSigned, ROOT, zoe.raw),
      {
        ...rootSigned,
        keys: { [alice.keyid]: alice.raw, [bob.keyid]: bob.raw, [zoe.keyid]: zoe.raw },
        roles: {
          root: { keyids: [alice.keyid, bob.keyid, zoe.keyid], threshold: 2, 'x-note': 1 },
          targets: { keyids: [alice.keyid], threshold: 1 },
        },
      },
    ],
    ['adds no key twice', withKey(rootSigned, ROOT, alice.raw), rootSigned],
    [
      'adds a key to a delegated role and to no other',
      withKey(targetsSigned, DEV, bob.raw),
      {
        ...targetsSigned,
        delegations: {
          keys: { [alice.keyid]: alice.raw, [bob.keyid]: bob.raw },
          roles: [{ ...dev, keyids: [alice.keyid, bob.keyid] }, ops],
          'x-note': 2,
        },
      },
    ],
    [
      'takes a key out of the document with its last role',
      withoutKeys(rootSigned, ROOT, new Set([bob.keyid])),
      {
        ...rootSigned,
        keys: { [alice.keyid]: alice.raw },
        roles: {
          root: { keyids: [alice.keyid], threshold: 2, 'x-note': 1 },
          targets: { keyids: [alice.keyid], threshold: 1 },
        },
      },
    ],
    [
      'leaves a key that another role uses',
      withoutKeys(rootSigned, ROOT, new Set([alice.keyid])),
      {
        ...rootSigned,
        roles: {
          root: { keyids: [bob.keyid], threshold: 2, 'x-note': 1 },
          targets: { keyids: [alice.keyid], threshold: 1 },
        },
      },
    ],
    [
      'takes a key out of a delegated role',
      withoutKeys(targetsSigned, OPS, new Set([bob.keyid])),
      {
        ...targetsSigned,
        delegations: {
          keys: { [alice.keyid]: alice.raw },
          roles: [dev, { ...ops, keyids: [] }],
          'x-note': 2,
        },
      },
    ],
    [
      'sets a threshold',
      withThreshold(targetsSigned, DEV, 3),
      {
        ...targetsSigned,
        delegations: {
          keys: { [alice.keyid]: alice.raw, [bob.keyid]: bob.raw },
          roles: [{ ...dev, threshold: 3 }, ops],
          'x-note': 2,
        },
      },
    ],
    [
      'appends a delegation without keys',
      withDelegation(targetsSigned, 'new' as RoleName, {
        threshold: 2,
        paths: ['new/*'],
        terminating: false,
      }),
      {
        ...targetsSigned,
        delegations: {
          keys: { [alice.keyid]: alice.raw, [bob.keyid]: bob.raw },
          roles: [dev, ops, { name: 'new', keyids: [], threshold: 2, paths: ['new/*'], terminating: false }],
          'x-note': 2,
        },
      },
    ],
    [
      'begins the delegations where there are none',
      withDelegation({ _type: 'targets' }, DEV, { threshold: 1, paths: [], terminating: true }),
      {
        _type: 'targets',
        delegations: {
          keys: {},
          roles: [{ name: 'dev', keyids: [], threshold: 1, paths: [], terminating: true }],
        },
      },
    ],
    [
      'begins the list of roles where there is none',
      withDelegation({ delegations: { keys: {} } }, DEV, { threshold: 1, paths: [], terminating: true }),
      {
        delegations: {
          keys: {},
          roles: [{ name: 'dev', keyids: [], threshold: 1, paths: [], terminating: true }],
        },
      },
    ],
  ];
  it.each(rows)('%s', (_, edited, expected) => {
    expect(edited).toEqual(expected);
  });
});

describe('an edit is refused where', () => {
  const broken = (delegations: JsonValue): JsonObject => ({ _type: 'targets', delegations });
  const terms = { threshold: 1, paths: [], terminating: true };
  const rows: readonly (readonly [string, () => unknown, string])[] = [
    ['root has no such role', () => withThreshold(rootSigned, DEV, 1), 'no role dev to change'],
    ['nobody delegates the role', () => withThreshold(targetsSigned, ROOT, 1), 'no role root to change'],
    ['there are no roles', () => withThreshold(broken({}), DEV, 1), 'no role dev to change'],
    ['delegations are no object', () => withThreshold(broken([]), DEV, 1), 'delegations is not'],
    ['there are no keys', () => withKey(broken({ roles: [dev] }), DEV, zoe.raw), 'keys is not'],
    [
      'keyids are no list',
      () => withoutKeys(broken({ keys: {}, roles: [{ ...dev, keyids: 'all' }] }), DEV, new Set()),
      'keyids is not',
    ],
    ['the role is delegated already', () => withDelegation(targetsSigned, DEV, terms), 'delegated already'],
    [
      'there are bins by succinct_roles',
      () => withDelegation(broken({ keys: {}, succinct_roles: {} }), DEV, terms),
      'dev can not stand beside the bins of succinct_roles',
    ],
    ['what delegates is no object', () => withDelegation(broken([]), DEV, terms), 'delegations is not'],
    [
      'the roles are no list',
      () => withDelegation(broken({ keys: {}, roles: {} }), DEV, terms),
      'delegations.roles is not',
    ],
  ];
  it.each(rows)('%s', (_, edit, message) => {
    expect(edit).toThrowError(expect.objectContaining({ code: 'BAD_EDIT' }));
    expect(edit).toThrow(message);
  });
});
