import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { OperationError } from '../../src/operations/error.ts';
import { terminalNarrator } from '../demo/narrator.ts';
import { performDemo } from '../demo/story.ts';
import { EXIT } from '../exit-codes.ts';
import { clockOf, type GlobalFlags, type RunContext } from '../run-context.ts';

interface DemoFlags extends GlobalFlags {
  readonly out?: string;
}

/** The main job on virtual cards, told as it happens, left in a folder. */
export async function run(
  _args: readonly string[],
  flags: DemoFlags,
  { output }: RunContext,
): Promise<number> {
  const folder =
    flags.out === undefined ? await mkdtemp(join(tmpdir(), 'tuf-signer-demo-')) : resolve(flags.out);
  await requireEmpty(folder);
  output.say(`Everything happens in ${folder}, on cards and a forge that exist there only.`);
  await performDemo(folder, clockOf(flags), terminalNarrator(output));
  output.show(`
Left for you in ${folder}:
  repository.git              the git repository with its whole history
  site                        what clients fetch (open site/index.html)
  forge/*.md                  the pull-request pages
  alice, bob, carol           everybody's clone
  automation                  the automation's clone, with main as it was attacked

Try next:
  tuf-signer verify --repo ${folder}/automation --rev origin/main      (refused: the attack is still on main)
  tuf-signer verify --repo ${folder}/automation --rev origin/main~1    (what was published)
  tuf-signer --help                                                    (to start a repository of your own)`);
  output.result(folder);
  return EXIT.accepted;
}

async function requireEmpty(folder: string): Promise<void> {
  try {
    if ((await readdir(folder)).length === 0) return;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  throw new OperationError('ALREADY_THERE', `${folder} is not empty: name a new folder`);
}
