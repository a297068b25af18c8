import { expressionsOf, fieldsOf, type Job, jobsOf, listOf, type PolicyFile } from './file.ts';

const TRIGGERS = new Set(['push', 'pull_request', 'schedule', 'workflow_dispatch']);
/** Of what automation needs on a branch sign/…, no more: whoever pushes there may use all of it. */
const EVENT_SCOPES = new Set(['contents', 'pull-requests', 'statuses']);
const SCOPES = new Set([...EVENT_SCOPES, 'actions', 'issues', 'pages', 'id-token']);
/** What changes a branch or a site; two of a kind at once would fight. */
const PUSHING = new Set(['contents', 'pages']);

export function triggersOf({ fields }: PolicyFile): ReadonlyMap<string, unknown> {
  const on = fields.get('on');
  return on instanceof Map ? fieldsOf(on) : new Map(listOf(on).map(name => [String(name), undefined]));
}

/** Whose word decides what this file says where it runs: main's, or that of anybody who may push or open a pull request. */
export function reachOf(file: PolicyFile): 'main' | 'branch' | 'anybody' {
  const triggers = triggersOf(file);
  if (triggers.has('pull_request')) return 'anybody';
  const push = fieldsOf(triggers.get('push'));
  const isOfMain = listOf(push.get('branches')).every(name => name === 'main');
  return !triggers.has('push') || (isOfMain && (push.has('branches') || push.has('tags')))
    ? 'main'
    : 'branch';
}

const writesOf = ({ fields }: Job): readonly string[] =>
  [...fieldsOf(fields.get('permissions'))].filter(([, level]) => level === 'write').map(([scope]) => scope);

export function* checkTriggers(file: PolicyFile): Iterable<string> {
  if (file.kind === 'action') return;
  const triggers = triggersOf(file);
  if (triggers.size === 0) yield 'has no trigger';
  for (const name of triggers.keys()) if (!TRIGGERS.has(name)) yield `is triggered by ${name}`;
  const push = fieldsOf(triggers.get('push'));
  if (triggers.has('push') && !push.has('branches') && !push.has('tags')) yield 'is triggered by every push';
  if (push.has('branches-ignore') || push.has('tags-ignore'))
    yield 'names branches or tags by those that it leaves out';
}

export function* checkPermissions(file: PolicyFile): Iterable<string> {
  if (file.kind === 'action') return;
  const top = file.fields.get('permissions');
  if (!(top instanceof Map) || top.size > 0) yield 'has no "permissions: {}" on top';
  const reach = reachOf(file);
  for (const job of jobsOf(file)) {
    const given = job.fields.get('permissions');
    if (!(given instanceof Map)) yield `${job.name}: names no permissions one by one`;
    for (const [scope, level] of fieldsOf(given)) {
      if (!SCOPES.has(scope)) yield `${job.name}: ${scope} is no scope that is needed here`;
      if (level !== 'read' && level !== 'write') yield `${job.name}: ${scope} is neither read nor write`;
    }
    for (const scope of writesOf(job)) {
      if (reach === 'anybody') yield `${job.name}: a pull request may write ${scope}`;
      else if (reach === 'branch' && !EVENT_SCOPES.has(scope))
        yield `${job.name}: a pushed branch may write ${scope}`;
    }
  }
}

export function* checkSecrets(file: PolicyFile): Iterable<string> {
  const { kind, fields } = file;
  const reach = kind === 'action' ? 'anybody' : reachOf(file);
  const outside = new Map([...fields].filter(([key]) => key !== 'jobs' && key !== 'runs'));
  if (namesSecrets(outside)) yield 'names secrets outside of its jobs';
  for (const job of jobsOf(file)) {
    const guarded = job.fields.has('environment');
    const needsGuard = namesSecrets(job.fields) || writesOf(job).includes('id-token');
    if (reach !== 'main' && guarded)
      yield `${job.name}: an environment, where others than main decide what runs`;
    if (reach !== 'main' && needsGuard)
      yield `${job.name}: a secret, where others than main decide what runs`;
    if (reach === 'main' && needsGuard && !guarded) yield `${job.name}: a secret outside of an environment`;
    if (isComputed(job.fields.get('environment'))) yield `${job.name}: its environment is computed`;
  }
}

/** GitHub reads names of contexts in any case. */
const namesSecrets = (value: unknown): boolean =>
  [...expressionsOf(value)].some(text => /\bsecrets\b/i.test(text));

const isComputed = (environment: unknown): boolean =>
  String(environment instanceof Map ? environment.get('name') : environment).includes('${{');

export function* checkConcurrency(file: PolicyFile): Iterable<string> {
  if (!jobsOf(file).some(job => writesOf(job).some(scope => PUSHING.has(scope)))) return;
  const concurrency = fieldsOf(file.fields.get('concurrency'));
  if (typeof concurrency.get('group') !== 'string') yield 'pushes, and two of it may run at once';
  else if (concurrency.get('cancel-in-progress') !== false) yield 'pushes, and may be cut off while it does';
}
