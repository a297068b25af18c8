// Builds dist/: the command (one chunk a subcommand, loaded when it is run) and the library, with its types.
// The output depends on the sources and the lock file alone.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
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

if (typesToo) {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
}
