import {
  isJsonArray,
  isJsonObject,
  JsonError,
  type JsonObject,
  type JsonValue,
  member,
  parseJson,
} from '../json.ts';
import { ClientError } from './error.ts';

/** Which repositories have to agree on which targets. Source: TAP 4, "map.json". */
export interface RepositoryMap {
  /** Addresses of each repository's mirrors, by its name, which is a folder's name too. */
  readonly repositories: ReadonlyMap<string, readonly string[]>;
  /** The first that matches a path is asked first. */
  readonly mapping: readonly Mapping[];
}

export interface Mapping {
  /** Patterns, as in {@link matchesGlob}. */
  readonly paths: readonly string[];
  readonly repositories: readonly string[];
  /** Is no later mapping asked where this one has no answer? */
  readonly terminating: boolean;
  /** How many of the repositories have to say the same. */
  readonly threshold: number;
}

const MAX_BYTES = 1_000_000;

/** Reads a map file strictly: it decides whom to trust. Throws {@link ClientError} `MALFORMED`. */
export function parseRepositoryMap(bytes: Uint8Array): RepositoryMap {
  const map = membersOf(parse(bytes), 'the map file', ['repositories', 'mapping']);
  const repositories = new Map(
    Object.entries(objectOf(member(map, 'repositories'), 'repositories')).map(([name, urls]) => {
      if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(name))
        throw bad(`${JSON.stringify(name)} is no folder's name`);
      return [name, textsOf(urls, `repositories.${name}`)];
    }),
  );
  const mapping = listOf(member(map, 'mapping'), 'mapping').map((value, index) =>
    mappingOf(value, `mapping[${index}]`, repositories),
  );
  return { repositories, mapping };
}

function mappingOf(value: JsonValue, place: string, known: ReadonlyMap<string, unknown>): Mapping {
  const entry = membersOf(value, place, ['paths', 'repositories', 'terminating', 'threshold']);
  const repositories = textsOf(member(entry, 'repositories'), `${place}.repositories`);
  const [terminating, threshold] = [member(entry, 'terminating'), member(entry, 'threshold')];
  // Twice the same one would be a quorum of one.
  if (new Set(repositories).size !== repositories.length) throw bad(`${place}.repositories names one twice`);
  for (const name of repositories)
    if (!known.has(name)) throw bad(`${place} names ${JSON.stringify(name)}, which is no repository`);
  if (typeof terminating !== 'boolean') throw bad(`${place}.terminating has to be true or false`);
  if (typeof threshold !== 'number' || threshold < 1 || threshold > repositories.length) {
    throw bad(`${place}.threshold has to be from 1 to the number of its repositories`);
  }
  return { paths: textsOf(member(entry, 'paths'), `${place}.paths`), repositories, terminating, threshold };
}

function parse(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(bytes, { maxBytes: MAX_BYTES, maxDepth: 8 });
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw new ClientError('MALFORMED', `the map file can not be read: ${cause.message}`, { cause });
  }
}

/** An object of just these members. */
function membersOf(value: JsonValue, place: string, names: readonly string[]): JsonObject {
  const object = objectOf(value, place);
  const strange = Object.keys(object).find(name => !names.includes(name));
  if (strange !== undefined)
    throw bad(`${place} has a member ${JSON.stringify(strange)}, which is not known`);
  return object;
}

function objectOf(value: JsonValue | undefined, place: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw bad(`${place} has to be an object`);
}

function listOf(value: JsonValue | undefined, place: string): readonly JsonValue[] {
  if (isJsonArray(value) && value.length > 0) return value;
  throw bad(`${place} has to be a list that is not empty`);
}

function textsOf(value: JsonValue | undefined, place: string): readonly string[] {
  const texts = listOf(value, place).filter(item => typeof item === 'string');
  if (texts.length === listOf(value, place).length) return texts;
  throw bad(`${place} has to be a list of texts`);
}

const bad = (what: string): ClientError => new ClientError('MALFORMED', `the map file is wrong: ${what}`);
