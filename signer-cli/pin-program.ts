import type { Command } from 'commander';
import type { Adder } from './key-program.ts';
import type { Run } from './program.ts';

const INTRODUCTION = `What this machine trusts.

The first tuf-signer sign in a repository shows its first root and asks whether
to trust it; from then on main has to follow from it: signed from root to root,
no role going back, no history rewritten. What is kept is one file a repository,
the same for all its clones and forks, in the folder that pin show names.`;

const EXAMPLES = `
  tuf-signer pin show          the fingerprint to compare, and what was last verified
  tuf-signer pin show --all    of every repository
  tuf-signer pin reset         forget it, where main was moved on purpose

TUF_SIGNER_CONFIG names another folder for it.`;

/** `tuf-signer pin …`. */
export function addPinCommands(program: Command, adderOf: (parent: Command) => Adder): void {
  const pin = program
    .command('pin')
    .description(INTRODUCTION)
    .summary('the root that this machine trusts: show, reset')
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  const add = adderOf(pin);
  add('show', 'what is trusted here: exit 0, or 66 where nothing is', command =>
    command.option('--all', 'of every repository').option('--json', 'print JSON'),
  );
  add('reset [identity]', 'forget what is trusted here, or the root with this SHA-256', command =>
    command.option('-y, --yes', 'do not ask'),
  );
}

/** The code of each, loaded when it is run. */
export const pinRunners: readonly (readonly [string, () => Promise<Run>])[] = [
  ['pin show', async () => (await import('./commands/pin/show.ts')).run],
  ['pin reset', async () => (await import('./commands/pin/reset.ts')).run],
];
