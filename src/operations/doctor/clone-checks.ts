import { CodedError } from '../../errors.ts';
import { GitError } from '../../git/error.ts';
import type { RemoteName } from '../../git/names.ts';
import { gitText, runGit } from '../../git/process.ts';
import type { GitRepository } from '../../git/repository.ts';
import { authorOf, findMain, pullRemote, type Workspace } from '../workspace.ts';
import { type Check, fail, ok, warn } from './check.ts';

/** The oldest git that knows every option that we use (`rev-parse --end-of-options` is the newest of them). */
const OLDEST_GIT: readonly [major: number, minor: number] = [2, 30];
/** Milliseconds. A remote that is slower would make every command slow. */
const REMOTE_DEADLINE = 10_000;

/** Is git there, and new enough? */
export async function checkGit(folder: string): Promise<Check> {
  try {
    const text = await gitText(folder, ['--version']);
    const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(text) ?? [];
    const [oldest, oldestMinor] = OLDEST_GIT;
    const isOld = Number(major) < oldest || (Number(major) === oldest && Number(minor) < oldestMinor);
    return isOld
      ? fail('git', `${text} is too old`, `install git ${OLDEST_GIT.join('.')} or newer`)
      : ok('git', text);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    return fail('git', error.message, 'install git and see that it is on the PATH');
  }
}

/** Looks at a clone: who its user is, and whether its remotes answer without asking anybody anything. */
export async function checkClone(workspace: Workspace): Promise<readonly Check[]> {
  const { user } = workspace.settings;
  const checks = [
    ok('clone', `the clone in ${workspace.repository.folder}`),
    await identityCheck(workspace),
    user === undefined
      ? fail('user', 'this clone does not know your account', 'git config tuf-signer.user @your-account')
      : ok('user', `you are ${user}`),
  ];
  const pull = pullRemote(workspace);
  if (pull === undefined)
    return [...checks, fail('remote', 'this clone has no remote', 'git remote add origin URL')];
  const push = workspace.settings.pushRemote ?? pull;
  const names = pull === push ? [pull] : [pull, push];
  const remotes = names.map(name => remoteCheck(workspace.repository, name));
  return [...checks, ...(await Promise.all([...remotes, forgeCheck(workspace, pull)]))];
}

/** Does anything on main judge events when they are pushed? Where a forge is in play at all. */
async function forgeCheck(workspace: Workspace, remote: RemoteName): Promise<Check> {
  const url = workspace.remotes.find(({ name }) => name === remote)?.url ?? '';
  if (!/^(?:https?|ssh):\/\/|^[\w.-]+@[\w.-]+:/.test(url))
    return ok(
      'forge',
      `no forge: remote ${remote} is a git repository alone, where people run update-targets and online-sign`,
    );
  try {
    const { commit } = await findMain(workspace);
    const search = [
      'grep',
      '--quiet',
      '--fixed-strings',
      '--no-textconv',
      '-e',
      'tuf-signer',
      commit,
      '--',
      WORKFLOWS,
    ];
    const { exitCode } = await runGit(workspace.repository, search, { answers: [0, 1] });
    if (exitCode === 0) return ok('forge', `a workflow on main runs tuf-signer (${WORKFLOWS})`);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return warn('forge', `main is not known here: ${error.message}`, `git fetch ${remote}`);
  }
  return warn(
    'forge',
    `no workflow on main runs tuf-signer: events are judged only where somebody runs it`,
    `add one to ${WORKFLOWS} that runs tuf-signer update-targets and status for pushes to sign/**`,
  );
}

const WORKFLOWS = '.github/workflows';

async function identityCheck(workspace: Workspace): Promise<Check> {
  try {
    const { name, email } = await authorOf(workspace);
    return ok('identity', `git commits as ${name} <${email}>`);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    const fix =
      'git config --global user.name "Your Name" and git config --global user.email you@example.org';
    return fail('identity', 'git does not know your name and address', fix);
  }
}

async function remoteCheck(repository: GitRepository, remote: RemoteName): Promise<Check> {
  const signal = AbortSignal.timeout(REMOTE_DEADLINE);
  try {
    const quiet = await quietOptions(repository);
    await runGit(repository, [...quiet, 'ls-remote', '--quiet', '--', remote, 'HEAD'], {
      remote: true,
      failure: 'REMOTE_FAILED',
      signal,
    });
    return ok('remote', `remote ${remote} answers`);
  } catch (error) {
    const isLate = signal.aborted;
    if (!isLate && !(error instanceof CodedError)) throw error;
    const why = error instanceof CodedError ? error.message : 'it took too long';
    return warn(
      'remote',
      `remote ${remote} did not answer without asking for a password: ${isLate ? 'it took too long' : why}`,
      `see what git fetch ${remote} says; a password or a touch may be all that it wants`,
    );
  }
}

/** Nobody is to be asked for a password here. An ssh command of the user's own is left as it is. */
async function quietOptions(repository: GitRepository): Promise<readonly string[]> {
  const own = await gitText(repository, ['config', '--get', 'core.sshCommand'], { answers: [0, 1] });
  const batch = own === '' ? ['-c', 'core.sshCommand=ssh -o BatchMode=yes'] : [];
  return ['-c', 'credential.interactive=false', ...batch];
}
