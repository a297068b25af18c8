import type { Command } from 'commander';
import type { Adder } from './key-program.ts';
import type { Options, Run } from './program.ts';

const INTRODUCTION = `A TUF client: fetches what a repository publishes, and keeps nothing that
does not verify from a root that you have by another way.

One folder (--dir) holds what is trusted and what was seen: the pinned root, the
metadata, and a cache of artifacts by their content. Any number of processes
may share it.`;

const EXAMPLES = `
  tuf-signer client init root.json --metadata-url https://tuf.example.org/
  tuf-signer client refresh                      what is the state of the repository?
  tuf-signer client list 'tools/*'               what does it have?
  tuf-signer client download tools/greet.sh      into this folder, under tools/
  tuf-signer client download tools/greet.sh --max-age 72h
                                                 no network where the last look is younger
  tuf-signer client download tools/greet.sh --offline
                                                 from the cache alone
  tuf-signer client download tools/greet.sh --bundle release.tufbundle

What each policy gives up, mirrors, several repositories: docs/client.md.

A download of several ends with the first that can't be had; Ctrl-C leaves
nothing half-written.

Exit codes:
   0  done                                66  no such target; not on the server;
   2  not the root that --fingerprint         not in the cache; no root pinned
      names                               69  the network or a server failed
  64  usage, an address, or no such file  73  another root is pinned here
  65  what was served does not verify     74  a file can not be read or written
      (expired, rolled back, wrong hash
      …), an unsafe path, damaged settings
With --json an error is printed as {"error": {"code", "message"}} too.`;

const list = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

const place: Options = command =>
  command.option('--dir <folder>', 'the folder of this client (default: .tuf-client)');

const addresses: Options = command =>
  command
    .option(
      '--metadata-url <url>',
      'where timestamp.json is; again for each mirror (default: as at init)',
      list,
    )
    .option(
      '--targets-url <url>',
      'where the artifacts are; again for each mirror (default: targets/ below the metadata)',
      list,
    )
    .option(
      '--allow-redirect-to <origin>',
      'follow redirects there too, as in https://cdn.example.org; again for more (default: as at init)',
      list,
    )
    .option(
      '--timeout <duration>',
      'give up a server that is silent for longer, at most 24h (default: as at init, or 20s)',
    );

const policies: Options = command =>
  command
    .option('--max-age <duration>', 'no network while the last look is younger, as in 90s, 30m, 72h, 7d')
    .option('--prefer-cache', 'no network while the cache has it and is not past its date')
    .option('--offline', 'no network at all')
    .option('--bundle <file>', 'from a file that tuf-signer bundle wrote; no network')
    .option('--allow-expired', 'with --offline or --bundle: take metadata past its date, and say so')
    .option('--max-targets-bytes <number>', 'largest targets metadata that is taken (default: 5000000)');

/** `tuf-signer client …`. */
export function addClientCommands(program: Command, adderOf: (parent: Command) => Adder): void {
  const client = program
    .command('client')
    .description(INTRODUCTION)
    .summary('fetch from a repository, verified: init, refresh, list, download')
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  const add = adderOf(client);
  const adding = (usage: string, description: string, options: Options): void =>
    add(usage, description, command => place(options(command)).option('--json', 'print JSON'));
  adding('init <root>', 'pin a root file: everything is verified from it', command =>
    addresses(command).option('--fingerprint <sha256>', 'refuse a root with another fingerprint'),
  );
  adding('refresh', 'bring the metadata up to date', command => policies(addresses(command)));
  adding('list [patterns...]', 'list targets over all roles; * and ? match slashes too', command =>
    policies(addresses(command)),
  );
  adding('download <targets...>', 'fetch artifacts, whole and verified or not at all', command =>
    policies(addresses(command))
      .option('--out <folder>', 'where they are written, under their target paths', '.')
      .option('--no-artifact-cache', 'keep no second copy of them')
      .option('--map <file>', 'a map file (TAP 4): repositories, each initialised in DIR/NAME, by quorum')
      .option(
        '--metadata-path <path>',
        'with --map: where the metadata is below each address (default: metadata)',
      ),
  );
}

const BUNDLE_HELP = `
The file is a tar of the site: the chain of roots, all metadata, the artifacts
that you name. The same site makes the same bytes. Everything is verified on its
way in; whoever uses it verifies again, from the root that they have pinned:
  tuf-signer client download PATH --bundle FILE`;

/** `tuf-signer bundle`. */
export function addBundleCommand(add: Adder): void {
  add('bundle', 'pack a site into one file, for clients without a network', command =>
    command
      .addHelpText('after', BUNDLE_HELP)
      .option('--site <site>', 'a folder that tuf-signer build wrote, or an http(s) address')
      .option('--out <file>', 'the file to write')
      .option('--artifact <path>', 'a target to pack; again for more', list)
      .option('--all', 'pack every target')
      .option('--metadata-only', 'pack no target')
      .option('--trusted-root <file>', "where the chain of roots begins (default: the site's 1.root.json)")
      .option('--metadata-path <path>', 'where the metadata is below the site (default: .)')
      .option('--max-targets-bytes <number>', 'largest targets metadata that is taken (default: 5000000)')
      .option('--json', 'print JSON'),
  );
}

/** The code of each, loaded when it is run. */
export const clientRunners: readonly (readonly [string, () => Promise<Run>])[] = [
  ['client init', async () => (await import('./commands/client/init.ts')).run],
  ['client refresh', async () => (await import('./commands/client/refresh.ts')).run],
  ['client list', async () => (await import('./commands/client/list.ts')).run],
  ['bundle', async () => (await import('./commands/bundle.ts')).run],
  ['client download', async () => (await import('./commands/client/download.ts')).run],
];
