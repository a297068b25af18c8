import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Real metadata history and attestations; they lie beside the project, not in it. */
export const fixturesFolder: string = fileURLToPath(new URL('../../../shared/fixtures/', import.meta.url));

/**
 * Are the real fixtures here? On a user's machine they need not be, and a test that wants them is skipped by
 * `describe.skipIf(!haveFixtures)`. In CI their absence is a failure, never a skip.
 */
export const haveFixtures: boolean = (() => {
  if (existsSync(fixturesFolder)) return true;
  if (process.env['CI'] !== undefined)
    throw new Error('the real fixtures are missing: CI needs ../shared/fixtures');
  console.warn('skipped: the real fixtures (../shared/fixtures) are not on this machine');
  return false;
})();
