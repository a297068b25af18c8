import { platform } from 'node:os';
import { CodedError } from '../../../src/errors.ts';
import { checkCards } from '../../../src/operations/doctor/card-checks.ts';
import { type Check, fail, warn } from '../../../src/operations/doctor/check.ts';
import { checkClone, checkGit } from '../../../src/operations/doctor/clone-checks.ts';
import { checkService, PCSCD_SOCKET } from '../../../src/operations/doctor/service-checks.ts';
import { isNoClone } from '../../../src/operations/repository-keys.ts';
import { escapeTerminal, painter } from '../../../src/render/terminal-text.ts';
import { EXIT } from '../../exit-codes.ts';
import { type GlobalFlags, type RunContext, workspaceOf } from '../../run-context.ts';

export interface DoctorFlags extends GlobalFlags {
  readonly json?: boolean;
}

/** Looks at everything that signing needs; each fault with its fix. */
export async function run(
  _args: readonly string[],
  flags: DoctorFlags,
  context: RunContext,
): Promise<number> {
  const ofClone = cloneChecks(flags); // git works while the cards do
  ofClone.catch(() => undefined); // awaited below, unless a card fails first
  const checks = [...(await cardChecks(context)), ...(await ofClone)];
  const { output } = context;
  output.result(
    flags.json === true
      ? JSON.stringify({ checks }, undefined, 2)
      : checks.map(check => checkText(check, output.colour.out)).join('\n'),
  );
  return checks.some(({ state }) => state === 'fail') ? EXIT.unavailable : EXIT.accepted;
}

async function cardChecks(context: RunContext): Promise<readonly Check[]> {
  await using cards = context.openCards();
  const socket =
    context.environment['PCSCLITE_CSOCK_NAME'] ?? (platform() === 'linux' ? PCSCD_SOCKET : undefined);
  const { checks, readers } = await checkService(cards, socket);
  return readers.length === 0 ? checks : [...checks, ...(await checkCards(cards))];
}

async function cloneChecks(flags: GlobalFlags): Promise<readonly Check[]> {
  const git = await checkGit('.');
  if (git.state === 'fail') return [git];
  try {
    await using workspace = await workspaceOf(flags);
    return [git, ...(await checkClone(workspace))];
  } catch (error) {
    if (!(error instanceof CodedError) || error.code === 'INVARIANT') throw error;
    if (isNoClone(error))
      return [
        git,
        warn(
          'clone',
          'this folder is no clone: nothing of one was looked at',
          'run this in the clone of your repository, or give --repo FOLDER',
        ),
      ];
    return [
      git,
      fail('clone', error.message, 'mend the setting: git config --local --list shows all of them'),
    ];
  }
}

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

function checkText({ state, says, fix }: Check, colour: boolean): string {
  const line = `${painter(colour)(COLOURS[state], state.padEnd(4))}  ${escapeTerminal(says)}`;
  return fix === undefined ? line : `${line}\n      fix: ${escapeTerminal(fix)}`;
}
