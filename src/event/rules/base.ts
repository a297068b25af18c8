import { isOnlineRole } from '../../metadata/names.ts';
import { diffTrees } from '../../repository/diff.ts';
import { metadataFile } from '../../repository/tree.ts';
import { isDrill } from '../drill/drill-of.ts';
import { awaits } from '../reason.ts';
import { listed, quoted } from '../words.ts';
import type { Rule } from './rule.ts';

/** The event still stands on what main says: two clean events may clash once both are in. */
export const base: Rule = {
  id: 'base',
  source: 'shared design, "known-good"',
  modes: ['event'],
  *check({ facts, knownGood, diff }) {
    // A drill asks the keys of then, and touches nothing that main could have moved.
    if (facts.main === undefined || isDrill({ diff })) return;
    const moved = diffTrees(knownGood, facts.main);
    const paths = [
      ...moved.metadata
        .map(({ path }) => path)
        .filter(path => !isOnlineFile(path))
        .map(path => `metadata/${path}`),
      ...moved.artifacts.map(({ path }) => `targets/${path}`),
    ];
    if (paths.length === 0) return;
    yield awaits(`main has moved on (${listed(paths.map(quoted), 4)}): merge main into the event`);
  },
};

function isOnlineFile(path: string): boolean {
  const file = metadataFile(path);
  return file.kind === 'role' && isOnlineRole(file.role);
}
