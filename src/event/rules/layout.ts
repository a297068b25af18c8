import { jsonEqual } from '../../json.ts';
import { isTopLevelRole, ROOT, type RoleName, TARGETS } from '../../metadata/names.ts';
import { POLICY_FILE } from '../../policy/policy.ts';
import { drillAt } from '../../repository/drill-file.ts';
import { mayChange } from '../../repository/scope.ts';
import { metadataFile, roleFile, statedPolicyDigest, type TreeEntry } from '../../repository/tree.ts';
import { type Context, standsOnVerified } from '../context.ts';
import { refuse, warn } from '../reason.ts';
import { listed, plural, quoted } from '../words.ts';
import { always, type Rule } from './rule.ts';

/** Every role file is delegated to, and every delegation has its file. */
export const orphans: Rule = {
  id: 'orphans',
  source: 'shared design, rule table; the peers keep files of removed roles',
  modes: always,
  *check({ tree, graph }) {
    for (const path of tree.metadata.keys()) {
      const file = metadataFile(path);
      if (file.kind === 'role' && !isTopLevelRole(file.role) && !graph.roles.has(file.role)) {
        yield refuse(`metadata/${path} belongs to no role that somebody delegates`, file.role);
      }
    }
    const missingBins = new Map<RoleName, RoleName[]>();
    for (const [role, { delegator, delegations }] of graph.roles) {
      if (delegator === ROOT && role !== TARGETS) continue; // root: schema; online roles: online
      if (tree.metadata.has(roleFile(role))) continue;
      if (delegations.succinct === undefined) {
        yield refuse(`${delegator} delegates to ${quoted(role)}, which has no file in metadata/`, role);
        continue;
      }
      const missing = missingBins.get(delegator);
      if (missing === undefined) missingBins.set(delegator, [role]);
      else missing.push(role);
    }
    // A line of a document may stand for thousands of them.
    for (const [delegator, bins] of missingBins) {
      yield refuse(
        `delegates to ${plural(bins.length, 'bin')} without a file in metadata/: ${listed(bins.map(quoted), 4)}`,
        delegator,
      );
    }
  },
};

/** metadata/ holds the files of the format and nothing else. */
export const metadataNames: Rule = {
  id: 'metadata-names',
  source: 'tuf-on-ci format',
  modes: always,
  *check({ tree }) {
    const seen = new Map<string, string>();
    for (const path of tree.metadata.keys()) {
      const file = metadataFile(path);
      if (file.kind === 'unknown') yield refuse(`metadata/${quoted(path)} ${file.problem}`);
      const folded = path.toLowerCase();
      const other = seen.get(folded);
      if (other !== undefined)
        yield refuse(`metadata/${quoted(other)} and ${quoted(path)} differ in case only`);
      seen.set(folded, path);
    }
    for (const name of tree.unreadableNames) yield refuse(`${quoted(name)} is a name that is not UTF-8`);
  },
};

const REGULAR = new Set(['100644', '100755']);

/** Regular files only: a symlink or submodule is read as something else by everyone who checks it out. */
export const treeModes: Rule = {
  id: 'tree-modes',
  source: 'shared design, rule table; gitdatamodel(7)',
  modes: always,
  *check(context) {
    for (const [folder, entries] of [
      ['metadata', entriesToCheck(context, 'metadata')],
      ['targets', entriesToCheck(context, 'artifacts')],
    ] as const) {
      for (const { path, mode } of entries) {
        if (!REGULAR.has(mode))
          yield refuse(`${folder}/${quoted(path)} is ${modeName(mode)}, no regular file`);
      }
    }
  },
};

function entriesToCheck(context: Context, folder: 'metadata' | 'artifacts'): Iterable<TreeEntry> {
  if (!standsOnVerified(context)) return context.tree[folder].values();
  return context.diff[folder].flatMap(({ after }) => after ?? []);
}

function modeName(mode: string): string {
  switch (mode) {
    case '120000':
      return 'a symlink';
    case '160000':
      return 'a submodule';
    default:
      return `of mode ${mode}`;
  }
}

/** What stands there is run by the forge. Source: docs.github.com, "Workflow syntax for GitHub Actions". */
const holdsWorkflows = (path: string): boolean => path === '.github' || path.startsWith('.github/');

/** An event is about metadata/ and targets/; above all it never brings workflows along. */
export const scope: Rule = {
  id: 'scope',
  source: 'shared design, rule table',
  modes: ['event'],
  *check({ diff, knownGood, tree, policy }) {
    const newPolicy = !jsonEqual(statedPolicyDigest(knownGood), statedPolicyDigest(tree));
    const allowed: string[] = [];
    for (const { path, before, after } of diff.outside) {
      if (path === POLICY_FILE && newPolicy) continue; // rule policy judges it
      if (drillAt(path) !== undefined) continue; // rule drill does
      const plain = [before, after].every(entry => entry === undefined || REGULAR.has(entry.mode));
      if (plain && mayChange(policy.scope, path)) {
        allowed.push(path);
        continue;
      }
      yield refuse(
        `${quoted(path)} ${after === undefined ? 'is removed' : 'changes'}: an event may only touch metadata/ and targets/${policy.scope.length === 0 ? '' : ', and what the policy names'}${holdsWorkflows(path) ? "; workflows run with the automation's rights" : ''}`,
      );
    }
    // No signature is over these: whoever reads the event has to look at them.
    if (allowed.length > 0)
      yield warn(`changes files beside metadata, as the policy allows: ${listed(allowed.map(quoted))}`);
  },
};
