import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemErrorCode } from '../../client/error.ts';
import { OperationError } from '../error.ts';
import type { RunProgram } from './program.ts';
import { isStale, type Store } from './store.ts';

// Whole files by their content, each put in place by a rename; nothing of their owner, and no link is followed or made.
const WAYS: readonly string[] = ['--checksum', '--protect-args', '--chmod=D755,F644', '--perms'];
/** Names as they are: in an answer written otherwise, for want of a language, a file that lacks would pass for being there. */
const NAMES = '--8-bit-output';
/** Some files were not there to be read. Source: rsync(1), "EXIT VALUES". */
const PARTIAL = 23;

/** A folder here or on another host. Its headers are the web server's to set: docs/publishing.md says how. */
export function rsyncStore(run: RunProgram, folder: string, target: string): Store {
  const listed = (files: readonly string[]): { readonly input: string } => ({
    input: files.map(file => `${file}\0`).join(''),
  });
  const from = ['--from0', '--files-from=-', '--', `${folder}/`, target];
  const top = async (): Promise<ReadonlyMap<string, number>> => {
    // The same answer says that there is no such folder, and that nobody may read it: then nothing can be sent, either.
    const list = ['--list-only', '--copy-links', NAMES, '--protect-args', '--', target];
    return filesIn(await run('rsync', list, { answers: [0, PARTIAL] }));
  };
  const stale = async (wanted: ReadonlySet<string>): Promise<readonly string[]> => {
    const output = await run('rsync', ['--recursive', '--list-only', NAMES, '--protect-args', '--', target]);
    return [...filesIn(output).keys()].filter(file => isStale(file, wanted));
  };
  return {
    top,
    async read(file, maxBytes) {
      const scratch = await mkdtemp(join(tmpdir(), 'tuf-signer-deploy-'));
      try {
        const ways = ['--copy-links', '--protect-args', `--max-size=${maxBytes}`];
        await run('rsync', [...ways, '--', target + file, `${scratch}/`]);
        return await readFile(join(scratch, file));
      } catch (error) {
        // Passed over, as it is larger.
        if (systemErrorCode(error) === 'ENOENT') return undefined;
        throw error;
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },
    async compare(files) {
      const args = ['--dry-run', '--out-format=:%i:%n', NAMES, ...WAYS, ...from];
      const named = differences(await run('rsync', args, listed(files)));
      // In the place of a link a file is a new one to rsync, whatever stands behind it.
      const linked = await top();
      const [absent, other]: [string[], string[]] = [[], []];
      for (const file of files) {
        const how = named.get(file);
        if (how !== undefined) (NEW.test(how) && !linked.has(file) ? absent : other).push(file);
        named.delete(file);
      }
      // What is not named counts as there: so nothing may be named in a way that is not understood.
      const [stranger] = named.keys();
      if (stranger !== undefined)
        throw new OperationError(
          'PROGRAM_FAILED',
          `rsync names ${JSON.stringify(stranger)}, which is no file of the site: what is there is not known`,
        );
      return { absent, other };
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

/** Of a file that is not there yet. Source: rsync(1), `--itemize-changes`. */
const NEW = /\+$/;

/** The files that rsync would send or touch, each with what it says of why. */
function differences(output: Buffer): Map<string, string> {
  const named = new Map<string, string>();
  for (const line of output.toString('utf8').split('\n')) {
    if (!line.startsWith(':') || line.endsWith('/')) continue;
    const [, how = '', name = line] = /^:([^:]*):(.+)$/.exec(line) ?? [];
    named.set(name, how);
  }
  return named;
}

/** The plain files of a listing, with their sizes, in which rsync puts commas. */
function filesIn(output: Buffer): ReadonlyMap<string, number> {
  const files = new Map<string, number>();
  for (const line of output.toString('utf8').split('\n')) {
    const [, size, name] = /^-\S+ +([\d,.]+) \S+ \S+ (.+)$/.exec(line) ?? [];
    if (size !== undefined && name !== undefined) files.set(name, Number(size.replaceAll(/[,.]/g, '')));
  }
  return files;
}

function parents(file: string): readonly string[] {
  const segments = file.split('/').slice(0, -1);
  return segments.map((_, i) => segments.slice(0, i + 1).join('/'));
}
