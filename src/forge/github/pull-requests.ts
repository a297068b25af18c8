import { ForgeError } from '../error.ts';
import type { PullRequest, PullRequestRequest } from '../forge.ts';
import { type GithubClient, isAccount } from './client.ts';

/** What we read of a pull request. */
interface Found {
  readonly number: number;
  readonly node_id: string;
  readonly title: string;
  readonly body: string | null;
  readonly draft?: boolean;
  readonly html_url: string;
  readonly head: { readonly ref: string; readonly repo: { readonly full_name: string } | null };
  readonly user: { readonly login: string; readonly type?: string } | null;
}

/** As {@link Forge.openOrUpdatePullRequest}: reads first, and writes only what differs. */
export async function openOrUpdate(
  client: GithubClient,
  base: () => Promise<string>,
  request: PullRequestRequest,
): Promise<PullRequest> {
  const known = await findOpen(client, request.branch);
  if (known !== undefined) return update(client, known, request);
  const { branch, title, body, draft } = request;
  try {
    const made = await client.call(`open a pull request for ${JSON.stringify(branch)}`, async rest =>
      rest.pulls.create({ ...client.here, head: branch, base: await base(), title, body, draft }),
    );
    return view(made);
  } catch (error) {
    if (!(error instanceof ForgeError) || error.code !== 'UNFIT') throw error;
    // Another run may have been faster: then there is one by now.
    const other = await findOpen(client, branch);
    if (other === undefined) throw error;
    return update(client, other, request);
  }
}

export async function listOpen(client: GithubClient): Promise<readonly PullRequest[]> {
  const found: PullRequest[] = [];
  for (let page = 1; page <= MAX_PAGES; page++) {
    const some = await client.call('list pull requests', rest =>
      rest.pulls.list({ ...client.here, state: 'open', per_page: PAGE, page }),
    );
    found.push(...some.filter(one => isOurs(client, one)).map(view));
    if (some.length < PAGE) break;
  }
  return found;
}

const PAGE = 100;
const MAX_PAGES = 10;

/** A fork may have a branch of the same name: only our own repository's counts. */
const isOurs = ({ here }: GithubClient, { head }: Found): boolean =>
  head.repo?.full_name.toLowerCase() === `${here.owner}/${here.repo}`.toLowerCase();

async function findOpen(client: GithubClient, branch: string): Promise<Found | undefined> {
  const { here } = client;
  const found: readonly Found[] = await client.call('look for the pull request', rest =>
    rest.pulls.list({ ...here, state: 'open', head: `${here.owner}:${branch}`, per_page: PAGE }),
  );
  // Several where somebody opened more with another base: the oldest has the talk.
  return found
    .filter(one => one.head.ref === branch && isOurs(client, one))
    .sort((a, b) => a.number - b.number)[0];
}

async function update(
  client: GithubClient,
  known: Found,
  { title, body, draft }: PullRequestRequest,
): Promise<PullRequest> {
  const { number } = known;
  const same = known.title === title && normal(known.body) === normal(body);
  if (!same && isAccount(known.user, await client.ownLogin())) {
    await client.call(`update pull request #${number}`, rest =>
      rest.pulls.update({ ...client.here, pull_number: number, title, body }),
    );
  }
  if ((known.draft ?? false) !== draft) await setDraft(client, known, draft);
  return { ...view(known), title: known.title, draft };
}

/** GitHub keeps a text's line ends as it got them, and gives an empty one back as null. */
const normal = (body: string | null): string => (body ?? '').replaceAll('\r\n', '\n').trim();

/** REST can't change this. Needs `contents: write` beside `pull-requests: write`. */
async function setDraft(client: GithubClient, { node_id, number }: Found, draft: boolean): Promise<void> {
  const name = draft ? 'convertPullRequestToDraft' : 'markPullRequestReadyForReview';
  const query = `mutation ($id: ID!) { ${name}(input: { pullRequestId: $id }) { pullRequest { isDraft } } }`;
  await client.ask(`mark pull request #${number} as ${draft ? 'a draft' : 'ready'}`, query, { id: node_id });
}

const view = ({ number, head, title, draft, html_url }: Found): PullRequest => ({
  number,
  branch: head.ref,
  title,
  draft: draft ?? false,
  state: 'open',
  url: html_url,
});
