import { ForgeError } from '../error.ts';
import type { Issue, IssueName, IssueRequest } from '../forge.ts';
import { type GithubClient, isAccount } from './client.ts';
import { addComment } from './comments.ts';

interface Found extends Issue {
  readonly title: string;
  readonly body: string;
}

export async function openOrUpdateIssue(client: GithubClient, request: IssueRequest): Promise<Issue> {
  const { label, title, marker } = request;
  const body = `${marker}\n${request.body}`;
  const known = await findIssue(client, request);
  if (known !== undefined) {
    if (known.title !== title || known.body.trim() !== body.trim()) {
      await client.call(`update issue #${known.number}`, rest =>
        rest.issues.update({ ...client.here, issue_number: known.number, title, body }),
      );
    }
    return known;
  }
  await requireLabel(client, label);
  const made = await client.call('open an issue', rest =>
    rest.issues.create({ ...client.here, title, body, labels: [label] }),
  );
  return { number: made.number, url: made.html_url };
}

export async function closeIssue(
  client: GithubClient,
  name: IssueName,
  lastWord: string,
): Promise<Issue | undefined> {
  const known = await findIssue(client, name);
  if (known === undefined) return undefined;
  await addComment(client, known.number, lastWord);
  await client.call(`close issue #${known.number}`, rest =>
    rest.issues.update({
      ...client.here,
      issue_number: known.number,
      state: 'closed',
      state_reason: 'completed',
    }),
  );
  return known;
}

/** Ours is what our account opened with this marker and label: anybody can open an issue, and write our marker. */
async function findIssue(client: GithubClient, { marker, label }: IssueName): Promise<Found | undefined> {
  const login = await client.ownLogin();
  const issues = await client.call('look for our issue', rest =>
    rest.issues.listForRepo({ ...client.here, state: 'open', labels: label, per_page: 100 }),
  );
  const found = issues.find(
    ({ user, body, pull_request }) =>
      pull_request === undefined && isAccount(user, login) && body?.startsWith(marker) === true,
  );
  if (found === undefined) return undefined;
  const body = (found.body ?? '').replaceAll('\r\n', '\n');
  return { number: found.number, url: found.html_url, title: found.title, body };
}

async function requireLabel(client: GithubClient, name: string): Promise<void> {
  try {
    await client.call('look for the label', rest => rest.issues.getLabel({ ...client.here, name }));
    return;
  } catch (error) {
    if (!(error instanceof ForgeError) || error.code !== 'NOT_FOUND') throw error;
  }
  try {
    await client.call('make the label', rest => rest.issues.createLabel({ ...client.here, name }));
  } catch (error) {
    // Another run was faster.
    if (!(error instanceof ForgeError) || error.code !== 'UNFIT') throw error;
  }
}
