import { ClientError } from '../client/error.ts';
import type { Fetcher } from '../client/fetcher.ts';
import { type VerifiedRepository, verifyRepository } from '../client/verify-repository.ts';
import { foldReasons } from '../event/alike.ts';
import { type ClientProblem, findClientProblems, searchIn } from '../event/clients/find.ts';
import type { Facts } from '../event/context.ts';
import { judgeRepository, type Verdict, verdictOf } from '../event/judge.ts';
import { type Reason, type RuleId, refuse } from '../event/reason.ts';
import { historyOf } from '../event/rules/history.ts';
import type { CommitSha } from '../git/oid.ts';
import type { Document } from '../metadata/document.ts';
import { type PublishedFile, publishedMetadata } from '../repository/layout.ts';
import type { RepositoryTree } from '../repository/tree.ts';
import { historyFile, type ObjectId } from '../repository/tree.ts';
import { OperationError } from './error.ts';
import { gatherRepository, type HashArtifacts } from './gather.ts';
import { sharedDocuments } from './publish/share.ts';
import { trustedRootProblem } from './trusted-root.ts';
import type { Workspace } from './workspace.ts';

export interface VerifyRequest {
  readonly commit: CommitSha;
  /** Where trust starts; the oldest root of the commit itself where nothing is given. */
  readonly trustedRoot?: Uint8Array | undefined;
  /** Leaves the client workflow out, for whoever runs it on what is built. */
  readonly withoutClient?: boolean;
  /** Hashes the artifacts in another way than to read them from git. */
  readonly hashArtifacts?: HashArtifacts;
}

export interface VerifyOutcome {
  /** `accepted` or `rejected`. */
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  readonly tree: RepositoryTree;
  readonly history: Facts['history'];
  /** What a client saw; `undefined` where it was refused, or did not get that far. */
  readonly client: VerifiedRepository | undefined;
  /** What clients of several makers would stumble over, whatever the verdict; looked for when asked. */
  readonly clientProblems: () => readonly ClientProblem[];
}

/** Metadata of the site lies at its top, artifacts below `targets/`. */
export const SITE_LAYOUT = { metadata: '', targets: 'targets' } as const;

/**
 * Verifies the complete repository at a commit as it would be published: all rules, every hash, the whole root chain,
 * then the client workflow from the trusted root. Throws {@link GitError}.
 */
export async function verifyCommit(workspace: Workspace, request: VerifyRequest): Promise<VerifyOutcome> {
  const { objects, clock } = workspace;
  const now = clock.now();
  const { tree, facts, policy } = await gatherRepository(objects, request.commit, now, request.hashArtifacts);
  const judgement = judgeRepository({ mode: 'publish', tree, policy, facts, now });
  const clientProblems = (): readonly ClientProblem[] => [
    ...findClientProblems(searchIn(judgement.context, { documents: judgement.context.graph.roles.keys() })),
  ];
  // Of thousands of bins that all have one fault it is said once.
  const found = foldReasons(judgement.context.graph, judgement.reasons);
  const seen = { tree, history: facts.history, clientProblems };
  if (judgement.verdict !== 'accepted')
    return { ...seen, verdict: 'rejected', reasons: found, client: undefined };
  const problem =
    request.trustedRoot === undefined ? undefined : trustedRootProblem(facts, request.trustedRoot);
  if (problem !== undefined) {
    const rule: RuleId = 'clients';
    const reasons = [...found, { rule, ...refuse(problem) }];
    return { ...seen, verdict: 'rejected', reasons, client: undefined };
  }
  if (request.withoutClient === true)
    return { ...seen, verdict: verdictOf(judgement.reasons), reasons: found, client: undefined };
  try {
    const trustedRoot = request.trustedRoot ?? (await oldestRoot(workspace, tree));
    const site = commitFetcher(workspace, publishedMetadata(tree), sharedDocuments(tree, facts.history));
    const client = await verifyRepository(site, trustedRoot, now, { layout: SITE_LAYOUT });
    return { ...seen, verdict: verdictOf(judgement.reasons), reasons: found, client };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const rule: RuleId = 'clients';
    const reasons = [...found, { rule, ...refuse(`a client would refuse this: ${error.message}`) }];
    return { ...seen, verdict: 'rejected', reasons, client: undefined };
  }
}

/** The root that the oldest client started with. Throws {@link OperationError} `NOT_FOUND`. */
export async function oldestRoot({ objects }: Workspace, tree: RepositoryTree): Promise<Uint8Array> {
  const [first] = [...historyOf(tree).keys()].sort((a, b) => a - b);
  const entry = first === undefined ? undefined : tree.metadata.get(historyFile(first));
  if (entry === undefined) throw new OperationError('NOT_FOUND', 'there is no root to start from');
  return objects.readBlob(entry.oid);
}

/** Serves the files of a site straight from git objects, or from the documents that were read from them. */
export function commitFetcher(
  { objects }: Workspace,
  files: Iterable<PublishedFile>,
  documents: ReadonlyMap<ObjectId, Document> = new Map(),
): Fetcher {
  const byPath = new Map<string, ObjectId>();
  for (const { path, oid } of files) byPath.set(path.split('/').map(encodeURIComponent).join('/'), oid);
  return {
    fetch: async (path, maxBytes) => {
      const oid = byPath.get(path);
      if (oid === undefined) return undefined;
      const bytes = documents.get(oid)?.bytes;
      return bytes !== undefined && bytes.length <= maxBytes ? bytes : objects.readBlob(oid, maxBytes);
    },
  };
}
