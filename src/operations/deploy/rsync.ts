import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemErrorCode } from '../../client/error.ts';
import { isSiteFile } from '../../repository/layout.ts';
import type { RunProgram } from './program.ts';
import type { Store } from './store.ts';

// Whole files by their content, each put in place by a rename; nothing of their owner, and no link is followed or made.
const WAYS: readonly string[] = ['--checksum', '--protect-args', '--chmod=D755,F644', '--perms'];
/** Some files were not there to be read. Source: rsync(1), "EXIT VALUES". */
const PARTIAL = 23;

/** A folder here or on another host. Its headers are the web server's to set: docs/publishing.md says how. */
export function rsyncStore(run: RunProgram, folder: string, target: string): Store {
  const listed = (files: readonly string[]): { readonly input: string } => ({
    input: files.map(file => `${file}\0`).join(''),
  });
  const from = ['--from0', '--files-from=-', '--', `${folder}/`, target];
  const stale = async (wanted: ReadonlySet<string>): Promise<readonly string[]> => {
    const output = await run('rsync', ['--recursive', '--list-only', '--protect-args', '--', target]);
    const files = output
      .toString('utf8')
      .split('\n')
      .flatMap(line => /^-\S+ +[\d,.]+ \S+ \S+ (.+)$/.exec(line)?.[1] ?? []);
    return files.filter(file => isSiteFile(file) && !wanted.has(file));
  };
  return {
    async readTimestamp() {
      const scratch = await mkdtemp(join(tmpdir(), 'tuf-signer-deploy-'));
      try {
        await run('rsync', ['--protect-args', '--', `${target}timestamp.json`, `${scratch}/`], {
          answers: [0, PARTIAL],
        });
        return await readFile(join(scratch, 'timestamp.json'));
      } catch (error) {
        if (systemErrorCode(error) === 'ENOENT') return undefined;
        throw error;
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },
    async lacking(files) {
      const args = ['--dry-run', '--out-format=%n', ...WAYS, ...from];
      const output = await run('rsync', args, listed(files));
      const named = new Set(output.toString('utf8').split('\n'));
      return files.filter(file => named.has(file));
    },
    async send(_group, files) {
      await run('rsync', [...WAYS, ...from], listed(files));
    },
    stale,
    async remove(files) {
      // Only what is named goes: everything else is kept from the deletion by the last rule.
      const rules = files.map(file => `+ /${file.replaceAll(/[[*?\\]/g, '\\$&')}`);
      const folders = new Set(files.flatMap(file => parents(file)));
      const input = [...[...folders].map(name => `+ /${name}/`), ...rules, '- *', ''].join('\n');
      await run(
        'rsync',
        [
          '--recursive',
          '--delete',
          '--existing',
          '--ignore-existing',
          '--protect-args',
          '--filter=merge -',
          '--',
          `${folder}/`,
          target,
        ],
        { input },
      );
    },
  };
}

function parents(file: string): readonly string[] {
  const segments = file.split('/').slice(0, -1);
  return segments.map((_, i) => segments.slice(0, i + 1).join('/'));
}
