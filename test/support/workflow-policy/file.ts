import { isMap, isScalar, parseDocument, visit } from 'yaml';

export type Fields = ReadonlyMap<string, unknown>;

/** A workflow or a composite action, as it is written. */
export interface PolicyFile {
  readonly path: string;
  readonly text: string;
  readonly kind: 'workflow' | 'action';
  readonly fields: Fields;
  /** Does one part of it stand for another (`&a`, `*a`, `<<`)? Then who reads it may not see what runs. */
  readonly hasAliases: boolean;
}

/** What can be asked of one of our actions. */
export interface ActionContract {
  /** True: it has to be given. */
  readonly inputs: ReadonlyMap<string, boolean>;
  readonly outputs: ReadonlySet<string>;
}

/** A job of a workflow; the steps of an action are one without a name. */
export interface Job {
  readonly name: string;
  readonly fields: Fields;
  readonly steps: readonly Fields[];
}

/** Throws where it is no YAML, has a key twice, or is no mapping. */
export function parsePolicyFile(path: string, text: string): PolicyFile {
  const document = parseDocument(text);
  const problem = [...document.errors, ...document.warnings][0];
  if (problem !== undefined) throw new Error(`${path}: ${problem.message}`);
  if (!isMap(document.contents)) throw new Error(`${path} is no mapping`);
  let hasAliases = false;
  visit(document, {
    Alias: () => void (hasAliases = true),
    Node: (_, node) => void (hasAliases ||= node.anchor !== undefined),
    Pair: (_, { key }) => void (hasAliases ||= isScalar(key) && key.value === '<<'),
  });
  const fields = fieldsOf(document.toJS({ mapAsMap: true }));
  return { path, text, kind: fields.has('runs') ? 'action' : 'workflow', fields, hasAliases };
}

export const fieldsOf = (value: unknown): Fields => (value instanceof Map ? (value as Fields) : new Map());
export const listOf = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
};

export function jobsOf({ kind, fields }: PolicyFile): readonly Job[] {
  const jobs = kind === 'action' ? new Map([['', fields.get('runs')]]) : fieldsOf(fields.get('jobs'));
  return [...jobs].map(([name, job]) => ({
    name,
    fields: fieldsOf(job),
    steps: listOf(fieldsOf(job).get('steps')).map(fieldsOf),
  }));
}

/** All text of a value, each with the key that it stands under. Keys are text too: an expression may hide in one. */
export function* textsOf(value: unknown, under = ''): Iterable<readonly [key: string, text: string]> {
  if (typeof value === 'string') yield [under, value];
  else if (Array.isArray(value)) for (const item of value) yield* textsOf(item, under);
  else
    for (const [key, item] of fieldsOf(value)) {
      yield ['', key];
      yield* textsOf(item, key);
    }
}

/** Expressions, more than there are rather than fewer: the whole of each text that has one, and each condition. */
export function* expressionsOf(value: unknown): Iterable<string> {
  for (const [key, text] of textsOf(value)) if (key === 'if' || text.includes('${{')) yield text;
}

export function contractOf({ fields }: PolicyFile): ActionContract {
  const inputs = [...fieldsOf(fields.get('inputs'))].map(
    ([name, input]) => [name, fieldsOf(input).get('required') === true] as const,
  );
  return { inputs: new Map(inputs), outputs: new Set(fieldsOf(fields.get('outputs')).keys()) };
}
