import { Command, CommanderError } from 'commander';
import { addCeremonyCommands, ceremonyRunners } from './ceremony-program.ts';
import { addBundleCommand, addClientCommands, clientRunners } from './client-program.ts';
import { addDelegateCommand } from './delegate-program.ts';
import { EXIT, EXIT_HELP } from './exit-codes.ts';
import { groupCommands } from './help-groups.ts';
import { addImportCommand, importRunners } from './import-program.ts';
import { addKeyCommands, keyRunners } from './key-program.ts';
import { addPinCommands, pinRunners } from './pin-program.ts';
import { addPublishCommands, publishRunners } from './publish-program.ts';
import { addRequestCommands, requestRunners } from './request-program.ts';
import { type GlobalFlags, processContext, type RunContext } from './run-context.ts';
import { version } from './version.ts';

const INTRODUCTION = `Quorum signing for The Update Framework (TUF).

A repository's metadata lies in git. Changes are signing events: branches
named sign/… that are judged, signed by people with their PIV cards until the
quorum is reached, and merged.`;

const EXAMPLES = `
You were asked to sign:
  tuf-signer sign                list the events that wait for you
  tuf-signer sign sign/NAME      join or sign one, after seeing every change
  tuf-signer key doctor          what signing needs, each fault with its fix
You lead the ceremony:
  tuf-signer init                start a repository here (asks what it needs)
  tuf-signer import URL          bring a published one into this clone
  tuf-signer delegate            create, change, remove a role (asks, too)
  tuf-signer status sign/NAME    judge an event: what it lacks, and whose turn
  tuf-signer calendar            when it is time to sign, for the next year
  tuf-signer drill status        which keys are known to work still
You follow a repository, or are new here:
  tuf-signer client --help       fetch what one publishes, verified
  tuf-signer demo                the whole of it, on virtual cards
  tuf-signer COMMAND --help      what it takes, with examples

Settings of a clone: git config tuf-signer.user @you (also .pull-remote,
.push-remote). A PIN is asked for at the terminal, or taken from --pin-file,
--pin-fd or TUF_SIGNER_PIN. TUF_SIGNER_TRACE=apdu shows what passes between
this program and the card, without PINs and keys.

${EXIT_HELP}`;

const STATUS_HELP = `
  tuf-signer status sign/tools          the event on the remote, as last fetched
  tuf-signer status                     the one that is checked out here
  tuf-signer status --event 3f2c1aa     any revision

Nothing is asked of the remote: git fetch first.`;

const GITHUB_HELP = `
The token comes from GITHUB_TOKEN or GH_TOKEN, of somebody who administers the
repository: with the scope repo, or fine-grained with Administration: read,
Actions: read and Pages: read (write, to set something). Without one the
workflows on main are looked at, and the rest is listed for you to look at.
Nothing is pushed: look at .github, and commit it.`;

/** The command line of tuf-signer. `exit` receives the exit code of the command that ran; `contextOf` is there for tests. */
export function buildProgram(
  exit: (code: number) => void,
  contextOf: (yes: boolean) => RunContext = processContext,
): Command {
  const program = new Command('tuf-signer')
    .description(INTRODUCTION)
    .version(version)
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(see tuf-signer --help)')
    .exitOverride()
    .enablePositionalOptions();
  const add = commandAdder(program, exit, contextOf);

  add(
    'init [event]',
    'start a repository: first root and targets, your key, invitations for the others',
    command =>
      signing(
        onlineKey(
          command
            .option('--signers <accounts>', 'who signs root, as in @you,@other')
            .option('--threshold <number>', 'how many of them have to')
            .option('--targets-signers <accounts>', 'who signs targets (default: as root)')
            .option('--targets-threshold <number>', 'how many of them have to (default: as root)')
            .option('--root-periods <days/days>', 'expiry and signing period of root (default: 365/60)')
            .option('--targets-periods <days/days>', 'the same of targets (default: 365/60)')
            .option('--snapshot-periods <days/days>', 'the same of snapshot (default: 365/60)')
            .option('--timestamp-periods <days/days>', 'the same of timestamp (default: 7/4)')
            .option(
              '--github',
              'bring the workflows and check the settings on GitHub first: see tuf-signer github',
            )
            .option('--actions <reference>', 'with --github: as there')
            .option('--app <id>', 'with --github: as there'),
        ),
      ),
  );
  addDelegateCommand(add, command => signing(onlineKey(command)));
  add(
    'sign [event]',
    'accept an invitation or sign an event; without one, list those that wait for you',
    command =>
      signing(
        command
          .option(
            '--trusted-root <file>',
            'the root to trust where this machine trusts none yet (default: it is shown, and asked about)',
          )
          .option('--decline', 'answer an invitation with no: nothing is signed, no card is needed')
          .option('--role <role...>', 'with --decline: these roles (default: all that you are invited to)')
          .option(
            '--signature <file>',
            'add signatures that other tools made: a signed metadata file, or a list of {"keyid", "sig"}',
          )
          .option('--json', 'print the outcome as JSON'),
      ),
  );
  add('repair', 'verify main from what this machine trusts, and open an event that mends it', command =>
    command
      .option(
        '--trusted-root <file>',
        'the root to trust where this machine trusts none yet (default: it is shown, and asked about)',
      )
      .option('-y, --yes', 'open the event without being asked (never trusts a root)')
      .option('--json', 'print JSON'),
  );
  add('status [event]', 'judge an event: exit 0 accepted, 1 pending, 2 rejected, 3 no change', command =>
    command
      .addHelpText('after', STATUS_HELP)
      .option('--event <rev>', 'what is judged, as any revision (default: HEAD)')
      .option('--known-good <rev>', 'judge against this, taken as it is (default: where the event left main)')
      .option('--json', 'print the verdict as JSON'),
  );
  add('update-targets [event]', "make an event's metadata say what lies in targets/, and push it", command =>
    command.option('--json', 'print JSON'),
  );
  add('online-sign', 'sign snapshot and timestamp on main where they are stale', command =>
    command
      .option('--trusted-root <file>', 'a root that main has to follow from (default: none)')
      .option('--json', 'print JSON'),
  );
  add('verify', 'verify the complete repository at a commit, as publishable: exit 0 or 2', command =>
    command
      .option('--rev <rev>', 'the commit (default: HEAD)')
      .option('--trusted-root <file>', 'the root to start from (default: the oldest in the commit)')
      .option('--clients', 'also print what each TUF client could not verify; the exit code is the same')
      .option('--json', 'print the verdict as JSON'),
  );
  addPublishCommands(add);
  add('page', 'write the page of a repository: who signs what, until when, how a client starts', command =>
    command
      .requiredOption('--out <file>', 'the HTML file to write')
      .option('--rev <rev>', 'the commit (default: main)')
      .option('--trusted-root <file>', 'the root to start from (default: the oldest in the commit)')
      .option('--json', 'print JSON'),
  );
  add(
    'policy <event> [file]',
    'put a policy file into an event of its own, for root to name and sign',
    command => command.option('--remove', 'take the policy away instead'),
  );
  add(
    'github',
    'bring the workflows into this checkout, check the settings on GitHub: exit 0, 1 not all looked at, 2 failed',
    command =>
      command
        .addHelpText('after', GITHUB_HELP)
        .option('--check', 'write no file and set nothing')
        .option(
          '--actions <reference>',
          'pin the workflows to these actions: OWNER/REPOSITORY@COMMIT (default: those of this release)',
        )
        .option(
          '--app <id>',
          "the GitHub App that signs online, to be let past main's rules where they are made",
        )
        .option('-y, --yes', 'replace workflows that differ, and set what can be set, without being asked')
        .option('--json', 'print files and findings as JSON'),
  );
  addCeremonyCommands(program, parent => commandAdder(parent, exit, contextOf), signing);
  addRequestCommands(program, parent => commandAdder(parent, exit, contextOf));
  addImportCommand(add, onlineKey);
  addPinCommands(program, parent => commandAdder(parent, exit, contextOf));
  addKeyCommands(program, parent => commandAdder(parent, exit, contextOf));
  addBundleCommand(commandAdder(program, exit, contextOf, clientCommon));
  addClientCommands(program, parent => commandAdder(parent, exit, contextOf, clientCommon));
  add('demo', 'the main job on virtual cards: set-up, quorum, publishing, a client, an attack', command =>
    command.option('--out <folder>', 'where everything is left (default: a new temporary folder)'),
  );
  groupCommands(program);
  return program;
}

export type Options = (command: Command) => Command;

const onlineKey: Options = command =>
  command
    .option('--online-key <uri>', 'where automation finds its key, as in file:online.pem')
    .option('--online-public <file>', 'the PEM of its public half, where the key is out of reach here')
    .option('--create-online-key', 'make the key file if it is not there');

export const signing: Options = command =>
  command
    .option('--key <uri>', 'what you sign with (default: piv:, your card), as in piv:serial=12345678')
    .option('--pin-file <file>', 'a file that holds the PIN')
    .option('--pin-fd <number>', 'a file descriptor to read the PIN from')
    .option(
      '-y, --yes',
      'answer yes to what would be asked (never spends the last PIN try, never trusts a root)',
    );

/** What every command understands comes last in its help. */
const common: Options = command =>
  command
    .optionsGroup('Every command:')
    .option('--repo <folder>', 'the clone to work in', '.')
    .option('--user <account>', 'who you are (default: git config tuf-signer.user)')
    .option('--pull-remote <name>', 'where events come from (default: origin)')
    .option('--push-remote <name>', 'where your commits go (default: the pull remote)')
    .option('--now <time>', 'judge as if it were this time, as in 2026-01-31T12:00:00Z');

/** The same of the client commands, which have no clone. */
const clientCommon: Options = command =>
  command.option('--now <time>', 'as if it were this time, as in 2026-01-31T12:00:00Z');

export type Run = (args: readonly string[], flags: GlobalFlags, context: RunContext) => Promise<number>;

/** Each command's code is loaded when it is run: most runs need little of it. */
const runners: ReadonlyMap<string, () => Promise<Run>> = new Map<string, () => Promise<Run>>([
  ['init', async () => (await import('./commands/init.ts')).run],
  ['delegate', async () => (await import('./commands/delegate.ts')).run],
  ['sign', async () => (await import('./commands/sign.ts')).run],
  ['repair', async () => (await import('./commands/repair.ts')).run],
  ['status', async () => (await import('./commands/status.ts')).run],
  ['update-targets', async () => (await import('./commands/update-targets.ts')).run],
  ['online-sign', async () => (await import('./commands/online-sign.ts')).run],
  ['verify', async () => (await import('./commands/verify.ts')).run],
  ...publishRunners,
  ['page', async () => (await import('./commands/page.ts')).run],
  ['policy', async () => (await import('./commands/policy.ts')).run],
  ...ceremonyRunners,
  ...importRunners,
  ...pinRunners,
  ...requestRunners,
  ...keyRunners,
  ...clientRunners,
  ['github', async () => (await import('./commands/github.ts')).run],
  ['demo', async () => (await import('./commands/demo.ts')).run],
]);

const commandAdder =
  (
    program: Command,
    exit: (code: number) => void,
    contextOf: (yes: boolean) => RunContext,
    shared: Options = common,
  ) =>
  (usage: string, description: string, options: Options): void => {
    const command = program.command(usage).description(description).exitOverride();
    command.showHelpAfterError(`(see tuf-signer ${nameOf(command)} --help)`);
    shared(options(command)).action(async () => {
      const flags = command.opts<GlobalFlags>();
      const run = await runners.get(nameOf(command))?.();
      exit((await run?.(command.args, flags, contextOf(flags.yes === true))) ?? EXIT.defect);
    });
  };

/** `sign`, `key list`. */
const nameOf = (command: Command): string =>
  command.parent?.parent ? `${command.parent.name()} ${command.name()}` : command.name();

export const isHelp = (error: unknown): boolean => error instanceof CommanderError && error.exitCode === 0;
export const isUsageError = (error: unknown): boolean => error instanceof CommanderError;
