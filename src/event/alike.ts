import type { RoleName } from '../metadata/names.ts';
import type { DelegationGraph } from '../repository/delegators.ts';
import { capped, roleText } from './describe/text.ts';
import type { Reason } from './reason.ts';
import { plural } from './words.ts';

/** Bins of one role of which the same words are true: by the one that is told, the others, in order. */
export type Alike = ReadonlyMap<RoleName, readonly RoleName[]>;

/** From how many on bins that are alike are told as one. */
const FEW = 4;

/** Who hands paths on to `role` by their hash; `undefined` where it is no bin. */
function delegatorOfBin({ roles }: DelegationGraph, role: RoleName): RoleName | undefined {
  const delegated = roles.get(role);
  return delegated === undefined || delegated.definition.pathHashPrefixes.length === 0
    ? undefined
    : delegated.delegator;
}

/** Puts bins together that `tell` says the same of: there may be 16,384, and people read none of so many. */
export function alikeIn(
  graph: DelegationGraph,
  roles: Iterable<RoleName>,
  tell: (role: RoleName) => string,
): Alike {
  const groups = new Map<string, RoleName[]>();
  for (const role of roles) {
    const delegator = delegatorOfBin(graph, role);
    if (delegator === undefined) continue;
    const key = `${tell(role)} ${delegator}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [role]);
    else group.push(role);
  }
  const alike = new Map<RoleName, readonly RoleName[]>();
  for (const [first, ...others] of groups.values())
    if (first !== undefined && others.length + 1 >= FEW) alike.set(first, others);
  return alike;
}

/** Does automation alone sign the role? What people sign they are shown one by one. */
export function isOnlineBin(graph: DelegationGraph, role: RoleName): boolean {
  const delegated = graph.roles.get(role);
  return (
    delegatorOfBin(graph, role) !== undefined &&
    delegated?.definition.keyids.every(id => delegated.delegations.keys.get(id)?.owner === undefined) === true
  );
}

/** `values` without what is told of another bin; `merge` makes one of those that are alike. */
export function withoutAlike<V>(
  values: ReadonlyMap<RoleName, V>,
  alike: Alike,
  merge: (values: ReadonlyMap<RoleName, V>) => V,
): ReadonlyMap<RoleName, V> {
  if (alike.size === 0) return values;
  const others = new Set<RoleName>();
  for (const group of alike.values()) for (const role of group) others.add(role);
  const left = new Map<RoleName, V>();
  for (const [role, value] of values) {
    if (others.has(role)) continue;
    const group = [role, ...(alike.get(role) ?? [])].flatMap(name => {
      const found = values.get(name);
      return found === undefined ? [] : [[name, found] as const];
    });
    left.set(role, group.length === 1 ? value : merge(new Map(group)));
  }
  return left;
}

/** The sentences that are said of each, then those that are said of some, with their names, as many as are read. */
export function mergedSentences(all: ReadonlyMap<RoleName, readonly string[]>): readonly string[] {
  const counts = new Map<string, number>();
  for (const sentences of all.values())
    for (const sentence of sentences) counts.set(sentence, (counts.get(sentence) ?? 0) + 1);
  const common = [...counts].flatMap(([sentence, count]) => (count === all.size ? [sentence] : []));
  const told = new Set(common);
  const own = [...all].flatMap(([role, sentences]) =>
    sentences.filter(sentence => !told.has(sentence)).map(sentence => `${roleText(role)}: ${sentence}`),
  );
  return [...common, ...capped(own, 'changes of these bins')];
}

/** Reasons of which the same is true of many bins of one role are one: the first, that counts the others. */
export function foldReasons(graph: DelegationGraph, reasons: readonly Reason[]): readonly Reason[] {
  const groups = new Map<string, { readonly reason: Reason; readonly delegator: RoleName; count: number }>();
  for (const reason of reasons) {
    const delegator = reason.role === undefined ? undefined : delegatorOfBin(graph, reason.role);
    if (delegator === undefined) continue;
    const key = keyOf(reason, delegator);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { reason, delegator, count: 1 });
    else group.count++;
  }
  return reasons.flatMap(reason => {
    const delegator = reason.role === undefined ? undefined : delegatorOfBin(graph, reason.role);
    const group = delegator === undefined ? undefined : groups.get(keyOf(reason, delegator));
    if (group === undefined || group.count < FEW) return [reason];
    if (group.reason !== reason) return [];
    const message = `${reason.message} (and so of ${plural(group.count - 1, 'bin')} more of ${group.delegator})`;
    return [{ ...reason, message }];
  });
}

const keyOf = ({ rule, severity, message }: Reason, delegator: RoleName): string =>
  JSON.stringify([rule, severity, message, delegator]);
