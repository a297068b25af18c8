import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Answer, type CommandResult, programAtTerminal } from './command.ts';
import { run } from './program.ts';
import type { Person, Town } from './town.ts';

const projectFile = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

const PROGRAMS = projectFile('.interop/tuf-on-ci/bin');
const MODULES = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib64/softhsm/libsofthsm.so'];
const PIN = '271828';

/** Where PIV's slot 9c is found by PKCS#11, and the curve that every client knows. */
const KEY = ['--id', '02', '--key-type', 'EC:prime256v1'];

/** Somebody who signs with tuf-on-ci's tools, and a card in software. */
export interface Incumbent {
  /** `tuf-on-ci-sign EVENT` at a terminal. */
  sign(event: string, answers: readonly Answer[]): Promise<CommandResult>;
  /** `tuf-on-ci-delegate EVENT ROLE` at a terminal. */
  delegate(event: string, role: string, answers: readonly Answer[]): Promise<CommandResult>;
}

/** What they are asked, and what this person answers. */
export const ANSWERS: {
  readonly pin: Answer;
  readonly push: Answer;
  /** The card, for which their tools know YubiKeys alone. */
  readonly card: readonly Answer[];
} = {
  pin: { asked: /Enter pin to sign/, typed: PIN },
  push: { asked: /Press enter to push/, typed: '' },
  card: [
    { asked: /type of signing key/, typed: '2' },
    { asked: /insert your Yubikey/, typed: '' },
  ],
};

/** Gives a person of the town tuf-on-ci's tools, and a card where they have none. Throws where they are not installed. */
export async function incumbent(town: Town, name: string): Promise<Incumbent> {
  const module = MODULES.find(file => existsSync(file));
  if (module === undefined || !existsSync(join(PROGRAMS, 'tuf-on-ci-sign')))
    throw new Error('tuf-on-ci-sign or SoftHSM is not installed: run script/interop');
  const person = town.person(name);
  const environment = await environmentOf(town, name);
  if ((await readdir(join(environment['HOME'] ?? '', 'tokens'))).length === 0)
    await makeToken(module, name, environment);
  await writeFile(
    join(person.folder, '.tuf-on-ci-sign.ini'),
    `[settings]\nuser-name = @${name}\npush-remote = origin\npull-remote = origin\npykcs11lib = ${module}\n`,
  );
  await requireBranch(person);
  const start = (program: string, args: readonly string[], answers: readonly Answer[]) =>
    programAtTerminal([join(PROGRAMS, program), ...args], answers, { folder: person.folder, environment });
  return {
    sign: (event, answers) => start('tuf-on-ci-sign', [event], answers),
    delegate: (event, role, answers) => start('tuf-on-ci-delegate', [event, role], answers),
  };
}

async function environmentOf(town: Town, name: string): Promise<Readonly<Record<string, string>>> {
  const home = join(town.folder, `home-${name}`);
  await mkdir(join(home, 'tokens'), { recursive: true });
  await writeFile(join(home, 'softhsm2.conf'), `directories.tokendir = ${join(home, 'tokens')}\n`);
  // Their tools ask a registry for a newer release of theirs once a day: today that has been done.
  const cache = join(home, '.cache', 'tuf-on-ci-sign');
  await mkdir(cache, { recursive: true });
  await writeFile(join(cache, 'pypi_release_version'), '0.0.1');
  return {
    HOME: home,
    SOFTHSM2_CONF: join(home, 'softhsm2.conf'),
    GIT_CONFIG_NOSYSTEM: '1',
    TERM: 'xterm',
    LANG: 'C.UTF-8',
  };
}

async function makeToken(
  module: string,
  label: string,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const set = Object.entries(environment).map(([variable, value]) => `${variable}=${value}`);
  const token = ['--token-label', label, '--login', '--pin', PIN];
  for (const command of [
    ['softhsm2-util', '--init-token', '--free', '--label', label, '--pin', PIN, '--so-pin', '314159265'],
    ['pkcs11-tool', '--module', module, ...token, '--keypairgen', ...KEY, '--label', 'SIGN key'],
  ]) {
    const { code, output } = await run('env', ...set, ...command);
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${output}`);
  }
}

/** Their tools go back to the branch that they came from: there has to be one. */
async function requireBranch(person: Person): Promise<void> {
  await person.git('fetch', '--quiet', 'origin');
  const branches = await person.git('branch', '--remotes');
  if (!branches.includes('origin/main')) return;
  await person.git('switch', '--quiet', '-C', 'main', 'origin/main');
}
