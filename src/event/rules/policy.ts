import { jsonEqual, withMembers } from '../../json.ts';
import { ROOT } from '../../metadata/names.ts';
import { POLICY_FILE, POLICY_MEMBER } from '../../policy/policy.ts';
import { historyFile, roleFile, rootOf, statedPolicyDigest } from '../../repository/tree.ts';
import type { Context } from '../context.ts';
import { type Finding, refuse } from '../reason.ts';
import { listed, quoted, shortId } from '../words.ts';
import { always, type Rule } from './rule.ts';

/** The policy is what root's quorum signed, and changes by itself: nobody loosens it beside the change that needs it. */
export const policy: Rule = {
  id: 'policy',
  source: 'shared design, rule table',
  modes: always,
  *check(context) {
    const { tree, knownGood, mode } = context;
    if (!tree.policy.ok) yield refuse(`${POLICY_FILE}: ${tree.policy.error.message}`);
    else if (rootOf(tree) !== undefined) yield* checkDigest(context, tree.policy.value.digest);
    if (mode !== 'event' || rootOf(knownGood) === undefined) return;
    // Whose policy can't be known asks for nothing, which must not help anybody.
    if (!knownGood.policy.ok)
      yield refuse(`main's ${POLICY_FILE} can not be read, so that nobody knows what it asks`);
    const moved = context.diff.outside.some(({ path }) => path === POLICY_FILE);
    const restated = !jsonEqual(statedPolicyDigest(knownGood), statedPolicyDigest(tree));
    if (moved || restated) yield* checkAlone(context, moved, restated);
  },
};

function* checkDigest({ tree }: Context, digest: string | undefined): Iterable<Finding> {
  const stated = statedPolicyDigest(tree);
  if (stated === digest) return;
  if (stated === undefined) {
    yield refuse(`${POLICY_FILE} is there, but root does not name its digest: nobody has signed it`, ROOT);
  } else if (digest === undefined) {
    yield refuse(`root names a ${POLICY_FILE} that is not there`, ROOT);
  } else {
    const said = typeof stated === 'string' ? shortId(stated) : JSON.stringify(stated);
    yield refuse(
      `root names a ${POLICY_FILE} of digest ${quoted(said)}, and the file has ${shortId(digest)}`,
      ROOT,
    );
  }
}

/** Members of root that follow from a new version of it. */
const FOLLOWS = new Map([POLICY_MEMBER, 'version', 'expires'].map(name => [name, undefined]));

function* checkAlone(context: Context, moved: boolean, restated: boolean): Iterable<Finding> {
  const { diff, knownGood, tree } = context;
  if (moved && !restated) {
    yield refuse(`${POLICY_FILE} changes and root's ${POLICY_MEMBER} does not`, ROOT);
    return;
  }
  const [before, after] = [rootOf(knownGood), rootOf(tree)];
  const own = new Set([roleFile(ROOT), historyFile(after?.signed.version ?? 0)]);
  const others = [
    ...diff.metadata
      .map(({ path }) => path)
      .filter(path => !own.has(path))
      .map(path => `metadata/${path}`),
    ...diff.artifacts.map(({ path }) => `targets/${path}`),
    ...diff.outside.map(({ path }) => path).filter(path => path !== POLICY_FILE),
  ];
  if (others.length > 0) {
    yield refuse(
      `the policy changes in an event of its own, and this one also changes ${listed(others.map(quoted), 4)}`,
      ROOT,
    );
  }
  if (before === undefined || after === undefined) return;
  if (!jsonEqual(withMembers(before.signed.raw, FOLLOWS), withMembers(after.signed.raw, FOLLOWS))) {
    yield refuse('the policy changes in an event of its own, and this one also changes what root says', ROOT);
  }
}
