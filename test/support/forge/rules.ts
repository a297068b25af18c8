import { unreachable } from '../../../src/errors.ts';
import type { BranchRule, Repository, RuleType } from './model.ts';

/** Does a ruleset's pattern name this branch? `*` and `?` stop at slashes, `**` does not. Source: Ruby's File.fnmatch. */
export function fnmatch(pattern: string, name: string): boolean {
  const source = pattern.replaceAll(/\*\*\/?|[*?]|[.+^${}()|[\]\\]/g, token => {
    if (token === '**/') return '(?:.*/)?';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    return token === '?' ? '[^/]' : `\\${token}`;
  });
  return new RegExp(`^${source}$`, 'u').test(name);
}

const covers = (repository: Repository, pattern: string, branch: string): boolean =>
  pattern === '~ALL' ||
  (pattern === '~DEFAULT_BRANCH' ? branch === repository.defaultBranch : fnmatch(pattern, branch));

/** The rules in force for a branch. */
export const rulesFor = (repository: Repository, branch: string): readonly BranchRule[] =>
  repository.rules.filter(
    rule =>
      (rule.enforcement ?? 'active') === 'active' &&
      rule.branches.some(pattern => covers(repository, pattern, branch)),
  );

/** What a rule of each type forbids, as GitHub tells the pusher. */
const WORDS: Readonly<Record<RuleType, string>> = {
  creation: 'Cannot create ref due to creations being restricted.',
  update: 'Cannot update this protected ref.',
  deletion: 'Cannot delete this branch',
  non_fast_forward: 'Cannot force-push to this branch',
  pull_request: 'Changes must be made through a pull request.',
  required_status_checks: 'Required status checks are expected.',
};

export interface RefChange {
  /** Absent: the branch is made. */
  readonly before: string | undefined;
  /** Absent: the branch is deleted. */
  readonly after: string | undefined;
}

/** Is a rule of this type broken by a direct change? Force-pushes are judged where both commits are at hand. */
function broken(type: RuleType, repository: Repository, rule: BranchRule, change: RefChange): boolean {
  switch (type) {
    case 'creation':
      return change.before === undefined;
    case 'update':
    case 'pull_request':
      return change.before !== undefined && change.after !== undefined;
    case 'deletion':
      return change.after === undefined;
    case 'non_fast_forward':
      return false;
    case 'required_status_checks':
      return change.after !== undefined && !checksPassed(repository, rule, change.after);
    default:
      return unreachable(type);
  }
}

export const checksPassed = (repository: Repository, rule: BranchRule, sha: string): boolean =>
  (rule.checks ?? []).every(
    context =>
      repository.statuses.findLast(status => status.sha === sha && status.context === context)?.state ===
      'success',
  );

/** Why `login` may not change the branch so by a push; `undefined` where he may. */
export function refusal(
  repository: Repository,
  branch: string,
  login: string,
  change: RefChange,
): string | undefined {
  for (const rule of rulesFor(repository, branch)) {
    if (rule.bypass?.includes(login) === true) continue;
    for (const type of rule.rules) if (broken(type, repository, rule, change)) return WORDS[type];
  }
  return undefined;
}

/** May `login` not rewrite this branch? */
export const forbidsForce = (repository: Repository, branch: string, login: string): boolean =>
  rulesFor(repository, branch).some(
    rule => rule.bypass?.includes(login) !== true && rule.rules.includes('non_fast_forward'),
  );
