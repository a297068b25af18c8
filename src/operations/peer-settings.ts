import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseRemoteName } from '../git/names.ts';
import { gitText } from '../git/process.ts';
import type { GitRepository } from '../git/repository.ts';
import type { Settings } from '../git/settings.ts';
import { parseKeyOwner } from '../metadata/names.ts';

const FILE = '.tuf-on-ci-sign.ini';
const MAX_CHARACTERS = 64 * 1024;

/**
 * The settings that tuf-on-ci's signer left in this checkout, so that its users need not answer again. A file that git
 * tracks came with a branch and is somebody else's word: it is ignored.
 */
export async function readPeerSettings(repository: GitRepository): Promise<Settings> {
  let text: string;
  try {
    text = await readFile(join(repository.folder, FILE), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return {};
    throw error;
  }
  if (text.length > MAX_CHARACTERS || (await isTracked(repository))) return {};
  const values = parseIni(text).get('settings');
  const [user, pull, push] = ['user-name', 'pull-remote', 'push-remote'].map(name => values?.get(name));
  return {
    ...(user === undefined ? {} : { user: parseKeyOwner(user.startsWith('@') ? user : `@${user}`) }),
    ...(pull === undefined ? {} : { pullRemote: parseRemoteName(pull) }),
    ...(push === undefined ? {} : { pushRemote: parseRemoteName(push) }),
  };
}

async function isTracked(repository: GitRepository): Promise<boolean> {
  // A file system that folds case finds the file also where a branch brought it under another spelling.
  return (await gitText(repository, ['ls-files', '--', `:(icase)${FILE}`])) !== '';
}

/** `[section]` and `name = value` lines. Source: Python's configparser, as far as that file uses it. */
export function parseIni(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\[([^\]]+)\]\s*$/.exec(line)?.[1];
    const [, name, value] = /^([^\s=:#;][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (section !== undefined) {
      current = sections.get(section) ?? new Map();
      sections.set(section, current);
    } else if (name !== undefined && value !== undefined) {
      current?.set(name.toLowerCase(), value);
    }
  }
  return sections;
}
