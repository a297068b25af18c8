import { GraphQLError } from 'graphql';

export type QueryErrorType = 'NOT_FOUND' | 'FORBIDDEN' | 'UNPROCESSABLE' | 'NOT_SUPPORTED_HERE';

/** An error with the `type` that GitHub puts beside the message, which is no part of GraphQL's own form. */
export class QueryError extends GraphQLError {
  readonly type: QueryErrorType;

  constructor(type: QueryErrorType, message: string) {
    super(message);
    this.type = type;
  }
}
