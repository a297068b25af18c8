import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFolder } from '../support/cli.ts';

const scenarios = readdirSync(join(projectFolder, 'test/attacks'))
  .filter(name => name.endsWith('.test.ts') && name !== 'matrix.test.ts')
  .map(name => name.replace('.test.ts', ''));
const security = readFileSync(join(projectFolder, 'SECURITY.md'), 'utf8');
const cells = security
  .split('\n')
  .filter(line => line.startsWith('| '))
  .flatMap(line => line.split('|'));
/** What a cell names after its colon, files of this folder. */
const named = cells.flatMap(cell =>
  (/: ([a-z-]+(?:, [a-z-]+)*)$/.exec(cell.trim())?.[1] ?? '').split(', ').filter(name => name !== ''),
);

describe('the matrix of SECURITY.md', () => {
  it.each(scenarios)('names %s', scenario => {
    expect(named).toContain(scenario);
  });

  it('names nothing that is not there', () => {
    expect(named.filter(name => !scenarios.includes(name))).toEqual([]);
    expect(new Set(named).size).toBeGreaterThan(40);
  });
});
