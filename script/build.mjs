// Builds dist/: the command (one chunk a subcommand, loaded when it is run) and the library, with its types.
// The output depends on the sources and the lock file alone; on a release's tag it also names that commit.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const typesToo = !process.argv.includes('--no-types');
process.chdir(root);
rmSync('dist', { recursive: true, force: true });

// Dependencies that are CommonJS call require(), which an ES module does not have.
const banner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

await build({
  entryPoints: { cli: 'signer-cli/main.ts', index: 'src/index.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Native: the package manager picks the binary for the machine.
  external: ['pcsc-mini'],
  banner: { js: banner },
  legalComments: 'none',
  logLevel: 'warning',
});

const release = releaseHere();
if (release !== undefined) writeFileSync('dist/release.json', `${JSON.stringify(release)}\n`);

/** Which commit holds the actions of this version: known where the tag `v<version>` stands at what is built. */
function releaseHere() {
  const { version, repository } = JSON.parse(readFileSync('package.json', 'utf8'));
  const [, name] = /github\.com[/:]([\w.-]+\/[\w.-]+?)(?:\.git)?$/.exec(repository?.url ?? '') ?? [];
  if (name === undefined) return undefined;
  const git = (...args) =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    if (!git('tag', '--points-at', 'HEAD').split('\n').includes(`v${version}`)) return undefined;
    return { actions: `${name}@${git('rev-parse', 'HEAD')}` };
  } catch {
    return undefined; // no git, or no clone: then this is no release
  }
}

if (typesToo) {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
}
