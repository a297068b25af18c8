import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where this run of the tests keeps what all its files share. Set by {@link setup}, inherited by every worker. */
const RUN_FOLDER = 'TUF_SIGNER_TEST_RUN';

/** Vitest calls it before a run, and what it gives after. */
export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'tuf-signer-run-'));
  process.env[RUN_FOLDER] = folder;
  return () => rm(folder, { recursive: true, force: true });
}

const GIVE_UP_MS = 120_000;

/** The folder that `make` fills, in whichever worker asks first; the others wait for it. */
export async function onceARun(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const run = process.env[RUN_FOLDER];
  if (run === undefined) throw new Error('vitest.config.ts has to name once-a-run.ts as its global setup');
  const [folder, ready, claim] = [join(run, name), join(run, `${name}.ready`), join(run, `${name}.claim`)];
  try {
    await mkdir(claim);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    for (const end = Date.now() + GIVE_UP_MS; !existsSync(ready); await sleep(50)) {
      if (Date.now() > end)
        throw new Error(`another test file did not make the ${name} that all share`, { cause: error });
    }
    return folder;
  }
  await make(folder);
  await mkdir(ready);
  return folder;
}
