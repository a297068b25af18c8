/** A workflow or action file that GitHub would refuse to run. */
export class WorkflowError extends Error {}

export type Fields = ReadonlyMap<string, unknown>;

const EMPTY: Fields = new Map();

/** A mapping of a YAML document read with `mapAsMap`; absent: an empty one. */
export function asFields(value: unknown, what: string): Fields {
  if (value === undefined || value === null) return EMPTY;
  if (!(value instanceof Map)) throw new WorkflowError(`${what}: a mapping was expected`);
  return value as Fields;
}

/** The same, with only these keys. */
export function asKnownFields(value: unknown, what: string, keys: ReadonlySet<string>): Fields {
  const fields = asFields(value, what);
  for (const key of fields.keys())
    if (!keys.has(key)) throw new WorkflowError(`${what}: unexpected value '${key}'`);
  return fields;
}

export function asText(value: unknown, what: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new WorkflowError(`${what}: a text was expected`);
}

/** One text or a list of them. */
export function asTexts(value: unknown, what: string): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value)
    ? value
    : value === undefined || value === null
      ? []
      : [value];
  return items.map(item => asText(item, what) ?? '');
}

/** Texts by name, not yet evaluated. */
export const asTextMap = (value: unknown, what: string): ReadonlyMap<string, string> =>
  new Map([...asFields(value, what)].map(([key, item]) => [key, asText(item, `${what}.${key}`) ?? '']));
