import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from '../../src/metadata/document.ts';
import { serializeJson } from '../../src/metadata/serialize.ts';
import { loadFixtureRepository } from '../support/fixture-repo.ts';
import { haveFixtures } from '../support/fixtures.ts';

describe.skipIf(!haveFixtures)('documents of the real history', () => {
  let folder = '';
  const documents = new Map<string, Buffer>();

  beforeAll(() => {
    folder = loadFixtureRepository();
    const git = (...args: string[]): Buffer =>
      execFileSync('git', ['-C', folder, ...args], { maxBuffer: 1 << 28 });
    const refs = git('for-each-ref', '--format=%(refname)').toString().trim().split('\n');
    const oids = new Map<string, string>();
    for (const ref of refs) {
      for (const line of git('ls-tree', '-r', ref, '--', 'metadata/').toString().trim().split('\n')) {
        const [, , oid, path] = /^(\d+) blob (\w+)\t(.*)$/.exec(line) ?? [];
        if (oid !== undefined && path?.endsWith('.json')) oids.set(oid, path);
      }
    }
    for (const [oid, path] of oids) documents.set(`${path} ${oid.slice(0, 8)}`, git('cat-file', 'blob', oid));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are many', () => expect(documents.size).toBeGreaterThan(100));

  it('all parse', () => {
    for (const [name, bytes] of documents) expect(() => parseDocument(bytes), name).not.toThrow();
  });

  it('round-trip byte for byte where they were written in the current format', () => {
    const older = new Set<string>();
    for (const [name, bytes] of documents) {
      const document = parseDocument(bytes);
      if (Buffer.from(serializeJson(document.raw)).equals(bytes)) continue;
      older.add(name.replace(/ .*/, ''));
      expect(Buffer.from(document.bytes).equals(bytes), name).toBe(true);
    }
    // Written by the tools before the format: tabs, or another member order.
    expect([...older].every(name => /^metadata\/root_history\/[1-8]\.root\.json$/.test(name))).toBe(true);
  });
});
