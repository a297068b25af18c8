import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

interface Row {
  readonly repository: string;
  readonly name: string;
  readonly seconds: number;
}

/** Runs the bench on the build that is there: to build anew would take it from under the feet of other tests. */
async function bench(...args: readonly string[]): Promise<string> {
  const built = existsSync(`${root}dist/cli.mjs`) ? ['--dist', `${root}dist`] : [];
  return (await run(process.execPath, [`${root}script/bench.mjs`, ...args, ...built])).stdout;
}

describe('npm run bench', () => {
  // Each measured process has to end as it should: status accepts, update-targets and sign push, a client downloads.
  it('measures every row of the smallest repository', async () => {
    const { rows } = JSON.parse(await bench('--quick', '--only', 'tiny', '--json')) as {
      rows: readonly Row[];
    };
    expect(rows.map(({ name }) => name)).toEqual([
      'status, first in a clone',
      'status, following',
      'update-targets, one changed, and push',
      'sign with a key file, and push',
      'delegate --bins 16384',
      'delegate --bins 16384 --succinct',
      'sign with a card in process, and push',
      'key list, one card in process',
      "a signature's host side, warm",
      'verify main',
      'client, refresh and one download',
      'start-up: tuf-signer --help',
    ]);
    for (const { repository, seconds } of rows) {
      expect(repository).toBe('tiny');
      expect(seconds).toBeGreaterThan(0);
    }
  });

  it('prints a table, and refuses what names no row', async () => {
    expect(await bench('--quick', '--only', 'start-up')).toMatch(
      /\| tiny +\| start-up: tuf-signer --help +\|/,
    );
    await expect(bench('--quick', '--only', 'nothing')).rejects.toThrow('names no row and no repository');
  });
});
