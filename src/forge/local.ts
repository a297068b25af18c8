import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ObjectId } from '../repository/tree.ts';
import { ForgeError } from './error.ts';
import type { Forge, PullRequest, PullRequestRequest, PullRequestState, StatusState } from './forge.ts';
import { inFolder, writeWhole } from './local-files.ts';
import { closeLocal, openOrUpdateLocal } from './local-issues.ts';
import {
  type LocalPullRequest,
  localName,
  localPage,
  parseLocalPullRequest,
  serializeLocal,
} from './local-state.ts';

/** A forge in a folder, for the demo and for tests. */
export interface LocalForge extends Forge {
  /** What a person would do by hand on a real forge. Throws {@link ForgeError} `NOT_FOUND`. */
  closePullRequest(number: number, state: Exclude<PullRequestState, 'open'>): Promise<void>;
}

/**
 * Keeps pull requests in `folder`: `N-BRANCH.json` and, to be read, `N-BRANCH.md`; commit statuses in `status-COMMIT.json`,
 * issues in `issue-N.json`.
 * Files are written whole or not at all. It decides nothing, and serves one process at a time. Calls throw
 * {@link ForgeError}.
 */
export function localForge(folder: string): LocalForge {
  const save = async (pullRequest: LocalPullRequest): Promise<PullRequest> => {
    const name = localName(pullRequest.number, pullRequest.branch);
    await writeWhole(path.join(folder, `${name}.json`), serializeLocal(pullRequest));
    await writeWhole(path.join(folder, `${name}.md`), localPage(pullRequest));
    return view(folder, pullRequest);
  };
  const change = async (
    number: number,
    edit: (pullRequest: LocalPullRequest) => LocalPullRequest,
  ): Promise<void> => {
    const found = (await readAll(folder)).find(pullRequest => pullRequest.number === number);
    if (found === undefined) throw new ForgeError('NOT_FOUND', `there is no pull request #${number}`);
    await save(edit(found));
  };
  return {
    async openOrUpdatePullRequest(request) {
      const all = await readAll(folder);
      const open = all.find(({ branch, state }) => branch === request.branch && state === 'open');
      return save(
        open === undefined
          ? newPullRequest((all.at(-1)?.number ?? 0) + 1, request)
          : { ...open, ...only(request) },
      );
    },
    async readComment({ number }, marker) {
      const found = (await readAll(folder)).find(pullRequest => pullRequest.number === number);
      return found?.comments.find(comment => comment.marker === marker)?.body;
    },
    upsertComment: ({ number }, marker, body) =>
      change(number, found => {
        const comments = [...found.comments];
        const index = comments.findIndex(comment => comment.marker === marker);
        comments.splice(index < 0 ? comments.length : index, 1, { marker, body });
        return { ...found, comments };
      }),
    postMention: ({ number }, body) =>
      change(number, found => ({ ...found, comments: [...found.comments, { marker: '', body }] })),
    setStatus: (commit, state, description) => writeStatus(folder, commit, state, description),
    async listPullRequests() {
      const all = await readAll(folder);
      return all.filter(({ state }) => state === 'open').map(found => view(folder, found));
    },
    // Nobody pushes through a folder, and nothing runs there.
    listPushes: async () => [],
    dispatchWorkflow: async () => undefined,
    openOrUpdateIssue: request => openOrUpdateLocal(folder, request),
    closeIssue: (name, lastWord) => closeLocal(folder, name, lastWord),
    closePullRequest: (number, state) => change(number, found => ({ ...found, state, draft: false })),
  };
}

/** The request's own members: whatever else the caller's object has stays outside. */
const only = ({ branch, title, body, draft }: PullRequestRequest): PullRequestRequest => ({
  branch,
  title,
  body,
  draft,
});

const newPullRequest = (number: number, request: PullRequestRequest): LocalPullRequest => ({
  number,
  state: 'open',
  ...only(request),
  comments: [],
});

function view(folder: string, { number, branch, title, draft, state }: LocalPullRequest): PullRequest {
  const url = pathToFileURL(path.resolve(folder, `${localName(number, branch)}.md`)).href;
  return { number, branch, title, draft, state, url };
}

async function writeStatus(
  folder: string,
  commit: ObjectId,
  state: StatusState,
  description: string,
): Promise<void> {
  if (!/^[0-9a-f]{40,64}$/.test(commit)) {
    throw new ForgeError('NOT_FOUND', `${JSON.stringify(commit)} is no commit`);
  }
  await writeWhole(
    path.join(folder, `status-${commit}.json`),
    serializeLocal({ commit, state, description }),
  );
}

/** All pull requests, by number. */
async function readAll(folder: string): Promise<readonly LocalPullRequest[]> {
  const names = (
    await inFolder('list', folder, async () => {
      await mkdir(folder, { recursive: true });
      return readdir(folder);
    })
  ).filter(name => /^\d+-.*\.json$/.test(name));
  const found = await Promise.all(
    names.map(async name => {
      const file = path.join(folder, name);
      return parseLocalPullRequest(await inFolder('read', file, () => readFile(file)), file);
    }),
  );
  return found.sort((a, b) => a.number - b.number);
}
