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

/** The commands of a console block, as they are typed, each with the lines that continue it. */
export const commandsOf = (block: string | undefined): string =>
  (block ?? '')
    .split('\n')
    .filter(line => /^(\$ | {4})/.test(line))
    .map(line => line.replace(/^\$ /, ''))
    .join('\n');

/** The arguments of each command of a console block that is ours alone, without comments. */
export const argumentsOf = (block: string | undefined): readonly (readonly string[])[] =>
  commandsOf(block)
    .split('\n')
    .filter(line => line.startsWith('tuf-signer '))
    .map(line =>
      line
        .slice('tuf-signer '.length)
        .replace(/ +#.*$/, '')
        .trim()
        .split(/ +/),
    );

/** What a shell does before `tuf-signer` runs with "$@", and what is put behind that. */
export interface Wrapping {
  readonly before?: string;
  readonly after?: string;
}

/** Runs `script` in a shell that finds the built command in `bin`. */
export async function runScript(
  cli: BuiltCli,
  bin: string,
  script: string,
  { before = '', after = '' }: Wrapping,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Ran> {
  await mkdir(bin, { recursive: true });
  const wrapper = `#!/bin/sh\n${before}\nexec '${process.execPath}' '${cli.file}' "$@" ${after}\n`;
  await writeFile(join(bin, 'tuf-signer'), wrapper, { mode: 0o755 });
  return runProgram('sh', ['-eu', '-c', script], {
    cwd,
    env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, ...env },
  });
}

/**
 * Runs commands in somebody's clone (or in `cwd`). `tuf-signer` there signs with their key file, as no card is at hand, and says yes;
 * beside that it is the built command, and they are what the document says. Expects them to succeed.
 */
export async function perform(
  cli: BuiltCli,
  crew: Crew,
  name: string,
  script: string,
  options: {
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly wrapping?: Wrapping;
  } = {},
): Promise<Ran> {
  const keys = join(crew.folder, 'tuf-keys');
  const signs = `case "$1 $2" in
'init '* | 'delegate '* | 'sign '* | 'request sign') set -- "$@" --yes --key 'file:${join(crew.folder, 'keys', `${name}.pem`)}' ;;
'request import') set -- "$@" --yes ;;
esac`;
  const ran = await runScript(
    cli,
    join(crew.folder, 'bin', name),
    script,
    options.wrapping ?? { before: signs },
    {
      cwd: options.cwd ?? crew.clone(name).folder,
      env: { HOME: crew.folder, TUF_SIGNER_KEYS: keys, ...options.env },
    },
  );
  expect(`${ran.exit} ${ran.stderr}`).toMatch(/^0 /);
  return ran;
}
