import type { Options, Run } from './program.ts';

const IMPORT_HELP = `
SOURCE is the URL or folder of a published repository: with metadata/ and
targets/ in it, or with metadata at its top. It is followed from the trusted
root as a client does, every artifact is fetched and checked, and main gets it
byte for byte. The event makes a repository of tuf-signer of it: every key says
whose it is, one online key, periods, consistent snapshots. The published root's
quorum signs that, and the new one.

Name the holder of each key by --owner, or invite people with new keys by
--invite; a key that nobody is named for is left behind, and can still hand root
over:
  tuf-signer import https://tuf.example.org --trusted-root root.json \\
    --owner 5d0a1c22=@alice --owner 93b7e4f0=@bob --invite root=@carol \\
    --threshold root=2 --online-key file:online.pem

Run again while the event is open, it brings main up to date with what was
published since. docs/adopt.md tells the rest: what has to stay at the old
address, and when to lead clients over.`;

const list = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

export function addImportCommand(
  add: (usage: string, description: string, options: Options) => void,
  onlineKey: Options,
): void {
  add('import [source] [event]', 'make a published TUF repository one that lives in this clone', command =>
    onlineKey(
      command
        .addHelpText('after', IMPORT_HELP)
        .option(
          '--trusted-root <file>',
          "the repository's first root, as clients have it (default: it is shown, and asked about)",
        )
        .option('--from-trusted-root', 'begin with the trusted root though the site has older ones')
        .option('--metadata-url <place>', 'URL or folder of the metadata, where it is elsewhere')
        .option('--targets-url <place>', 'URL or folder of the artifacts, where they are elsewhere')
        .option('--allow-expired', 'import it though it has expired')
        .option(
          '--owner <keyid=holder>',
          'whose a key is: @account, or the URI of automation (repeatable)',
          list,
        )
        .option('--invite <role=accounts>', 'who joins a role with a new key (repeatable)', list)
        .option(
          '--threshold <role=number>',
          'how many have to sign a role (repeatable; default: as published)',
          list,
        )
        .option(
          '--periods <role=days/days>',
          'expiry and signing period of a role (repeatable; default: as published, else 365/60, timestamp 7/4)',
          list,
        )
        .option('-n, --dry-run', 'verify, judge and show everything, and push nothing')
        .option('-y, --yes', 'answer yes to what would be asked (never trusts a root)')
        .option('--json', 'print the outcome as JSON'),
    ),
  );
}

export const importRunners: readonly (readonly [string, () => Promise<Run>])[] = [
  ['import', async () => (await import('./commands/import.ts')).run],
];
