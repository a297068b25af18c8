import { describe, expect, it } from 'vitest';
import type { KeyOwner, RoleName } from '../../src/metadata/names.ts';
import { RepositoryError } from '../../src/repository/error.ts';
import {
  type Invites,
  invitedTo,
  noInvites,
  parseState,
  serializeState,
  withInvites,
} from '../../src/repository/state.ts';

const text = (json: string): Uint8Array => Buffer.from(json, 'utf8');
const roles = (...names: readonly string[]): ReadonlySet<RoleName> => new Set(names as readonly RoleName[]);
const zoe = '@zoe' as KeyOwner;
const yves = '@yves' as KeyOwner;

describe('the invitation file', () => {
  it('is read as the peers write it', () => {
    const invites = parseState(
      text('{\n  "invites": {\n    "@zoe": [\n      "root",\n      "dev"\n    ]\n  }\n}'),
    );
    expect(invites).toEqual(new Map([[zoe, roles('root', 'dev')]]));
  });

  it('is written as the peers write it', () => {
    const bytes = serializeState(new Map([[zoe, roles('root')]]));
    expect(Buffer.from(bytes ?? []).toString()).toBe(
      '{\n  "invites": {\n    "@zoe": [\n      "root"\n    ]\n  }\n}',
    );
  });

  it('is absent where nobody is invited', () => {
    expect(serializeState(noInvites)).toBeUndefined();
    expect(serializeState(new Map([[zoe, roles()]]))).toBeUndefined();
  });

  it('survives a round trip', () => {
    const invites: Invites = new Map([
      [yves, roles('dev')],
      [zoe, roles('root', 'targets')],
    ]);
    expect(parseState(serializeState(invites) ?? text(''))).toEqual(invites);
  });

  it.each([
    ['no member', '{}'],
    ['nobody', '{"invites": {}}'],
    ['an empty list', '{"invites": {"@zoe": []}}'],
  ])('invites nobody: %s', (_, json) => {
    expect(parseState(text(json)).size).toBe(0);
  });

  it('folds the case of accounts', () => {
    expect([...parseState(text('{"invites": {"@Zoe": ["dev"]}}')).keys()]).toEqual(['@zoe']);
  });

  it.each([
    ['null', 'null', 'BAD_FILE'],
    ['another member', '{"invites": {}, "approved": []}', 'BAD_FILE'],
    ['roles that are no list', '{"invites": {"@zoe": {}}}', 'BAD_FILE'],
    ['a role that is no text', '{"invites": {"@zoe": ["root", 1]}}', 'BAD_FILE'],
    [
      'an account twice, the second time with nothing',
      '{"invites": {"@zoe": ["root"], "@ZOE": []}}',
      'BAD_FILE',
    ],
    ['a name that is no account', '{"invites": {"zoe": ["root"]}}', 'BAD_NAME'],
    ['a role out of the folder', '{"invites": {"@zoe": ["../root"]}}', 'BAD_NAME'],
    ['a member twice', '{"invites": {}, "invites": {}}', 'JSON_DUPLICATE_KEY'],
    ['no JSON', 'invites', 'JSON_SYNTAX'],
  ])('is refused: %s', (_, json, code) => {
    expect(() => parseState(text(json))).toThrow(expect.objectContaining({ code }));
  });

  it('says where the fault is', () => {
    expect(() => parseState(text('[]'))).toThrow(RepositoryError);
    expect(() => parseState(text('[]'))).toThrow('.signing-event-state');
  });

  it.each([
    ['a member', '\u202e'.repeat(1_000_000), (name: string): string => `{${name}: 1}`],
    ['an account', '@\u2028'.repeat(1_000_000), (name: string): string => `{"invites": {${name}: 1}}`],
  ])('names the fault in a short line of ASCII: %s', (_, name, around) => {
    const parse = (): unknown => parseState(text(around(JSON.stringify(name))));
    expect(parse).toThrow(RepositoryError);
    expect(parse).toThrow(/^[ -~]{1,800}$/);
  });
});

describe('invitations as values', () => {
  const invites: Invites = new Map([
    [zoe, roles('root', 'dev')],
    [yves, roles('dev')],
  ]);

  it('tell who is invited to a role', () => {
    expect(invitedTo(invites, 'dev' as RoleName)).toEqual([zoe, yves]);
    expect(invitedTo(invites, 'root' as RoleName)).toEqual([zoe]);
    expect(invitedTo(invites, 'targets' as RoleName)).toEqual([]);
    expect(invitedTo(noInvites, 'root' as RoleName)).toEqual([]);
  });

  it('are replaced by owner and never changed in place', () => {
    const answered = withInvites(invites, zoe, roles());
    expect(answered).toEqual(new Map([[yves, roles('dev')]]));
    expect(invitedTo(answered, 'dev' as RoleName)).toEqual([yves]);
    expect(withInvites(invites, yves, roles('root')).get(yves)).toEqual(roles('root'));
    expect(invites.size).toBe(2);
  });
});
