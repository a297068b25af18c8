import type { Database } from './database.ts';
import type { EventName } from './events.ts';
import type { Repository } from './model.ts';
import type { Actor } from './pull-requests.ts';
import { branchHead } from './refs.ts';
import { repositoryJson, userJson } from './rest/render.ts';

/** An event that belongs to a branch rather than to a change: a schedule, a dispatch, the end of a run. */
export function emitEvent(
  database: Database,
  repository: Repository,
  name: EventName,
  actor: Actor,
  what: { readonly branch: string; readonly action?: string; readonly only?: string } & Readonly<
    Record<string, unknown>
  >,
): void {
  const { branch, only, ...more } = what;
  database.emit({
    name,
    repository,
    actor: actor.account,
    byJob: actor.byJob,
    ref: `refs/heads/${branch}`,
    sha: branchHead(repository, branch) ?? '',
    ...(what.action === undefined ? {} : { action: what.action }),
    ...(only === undefined ? {} : { only }),
    payload: {
      ...more,
      repository: repositoryJson(database.url, repository),
      sender: userJson(database.url, actor.account),
    },
  });
}
