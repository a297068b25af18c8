import { targetPathProblem } from '../metadata/names.ts';
import { matchesPattern } from '../metadata/pattern.ts';
import { POLICY_FILE } from '../policy/policy.ts';

/**
 * May an event change `path`, outside of metadata/ and targets/, under these patterns of the policy? Never what begins
 * with a dot on any level (.github/, .gitattributes), never the policy, and nothing that a file system which folds case
 * takes for one of these.
 */
export function mayChange(patterns: readonly string[], path: string): boolean {
  if (targetPathProblem(path) !== undefined || /(^|\/)\./.test(path)) return false;
  const [top = ''] = path.toLowerCase().split('/');
  if (top === 'metadata' || top === 'targets' || top === POLICY_FILE) return false;
  return patterns.some(pattern => covers(pattern, path));
}

function covers(pattern: string, path: string): boolean {
  if (!pattern.endsWith('/**')) return matchesPattern(pattern, path);
  const folder = pattern.slice(0, -'/**'.length);
  const segments = path.split('/');
  const depth = folder.split('/').length;
  return segments.length > depth && matchesPattern(folder, segments.slice(0, depth).join('/'));
}
