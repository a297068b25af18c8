import type { PullRequest } from '../forge.ts';
import { type GithubClient, isAccount } from './client.ts';

export interface OwnComment {
  readonly id: number;
  readonly body: string;
}

const PAGE = 100;
const MAX_PAGES = 30;

/**
 * The comment by the token's own account that begins with `marker`. Both have to fit: anybody can write our marker, and
 * other workflows write as the same account.
 */
export async function findComment(
  client: GithubClient,
  { number }: Pick<PullRequest, 'number'>,
  marker: string,
): Promise<OwnComment | undefined> {
  const login = await client.ownLogin();
  for (let page = 1; page <= MAX_PAGES; page++) {
    const comments = await client.call(`read the comments of #${number}`, rest =>
      rest.issues.listComments({ ...client.here, issue_number: number, per_page: PAGE, page }),
    );
    const found = comments.find(
      ({ user, body }) => isAccount(user, login) && body?.startsWith(marker) === true,
    );
    if (found !== undefined) return { id: found.id, body: (found.body ?? '').replaceAll('\r\n', '\n') };
    if (comments.length < PAGE) return undefined;
  }
  return undefined;
}

export const addComment = (client: GithubClient, number: number, body: string): Promise<unknown> =>
  client.call(`comment on #${number}`, rest =>
    rest.issues.createComment({ ...client.here, issue_number: number, body }),
  );

export const editComment = (client: GithubClient, id: number, body: string): Promise<unknown> =>
  client.call('update our comment', rest =>
    rest.issues.updateComment({ ...client.here, comment_id: id, body }),
  );
