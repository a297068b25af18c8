import type { Instant } from '../clock.ts';
import type { Document, Signed } from '../metadata/document.ts';
import type { Context } from './context.ts';
import { describeFiles, describeTargetFiles } from './describe/artifacts.ts';
import { describeDelegations, describeRootRoles } from './describe/delegations.ts';
import { describeOthers } from './describe/leaves.ts';
import { describeLifetime, PERIOD_MEMBERS } from './describe/lifetime.ts';
import { append } from './describe/text.ts';

/**
 * What changes in a role's document against known-good's, in words, one sentence each; a new document is described in
 * full, a missing one is removed. Nothing that is signed goes unmentioned: two documents that differ in `signed`, at any
 * depth, are described differently. Sentences quote untrusted text: renderers escape them. Linear in the documents.
 */
export function describeRole(
  before: Document | undefined,
  after: Document | undefined,
  now: Instant,
): readonly string[] {
  if (after === undefined) return ['the role is removed'];
  const [old, signed] = [before?.signed, after.signed];
  if (old === undefined) return ['the role is new', ...describeSigned(undefined, signed, now)];
  if (old.type !== signed.type) {
    const sentence = `what was a ${old.type} document is a ${signed.type} document now`;
    return [sentence, ...describeSigned(undefined, signed, now)];
  }
  return describeSigned(old, signed, now);
}

/** Which files below targets/ are added, changed and removed, in words. */
export const describeArtifacts = (context: Context): readonly string[] =>
  describeFiles(context.diff.artifacts, context.facts.digests);

/** Members that every document has and that are told by name; `_type` is, where it changes. */
const COMMON: readonly string[] = ['_type', 'version', 'expires', ...PERIOD_MEMBERS];

function describeSigned(before: Signed | undefined, after: Signed, now: Instant): readonly string[] {
  const told: string[] = [...COMMON];
  const sentences = [...describeLifetime(before, after, now)];
  switch (after.type) {
    case 'root':
      append(sentences, describeRootRoles(before?.type === 'root' ? before : undefined, after));
      told.push('keys', 'roles');
      break;
    case 'targets': {
      const old = before?.type === 'targets' ? before : undefined;
      append(sentences, describeDelegations(old, after));
      append(sentences, describeTargetFiles(old?.targets ?? new Map(), after.targets));
      told.push('delegations', 'targets');
      break;
    }
    case 'snapshot':
    case 'timestamp':
      // Their one own member, `meta`, is told like anything else.
      break;
  }
  return [...sentences, ...describeOthers(before?.raw, after.raw, told)];
}
