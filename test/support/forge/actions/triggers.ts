import type { ForgeEvent } from '../events.ts';
import { changedFiles, tryGit } from '../refs.ts';
import { asFields, asText, asTexts, type Fields } from './fields.ts';
import { takes } from './glob.ts';
import type { WorkflowFile } from './workflow-file.ts';

/** Activity types that start a workflow that names none. Source: "Events that trigger workflows". */
const DEFAULT_TYPES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['pull_request', new Set(['opened', 'synchronize', 'reopened'])],
  ['pull_request_target', new Set(['opened', 'synchronize', 'reopened'])],
]);

const DISPATCHES: ReadonlySet<string> = new Set(['workflow_dispatch', 'repository_dispatch']);

/** A person's word that nothing shall start. Source: "Skipping workflow runs". */
const SKIP = /\[(skip ci|ci skip|no ci|skip actions|actions skip)\]|^skip-checks: ?true$/m;

/** May this event start anything? What a job's token makes starts nothing but the two dispatches. */
export function mayStartWorkflows(event: ForgeEvent): boolean {
  if (event.sha === '' || !event.repository.actions.enabled) return false;
  if (event.byJob && !DISPATCHES.has(event.name)) return false;
  if (event.name !== 'push' && event.name !== 'pull_request') return true;
  const commit = event.pull?.pull?.headSha ?? event.sha;
  return !SKIP.test(tryGit(event.repository, 'show', '-s', '--format=%B', commit) ?? '');
}

/** Does the event start this workflow, which lies in its commit's tree? */
export function starts(workflow: WorkflowFile, event: ForgeEvent): boolean {
  if (!workflow.on.has(event.name)) return false;
  if (event.only !== undefined && event.only !== workflow.path) return false;
  const value = workflow.on.get(event.name);
  if (event.name === 'schedule') {
    const lines = Array.isArray(value) ? value : [];
    return lines.some(
      line => asText(asFields(line, 'schedule').get('cron'), 'cron') === event.payload['schedule'],
    );
  }
  const filters = asFields(value, `on.${event.name}`);
  return (
    takesType(filters, event) &&
    takesOrigin(filters, event) &&
    takesRef(filters, event) &&
    takesPaths(filters, event)
  );
}

function takesType(filters: Fields, event: ForgeEvent): boolean {
  if (event.action === undefined) return true;
  if (filters.has('types')) return asTexts(filters.get('types'), 'types').includes(event.action);
  return DEFAULT_TYPES.get(event.name)?.has(event.action) ?? true;
}

/** `workflow_run` names the workflows whose end or beginning it waits for. */
const takesOrigin = (filters: Fields, event: ForgeEvent): boolean =>
  event.name !== 'workflow_run' ||
  asTexts(filters.get('workflows'), 'workflows').includes(String(event.payload['origin']));

/** The branch that `branches:` is about: the one pushed to, a pull request's base, or that of the run waited for. */
function branchOf(event: ForgeEvent): string | undefined {
  if (event.name === 'workflow_run') return String(event.payload['origin_branch']);
  if (event.pull?.pull !== undefined) return event.pull.pull.base;
  return /^refs\/heads\/(.+)$/.exec(event.ref)?.[1];
}

function takesRef(filters: Fields, event: ForgeEvent): boolean {
  const branch = branchOf(event);
  const tag = /^refs\/tags\/(.+)$/.exec(event.ref)?.[1];
  const has = (name: string): boolean => filters.has(name) || filters.has(`${name}-ignore`);
  const taken = (kind: string, name: string): boolean => {
    if (filters.has(kind)) return takes(asTexts(filters.get(kind), kind), name);
    const ignored = `${kind}-ignore`;
    if (filters.has(ignored)) return !takes(asTexts(filters.get(ignored), ignored), name);
    // Filters for branches alone leave no tag, and the other way round.
    return !has(kind === 'branches' ? 'tags' : 'branches');
  };
  if (tag !== undefined && event.name === 'push') return taken('tags', tag);
  return branch === undefined || taken('branches', branch);
}

function takesPaths(filters: Fields, event: ForgeEvent): boolean {
  const only = filters.get('paths');
  const ignored = filters.get('paths-ignore');
  if ((only === undefined && ignored === undefined) || event.ref.startsWith('refs/tags/')) return true;
  const files = filesOf(event);
  if (only !== undefined) return files.some(file => takes(asTexts(only, 'paths'), file));
  return files.some(file => !takes(asTexts(ignored, 'paths-ignore'), file));
}

/** A pull request's own changes; a push's since before; a new branch's since it left the default one. */
function filesOf(event: ForgeEvent): readonly string[] {
  const { repository, pull } = event;
  const base = (from: string, to: string): string | undefined => tryGit(repository, 'merge-base', from, to);
  if (pull?.pull !== undefined)
    return changedFiles(repository, base(pull.pull.baseSha, pull.pull.headSha), pull.pull.headSha);
  const main = `refs/heads/${repository.defaultBranch}`;
  return changedFiles(
    repository,
    event.before ?? (event.ref === main ? undefined : base(main, event.sha)),
    event.sha,
  );
}
