import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MARKER, MARKER_NAME } from '../../src/client/bundle/format.ts';
import { bundleSource } from '../../src/client/bundle/read.ts';
import { encodeHeader, end, padding } from '../../src/client/bundle/tar.ts';
import { Client } from '../../src/client/client.ts';
import { directoryFetcher } from '../../src/client/directory.ts';
import { siteOf } from '../../src/client/fetcher.ts';
import { memoryStore } from '../../src/client/store.ts';
import { DAY_MS, fixedClock, type Instant } from '../../src/clock.ts';
import { makeBundle } from '../../src/operations/bundle.ts';
import { type TestFolder, testFolder } from '../support/git-repo.ts';
import { RepositorySimulator, simNow, simPast } from '../support/repository-simulator.ts';
import { testKey } from '../support/test-keys.ts';
import { outcome } from './client.ts';

let folder: TestFolder;
let count = 0;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());
const fresh = (name: string): string => join(folder.path, `${++count}-${name}`);

const LONG = `tools/${'long-'.repeat(30)}ü.txt`;

function repository(consistentSnapshot = true): RepositorySimulator {
  const simulator = new RepositorySimulator({ consistentSnapshot });
  simulator.addTarget('targets', 'plain.txt', 'plain');
  simulator.delegate('targets', 'tools');
  simulator.addTarget('tools', 'tools/greet.sh', 'hello');
  simulator.addTarget('tools', 'tools/empty', '');
  simulator.addTarget('tools', LONG, 'x'.repeat(512));
  simulator.bump('targets', 'tools');
  simulator.bumpRoot(() => simulator.rotate('root', testKey(5), testKey(6)));
  simulator.bumpRoot();
  return simulator;
}

async function bundleOf(
  simulator: RepositorySimulator,
  artifacts: readonly string[] | 'all' = 'all',
): Promise<string> {
  const out = fresh('bundle');
  await makeBundle({ source: siteOf(simulator.fetcher), now: simNow, out, artifacts });
  return out;
}

const clientOf = async (
  file: string,
  simulator: RepositorySimulator,
  now = simNow,
  allowExpired = false,
): Promise<Client> =>
  new Client({
    source: await bundleSource(file),
    trustedRoot: simulator.trustedRoot,
    store: memoryStore(),
    clock: fixedClock(now),
    allowExpired,
  });

describe.each([true, false])('a bundle (consistent snapshots: %s)', consistent => {
  it('holds a repository from its first root to its last artifact', async () => {
    const simulator = repository(consistent);
    const client = await clientOf(await bundleOf(simulator), simulator);
    const out = fresh('out');
    expect((await client.refresh()).root.signed.version).toBe(3);
    const { targets, missing } = await client.list();
    expect(targets.map(({ path }) => path)).toEqual(
      ['plain.txt', 'tools/empty', 'tools/greet.sh', LONG].sort(),
    );
    expect(missing.size).toBe(0);
    for (const { path, file } of targets) {
      const downloaded = await client.download(path, out);
      expect(readFileSync(downloaded.file).length).toBe(file.length);
    }
  });

  it('is the same bytes for the same site, and what tar unpacks is that site', async () => {
    const simulator = repository(consistent);
    const [one, two] = [await bundleOf(simulator), await bundleOf(simulator)];
    expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
    const site = fresh('site');
    execFileSync('mkdir', [site]);
    execFileSync('tar', ['--extract', '--file', one, '--directory', site]);
    const client = new Client({
      source: siteOf(directoryFetcher(site)),
      trustedRoot: simulator.trustedRoot,
      store: memoryStore(),
      clock: fixedClock(simNow),
    });
    expect(readFileSync((await client.download(LONG, fresh('out'))).file).length).toBe(512);
  });
});

describe('a bundle', () => {
  it('of some artifacts has those and all metadata', async () => {
    const simulator = repository();
    const client = await clientOf(await bundleOf(simulator, ['tools/greet.sh', 'tools/greet.sh']), simulator);
    expect(await outcome(client.download('tools/greet.sh', fresh('out')))).toBe('accepted');
    expect((await client.getTargetInfo('plain.txt'))?.role).toBe('targets');
    expect(await outcome(client.download('plain.txt', fresh('out')))).toBe('NOT_FOUND');
  });

  it('is past its date like any repository', async () => {
    const simulator = repository();
    const file = await bundleOf(simulator);
    const late = (simNow + 500 * DAY_MS) as Instant;
    expect(await outcome((await clientOf(file, simulator, late)).refresh())).toBe('EXPIRED');
    expect(
      await outcome((await clientOf(file, simulator, late, true)).download('plain.txt', fresh('out'))),
    ).toBe('accepted');
  });

  it('of a repository that this client has seen newer is refused', async () => {
    const simulator = repository();
    const file = await bundleOf(simulator);
    const store = memoryStore();
    const options = { trustedRoot: simulator.trustedRoot, store, clock: fixedClock(simNow) };
    simulator.bump('targets');
    await new Client({ ...options, source: siteOf(simulator.fetcher) }).refresh();
    expect(await outcome(new Client({ ...options, source: await bundleSource(file) }).refresh())).toBe(
      'ROLLBACK',
    );
  });

  it('of another repository is refused', async () => {
    const [mine, theirs] = [repository(), repository()];
    theirs.signers.set('timestamp', [testKey(90)]);
    theirs.rotate('root', testKey(91), testKey(92));
    theirs.rotate('timestamp', testKey(90));
    theirs.root.version = 1;
    theirs.publishRoot();
    theirs.files.delete('metadata/2.root.json');
    theirs.bump();
    expect(await outcome((await clientOf(await bundleOf(theirs), mine)).refresh())).toBe('QUORUM');
  });

  const unfit: readonly (readonly [string, string, (simulator: RepositorySimulator) => void])[] = [
    [
      'an expired timestamp',
      'EXPIRED',
      s => {
        s.timestamp.expires = simPast;
        s.bump();
      },
    ],
    [
      'another artifact under its name',
      'HASH_MISMATCH',
      s => s.files.set(s.artifactFile('plain.txt', Buffer.from('plain')), Buffer.from('pl4in')),
    ],
    [
      'an artifact that is not there',
      'NOT_FOUND',
      s => s.files.delete(s.artifactFile('plain.txt', Buffer.from('plain'))),
    ],
    [
      'a role that can be no file',
      'BAD_BUNDLE',
      s => {
        s.delegate('targets', 'a/b');
        s.bump('targets', 'a/b');
      },
    ],
  ];
  it.each(unfit)('%s is packed by nobody: %s, and no file is left', async (_, expected, change) => {
    const simulator = repository();
    change(simulator);
    const out = fresh('bundle');
    const made = makeBundle({ source: siteOf(simulator.fetcher), now: simNow, out, artifacts: 'all' });
    expect(await outcome(made)).toBe(expected);
    expect(() => readFileSync(out)).toThrow('ENOENT');
    expect(execFileSync('ls', ['-a', folder.path], { encoding: 'utf8' })).not.toContain('.tmp');
  });

  it('leaves out a delegated role that nobody can use, and says so', async () => {
    const simulator = repository();
    simulator.role('tools').expires = simPast;
    simulator.bump('tools');
    const { missing, roles } = await makeBundle({
      source: siteOf(simulator.fetcher),
      now: simNow,
      out: fresh('bundle'),
      artifacts: 'all',
    });
    expect([[...missing.keys()], roles]).toEqual([['tools'], 1]);
  });

  it('needs a first root', async () => {
    const simulator = repository();
    simulator.files.delete('metadata/1.root.json');
    const made = makeBundle({
      source: siteOf(simulator.fetcher),
      now: simNow,
      out: fresh('bundle'),
      artifacts: [],
    });
    await expect(made).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a hostile bundle', () => {
  const file = (name: string, content: string | Uint8Array): Uint8Array => {
    const bytes = Buffer.from(content);
    return Buffer.concat([encodeHeader(name, bytes.length), bytes, padding(bytes.length)]);
  };
  const marker = file(MARKER_NAME, MARKER);
  const tar = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat([...parts, end]);
  /** A file whose header was changed, its checksum put right. */
  const changed = (change: (header: Buffer) => void, name = 'targets/a', content = 'a'): Uint8Array => {
    const bytes = Buffer.from(file(name, content));
    change(bytes);
    bytes.write('        ', 148, 'latin1');
    const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return bytes;
  };
  const named = (name: string): Uint8Array =>
    changed(header => {
      header.fill(0, 0, 100);
      header.write(name, 0, 'latin1');
    });
  const pax = (record: string): Uint8Array =>
    Buffer.concat([
      changed(
        header => {
          header[156] = 0x78;
        },
        'x',
        record,
      ),
      changed(header => {
        header.fill(0, 0, 100);
        header.write('long-name', 0, 'latin1');
      }),
    ]);

  const rows: readonly (readonly [name: string, bytes: Uint8Array])[] = [
    ['an empty file', Buffer.alloc(0)],
    ['text', Buffer.from('<html></html>'.repeat(100))],
    ['nothing but an end', end],
    ['no marker', tar(file('targets/a', 'a'))],
    ['a marker that is not first', tar(file('targets/a', 'a'), marker)],
    ['another version', tar(file(MARKER_NAME, '{"format":"tuf-bundle","version":2}\n'))],
    ['two markers', tar(marker, marker)],
    ['no end', Buffer.concat([marker, file('targets/a', 'a')])],
    ['half an end', Buffer.concat([marker, end.subarray(512)])],
    ['something after the end', Buffer.concat([tar(marker), file('targets/a', 'a')])],
    ['a byte after the end', Buffer.concat([tar(marker), Buffer.from('x')])],
    ['cut off in a content', tar(marker, file('targets/a', 'x'.repeat(2_000))).subarray(0, 2_100)],
    ['cut off in a header', tar(marker, file('targets/a', 'a')).subarray(0, 1_300)],
    ['the same name twice', tar(marker, file('targets/a', 'a'), file('targets/a', 'b'))],
    ['a path that leads out', tar(marker, named('targets/../../etc/passwd'))],
    ['an absolute path', tar(marker, named('/etc/passwd'))],
    ['a path with an empty name', tar(marker, named('targets//a'))],
    ['a path with a backslash', tar(marker, named('targets\\a'))],
    ['a path with a line break', tar(marker, named('targets/a\nb'))],
    ['a name that is empty', tar(marker, named(''))],
    ['a folder of another name', tar(marker, named('secrets/a'))],
    ['a name that is not ASCII in a plain header', tar(marker, named('targets/\xe9'))],
    [
      'a symlink',
      tar(
        marker,
        changed(header => (header[156] = 0x32)),
      ),
    ],
    [
      'a hard link',
      tar(
        marker,
        changed(header => (header[156] = 0x31)),
      ),
    ],
    [
      'a folder',
      tar(
        marker,
        changed(header => (header[156] = 0x35)),
      ),
    ],
    [
      'a device',
      tar(
        marker,
        changed(header => (header[156] = 0x33)),
      ),
    ],
    [
      'a link name',
      tar(
        marker,
        changed(header => header.write('/etc/passwd', 157, 'latin1')),
      ),
    ],
    [
      'a prefix',
      tar(
        marker,
        changed(header => header.write('a', 345, 'latin1')),
      ),
    ],
    [
      'an owner',
      tar(
        marker,
        changed(header => header.write('root', 265, 'latin1')),
      ),
    ],
    [
      'a date',
      tar(
        marker,
        changed(header => header.write('1', 146, 'latin1')),
      ),
    ],
    [
      'a mode',
      tar(
        marker,
        changed(header => header.write('0004755', 100, 'latin1')),
      ),
    ],
    [
      'no magic',
      tar(
        marker,
        changed(header => header.write('gnu', 257, 'latin1')),
      ),
    ],
    [
      'a size beyond the file',
      tar(
        marker,
        changed(header => header.write('00077777777', 124, 'latin1')),
      ),
    ],
    [
      'a size of eight gigabytes',
      tar(
        marker,
        changed(header => header.write('77777777777', 124, 'latin1')),
      ),
    ],
    [
      'a negative size',
      tar(
        marker,
        changed(header => header.write('-0000000001', 124, 'latin1')),
      ),
    ],
    [
      'a size in base 256',
      tar(
        marker,
        changed(header => header.write('\x80\0\0\0\0\0\0\0\0\0\0\x01', 124, 'latin1')),
      ),
    ],
    ['a checksum that is wrong', tar(marker, Buffer.from(file('targets/a', 'a')).fill(0x31, 148, 149))],
    ['something in the padding', tar(marker, Buffer.from(file('targets/a', 'a')).fill(0x78, 600, 601))],
    ['a pax header of a short name', tar(marker, pax('18 path=targets/a\n'))],
    ['a pax header of more than a name', tar(marker, pax(`18 path=targets/a\n9 size=9\n`))],
    ['a pax header of a size', tar(marker, pax('12 size=999\n'))],
    ['a pax header with a wrong length', tar(marker, pax(`999 path=targets/${'a'.repeat(150)}\n`))],
    ['a pax header without a file', Buffer.concat([marker, pax('9 path=x\n').subarray(0, 1_024), end])],
    ['a pax header that is not UTF-8', tar(marker, pax('11 path=\xff\n'))],
    ['a pax header of a path that leads out', tar(marker, pax(`124 path=${'../'.repeat(38)}\n`))],
  ];
  it.each(rows)('%s', async (_, bytes) => {
    const place = fresh('hostile');
    writeFileSync(place, bytes);
    expect(await outcome(bundleSource(place))).toBe('BAD_BUNDLE');
  });

  it('whatever byte is changed: it is refused, or what comes of it is what was signed', async () => {
    const simulator = repository();
    const good = readFileSync(await bundleOf(simulator));
    const place = fresh('mutant');
    for (let offset = 0; offset < good.length; offset += 97) {
      const bytes = Buffer.from(good);
      bytes[offset] = (bytes[offset] ?? 0) ^ 0x41;
      writeFileSync(place, bytes);
      const code = await outcome(
        (async () => {
          const client = await clientOf(place, simulator);
          expect(readFileSync((await client.download('tools/greet.sh', fresh('out'))).file, 'utf8')).toBe(
            'hello',
          );
        })(),
      );
      expect(code).toMatch(/^[A-Z_]+$|accepted/);
    }
  });

  it('that is not there is told', async () => {
    expect(await outcome(bundleSource(fresh('none')))).toBe('STORAGE');
    expect(await outcome(bundleSource(folder.path))).toBe('STORAGE');
  });
});
