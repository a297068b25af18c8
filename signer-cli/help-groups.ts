import type { Command } from 'commander';

/** Who needs which command, in the order in which they come to it. */
const GROUPS: ReadonlyMap<string, readonly string[]> = new Map([
  ['For keyholders:', ['sign', 'key', 'drill', 'calendar', 'pin', 'request']],
  [
    'To set up and change a repository:',
    ['init', 'import', 'github', 'delegate', 'policy', 'renew', 'repair'],
  ],
  ['To look at it:', ['status', 'verify', 'page']],
  ['What automation runs, for a hand to run as well:', ['update-targets', 'online-sign', 'build', 'deploy']],
  ['To follow it as clients do:', ['client', 'bundle', 'test-repository']],
  ['To learn:', ['demo', 'help']],
]);

/** Lists the commands of `program` by who needs them, once all of them were added. One that stands in no group comes first. */
export function groupCommands(program: Command): void {
  const headings = new Map([...GROUPS].flatMap(([heading, names]) => names.map(name => [name, heading])));
  const order = [...headings.keys()];
  const place = (command: Command): number => order.indexOf(command.name());
  // Commander lists groups by the first command of each; which command runs is found by name.
  const commands = program.commands as Command[];
  commands.sort((a, b) => place(a) - place(b));
  for (const command of commands) command.helpGroup(headings.get(command.name()) ?? 'Commands:');
  addHelp(program, headings.get('help') ?? 'Commands:');
  for (const group of commands.filter(command => command.commands.length > 0)) {
    addHelp(group, 'Commands:');
    group.showHelpAfterError(`(see tuf-signer ${group.name()} --help; options come after the COMMAND)`);
  }
}

/** Commander's own help command shows everything where it does not know a name, and says nothing of that. */
function addHelp(parent: Command, heading: string): void {
  const names = new Set(parent.commands.map(command => command.name()));
  parent
    .command('help [command...]')
    .description('what a command does and takes')
    .helpOption(false)
    .helpGroup(heading)
    .exitOverride()
    .action(async (path: readonly string[]) => {
      const [first, ...rest] = path;
      const command = parent.commands.find(known => known.name() === first);
      if (first === undefined) parent.help();
      else if (command === undefined || !names.has(first)) await parent.parseAsync([first], { from: 'user' });
      else if (rest.length === 0 || command.commands.length === 0) command.help();
      // `help client download` is `client help download`.
      else await command.parseAsync(['help', ...rest], { from: 'user' });
    });
  parent.helpCommand(false);
}
