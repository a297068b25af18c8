import { createHash } from 'node:crypto';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  member,
  parseJson,
  withMembers,
} from '../../json.ts';
import { canonicalJson } from '../../metadata/canonical.ts';
import { OperationError } from '../error.ts';

/** Bytes; a signature on each of 16,384 roles is half of it. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_DEPTH = 5;

/**
 * An object of an untrusted file that has just the members that it should. Everything throws {@link OperationError} `BAD_FILE`, naming
 * the place and never what stands there.
 */
export class StrictObject {
  readonly #place: string;
  readonly #object: JsonObject;

  constructor(
    place: string,
    value: JsonValue | undefined,
    names: readonly string[],
    optional: readonly string[] = [],
  ) {
    this.#place = place;
    if (!isJsonObject(value)) throw badFile(`${place} is no object`);
    this.#object = value;
    const known = new Set([...names, ...optional]);
    if (Object.keys(value).some(name => !known.has(name)) || names.some(name => !Object.hasOwn(value, name)))
      throw badFile(`${place} has other members than ${[...known].join(', ')}`);
  }

  /** Throws {@link JsonError} as well. */
  static parse(
    place: string,
    bytes: Uint8Array,
    names: readonly string[],
    optional?: readonly string[],
  ): StrictObject {
    return new StrictObject(
      place,
      parseJson(bytes, { maxBytes: MAX_BYTES, maxDepth: MAX_DEPTH }),
      names,
      optional,
    );
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#object, name);
  }

  text(name: string, form: RegExp): string {
    const value = member(this.#object, name);
    return typeof value === 'string' && form.test(value) ? value : this.#wrong(name);
  }

  version(name: string): number {
    const value = member(this.#object, name);
    return typeof value === 'number' && value >= 1 ? value : this.#wrong(name);
  }

  list(name: string, most: number): readonly JsonValue[] {
    const value = member(this.#object, name);
    return isJsonArray(value) && value.length <= most ? value : this.#wrong(name);
  }

  texts(name: string, form: RegExp, most: number): readonly string[] {
    return this.list(name, most).map(item =>
      typeof item === 'string' && form.test(item) ? item : this.#wrong(name),
    );
  }

  object(name: string, names: readonly string[], optional?: readonly string[]): StrictObject {
    return new StrictObject(`${this.#place}.${name}`, member(this.#object, name), names, optional);
  }

  /** Holds what {@link withChecksum} added against the rest: a file that was damaged is told before anything is made of it. */
  requireChecksum(): void {
    if (this.text(CHECKSUM, /./) !== checksumOf(this.#object))
      throw badFile(`${this.#place} does not fit its checksum`);
  }

  #wrong(name: string): never {
    throw badFile(`${this.#place} says something else than it should in "${name}"`);
  }
}

const CHECKSUM = 'checksum';

/** `object` with a member `checksum`: hex SHA-256 of everything else in it, as canonical JSON. It says nothing of who wrote it. */
export function withChecksum(object: object): object {
  const plain = parseJson(Buffer.from(JSON.stringify(object)), { maxBytes: MAX_BYTES, maxDepth: MAX_DEPTH });
  return { ...object, [CHECKSUM]: isJsonObject(plain) ? checksumOf(plain) : undefined };
}

const checksumOf = (object: JsonObject): string =>
  createHash('sha256')
    .update(canonicalJson(withMembers(object, new Map([[CHECKSUM, undefined]]))))
    .digest('hex');

export const badFile = (what: string): OperationError =>
  new OperationError('BAD_FILE', `${what}: it is not one of ours, or was damaged on its way`);
