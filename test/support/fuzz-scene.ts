import { createHash } from 'node:crypto';
import { parseInstant } from '../../src/clock.ts';
import { noFacts } from '../../src/event/context.ts';
import type { EventInput, Judgement, RepositoryInput } from '../../src/event/judge.ts';
import { judge, judgeRepository } from '../../src/event/judge.ts';
import type { ObjectReader } from '../../src/git/objects.ts';
import type { CommitSha } from '../../src/git/oid.ts';
import {
  type Document,
  isRoot,
  parseDocumentOf,
  type Root,
  signedBytes,
} from '../../src/metadata/document.ts';
import { MetadataError } from '../../src/metadata/error.ts';
import { ROOT, type RoleName } from '../../src/metadata/names.ts';
import { gatherEvent, gatherRepository } from '../../src/operations/gather.ts';
import { defaultPolicy } from '../../src/policy/policy.ts';
import { allDigests } from '../../src/repository/digests.ts';
import {
  documentOf,
  historyFile,
  type ObjectId,
  type Parsed,
  type RepositoryTree,
  roleFile,
  rootOf,
} from '../../src/repository/tree.ts';
import { fixtureCases } from './fixture-repo.ts';
import { fuzzTown } from './mutation-bases.ts';
import { digestsOf, testNow } from './tree-builder.ts';

/** An event, and the repository that it would be once merged and published. */
export interface Scene {
  readonly event: EventInput;
  readonly published: Omit<RepositoryInput, 'mode'>;
}

export const oidOf = (bytes: Uint8Array): ObjectId =>
  createHash('sha1').update(bytes).digest('hex') as ObjectId;

/** Judges the scene in all three modes, with `role`'s document replaced: `bytes`, and what became of parsing them. */
export function judgeMutant(
  { event, published }: Scene,
  role: RoleName,
  bytes: Uint8Array,
  document: Parsed<Document>,
): { readonly event: Judgement; readonly alone: readonly Judgement[]; readonly tree: RepositoryTree } {
  const tree = replaced(published.tree, role, bytes, document);
  const history = new Map(published.facts.history);
  // An attacker who writes a root writes its copy too.
  const version = rootOf(published.tree)?.signed.version;
  if (role === ROOT && version !== undefined) history.set(version, asRoot(document));
  const facts = { ...published.facts, history };
  return {
    event: judge({ ...event, event: replaced(event.event, role, bytes, document) }),
    alone: (['known-good', 'publish'] as const).map(mode =>
      judgeRepository({ ...published, tree, facts, mode }),
    ),
    tree,
  };
}

function replaced(
  tree: RepositoryTree,
  role: RoleName,
  bytes: Uint8Array,
  document: Parsed<Document>,
): RepositoryTree {
  const metadata = new Map(tree.metadata);
  const version = role === ROOT ? rootOf(tree)?.signed.version : undefined;
  const copy = version === undefined ? [] : [historyFile(version)];
  for (const path of [roleFile(role), ...copy])
    metadata.set(path, { path, mode: '100644', oid: oidOf(bytes) });
  return { ...tree, metadata, documents: new Map(tree.documents).set(role, document) };
}

function asRoot(parsed: Parsed<Document>): Parsed<Document<Root>> {
  if (!parsed.ok) return parsed;
  if (isRoot(parsed.value)) return { ok: true, value: parsed.value };
  return { ok: false, error: new MetadataError('MALFORMED', 'is no root document') };
}

/** What the holders of keys have signed: `keyid signature` of each document of `role` in any of these trees, by signed bytes. */
export function honestSignatures(
  role: RoleName,
  trees: readonly RepositoryTree[],
  history: RepositoryInput['facts']['history'] = new Map(),
): ReadonlyMap<string, ReadonlySet<string>> {
  const roots = role === ROOT ? [...history.values()].map(root => (root.ok ? root.value : undefined)) : [];
  const honest = new Map<string, Set<string>>();
  for (const document of [...trees.map(tree => documentOf(tree, role)), ...roots]) {
    if (document === undefined) continue;
    const payload = payloadOf(document);
    const signatures = honest.get(payload) ?? new Set();
    honest.set(payload, signatures);
    for (const { keyid, sig } of document.signatures) signatures.add(`${keyid} ${sig}`);
  }
  return honest;
}

export const payloadOf = (document: Document): string =>
  Buffer.from(signedBytes(document)).toString('latin1');

/** Every document that lies open in the scene, to take members and signatures from. */
export const openDocuments = ({ event, published }: Scene): readonly Uint8Array[] =>
  [published.tree, event.knownGood].flatMap(({ documents }) =>
    [...documents.values()].flatMap(parsed => (parsed.ok ? [parsed.value.bytes] : [])),
  );

/** The scene of {@link fuzzTown}: accepted in every mode. */
export function townScene(): Scene {
  const { main, event, published } = fuzzTown();
  const [knownGood, tree] = [main.tree(), published.tree()];
  const digests = digestsOf(new Set([...allDigests(knownGood), ...allDigests(tree)]));
  const verified = { knownGoodVerified: true, knownGoodArtifactsVerified: true, main: knownGood };
  const common = { policy: defaultPolicy, now: testNow };
  const history = new Map(
    [1, 2].map((version): [number, Parsed<Document<Root>>] => {
      const bytes = published.bytes(`metadata/${historyFile(version)}`);
      return [version, { ok: true, value: parseDocumentOf('root', bytes) }];
    }),
  );
  return {
    event: {
      ...common,
      knownGood,
      knownGoodFaults: [],
      knownGoodGiven: false,
      event: event.tree(),
      facts: { ...noFacts, ...verified, digests },
    },
    published: { ...common, tree, facts: { ...noFacts, digests, history } },
  };
}

/** An accepted event of the real history, gathered as the command does it. */
export async function realScene(objects: ObjectReader): Promise<Scene> {
  for (const fixture of fixtureCases()) {
    const now = parseInstant(fixture.now);
    if (fixture.expected !== 'accept' || now === undefined) continue;
    const [head, base] = [fixture.head as CommitSha, fixture.base as CommitSha];
    const gathered = await gatherEvent(objects, { event: head, knownGood: base, main: base }, { now });
    const event = { ...gathered, knownGoodGiven: true, now };
    const { context, verdict } = judge(event);
    if (verdict !== 'accepted' || context.changed.size < 2) continue;
    return { event, published: { ...(await gatherRepository(objects, head)), now } };
  }
  throw new Error('the real history has no event to start from');
}
