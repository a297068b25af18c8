import { ruleOperations } from './branch-rules.ts';
import { commitOperations } from './commits.ts';
import { environmentOperations } from './environments.ts';
import { issueOperations } from './issues.ts';
import type { Answer, Operation } from './operation.ts';
import { pullOperations } from './pulls.ts';
import { runOperations } from './runs.ts';
import { settingsOperations } from './settings.ts';
import { workflowOperations } from './workflows.ts';

/** Everything that is served, the longest paths first, as `{ref}` takes all that follows. */
export const OPERATIONS: readonly Operation[] = [
  ...settingsOperations,
  ...ruleOperations,
  ...environmentOperations,
  ...commitOperations,
  ...pullOperations,
  ...issueOperations,
  ...runOperations,
  ...workflowOperations,
].sort((a, b) => b.path.split('/').length - a.path.split('/').length);

const TAKES_SLASHES: ReadonlySet<string> = new Set(['ref', 'branch']);

const PATTERNS: ReadonlyMap<Operation, RegExp> = new Map(
  OPERATIONS.map(operation => {
    const source = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      TAKES_SLASHES.has(name) ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`,
    );
    return [operation, new RegExp(`^${source}$`)];
  }),
);

/** Finds the operation that a request means. `path` is as it came: encoded, without the query. */
export function findOperation(
  method: string,
  path: string,
): { readonly operation: Operation; readonly params: ReadonlyMap<string, string> } | undefined {
  for (const operation of OPERATIONS) {
    if (operation.method !== method) continue;
    const groups = PATTERNS.get(operation)?.exec(path)?.groups;
    if (groups !== undefined || path === operation.path) {
      const params = Object.entries(groups ?? {}).map(
        ([name, text]) => [name, decodeURIComponent(text)] as const,
      );
      return { operation, params: new Map(params) };
    }
  }
  return undefined;
}

/** One page of a list, with GitHub's `Link` header. Source: REST documentation, "Using pagination". */
export function paginate(
  { items, key }: NonNullable<Answer['list']>,
  url: URL,
): { readonly body: unknown; readonly link: string | undefined } {
  const size = Math.min(100, Math.max(1, Number(url.searchParams.get('per_page') ?? 30) || 30));
  const page = Math.max(1, Number(url.searchParams.get('page') ?? 1) || 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const cut = items.slice((page - 1) * size, page * size);
  const to = (target: number, rel: string): string => {
    const copy = new URL(url);
    copy.searchParams.set('page', String(target));
    return `<${copy.href}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [to(page - 1, 'prev'), to(1, 'first')] : []),
    ...(page < last ? [to(page + 1, 'next'), to(last, 'last')] : []),
  ];
  return {
    body: key === undefined ? cut : { total_count: items.length, [key]: cut },
    link: links.length === 0 ? undefined : links.join(', '),
  };
}
