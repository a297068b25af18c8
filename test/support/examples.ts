import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type BuiltCli, projectFolder, type Ran, runProgram } from './cli.ts';
import type { Crew } from './crew.ts';

/** The blocks of a document that are marked `<!-- run: NAME -->`, by name, in their order. */
export async function readBlocks(file: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(projectFolder, file), 'utf8');
  const marked = text.matchAll(/<!-- run: ([\w-]+) -->\n```\w+\n([^]*?)```/g);
  return new Map([...marked].map(([, name = '', body = '']) => [name, body]));
}

/** The commands of a console block, as they are typed. */
export const commandsOf = (block: string | undefined): string =>
  (block ?? '')
    .split('\n')
    .filter(line => line.startsWith('$ '))
    .map(line => line.slice(2))
    .join('\n');

/**
 * Runs commands in somebody's clone (or in `cwd`). `tuf-signer` there signs with their key file, as no card is at hand, and says yes;
 * beside that it is the built command, and they are what the document says. Expects them to succeed.
 */
export async function perform(
  cli: BuiltCli,
  crew: Crew,
  name: string,
  script: string,
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Ran> {
  const bin = join(crew.folder, 'bin', name);
  await mkdir(bin, { recursive: true });
  const key = join(crew.folder, 'keys', `${name}.pem`);
  const wrapper = `#!/bin/sh
case "$1 $2" in
'init '* | 'delegate '* | 'sign '* | 'request sign') set -- "$@" --yes --key 'file:${key}' ;;
'request import') set -- "$@" --yes ;;
esac
exec '${process.execPath}' '${cli.file}' "$@"
`;
  await writeFile(join(bin, 'tuf-signer'), wrapper, { mode: 0o755 });
  const ran = await runProgram('sh', ['-eu', '-c', script], {
    cwd: options.cwd ?? crew.clone(name).folder,
    env: {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      HOME: crew.folder,
      TUF_SIGNER_KEYS: join(crew.folder, 'tuf-keys'),
      ...options.env,
    },
  });
  expect(`${ran.exit} ${ran.stderr}`).toMatch(/^0 /);
  return ran;
}
