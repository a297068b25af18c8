import {
  type DocumentNode,
  execute,
  GraphQLError,
  type GraphQLFieldResolver,
  Kind,
  parse,
  validate,
} from 'graphql';
import { QueryError } from './error.ts';
import { type QueryContext, rootValue } from './resolvers.ts';
import { githubSchema } from './schema.ts';

/** Answers a field from the object at hand; one that it does not have is refused by name rather than null. */
const fieldResolver: GraphQLFieldResolver<unknown, unknown> = (source, args, _context, info) => {
  const fields = new Map(Object.entries(source ?? {}));
  if (!fields.has(info.fieldName))
    throw new QueryError(
      'NOT_SUPPORTED_HERE',
      `${info.parentType.name}.${info.fieldName} is not supported here: see test/support/forge/README.md`,
    );
  const value: unknown = fields.get(info.fieldName);
  return typeof value === 'function' ? (value as (args: unknown) => unknown)(args) : value;
};

/** The fields at the top of a request, by which it is logged and faults are chosen. */
export function rootFields(document: DocumentNode): readonly string[] {
  return document.definitions.flatMap(definition =>
    definition.kind === Kind.OPERATION_DEFINITION
      ? definition.selectionSet.selections.flatMap(selection =>
          selection.kind === Kind.FIELD ? [selection.name.value] : [],
        )
      : [],
  );
}

export interface QueryRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Reads a request's body; a document that does not parse gives the error in its place. */
export function readQuery(body: Buffer): {
  readonly request: QueryRequest;
  readonly document: DocumentNode | GraphQLError;
} {
  const value = JSON.parse(body.toString('utf8')) as { query?: unknown; variables?: unknown };
  const request = {
    query: typeof value.query === 'string' ? value.query : '',
    variables: (value.variables ?? {}) as Readonly<Record<string, unknown>>,
  };
  try {
    return { request, document: parse(request.query, { noLocation: false }) };
  } catch (error) {
    if (error instanceof GraphQLError) return { request, document: error };
    throw error;
  }
}

/** The answer as GitHub writes it: errors carry their `type`, and HTTP's status stays 200. */
export async function answerQuery(
  context: QueryContext,
  { variables }: QueryRequest,
  document: DocumentNode | GraphQLError,
): Promise<unknown> {
  if (document instanceof GraphQLError) return { errors: [errorJson(document)] };
  const schema = await githubSchema();
  const mistakes = validate(schema, document);
  if (mistakes.length > 0) return { errors: mistakes.map(errorJson) };
  const result = await execute({
    schema,
    document,
    rootValue: rootValue(context),
    variableValues: variables,
    fieldResolver,
  });
  return {
    ...(result.data === undefined ? {} : { data: result.data }),
    ...(result.errors === undefined ? {} : { errors: result.errors.map(errorJson) }),
  };
}

function errorJson(error: GraphQLError): unknown {
  const cause = error instanceof QueryError ? error : error.originalError;
  return {
    ...(cause instanceof QueryError ? { type: cause.type } : {}),
    ...(error.path === undefined ? {} : { path: error.path }),
    ...(error.locations === undefined ? {} : { locations: error.locations }),
    message: error.message,
  };
}
