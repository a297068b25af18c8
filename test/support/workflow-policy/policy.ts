import type { PolicyFile } from './file.ts';
import { checkConcurrency, checkPermissions, checkSecrets, checkTriggers } from './rights.ts';
import {
  checkCredentials,
  checkFailures,
  checkJobs,
  checkOpening,
  checkPlain,
  checkScripts,
} from './steps.ts';
import { type Contracts, checkInputs, checkPins, checkReferences, pinsOf } from './uses.ts';

type Check = (file: PolicyFile, contracts: Contracts) => Iterable<string>;

/** What holds of every workflow and action, ours and those that people copy. docs/github-security.md says why. */
export const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['plain', checkPlain],
  ['opening', checkOpening],
  ['triggers', checkTriggers],
  ['permissions', checkPermissions],
  ['secrets', checkSecrets],
  ['concurrency', checkConcurrency],
  ['jobs', checkJobs],
  ['failures', checkFailures],
  ['pins', checkPins],
  ['inputs', checkInputs],
  ['references', checkReferences],
  ['scripts', checkScripts],
  ['credentials', checkCredentials],
]);

/** One line a fault: which check, and what it says. */
export const faultsOf = (file: PolicyFile, contracts: Contracts): readonly string[] =>
  [...CHECKS].flatMap(([name, check]) => [...check(file, contracts)].map(fault => `${name}: ${fault}`));

/** An action that is pinned to two commits, or to one under two versions: one of them was forgotten. */
export function disagreements(files: readonly PolicyFile[]): readonly string[] {
  const found = new Map<string, Set<string>>();
  for (const [uses, version] of files.flatMap(file => [...pinsOf(file)])) {
    const [action = '', commit = ''] = uses.split('@');
    const pins = found.get(action) ?? new Set();
    found.set(action, pins.add(`${commit}${version}`));
  }
  return [...found].filter(([, pins]) => pins.size > 1).map(([action]) => action);
}
