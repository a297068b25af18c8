// Builds actions/dist/: one file an action, committed, as GitHub runs them from the repository without an install step.
// The output depends on the sources and the lock file alone. With a folder as argument it is built there instead.
import { readdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const out = resolve(process.argv[2] ?? fileURLToPath(new URL('../actions/dist', import.meta.url)));
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
rmSync(out, { recursive: true, force: true });

// Dependencies that are CommonJS call require(), which an ES module does not have.
const banner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

const names = readdirSync('actions', { withFileTypes: true })
  .filter(entry => entry.isDirectory() && !['lib', 'dist'].includes(entry.name))
  .map(entry => entry.name);

await build({
  entryPoints: Object.fromEntries(names.map(name => [name, `actions/${name}/main.ts`])),
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minify: true,
  // Errors are named after their classes.
  keepNames: true,
  banner: { js: banner },
  legalComments: 'none',
  logLevel: 'warning',
});
