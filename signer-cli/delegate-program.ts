import type { Adder } from './key-program.ts';
import type { Options } from './program.ts';

const HELP = `
Without an event, a role or a change, a person at the terminal is asked, step
by step. Before anything is written it shows the roles that result, what has to
be signed anew and by whom, and which signatures become void; then it asks.

  tuf-signer delegate sign/tools tools --signers @bob,@carol --threshold 2
  tuf-signer delegate sign/tools tools --add-signers @dave
  tuf-signer delegate sign/tools tools --remove-signers @dave (or invited)
  tuf-signer delegate sign/tools linux --delegator tools --signers @dave
  tuf-signer delegate sign/tools docs --signers @bob --paths 'docs/*,man/*' \\
    --before tools
  tuf-signer delegate sign/tools tools --remove
  tuf-signer delegate sign/tools tools --bins 256 --online-key file:bins.pem
  tuf-signer delegate sign/key timestamp --online-key file:new.pem \\
    --create-online-key

Of root and targets, signers, threshold and periods can be changed; of snapshot
and timestamp, which share their key, that key and the periods of each.
A role that is removed takes the files of its artifacts along: to keep them, add
them anew in a later event.`;

/** `tuf-signer delegate`. `keys` adds the options on keys of people and of automation. */
export function addDelegateCommand(add: Adder, keys: Options): void {
  add(
    'delegate [event] [role]',
    'create, change or remove a role in an event: who signs what, and how long',
    command =>
      keys(
        command
          .addHelpText('after', HELP)
          .option('--signers <accounts>', 'exactly these sign the role; who has no key yet is invited')
          .option('--add-signers <accounts>', 'these, too')
          .option('--remove-signers <accounts>', 'these no longer; what invites them is withdrawn')
          .option('--threshold <number>', 'how many of them have to')
          .option('--periods <days/days>', 'expiry and signing period (a new role: 365/60)')
          .option(
            '--paths <patterns>',
            "what it speaks for, as in 'a/*,b/*' (a new role: four levels of ROLE/)",
          )
          .option('--delegator <role>', 'who delegates to a new role (default: targets)')
          .option('--terminating', 'clients end their search with it (a new role: so)')
          .option('--no-terminating', 'clients go on to the next role')
          .option('--before <role>', 'clients ask it before that one')
          .option('--remove', 'take the role away, with its file and the files of its artifacts')
          .option('--recursive', 'with --remove: and the roles below it')
          .option(
            '--bins <number>',
            "share the role's artifacts out among so many hash bins; signers, threshold, periods and online key are theirs then",
          )
          .option('--succinct', 'write the bins as succinct_roles (TAP 15), for clients that follow it')
          .option('--dry-run', 'show what would become of it, and write nothing')
          .option('--json', 'print the outcome as JSON'),
      ),
  );
}
