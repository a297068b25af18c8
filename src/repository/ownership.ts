import { createHash } from 'node:crypto';
import { type BinSet, binName, binOf } from '../metadata/bins.ts';
import type { RoleDefinition } from '../metadata/delegation.ts';
import { ROOT, type RoleName, TARGETS } from '../metadata/names.ts';
import { matchesPattern } from '../metadata/pattern.ts';
import { delegationGraph } from './delegators.ts';
import { RepositoryError } from './error.ts';
import type { RepositoryTree } from './tree.ts';

/** Finds the role that an artifact belongs to. */
export interface Ownership {
  /**
   * The roles whose own delegator lets them speak for `path`, the deepest of each branch. Several: it is contested.
   * Throws {@link RepositoryError} `TOO_COMPLEX` once all look-ups together took more work than any real repository's.
   */
  ownersOf(path: string): readonly RoleName[];
}

/** Patterns tried for one path before it counts as unusual. */
const FREE_STEPS = 64;
/** Patterns tried beyond that, by all look-ups together: seconds. Hostile delegations could hold a judge for hours. */
const MAX_STEPS = 5_000_000;

/**
 * Indexes the delegations, so that a look-up does not try thousands of patterns or prefixes. An artifact that no
 * delegation covers belongs to `targets`.
 */
export function ownershipOf(tree: RepositoryTree): Ownership {
  const children = new Map<RoleName, ChildIndex>();
  const bins = new Map<RoleName, BinSet>();
  const { roles } = delegationGraph(tree);
  for (const { role, delegator, definition, delegations } of roles.values()) {
    if (delegator === ROOT) continue;
    if (delegations.succinct !== undefined) {
      if (!bins.has(delegator)) bins.set(delegator, delegations.succinct);
      continue;
    }
    const index = children.get(delegator) ?? new ChildIndex();
    children.set(delegator, index);
    index.add(role, definition);
  }
  let free = 0;
  let steps = 0;
  const spend = (count: number): void => {
    free -= count;
    if (free < 0) steps += count;
    if (steps > MAX_STEPS) {
      throw new RepositoryError(
        'TOO_COMPLEX',
        'finding whose artifacts these are takes too long: delegate by fewer patterns, or begin them with a literal folder',
      );
    }
  };
  /** Where another role has the bin from elsewhere, that one's is the only say. */
  const binBelow = (role: RoleName, path: string): readonly RoleName[] | undefined => {
    const set = bins.get(role);
    if (set === undefined) return undefined;
    const bin = binName(set, binOf(set, path));
    return roles.get(bin)?.delegator === role ? [bin] : [];
  };
  return {
    ownersOf: path => {
      free = FREE_STEPS;
      const owners: RoleName[] = [];
      const open = [TARGETS];
      // The graph is a tree, hence no role is met twice.
      for (let role = open.pop(); role !== undefined; role = open.pop()) {
        const below = binBelow(role, path) ?? children.get(role)?.matching(path, spend) ?? [];
        if (below.length === 0) owners.push(role);
        for (const child of below.toReversed()) open.push(child);
      }
      return owners;
    },
  };
}

/** The delegations of one role, by what a path has to begin with. */
class ChildIndex {
  /** Patterns without a wildcard, by themselves. */
  readonly #literal = new Map<string, Set<RoleName>>();
  /** Patterns by their number of segments and their first segment, which is empty where it holds a wildcard. */
  readonly #patterns = new Map<string, [RoleName, string][]>();
  readonly #hashPrefixes = new Map<string, Set<RoleName>>();
  readonly #prefixLengths = new Set<number>();
  /** In the order of search. */
  readonly #rank = new Map<RoleName, number>();

  add(role: RoleName, { paths, pathHashPrefixes }: RoleDefinition): void {
    this.#rank.set(role, this.#rank.size);
    for (const pattern of paths) {
      if (!WILDCARD.test(pattern)) addTo(this.#literal, pattern, role);
      else {
        const key = patternKey(pattern);
        const list = this.#patterns.get(key);
        if (list === undefined) this.#patterns.set(key, [[role, pattern]]);
        else list.push([role, pattern]);
      }
    }
    for (const prefix of pathHashPrefixes) {
      if (prefix === '') continue; // rule ownership refuses it
      addTo(this.#hashPrefixes, prefix, role);
      this.#prefixLengths.add(prefix.length);
    }
  }

  matching(path: string, spend: (steps: number) => void): readonly RoleName[] {
    const found = new Set(this.#literal.get(path));
    for (const key of [patternKey(path), patternKey(path, '')]) {
      const candidates = this.#patterns.get(key) ?? [];
      spend(1 + candidates.length);
      for (const [role, pattern] of candidates) {
        if (MANY_STARS.test(pattern)) spend((pattern.length * path.length) >> 8);
        if (matchesPattern(pattern, path)) found.add(role);
      }
    }
    if (this.#prefixLengths.size > 0) {
      const digest = createHash('sha256').update(path, 'utf8').digest('hex');
      for (const length of this.#prefixLengths) {
        for (const role of this.#hashPrefixes.get(digest.slice(0, length)) ?? []) found.add(role);
      }
    }
    if (found.size < 2) return [...found];
    return [...found].sort((a, b) => (this.#rank.get(a) ?? 0) - (this.#rank.get(b) ?? 0));
  }
}

const WILDCARD = /[*?]/;
/** Only with two in one segment does matching go back again and again. */
const MANY_STARS = /\*[^*/]+\*/;

/** What a pattern and the paths that it can match have in common: no wildcard stands for a slash. */
function patternKey(text: string, first: string = text.slice(0, slashOf(text))): string {
  let segments = 1;
  for (let i = text.indexOf('/'); i >= 0; i = text.indexOf('/', i + 1)) segments++;
  return `${segments} ${WILDCARD.test(first) ? '' : first}`;
}

function slashOf(text: string): number {
  const slash = text.indexOf('/');
  return slash < 0 ? text.length : slash;
}

function addTo(index: Map<string, Set<RoleName>>, key: string, role: RoleName): void {
  const roles = index.get(key);
  if (roles === undefined) index.set(key, new Set([role]));
  else roles.add(role);
}
