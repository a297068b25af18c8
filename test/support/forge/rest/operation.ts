import type { Database } from '../database.ts';
import { ApiError, forbidden, invalid, notFound, requiresAuthentication } from '../errors.ts';
import type { Access, Repository, Scope, Token } from '../model.ts';
import { type Actor, actorOf } from '../pull-requests.ts';
import { accessOf, allows, maySee, roleOf } from '../tokens.ts';
import type { Json } from './render.ts';

/** What workflows' side answers to the REST API: the runs it has made. */
export interface RunBook {
  /** Starts a workflow by hand. */
  dispatch(
    repository: Repository,
    workflow: string,
    ref: string,
    inputs: Json,
    actor: Actor,
  ): DispatchOutcome;
  list(repository: Repository): readonly RunRecord[];
}

export type DispatchOutcome =
  | { readonly runId: number }
  | { readonly error: string; readonly status: 404 | 422 };

export interface RunRecord {
  readonly id: number;
  readonly number: number;
  readonly workflow: string;
  readonly name: string;
  readonly event: string;
  readonly ref: string;
  readonly sha: string;
  readonly login: string;
  readonly createdAt: string;
  readonly status: 'queued' | 'in_progress' | 'completed';
  readonly conclusion: string | null;
}

/** One call, its repository and permission already judged. */
export interface Call {
  readonly database: Database;
  readonly base: string;
  readonly runs: RunBook;
  readonly token: Token | undefined;
  /** As the path names them, decoded. */
  readonly params: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
  readonly body: Body;
}

export interface RepositoryCall extends Call {
  readonly repository: Repository;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** A list: the server cuts it into pages, below this key where it is wrapped. */
  readonly list?: { readonly items: readonly unknown[]; readonly key?: string };
}

/** An operation of the REST API, by its id in GitHub's OpenAPI description. */
export interface Operation {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** A template; `{ref}` and `{branch}` take slashes too. */
  readonly path: string;
  readonly handle: (call: Call) => Answer;
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const created = (body: unknown): Answer => ({ status: 201, body });
export const noContent: Answer = { status: 204 };
export const list = (items: readonly unknown[], key?: string): Answer => ({
  status: 200,
  list: key === undefined ? { items } : { items, key },
});

/** What an operation on a repository needs. `publicRead`: not asked of those who read what is public. */
export interface Needs {
  readonly scope: Scope;
  readonly access: Exclude<Access, 'none'>;
  readonly publicRead?: boolean;
  /** Open to every person who sees the repository, as opening issues and pull requests is. */
  readonly anyone?: boolean;
  /** Another scope that does as well, as labels have two. */
  readonly or?: Scope;
}

export const reads = (scope: Scope): Needs => ({ scope, access: 'read', publicRead: true });
/** Settings, which are not public even where the repository is. */
export const readsSettings = (scope: Scope): Needs => ({ scope, access: 'read' });
export const writes = (scope: Scope, or?: Scope): Needs => ({
  scope,
  access: 'write',
  ...(or === undefined ? {} : { or }),
});

/** What everybody may do who sees the repository; a token still has to have the permission. */
export const contributes = (scope: Scope, or?: Scope): Needs => ({ ...writes(scope, or), anyone: true });

/** An operation below `/repos/{owner}/{repo}`, with the checks that come before it. */
export const onRepository = (
  id: string,
  route: `${Operation['method']} /${string}` | `${Operation['method']} `,
  needs: Needs,
  handle: (call: RepositoryCall) => Answer,
): Operation => {
  const [method = 'GET', tail = ''] = route.split(' ');
  return {
    id,
    method: method as Operation['method'],
    path: `/repos/{owner}/{repo}${tail}`,
    handle: call => {
      const repository = call.database.repository(`${param(call, 'owner')}/${param(call, 'repo')}`);
      if (repository === undefined || !maySee(call.token, repository)) throw notFound();
      requirePermission(call.token, repository, needs);
      return handle({ ...call, repository });
    },
  };
};

/**
 * Throws as GitHub does where a permission is missing: 401 for nobody, 403 with the permission that would have done for
 * integrations and fine-grained tokens, 404 for people whose role is too low (403 for settings).
 */
export function requirePermission(token: Token | undefined, repository: Repository, needs: Needs): void {
  const { scope, access, or } = needs;
  if (needs.publicRead === true && !repository.private) return;
  if (token === undefined) throw requiresAuthentication();
  if (allows(accessOf(token, repository, scope), access)) return;
  if (needs.anyone === true && token.kind === 'user') {
    if (token.permissions === undefined || allows(token.permissions.get(scope) ?? 'none', access)) return;
  }
  if (or !== undefined && allows(accessOf(token, repository, or), access)) return;
  if (token.kind !== 'user' || token.permissions !== undefined) throw forbidden(token, scope, access);
  if (scope === 'administration') throw new ApiError(403, 'Must have admin rights to Repository.');
  throw roleOf(repository, token.account.login) === undefined && repository.private
    ? notFound()
    : new ApiError(403, 'Must have push access to view or change this.');
}

export const requireActor = (call: Call): Actor => {
  if (call.token === undefined) throw requiresAuthentication();
  return actorOf(call.token.account, call.token.kind);
};

export function param(call: Call, name: string): string {
  const value = call.params.get(name);
  if (value === undefined) throw new Error(`no {${name}} in the path`);
  return value;
}

/** A request's JSON object, read field by field; a field of another type is GitHub's 422. */
export class Body {
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(value: unknown) {
    if (value !== undefined && (typeof value !== 'object' || value === null || Array.isArray(value)))
      throw new ApiError(422, "Invalid request.\n\nFor 'links/0/schema', the body is not an object.");
    this.#fields = new Map(Object.entries(value ?? {}));
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  string(name: string): string | undefined {
    return this.#typed(name, value => typeof value === 'string') as string | undefined;
  }

  boolean(name: string): boolean | undefined {
    return this.#typed(name, value => typeof value === 'boolean') as boolean | undefined;
  }

  object(name: string): Json | undefined {
    const isObject = (value: unknown): boolean => typeof value === 'object' && !Array.isArray(value);
    return this.#typed(name, isObject) as Json | undefined;
  }

  strings(name: string): readonly string[] | undefined {
    const isList = (value: unknown): boolean =>
      Array.isArray(value) && value.every(item => typeof item === 'string');
    return this.#typed(name, isList) as readonly string[] | undefined;
  }

  objects(name: string): readonly Json[] | undefined {
    const isList = (value: unknown): boolean =>
      Array.isArray(value) && value.every(item => typeof item === 'object' && item !== null);
    return this.#typed(name, isList) as readonly Json[] | undefined;
  }

  required(name: string, resource: string): string {
    const value = this.string(name);
    if (value === undefined) throw invalid({ resource, field: name, code: 'missing_field' });
    return value;
  }

  #typed(name: string, is: (value: unknown) => boolean): unknown {
    const value = this.#fields.get(name);
    if (value === undefined || value === null) return undefined;
    if (!is(value))
      throw new ApiError(422, `Invalid request.\n\nFor 'properties/${name}', the value has a wrong type.`);
    return value;
  }
}
