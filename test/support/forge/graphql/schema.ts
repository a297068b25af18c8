import { buildSchema, type GraphQLSchema } from 'graphql';

let building: Promise<GraphQLSchema> | undefined;

/** GitHub's own SDL. Loaded and built on first use: it takes a third of a second. */
export function githubSchema(): Promise<GraphQLSchema> {
  building ??= import('@octokit/graphql-schema').then(({ schema }) =>
    buildSchema(schema.idl, { assumeValid: true, noLocation: true }),
  );
  return building;
}
