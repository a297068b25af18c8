import type { Database } from './database.ts';
import type { Repository } from './model.ts';
import { type Actor, afterBranchChange } from './pull-requests.ts';
import { isAncestor, tryGit } from './refs.ts';
import { repositoryJson, userJson } from './rest/render.ts';

/** No object: what a push's event names where a ref was not or is no more. */
export const NO_OBJECT: string = '0'.repeat(40);

/** Tells of every branch and tag that differs between two looks at the refs. */
export function emitPushes(
  database: Database,
  repository: Repository,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  actor: Actor,
): void {
  for (const ref of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(ref), after.get(ref)];
    if (was !== is) emitPush(database, repository, ref, was, is, actor);
  }
}

function emitPush(
  database: Database,
  repository: Repository,
  ref: string,
  was: string | undefined,
  is: string | undefined,
  actor: Actor,
): void {
  const [, kind, name = ''] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
  const common = { repository, actor: actor.account, byJob: actor.byJob };
  const said = {
    repository: repositoryJson(database.url, repository),
    sender: userJson(database.url, actor.account),
  };
  const refType = kind === 'heads' ? 'branch' : 'tag';
  if (was === undefined && is !== undefined) {
    database.emit({
      ...common,
      name: 'create',
      ref,
      sha: commitOf(repository, is),
      payload: { ...said, ref: name, ref_type: refType },
    });
  }
  const payload = {
    ...said,
    ref,
    before: was ?? NO_OBJECT,
    after: is ?? NO_OBJECT,
    created: was === undefined,
    deleted: is === undefined,
    forced: was !== undefined && is !== undefined && !isAncestor(repository, was, is),
    pusher: { name: actor.account.login },
    head_commit: is === undefined ? null : headCommit(repository, is),
  };
  const sha = is === undefined ? '' : commitOf(repository, is);
  database.emit({
    ...common,
    name: 'push',
    ref,
    sha,
    ...(was === undefined ? {} : { before: was }),
    payload,
  });
  if (is === undefined) {
    const main = `refs/heads/${repository.defaultBranch}`;
    const head = tryGit(repository, 'rev-parse', '--verify', '-q', main) ?? '';
    database.emit({
      ...common,
      name: 'delete',
      ref: main,
      sha: head,
      payload: { ...said, ref: name, ref_type: refType },
    });
  }
  if (kind === 'heads') afterBranchChange(database, repository, name, actor);
}

const commitOf = (repository: Repository, object: string): string =>
  tryGit(repository, 'rev-parse', '--verify', '-q', `${object}^{commit}`) ?? '';

function headCommit(repository: Repository, object: string): Readonly<Record<string, unknown>> | null {
  const text = tryGit(repository, 'show', '-s', '--format=%H%n%T%n%aI%n%an%n%ae%n%B', object);
  if (text === undefined) return null;
  const [id, tree_id, timestamp, name, email, ...message] = text.split('\n');
  const author = { name, email };
  return { id, tree_id, timestamp, author, committer: author, message: message.join('\n').trim() };
}
