import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommitSha } from '../../../src/git/oid.ts';
import type { RoleName } from '../../../src/metadata/names.ts';
import { folderPins } from '../../../src/operations/pin/folder.ts';
import { decodePin, encodePin, type Pin, placeOf } from '../../../src/operations/pin/pin.ts';
import { testNow } from '../../support/tree-builder.ts';

const pin: Pin = {
  identity: 'a'.repeat(64),
  state: 'trusted',
  places: ['example.org/one', '/srv/git/one'],
  commit: 'c'.repeat(40) as CommitSha,
  root: Buffer.from('{"signed": {}}'),
  roles: new Map([
    ['root' as RoleName, { version: 3, digest: 'b'.repeat(64) }],
    ['__proto__' as RoleName, { version: 1, digest: 'd'.repeat(64) }],
  ]),
  pinnedAt: testNow,
  verifiedAt: testNow,
};

describe('a place', () => {
  it.each([
    ['https://example.org/me/one.git', 'example.org/me/one'],
    ['https://me:secret@Example.org/me/one', 'example.org/me/one'],
    ['ssh://git@example.org/me/one.git', 'example.org/me/one'],
    ['git@example.org:me/one.git', 'example.org/me/one'],
    ['example.org:me/one/', 'example.org/me/one'],
    ['https://example.org:8443/me/one', 'example.org:8443/me/one'],
    ['file:///srv/git/one.git', '/srv/git/one'],
    ['/srv/git/one.git', '/srv/git/one'],
    ['../one', '../one'],
    ['C:\\git\\one', 'C:\\git\\one'],
  ])('%s is %s', (url, place) => {
    expect(placeOf(url)).toBe(place);
  });

  it('holds nothing that a URL keeps before the @', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{8,20}$/), secret => {
        expect(placeOf(`https://x-access-token:${secret}@example.org/a/b`)).not.toContain(secret);
      }),
    );
  });
});

describe('a pin', () => {
  it('is read as it was written', () => {
    expect(decodePin(Buffer.from(encodePin(pin)))).toEqual({ ...pin, root: Buffer.from(pin.root) });
    const proposed: Pin = { ...pin, state: 'proposed', commit: undefined };
    expect(decodePin(Buffer.from(encodePin(proposed)))).toMatchObject({
      state: 'proposed',
      commit: undefined,
    });
  });

  const changed: readonly (readonly [string, (json: Record<string, unknown>) => void])[] = [
    ['of another format', json => void (json['format'] = 2)],
    ['without an identity', json => void delete json['identity']],
    ['with an identity that is no digest', json => void (json['identity'] = '../../x')],
    ['in another state', json => void (json['state'] = 'sound')],
    ['whose commit is no commit', json => void (json['commit'] = 'HEAD')],
    ['whose places are no list', json => void (json['places'] = {})],
    ['whose places are no texts', json => void (json['places'] = [1])],
    ['whose roles are a list', json => void (json['roles'] = [])],
    [
      'with a role that can not be one',
      json => void (json['roles'] = { 'a/b': { version: 1, sha256: 'b'.repeat(64) } }),
    ],
    ['with a role without a version', json => void (json['roles'] = { root: { sha256: 'b'.repeat(64) } })],
    ['with a role without a digest', json => void (json['roles'] = { root: { version: 1 } })],
    ['with a role that is nothing', json => void (json['roles'] = { root: null })],
    ['without a root', json => void (json['root'] = '')],
    ['of no day', json => void (json['pinnedAt'] = 'yesterday')],
  ];
  it.each(changed)('%s is refused', (_name, change) => {
    const json = JSON.parse(encodePin(pin)) as Record<string, unknown>;
    change(json);
    expect(() => decodePin(Buffer.from(JSON.stringify(json)))).toThrow(
      expect.objectContaining({ code: 'BAD_PIN' }),
    );
  });
});

describe('a folder of pins', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tuf-signer-pins-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('that is not there holds none; it is made when it is needed, for its owner alone', async () => {
    const place = join(folder, 'new', 'pins');
    const store = folderPins(place);
    expect(await store.list()).toEqual([]);
    await store.save(pin);
    expect((await store.list()).map(({ identity }) => identity)).toEqual([pin.identity]);
    expect(((await stat(place)).mode & 0o777).toString(8)).toBe('700');
    const [file] = await readdir(place);
    expect(((await stat(join(place, file ?? ''))).mode & 0o777).toString(8)).toBe('600');
  });

  it('keeps one a repository, and forgets it when told', async () => {
    const store = folderPins(join(folder, 'one'));
    await store.save(pin);
    await store.save({ ...pin, places: [] });
    expect((await store.list()).map(({ places }) => places)).toEqual([[]]);
    await store.remove(pin.identity);
    await store.remove(pin.identity);
    expect(await store.list()).toEqual([]);
  });

  it.each([
    ['cut short', (text: string) => text.slice(0, 40)],
    ['empty', () => ''],
    ['of another repository', (text: string) => text.replace('a'.repeat(64), 'e'.repeat(64))],
  ])('with a pin that is %s is refused by name, never passed over', async (name, change) => {
    const place = join(folder, name);
    await mkdir(place);
    await writeFile(join(place, `${pin.identity}.json`), change(encodePin(pin)));
    const error = await folderPins(place)
      .list()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'BAD_PIN',
      message: expect.stringContaining(`pin reset ${pin.identity}`) as string,
    });
    await folderPins(place).remove(pin.identity);
    expect(await folderPins(place).list()).toEqual([]);
  });

  it('leaves nothing beside the pin', async () => {
    const place = join(folder, 'beside');
    await folderPins(place).save(pin);
    expect(await readdir(place)).toEqual([`${pin.identity}.json`]);
    expect(await readFile(join(place, `${pin.identity}.json`), 'utf8')).toContain('"format": 1');
  });
});
