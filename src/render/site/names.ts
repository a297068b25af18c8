import type { RoleView } from './view.ts';

/** `tools`, or `bins-000 … bins-fff`. */
export const nameOf = ({ role, last }: Pick<RoleView, 'role' | 'last'>): string =>
  last === undefined ? role : `${role} … ${last}`;

/** Neighbours beyond this many that are alike are one row: nobody reads thousands of bins. */
export const MANY = 16;
