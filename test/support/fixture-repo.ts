import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fixturesFolder } from './fixtures.ts';

/** One state of the real history, and how it is to be judged. */
export interface FixtureCase {
  readonly event: number;
  readonly ref: string;
  readonly base: string;
  readonly head: string;
  readonly now: string;
  readonly expected: 'accept' | 'not-yet' | 'reject' | 'no-metadata-changes';
  readonly expected_keyid_rule: FixtureCase['expected'];
  readonly reasons: readonly string[];
}

/** Unpacks the real history into a new bare repository and gives its folder. */
export function loadFixtureRepository(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'tuf-signer-fixture-'));
  const git = (...args: string[]): void =>
    void execFileSync('git', ['-C', folder, ...args], { stdio: 'ignore' });
  git('init', '--bare', '.');
  git('fetch', path.join(fixturesFolder, 'root-signing-events.bundle'), 'refs/*:refs/*');
  return folder;
}

export function fixtureCases(): readonly FixtureCase[] {
  return JSON.parse(
    readFileSync(path.join(fixturesFolder, 'root-signing-events.json'), 'utf8'),
  ) as FixtureCase[];
}
