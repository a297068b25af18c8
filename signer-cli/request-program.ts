import type { Command } from 'commander';
import type { Adder } from './key-program.ts';
import { type Options, type Run, signing } from './program.ts';

const INTRODUCTION = `Sign on a machine without network.

An event travels there in one file, with main and all their history; that
machine verifies main from the root that it trusts, judges the event and shows
it, and signs exactly as tuf-signer sign does. A small response travels back,
and is verified again before it goes into the event.`;

const EXAMPLES = `
  tuf-signer request export sign/NAME --out F    here, with network
  tuf-signer request sign F                      there: writes F.response
  tuf-signer request import F.response           here again

Whoever is invited joins by a first round and signs by a second one: what is
signed has their key in it by then. See docs/air-gap.md.`;

const trustedRoot: Options = command =>
  command.option(
    '--trusted-root <file>',
    'the root to trust where this machine trusts none yet (default: it is shown, and asked about)',
  );

/** `tuf-signer request …`. */
export function addRequestCommands(program: Command, adderOf: (parent: Command) => Adder): void {
  const request = program
    .command('request')
    .description(INTRODUCTION)
    .summary('sign on a machine without network: export, sign, import')
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  const add = adderOf(request);
  add('export <event>', 'put an event that waits for you into one file', command =>
    trustedRoot(command.requiredOption('--out <file>', 'the file to write'))
      .option('-y, --yes', 'answer yes to what would be asked (never trusts a root)')
      .option('--json', 'print JSON'),
  );
  add('sign <file>', 'judge and sign what a request brought; writes the response', command =>
    signing(
      trustedRoot(
        command.option('--out <file>', 'the response to write (default: the request with .response)'),
      ),
    ).option('--json', 'print JSON'),
  );
  add('import <file>', 'verify a response and put it into its event', command =>
    trustedRoot(command)
      .option('-y, --yes', 'answer yes to what would be asked (never trusts a root)')
      .option('--json', 'print JSON'),
  );
}

/** The code of each, loaded when it is run. */
export const requestRunners: readonly (readonly [string, () => Promise<Run>])[] = [
  ['request export', async () => (await import('./commands/request/export.ts')).run],
  ['request sign', async () => (await import('./commands/request/sign.ts')).run],
  ['request import', async () => (await import('./commands/request/import.ts')).run],
];
