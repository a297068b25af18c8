import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fetcher, siteOf } from '../../src/client/fetcher.ts';
import { listTargets } from '../../src/client/list.ts';
import { type MetadataStore, memoryStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import type { Instant } from '../../src/clock.ts';
import { type Document, parseDocument } from '../../src/metadata/document.ts';
import { loadFixtureRepository } from '../support/fixture-repo.ts';
import { haveFixtures } from '../support/fixtures.ts';
import { outcome } from './client.ts';

// static_repository, as tuf-conformance calls it: what tuf-on-ci wrote and a web server had. Here it is Sigstore's repository from
// January 2025 to May 2026, by what its main held before each signing event: members of tuf-on-ci's own, empty signatures,
// keys of three ages, a delegation, four new roots.

interface State {
  readonly now: Instant;
  /** Paths on the site, all that was there before included. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

describe.skipIf(!haveFixtures)('static_repository: a client of the real history', () => {
  let states: readonly State[] = [];
  let folder = '';

  beforeAll(() => {
    folder = loadFixtureRepository();
    states = publishedStates(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const clientOf = ({ files, now }: State, trustedRoot: Uint8Array, store: MetadataStore): Updater => {
    const fetcher: Fetcher = { fetch: path => Promise.resolve(files.get(path)) };
    return new Updater({ source: siteOf(fetcher), trustedRoot, store, now });
  };
  const firstRoot = (state: State | undefined): Uint8Array =>
    state?.files.get('metadata/1.root.json') ?? new Uint8Array();

  it('from the first root through all of it, each artifact each time', async () => {
    const store = memoryStore();
    const seen: string[] = [];
    for (const state of states) {
      const client = clientOf(state, firstRoot(state), store);
      const { root, timestamp, snapshot, targets } = await client.refresh();
      seen.push([root, timestamp, snapshot, targets].map(({ signed }) => signed.version).join(' '));
      const listing = await listTargets(client, 32, () => true);
      expect(listing.missing.size).toBe(0);
      expect(listing.targets.map(({ path }) => path)).toContain('registry.npmjs.org/keys.json');
      for (const info of listing.targets) await client.checkArtifact(info);
    }
    expect(seen).toEqual([
      '10 260 156 10',
      '10 262 157 10',
      '11 268 158 11',
      '12 382 159 11',
      '12 398 159 11',
      '13 474 161 12',
      '13 514 162 13',
      '13 534 163 13',
      '14 647 163 13',
      '14 668 164 13',
    ]);
  });

  it('from a later root, by a client that has seen nothing', async () => {
    const last = states.at(-1);
    if (last === undefined) throw new Error('the real history has no states');
    const client = clientOf(last, last.files.get('metadata/12.root.json') ?? new Uint8Array(), memoryStore());
    const { root } = await client.refresh();
    expect(unsignedIn(root)).toBe(1);
    const info = await client.requireTarget('registry.npmjs.org/keys.json');
    expect(info.role).toBe('registry.npmjs.org');
    await client.checkArtifact(info);
  });

  it('once it has expired, not at all', async () => {
    const last = states.at(-1);
    if (last === undefined) throw new Error('the real history has no states');
    const later = { ...last, now: (last.now + 8 * 86_400_000) as Instant };
    expect(await outcome(clientOf(later, firstRoot(later), memoryStore()).refresh())).toBe('EXPIRED');
  });
});

const unsignedIn = ({ signatures }: Document): number => signatures.filter(({ sig }) => sig === '').length;

/** Until then another tool published; main had copies of its metadata, not byte for byte. */
const PUBLISHED_SINCE = Date.parse('2024-09-01T00:00:00Z') / 1_000;

/** What a web server had, in the order of time. */
function publishedStates(repository: string): readonly State[] {
  const git = (...args: readonly string[]): Buffer =>
    execFileSync('git', ['-C', repository, ...args], { maxBuffer: 1 << 28 });
  const blobs = new Map<string, Buffer>();
  const states: State[] = [];
  for (const line of git('for-each-ref', '--format=%(committerdate:unix) %(objectname)', 'refs/bases/')
    .toString()
    .trim()
    .split('\n')
    .sort()) {
    const [seconds, commit = ''] = line.split(' ');
    if (Number(seconds) < PUBLISHED_SINCE) continue;
    const files = new Map(states.at(-1)?.files);
    for (const entry of git('ls-tree', '-r', commit).toString().trim().split('\n')) {
      const [, oid = '', path = ''] = /^\d+ blob (\w+)\t(.*)$/.exec(entry) ?? [];
      const bytes = blobs.get(oid) ?? git('cat-file', 'blob', oid);
      blobs.set(oid, bytes);
      for (const name of namesOnSite(path, bytes)) files.set(name, bytes);
    }
    states.push({ now: (Number(seconds) * 1_000) as Instant, files });
  }
  return states;
}

/** As a repository with consistent snapshots publishes it. */
function namesOnSite(path: string, bytes: Buffer): readonly string[] {
  const name = basename(path);
  if (path.startsWith('targets/'))
    return ['sha256', 'sha512'].map(algorithm => {
      const digest = createHash(algorithm).update(bytes).digest('hex');
      return `${dirname(path)}/${digest}.${name}`;
    });
  if (path.startsWith('metadata/root_history/')) return [`metadata/${name}`];
  if (path === 'metadata/timestamp.json') return [path];
  return [`metadata/${parseDocument(bytes).signed.version}.${name}`];
}
