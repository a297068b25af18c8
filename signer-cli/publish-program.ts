import type { Adder } from './key-program.ts';
import type { Run } from './program.ts';

const BUILD_HELP = `
What clients have now is read through the client from the trusted root, and the
new site has to lead on from it: by default from the site that stands at --out,
else name it by --previous. Only before anything was ever signed online there
can be none; otherwise say so by --first-publish. A previous site that can't be
reached, or is broken, stops the build; --repair goes on over a broken one and
says what is lost. What a client would refuse stays refused.
Exit codes: 0 built, 2 refused, 64 nobody said what clients have, 73 --out is
something else, 75 another build is under way. See docs/publishing.md.`;

const DEPLOY_HELP = `
  tuf-signer deploy site --to /srv/www/tuf/             here, by rsync
  tuf-signer deploy site --to www@example.org:/srv/tuf/ by rsync and ssh
  tuf-signer deploy site --to s3://bucket/prefix        by aws, the AWS CLI
  tuf-signer deploy site --to gs://bucket/prefix        by gcloud, Google's CLI

Artifacts go first, then roles, snapshot, roots and the page, timestamp.json
last: until then clients follow the old site, which is still whole. A run that
was broken off goes on: what is there with the same content is not sent again.
What stands there has to be an older state of this site: another repository's
roots, or a newer state, are never written over. Credentials are those of the
programs, from their own settings and variables.
Exit codes: 0 done, 2 refused, or the new site does not work, 66 no site here,
69 a program is missing or failed (run it again) or --url does not answer,
73 the folder is no site, 74 a file here could not be read.`;

const TEST_HELP = `
Runs the client as it is on a machine that has nothing but the trusted root.
--source compares with what a clone's main says, and needs --repo.
Exit codes: 0 in order, 2 something is wrong (a sentence each), 64 no address,
69 no server answers, and nothing is known to be wrong.`;

/** `tuf-signer build`, `deploy` and `test-repository`. */
export function addPublishCommands(add: Adder): void {
  add('build', 'build the site that clients fetch from a commit on main', command =>
    command
      .addHelpText('after', BUILD_HELP)
      .requiredOption('--out <folder>', 'the folder that becomes the site')
      .option('--previous <place>', 'what clients have now: URL or folder (default: the site at --out)')
      .option('--previous-metadata-only', 'do not fetch its artifacts, whose names hold their digests')
      .option('--first-publish', 'nothing was ever published')
      .option('--repair', 'go on where the previous site is broken, and say what is lost')
      .option('--keep <number>', 'snapshots before the new one whose files stay, 0 to 16 (default: 2)')
      .option('--rev <rev>', 'the commit (default: main)')
      .option('--trusted-root <file>', 'the root to start from (default: the oldest in the commit)')
      .option('--json', 'print JSON'),
  );
  add(
    'deploy <folder>',
    'bring a built site to where clients fetch it: rsync, S3, Google Cloud Storage',
    command =>
      command
        .addHelpText('after', DEPLOY_HELP)
        .requiredOption('--to <destination>', 'FOLDER, HOST:FOLDER, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX')
        .option('--delete', 'then take away files of older sites, which is never done before')
        .option('--repair', 'put this site over a timestamp or versioned files that are broken there')
        .option('--dry-run', 'say what would be sent, and send nothing')
        .option('--url <url>', 'then follow the site there as a client, from --trusted-root')
        .option('--trusted-root <file>', "with --url: the root to start from (default: the folder's oldest)")
        .option('--json', 'print JSON'),
  );
  add(
    'test-repository <url>',
    'follow a published site as a client, and say what is not in order: exit 0, 2 or 69',
    command =>
      command
        .addHelpText('after', TEST_HELP)
        .requiredOption('--trusted-root <file>', 'the root to start from')
        .option('--targets-url <url>', 'where artifacts are (default: targets/ below the address)')
        .option('--artifact <path>', 'a target that has to be there, with its signed content')
        .option('--valid-days <days>', 'days that snapshot and timestamp have to last (default: 0)')
        .option('--offline-valid-days <days>', 'the same of what people sign (default: 0)')
        .option('--source', 'every role has to be the version that main of --repo has')
        .option('--json', 'print JSON'),
  );
}

/** The code of each, loaded when it is run. */
export const publishRunners: readonly (readonly [string, () => Promise<Run>])[] = [
  ['build', async () => (await import('./commands/build.ts')).run],
  ['deploy', async () => (await import('./commands/deploy.ts')).run],
  ['test-repository', async () => (await import('./commands/test-repository.ts')).run],
];
