import type { Identity } from './commit-object.ts';
import { GitError } from './error.ts';
import { type GitRepository, runGit } from './process.ts';

const REMEDY =
  'run git config --global user.name "Your Name" and git config --global user.email you@example.org';

/**
 * The person whom git would name as author here (`user.name` and `user.email`, GIT_AUTHOR_NAME, …). Git's guess from
 * the name of the machine does not count. Throws {@link GitError} `IDENTITY_MISSING`.
 */
export async function readIdentity(repository: GitRepository): Promise<Identity> {
  const { stdout } = await runGit(repository, ['-c', 'user.useConfigOnly=true', 'var', 'GIT_AUTHOR_IDENT'], {
    answers: [0, 128],
  });
  const match = /^(.+) <([^<>]+)> \d+ [+-]\d{4}\n$/.exec(stdout.toString('utf8'));
  if (match === null)
    throw new GitError('IDENTITY_MISSING', `git does not know your name and address: ${REMEDY}`);
  return requireIdentity({ name: match[1] ?? '', email: match[2] ?? '' });
}

/** Throws {@link GitError} `IDENTITY_MISSING` unless both parts can stand in a commit's header. */
export function requireIdentity(identity: Identity): Identity {
  for (const part of [identity.name, identity.email]) {
    if (part.trim() === '' || /[<>\p{Cc}]/u.test(part)) {
      throw new GitError('IDENTITY_MISSING', `${JSON.stringify(part)} can't stand in a commit: ${REMEDY}`);
    }
  }
  return identity;
}
