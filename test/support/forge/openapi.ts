import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';

interface OperationDescription {
  readonly method: string;
  readonly path: string;
  readonly responses: Readonly<Record<string, unknown>>;
}

const description = JSON.parse(
  readFileSync(new URL('../../vectors/github-openapi.json', import.meta.url), 'utf8'),
) as { readonly operations: Readonly<Record<string, OperationDescription>>; readonly schemas: object };

/** GitHub's own description of what is served here, by operation id. Made by `test/vectors/github-openapi.mjs`. */
export const described: ReadonlyMap<string, OperationDescription> = new Map(
  Object.entries(description.operations),
);

const FORMATS = {
  uri: (text: string) => URL.canParse(text.replaceAll(/\{[^}]*\}/g, '')),
  'date-time': (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text),
  date: /^\d{4}-\d\d-\d\d$/,
  email: /@/,
  int64: true,
  int32: true,
} as const;

const ajv = new Ajv({ strict: false, allErrors: true, inlineRefs: false, formats: FORMATS });
ajv.addSchema({ $id: 'github', schemas: description.schemas });
const validators = new Map<string, ValidateFunction>();

/** What of an answer does not agree with GitHub's description; empty where all does. */
export function disagreements(operation: string, status: number, body: unknown): readonly string[] {
  const responses = described.get(operation)?.responses;
  if (responses === undefined) return [`${operation} is no operation of GitHub's description`];
  // Failures that any operation can have are not told for each.
  if (status === 401 || status === 403 || status === 404 || status === 422) return failureOf(body);
  if (!Object.hasOwn(responses, status)) return [`${operation} never answers ${status}`];
  const schema = responses[status];
  if (schema === null || schema === undefined)
    return body === undefined ? [] : [`${operation} has no body for ${status}`];
  const key = `${operation} ${status}`;
  const located: unknown = JSON.parse(JSON.stringify(schema).replaceAll('"#/schemas/', '"github#/schemas/'));
  const validate = validators.get(key) ?? ajv.compile(located as object);
  validators.set(key, validate);
  if (validate(body)) return [];
  return (validate.errors ?? []).map(error => `${key}${error.instancePath} ${error.message ?? ''}`);
}

const failureOf = (body: unknown): readonly string[] =>
  typeof body === 'object' && body !== null && 'message' in body && 'documentation_url' in body
    ? []
    : ['a failure without message and documentation_url'];
