import type { PolicyError } from './error.ts';
import type { PerRole } from './policy.ts';
import { errorAt, quote, type YamlEntry, type YamlNode } from './yaml.ts';

// The small vocabulary that the schema of a policy is written in.

/** Reads one value. Throws {@link PolicyError} `POLICY_SCHEMA`, as everything here does. */
export type Reader<T> = (node: YamlNode) => T;

/** What stands at this place does not fit the schema. */
export const schema = ({ at }: YamlNode | YamlEntry, what: string): PolicyError =>
  errorAt(at, 'POLICY_SCHEMA', what);

/** A reader of the members of a mapping that has no others. */
export function members(
  node: YamlNode,
  known: readonly string[],
): <T>(name: string, read: Reader<T>) => T | undefined {
  const entries = mapping(node);
  for (const [name, entry] of entries) {
    if (known.includes(name)) continue;
    throw schema(entry, `${quote(name)} is not known here; known are ${known.join(', ')}`);
  }
  return (name, read) => {
    const entry = entries.get(name);
    return entry === undefined ? undefined : read(entry.value);
  };
}

function mapping(node: YamlNode): ReadonlyMap<string, YamlEntry> {
  if (node.kind !== 'map') throw schema(node, 'has to be a mapping, as in name: value');
  return node.entries;
}

/** A scalar's text. */
export function text(node: YamlNode): string {
  if (node.kind !== 'text') throw schema(node, 'has to be one value');
  return node.text;
}

export const oneOf =
  <T extends string>(values: readonly T[]): Reader<T> =>
  node => {
    const found = text(node);
    const value = values.find(known => known === found);
    if (value !== undefined) return value;
    throw schema(node, `has to be ${values.join(' or ')}, not ${quote(found)}`);
  };

export const count =
  (least: number, most: number): Reader<number> =>
  node => {
    const found = text(node);
    const value = /^[1-9]\d{0,8}$/.test(found) ? Number(found) : 0;
    if (value >= least && value <= most) return value;
    throw schema(node, `has to be a whole number from ${least} to ${most}, not ${quote(found)}`);
  };

export const listOf =
  <T>(read: Reader<T>): Reader<readonly T[]> =>
  node => {
    if (node.kind !== 'list' || node.items.length === 0)
      throw schema(node, 'has to be a list of one or more');
    return node.items.map(read);
  };

export const setOf =
  <T>(read: Reader<T>): Reader<ReadonlySet<T>> =>
  node => {
    const items = listOf(read)(node);
    const set = new Set(items);
    if (set.size !== items.length) throw schema(node, 'names something twice');
    return set;
  };

/** `default` and `roles`; `others` are members that the mapping has besides. */
export const perRole =
  <T>(read: Reader<T>, preset: T, others: readonly string[] = []): Reader<PerRole<T>> =>
  node => {
    const member = members(node, ['default', 'roles', ...others]);
    return { default: member('default', read) ?? preset, roles: member('roles', byRole(read)) ?? new Map() };
  };

const byRole =
  <T>(read: Reader<T>): Reader<ReadonlyMap<string, T>> =>
  node => {
    const values = new Map<string, T>();
    for (const [name, entry] of mapping(node)) {
      if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(name))
        throw schema(entry, `${quote(name)} is no role's name`);
      values.set(name, read(entry.value));
    }
    return values;
  };
