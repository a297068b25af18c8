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

/**
 * The toolkit's packages do nothing when they are loaded but define things, and do not say so. With it esbuild leaves out what
 * no action uses: two HTTP clients, 420 KB, for tokens of OpenID Connect and for proxies.
 */
const toolkit = {
  name: 'toolkit',
  /** @param {import('esbuild').PluginBuild} build */
  setup: build => {
    build.onResolve({ filter: /./ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      const isOfToolkit = /^@actions\//.test(path) || /[\\/]@actions[\\/](core|github)[\\/]/.test(importer);
      if (!isOfToolkit || pluginData === toolkit) return undefined;
      const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: toolkit });
      return { ...found, sideEffects: false };
    });
  },
};

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
  plugins: [toolkit],
  legalComments: 'none',
  logLevel: 'warning',
});
