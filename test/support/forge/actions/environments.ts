import type { Environment, Repository } from '../model.ts';
import { fnmatch, rulesFor } from '../rules.ts';

/** May a run of this ref deploy there? Source: "Deployment branches and tags". */
export function mayDeploy(repository: Repository, environment: Environment, ref: string): boolean {
  const { branches } = environment;
  if (branches === undefined) return true;
  const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
  // A pull request's ref is a merge that no pattern for branches names.
  if (branch === undefined) return false;
  if (branches === 'protected') return rulesFor(repository, branch).length > 0;
  return branches.some(pattern => fnmatch(pattern, branch));
}
