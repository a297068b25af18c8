import type { Instant } from '../clock.ts';
import type { Document, Signed } from '../metadata/document.ts';
import type { PolicyFile } from '../policy/policy.ts';
import type { Parsed } from '../repository/tree.ts';
import type { Attestations } from './cards.ts';
import type { Context } from './context.ts';
import { describeFiles, describeTargetFiles } from './describe/artifacts.ts';
import { describeDelegations, describeRootRoles } from './describe/delegations.ts';
import { describeLeaves, describeOthers } from './describe/leaves.ts';
import { describeLifetime, PERIOD_MEMBERS } from './describe/lifetime.ts';
import { append, capped } from './describe/text.ts';

/**
 * What changes in a role's document against known-good's, in words, one sentence each; a new document is described in
 * full, a missing one is removed. Nothing that is signed goes unmentioned: two documents that differ in `signed`, at any
 * depth, are described differently. Sentences quote untrusted text: renderers escape them. Linear in the documents.
 */
export function describeRole(
  before: Document | undefined,
  after: Document | undefined,
  now: Instant,
  attestations: Attestations = new Map(),
): readonly string[] {
  if (after === undefined) return ['the role is removed'];
  const [old, signed] = [before?.signed, after.signed];
  if (old === undefined) return ['the role is new', ...describeSigned(undefined, signed, now, attestations)];
  if (old.type !== signed.type) {
    const sentence = `what was a ${old.type} document is a ${signed.type} document now`;
    return [sentence, ...describeSigned(undefined, signed, now, attestations)];
  }
  return describeSigned(old, signed, now, attestations);
}

/** Which files below targets/ are added, changed and removed, in words. */
export const describeArtifacts = (context: Context): readonly string[] =>
  describeFiles(context.diff.artifacts, context.facts.digests);

/** What the policy file says otherwise than before, in words: root names it by its digest alone. */
export function describePolicy(before: Parsed<PolicyFile>, after: Parsed<PolicyFile>): readonly string[] {
  if (!after.ok) return ['the policy file can not be read, so nothing can be said of what it changes'];
  const old = before.ok ? before.value : undefined;
  if (old?.digest === after.value.digest) return [];
  const changes = describeLeaves(old?.stated ?? {}, after.value.stated, []);
  const sentences = changes.length === 0 ? ['only comments and spelling change'] : changes;
  return [
    ...(after.value.digest === undefined ? ['the policy file is removed'] : []),
    ...capped(sentences, 'changes of the policy'),
  ].map(sentence => `policy: ${sentence}`);
}

/** Members that every document has and that are told by name; `_type` is, where it changes. */
const COMMON: readonly string[] = ['_type', 'version', 'expires', ...PERIOD_MEMBERS];

function describeSigned(
  before: Signed | undefined,
  after: Signed,
  now: Instant,
  attestations: Attestations,
): readonly string[] {
  const told: string[] = [...COMMON];
  const sentences = [...describeLifetime(before, after, now)];
  switch (after.type) {
    case 'root':
      append(sentences, describeRootRoles(before?.type === 'root' ? before : undefined, after, attestations));
      told.push('keys', 'roles');
      break;
    case 'targets': {
      const old = before?.type === 'targets' ? before : undefined;
      append(sentences, describeDelegations(old, after, attestations));
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
