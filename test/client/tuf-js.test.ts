import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Updater as TufJs } from 'tuf-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { siteOf } from '../../src/client/fetcher.ts';
import { httpFetcher } from '../../src/client/http.ts';
import { fileStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import { RepositorySimulator, simNow } from '../support/repository-simulator.ts';
import { testKey } from '../support/test-keys.ts';
import { type Loopback, serveSite } from './loopback.ts';

// tuf-js is somebody else's reading of the specification: what one of the two accepts, so does the other.

let folder = '';
let server: Loopback | undefined;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tuf-signer-peer-'));
});
afterEach(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** tuf-js reads the machine's clock: its repositories expire long after these tests. */
function repository(): RepositorySimulator {
  const simulator = new RepositorySimulator();
  for (const part of [simulator.root, simulator.timestamp, simulator.snapshot, simulator.targets]) {
    part.expires = '2099-01-01T00:00:00Z';
  }
  simulator.publishRoot();
  simulator.delegate('targets', 'role1', { paths: ['role1/*'] }).expires = '2099-01-01T00:00:00Z';
  simulator.addTarget('role1', 'role1/file.txt', 'hello');
  simulator.bump('targets', 'role1');
  return simulator;
}

async function ours(simulator: RepositorySimulator, url: string): Promise<string> {
  const updater = new Updater({
    source: siteOf(httpFetcher(url)),
    trustedRoot: simulator.trustedRoot,
    store: fileStore(path.join(folder, 'ours')),
    now: simNow,
  });
  return readFileSync(await updater.download('role1/file.txt', path.join(folder, 'ours-out')), 'utf8');
}

async function theirs(simulator: RepositorySimulator, url: string): Promise<string> {
  const [metadataDir, targetDir] = [path.join(folder, 'theirs'), path.join(folder, 'theirs-out')];
  mkdirSync(metadataDir, { recursive: true });
  mkdirSync(targetDir, { recursive: true });
  if (!haveRoot(metadataDir)) writeFileSync(path.join(metadataDir, 'root.json'), simulator.trustedRoot);
  const updater = new TufJs({
    metadataDir,
    metadataBaseUrl: `${url}metadata`,
    targetDir,
    targetBaseUrl: `${url}targets`,
    config: { fetchRetries: 0 },
  });
  await updater.refresh();
  const info = await updater.getTargetInfo('role1/file.txt');
  if (info === undefined) throw new Error('tuf-js finds no such target');
  return readFileSync(await updater.downloadTarget(info), 'utf8');
}

function haveRoot(metadataDir: string): boolean {
  try {
    return readFileSync(path.join(metadataDir, 'root.json')).length > 0;
  } catch {
    return false;
  }
}

const verdict = (outcome: Promise<string>): Promise<string> =>
  outcome.then(
    text => text,
    () => 'refused',
  );

describe('beside tuf-js over HTTP', () => {
  const rows: readonly (readonly [string, string, (simulator: RepositorySimulator) => void])[] = [
    ['as it is', 'hello', () => {}],
    ['a new root with new keys', 'hello', s => s.bumpRoot(() => s.rotate('root', testKey(5), testKey(6)))],
    [
      'new online keys',
      'hello',
      s => {
        s.bumpRoot(() => {
          s.rotate('timestamp', testKey(7));
          s.rotate('snapshot', testKey(7));
        });
        s.bump();
      },
    ],
    [
      'with hashes',
      'hello',
      s => {
        s.withHashes = true;
        s.bump('targets', 'role1');
      },
    ],
    [
      'a new artifact',
      'new',
      s => {
        s.addTarget('role1', 'role1/file.txt', 'new');
        s.bump('role1');
      },
    ],
    [
      'a swapped artifact',
      'refused',
      s => {
        for (const name of s.files.keys())
          if (name.startsWith('targets/')) s.files.set(name, Buffer.from('jello'));
      },
    ],
    [
      'an older timestamp',
      'refused',
      s => {
        s.timestamp.version = 1;
        s.publishTimestamp();
      },
    ],
    [
      'an older role',
      'refused',
      s => {
        s.role('role1').version = 1;
        s.bump();
      },
    ],
    [
      'a root without the old quorum',
      'refused',
      s => {
        s.root.version = 2;
        s.rotate('root', testKey(5), testKey(6));
        s.publishRoot();
      },
    ],
    [
      'an expired timestamp',
      'refused',
      s => {
        s.timestamp.expires = '2020-01-01T00:00:00Z';
        s.bump();
      },
    ],
    [
      'a role signed by a stranger',
      'refused',
      s => {
        s.signers.set('role1', [testKey(9)]);
        s.bump('role1');
      },
    ],
    [
      'another version than listed',
      'refused',
      s => s.files.set('metadata/2.role1.json', s.sign('role1', { ...s.role('role1'), version: 7 })),
    ],
    [
      'a page instead of metadata',
      'refused',
      s => s.files.set('metadata/timestamp.json', Buffer.from('<html>')),
    ],
  ];

  it.each(rows)('first seen: %s: %s', async (name, expected, change) => {
    const simulator = repository();
    change(simulator);
    server = await serveSite(simulator);
    // Without a past there is nothing to roll back from.
    const first = name.startsWith('an older') ? 'hello' : expected;
    expect(await verdict(ours(simulator, server.url))).toBe(first);
    expect(await verdict(theirs(simulator, server.url))).toBe(first);
  });

  it.each(rows)('after a good refresh: %s: %s', async (name, expected, change) => {
    const simulator = repository();
    server = await serveSite(simulator);
    await ours(simulator, server.url);
    await theirs(simulator, server.url);
    change(simulator);
    // What is cached and listed unchanged is not fetched again.
    const later = name === 'another version than listed' ? 'hello' : expected;
    expect(await verdict(ours(simulator, server.url))).toBe(later);
    expect(await verdict(theirs(simulator, server.url))).toBe(later);
  });
});
