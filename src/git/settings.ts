import { MetadataError } from '../metadata/error.ts';
import { type KeyOwner, parseKeyOwner } from '../metadata/names.ts';
import { parseRemoteName, type RemoteName } from './names.ts';
import { type GitRepository, gitText, runGit } from './process.ts';

/** `tuf-signer.*` in the clone's own configuration. */
export interface Settings {
  /** `tuf-signer.user`: whose keys this person holds. */
  readonly user?: KeyOwner;
  /** `tuf-signer.pull-remote`: where known-good and the events come from. */
  readonly pullRemote?: RemoteName;
  /** `tuf-signer.push-remote`: where signatures go. */
  readonly pushRemote?: RemoteName;
}

export const SETTING_NAMES = ['user', 'pull-remote', 'push-remote'] as const;
export type SettingName = (typeof SETTING_NAMES)[number];

const SECTION = 'tuf-signer.';

/**
 * Reads the settings. Throws {@link GitError} `BAD_REF_NAME` or MetadataError `BAD_NAME` where one can't be what it
 * says.
 */
export async function readSettings(repository: GitRepository): Promise<Settings> {
  const values = await listSettings(repository);
  const [user, pull, push] = SETTING_NAMES.map(name => values.get(name));
  return {
    ...(user === undefined ? {} : { user: readUser(user) }),
    ...(pull === undefined ? {} : { pullRemote: parseRemoteName(pull) }),
    ...(push === undefined ? {} : { pushRemote: parseRemoteName(push) }),
  };
}

/** Typed by a person: the message says where it stands, and how to mend it. */
function readUser(value: string): KeyOwner {
  try {
    return parseKeyOwner(value);
  } catch (error) {
    if (!(error instanceof MetadataError)) throw error;
    const meant = /^[A-Za-z0-9-]{1,64}$/.test(value) ? `@${value}` : '@your-account';
    const remedy = `run git config tuf-signer.user ${meant}`;
    throw new MetadataError('BAD_NAME', `tuf-signer.user of this clone: ${error.message}: ${remedy}`, {
      cause: error,
    });
  }
}

/** Every `tuf-signer.*` value as it stands, known or not; the last one where there are several. */
export async function listSettings(repository: GitRepository): Promise<ReadonlyMap<string, string>> {
  const output = await gitText(
    repository,
    ['config', '--local', '--null', '--get-regexp', '^tuf-signer\\.'],
    {
      answers: [0, 1],
    },
  );
  const values = new Map<string, string>();
  for (const record of output.split('\0')) {
    const [key = '', ...lines] = record.split('\n');
    if (key.startsWith(SECTION)) values.set(key.slice(SECTION.length), lines.join('\n'));
  }
  return values;
}

/** Sets one setting for this clone, or takes it away where `value` is `undefined`. Refuses what can't be read back. */
export async function writeSetting(
  repository: GitRepository,
  name: SettingName,
  value: string | undefined,
): Promise<void> {
  const key = `${SECTION}${name}`;
  if (value === undefined) {
    // 5: there was none
    await runGit(repository, ['config', '--local', '--unset-all', '--', key], { answers: [0, 5] });
    return;
  }
  const checked = name === 'user' ? parseKeyOwner(value) : parseRemoteName(value);
  await runGit(repository, ['config', '--local', '--replace-all', '--', key, checked]);
}
