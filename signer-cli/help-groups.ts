import { Command } from 'commander';

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
  const help = new Command('help').argument('[command]').description('what a command does and takes');
  program.addHelpCommand(help.helpGroup(headings.get('help') ?? 'Commands:'));
}
