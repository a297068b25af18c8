import type { Command } from 'commander';
import type { Adder } from './key-program.ts';
import type { Run } from './program.ts';

const RENEW_HELP = `
Roles within their signing period get one event for all that the same people
sign, as the action create-signing-events opens them. With --role those roles
and no others, whether or not their time has come: before a holiday, or so that
two ceremonies become one. Safe to run again; no branch is ever forced.`;

const CALENDAR_HELP = `
  tuf-signer calendar                        the next twelve months
  tuf-signer calendar --for @you --ics tuf.ics
  tuf-signer calendar --months 36 --count 5 --json

Dates follow from what main says and its periods; nothing is asked of a remote.
A ceremony's window opens when its first role may be signed anew and ends when
its first role expires. Importing the file again moves its entries, and doubles
none.`;

const DRILL_INTRODUCTION = `Does every key still work, and does its holder still know the PIN?

A drill is a signing event that changes nothing: each keyholder signs a document
that is no metadata, which proves the key. When all have, or the time is over,
it is merged, as a record of who was silent.`;

const DRILL_EXAMPLES = `
  tuf-signer drill open      ask all keyholders, for two weeks
  tuf-signer drill sign      prove your key (tuf-signer sign does it too)
  tuf-signer drill status    margins, and who is silent

docs/drill.md says how to run one, and what to do about a key that is lost.`;

/** `tuf-signer renew`, `calendar`, `drill …`. */
export function addCeremonyCommands(
  program: Command,
  adderOf: (parent: Command) => Adder,
  signing: (command: Command) => Command,
): void {
  const add = adderOf(program);
  add('renew', 'open events for roles whose time has come to be signed anew', command =>
    command
      .addHelpText('after', RENEW_HELP)
      .option('--role <role...>', 'these roles, now')
      .option('--dry-run', 'say what would be done, and do nothing')
      .option('--json', 'print JSON'),
  );
  add('calendar', 'when the next ceremonies are due, whose, and for which roles', command =>
    command
      .addHelpText('after', CALENDAR_HELP)
      .option('--months <number>', 'how far to look (default: 12)')
      .option('--until <time>', 'the same as a date, as in 2027-12-31 or 2027-12-31T12:00:00Z')
      .option('--count <number>', 'no more than so many ceremonies')
      .option('--for <account>', 'only those that this person can sign')
      .option('--ics <file>', 'also write them as an iCalendar file')
      .option('--json', 'print JSON'),
  );
  const drill = program
    .command('drill')
    .description(DRILL_INTRODUCTION)
    .summary('prove that every key still works: open, sign, status')
    .addHelpText('after', DRILL_EXAMPLES)
    .exitOverride();
  const addDrill = adderOf(drill);
  addDrill('open', 'ask every keyholder to prove their key', command =>
    command
      .option('--name <name>', 'what it is called (default: the day)')
      .option('--days <number>', 'how long they have, 1 to 90 (default: 14)')
      .option('--json', 'print JSON'),
  );
  addDrill('sign [event]', 'prove your keys in a drill (default: the one that is open)', command =>
    signing(
      command
        .option(
          '--trusted-root <file>',
          'the root to trust where this machine trusts none yet (default: it is shown, and asked about)',
        )
        .option('--json', 'print the outcome as JSON'),
    ),
  );
  addDrill('status', "each role's margin, who is silent since when, and open drills", command =>
    command.option('--json', 'print JSON'),
  );
}

/** The code of each, loaded when it is run. */
export const ceremonyRunners: readonly (readonly [string, () => Promise<Run>])[] = [
  ['renew', async () => (await import('./commands/renew.ts')).run],
  ['calendar', async () => (await import('./commands/calendar.ts')).run],
  ['drill open', async () => (await import('./commands/drill/open.ts')).run],
  ['drill sign', async () => (await import('./commands/drill/sign.ts')).run],
  ['drill status', async () => (await import('./commands/drill/status.ts')).run],
];
