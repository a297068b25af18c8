import type { Document } from '../metadata/document.ts';
import type { Context } from './context.ts';

/** What changes in a role's document against known-good's, in words. */
export function describeRole(before: Document | undefined, after: Document | undefined): readonly string[] {
  if (after === undefined) return ['the role is removed'];
  return before === undefined ? ['the role is new'] : [];
}

/** Which artifact files are added, changed and removed, in words. */
export const describeArtifacts = (context: Context): readonly string[] =>
  context.diff.artifacts.map(({ path }) => path);
