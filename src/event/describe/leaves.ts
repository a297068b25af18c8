import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jsonEqual,
  withMembers,
} from '../../json.ts';
import { capped, isBrief, placeText, wholeJson } from './text.ts';

type Path = readonly (string | number)[];

/**
 * Every value that differs between two JSON values, one sentence each, named by its place. Knows nothing of what the
 * members mean: this is what makes sure that nothing goes unmentioned. `undefined` stands for an absent value.
 */
export function describeLeaves(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path: Path,
): readonly string[] {
  const sentences: string[] = [];
  compare(before, after, path, sentences);
  return sentences;
}

function compare(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path: Path,
  sentences: string[],
): void {
  if (before === after) return;
  const [old, now] = [childrenOf(before), childrenOf(after)];
  if (old !== undefined && now !== undefined && isJsonArray(before) === isJsonArray(after)) {
    for (const [step, value] of now) compare(old.get(step), value, [...path, step], sentences);
    for (const [step, value] of old) {
      if (!now.has(step)) compare(value, undefined, [...path, step], sentences);
    }
    return;
  }
  if (before === undefined && after !== undefined) sayAdded(after, path, sentences);
  else if (after === undefined && before !== undefined) {
    sentences.push(`${placeText(path)} is removed (it was ${wholeJson(before)})`);
  } else if (before !== undefined && after !== undefined) {
    sentences.push(`${placeText(path)} changes from ${wholeJson(before)} to ${wholeJson(after)}`);
  }
}

function sayAdded(value: JsonValue, path: Path, sentences: string[]): void {
  const children = childrenOf(value);
  if (children === undefined || children.size === 0 || isBrief(value)) {
    sentences.push(`${placeText(path)} is set to ${wholeJson(value)}`);
    return;
  }
  for (const [step, child] of children) sayAdded(child, [...path, step], sentences);
}

function childrenOf(value: JsonValue | undefined): ReadonlyMap<string | number, JsonValue> | undefined {
  if (isJsonArray(value)) return new Map(value.entries());
  return isJsonObject(value) ? new Map(Object.entries(value)) : undefined;
}

/** As {@link describeLeaves}, of the members of two objects that are not among `told`, which have been described. */
export function describeOthers(
  before: JsonObject | undefined,
  after: JsonObject | undefined,
  told: readonly string[],
  path: Path = [],
): readonly string[] {
  const without = new Map(told.map(name => [name, undefined]));
  const [old, now] = [withMembers(before ?? {}, without), withMembers(after ?? {}, without)];
  return jsonEqual(old, now) ? [] : capped(describeLeaves(old, now, path), 'changes of other members');
}
