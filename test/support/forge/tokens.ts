import { randomBytes } from 'node:crypto';
import {
  ACTIONS_BOT,
  type Access,
  type Permissions,
  type Repository,
  type Role,
  type Scope,
  type Token,
} from './model.ts';

const RANK = { none: 0, read: 1, write: 2 } as const satisfies Readonly<Record<Access, number>>;

/** Tokens that were given out, by their text. A text tells its kind by GitHub's prefixes. */
export class Tokens {
  readonly #tokens = new Map<string, Token>();

  issue(token: Omit<Token, 'expired'>): string {
    const prefix = token.kind === 'user' ? (token.permissions ? 'github_pat_' : 'ghp_') : 'ghs_';
    const text = `${prefix}${randomBytes(18).toString('hex')}`;
    this.#tokens.set(text, { ...token, expired: false });
    return text;
  }

  /** A token that is good until {@link expire}: GITHUB_TOKEN. */
  issueForJob(repository: Repository, permissions: Permissions): string {
    return this.issue({ kind: 'job', account: ACTIONS_BOT, permissions, repository });
  }

  find(text: string): Token | undefined {
    const token = this.#tokens.get(text);
    return token?.expired === true ? undefined : token;
  }

  expire(text: string): void {
    const token = this.#tokens.get(text);
    if (token !== undefined) token.expired = true;
  }
}

/** What a repository's roles allow, at most: `triage` may write to issues, `write` to all but settings. */
function roleAccess(role: Role | undefined, scope: Scope): Access {
  if (role === undefined) return 'none';
  if (role === 'admin') return 'write';
  if (scope === 'administration' || scope === 'environments') return 'none';
  if (role === 'read') return 'read';
  if (role === 'triage') return scope === 'issues' || scope === 'pull-requests' ? 'write' : 'read';
  return scope === 'pages' && role === 'write' ? 'read' : 'write';
}

export const roleOf = (repository: Repository, login: string): Role | undefined =>
  repository.owner.login === login ? 'admin' : repository.collaborators.get(login);

/** Is this repository visible at all to who holds the token? */
export const maySee = (token: Token | undefined, repository: Repository): boolean =>
  !repository.private || (token !== undefined && accessOf(token, repository, 'metadata') !== 'none');

/**
 * What a token may do in a repository. Reading what is public needs no permission and is not told here; settings are
 * never public.
 */
export function accessOf(token: Token, repository: Repository, scope: Scope): Access {
  if (token.repository !== undefined && token.repository !== repository) return 'none';
  // Every token may read metadata where it is good for anything.
  const granted = token.permissions?.get(scope) ?? (scope === 'metadata' ? 'read' : 'none');
  if (token.kind !== 'user') return granted;
  const role = roleAccess(roleOf(repository, token.account.login), scope);
  if (token.permissions === undefined) return role;
  return RANK[granted] < RANK[role] ? granted : role;
}

export const allows = (granted: Access, needed: Access): boolean => RANK[granted] >= RANK[needed];
