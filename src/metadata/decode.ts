import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, member } from '../json.ts';
import { MetadataError } from './error.ts';
import { escapeNonAscii } from './serialize.ts';

/** Refuses a document's shape. `place` is a path into it, as in `signed.roles.root.threshold`. */
export function malformed(place: string, expected: string): MetadataError {
  return new MetadataError('MALFORMED', `${place} has to be ${expected}`);
}

/** A reader of one object's members that names the place in every refusal. Throws {@link MetadataError} `MALFORMED`. */
export interface Members {
  readonly raw: JsonObject;
  readonly place: string;
  readonly text: (name: string) => string;
  readonly optionalText: (name: string) => string | undefined;
  readonly integer: (name: string, minimum: number) => number;
  readonly optionalInteger: (name: string, minimum: number) => number | undefined;
  readonly optionalBoolean: (name: string) => boolean | undefined;
  readonly object: (name: string) => Members;
  readonly optionalObject: (name: string) => Members | undefined;
  readonly list: (name: string) => readonly JsonValue[];
  readonly texts: (name: string) => readonly string[];
}

export function membersOf(value: JsonValue | undefined, place: string): Members {
  if (!isJsonObject(value)) throw malformed(place, 'an object');
  const at = (name: string): string => `${place}.${printable(name)}`;
  const want = <T>(name: string, ok: (v: JsonValue | undefined) => v is T & JsonValue, what: string): T => {
    const found = member(value, name);
    if (!ok(found)) throw malformed(at(name), what);
    return found;
  };
  const optional = <T>(name: string, read: (name: string) => T): T | undefined =>
    Object.hasOwn(value, name) ? read(name) : undefined;
  const members: Members = {
    raw: value,
    place,
    text: name => want(name, isText, 'a string'),
    optionalText: name => optional(name, members.text),
    integer: (name, minimum) => {
      const found = want(name, isInteger, 'an integer');
      if (found < minimum) throw malformed(at(name), `at least ${minimum}`);
      return found;
    },
    optionalInteger: (name, minimum) => optional(name, n => members.integer(n, minimum)),
    optionalBoolean: name => optional(name, n => want(n, isBoolean, 'true or false')),
    object: name => membersOf(member(value, name), at(name)),
    optionalObject: name => optional(name, members.object),
    list: name => want(name, isJsonArray, 'a list'),
    texts: name =>
      members.list(name).map((item, i) => {
        if (!isText(item)) throw malformed(`${at(name)}[${i}]`, 'a string');
        return item;
      }),
  };
  return members;
}

const isText = (value: JsonValue | undefined): value is string => typeof value === 'string';
const isBoolean = (value: JsonValue | undefined): value is boolean => typeof value === 'boolean';
const isInteger = (value: JsonValue | undefined): value is number => Number.isSafeInteger(value);

/**
 * An untrusted name for a message: as it is where it is a plain word, else quoted, cut to 80 characters and in printable
 * ASCII, so that it can neither steer a terminal nor turn the direction of the text around it.
 */
export const printable = (name: string): string =>
  /^[\w.@/-]{1,80}$/.test(name) ? name : escapeNonAscii(JSON.stringify(name.slice(0, 80)));
