import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GithubOptions } from '../../src/forge/github.ts';

type Json = Record<string, unknown>;

export interface StubPull extends Json {
  number: number;
  node_id: string;
  title: string;
  body: string;
  draft: boolean;
  html_url: string;
  state: string;
  head: { ref: string; repo: { full_name: string } };
  user: { login: string; type: string };
}

export interface StubComment {
  id: number;
  body: string;
  user: { login: string; type: string };
}

export interface StubIssue extends Json {
  number: number;
  title: string;
  body: string;
  state: string;
  labels: readonly string[];
  html_url: string;
  user: { login: string; type: string };
}

/** What the stub answers instead of doing what it is asked to. */
export interface StubFailure {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
}

const BOT = { login: 'github-actions[bot]', type: 'Bot' } as const;

/**
 * As much of GitHub as the adapter needs, in memory, behind real HTTP. It knows no permissions and no git: it takes every
 * call down, and fails where it is told to.
 */
export class GithubStub implements AsyncDisposable {
  readonly pulls: StubPull[] = [];
  readonly comments: Map<number, StubComment[]> = new Map();
  readonly statuses: Map<string, Json[]> = new Map();
  readonly issues: StubIssue[] = [];
  readonly labels: Set<string> = new Set();
  readonly activity: Json[] = [];
  readonly dispatches: Json[] = [];
  /** `METHOD /path` of each call, without the query. */
  readonly calls: string[] = [];
  /** By `METHOD /path`: answered once each, in order. */
  readonly failures: Map<string, StubFailure[]> = new Map();
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  /** The account of the token, as GraphQL writes it. */
  viewer: string = BOT.login;
  #next = 1;

  static async start(): Promise<GithubStub> {
    const stub = new GithubStub();
    await new Promise<void>(resolve => void stub.#server.listen(0, '127.0.0.1', resolve));
    return stub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get options(): GithubOptions {
    const { url } = this;
    return {
      owner: 'octo',
      repo: 'tuf',
      token: 'ghs_s3cret-token',
      apiUrl: url,
      graphqlUrl: `${url}/graphql`,
      second: 1,
    };
  }

  /** The calls since the last time, writes alone where wanted. */
  taken({ writes = false }: { readonly writes?: boolean } = {}): readonly string[] {
    const all = this.calls.splice(0);
    return writes ? all.filter(call => !call.startsWith('GET ') && call !== 'POST /graphql viewer') : all;
  }

  fail(call: string, ...failures: readonly StubFailure[]): void {
    this.failures.set(call, [...failures]);
  }

  addPull(branch: string, more: Partial<StubPull> = {}): StubPull {
    const number = this.#next++;
    const pull: StubPull = {
      number,
      node_id: `PR_${number}`,
      title: '',
      body: '',
      draft: false,
      state: 'open',
      html_url: `https://github.example/octo/tuf/pull/${number}`,
      head: { ref: branch, repo: { full_name: 'octo/tuf' } },
      user: BOT,
      ...more,
    };
    this.pulls.push(pull);
    return pull;
  }

  addComment(number: number, body: string, login: string = BOT.login): StubComment {
    const comment = {
      id: this.#next++,
      body,
      user: { login, type: login.endsWith('[bot]') ? 'Bot' : 'User' },
    };
    this.comments.set(number, [...(this.comments.get(number) ?? []), comment]);
    return comment;
  }

  addIssue(more: Partial<StubIssue>): StubIssue {
    const number = this.#next++;
    const url = `https://github.example/octo/tuf/issues/${number}`;
    const issue = {
      number,
      title: '',
      body: '',
      state: 'open',
      labels: [],
      html_url: url,
      user: BOT,
      ...more,
    };
    this.issues.push(issue);
    return issue;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => void this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    const body = (text === '' ? {} : JSON.parse(text)) as Json;
    const url = new URL(request.url ?? '/', 'http://stub');
    const path = url.pathname.replace(/^\/repos\/octo\/tuf/, '');
    const graphql =
      path === '/graphql' ? ` ${/viewer|convert\w+|mark\w+/.exec(String(body['query']))?.[0]}` : '';
    const call = `${request.method ?? ''} ${path}${graphql}`;
    this.calls.push(call);
    const failure = this.failures.get(call)?.shift();
    const [status, data, headers] =
      failure === undefined
        ? this.#route(request.method ?? '', path, url.searchParams, body)
        : [failure.status, failure.body ?? { message: 'told to fail' }, failure.headers ?? {}];
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(data === undefined ? undefined : JSON.stringify(data));
  }

  #route(
    method: string,
    path: string,
    query: URLSearchParams,
    body: Json,
  ): [number, unknown, Json & Record<string, string>] {
    const ok = (data: unknown, status = 200): [number, unknown, Record<string, string>] => [status, data, {}];
    const missing = ok({ message: 'Not Found' }, 404);
    const number = Number(/^\/(?:issues|pulls)\/(\d+)/.exec(path)?.[1]);
    const page = <T>(all: readonly T[]): readonly T[] => {
      const size = Number(query.get('per_page') ?? 30);
      const from = (Number(query.get('page') ?? 1) - 1) * size;
      return all.slice(from, from + size);
    };
    if (path === '/graphql') return ok(this.#graphql(body));
    if (path === '' && method === 'GET') return ok({ default_branch: 'main' });
    if (path === '/pulls' && method === 'GET') {
      const head = query.get('head');
      const open = this.pulls.filter(
        pull => pull.state === 'open' && (head === null || head === `octo:${pull.head.ref}`),
      );
      return ok(page(open));
    }
    if (path === '/pulls' && method === 'POST') {
      const { head, ...rest } = body;
      if (
        this.pulls.some(
          ({ state, head: own }) => state === 'open' && own.ref === head && own.repo.full_name === 'octo/tuf',
        )
      )
        return ok({ message: 'Validation Failed' }, 422);
      return ok(this.addPull(String(head), rest), 201);
    }
    if (/^\/pulls\/\d+$/.test(path)) {
      const pull = this.pulls.find(one => one.number === number);
      return pull === undefined ? missing : ok(Object.assign(pull, body));
    }
    if (/^\/issues\/\d+\/comments$/.test(path)) {
      return method === 'GET'
        ? ok(page(this.comments.get(number) ?? []))
        : ok(this.addComment(number, String(body['body'])), 201);
    }
    if (/^\/issues\/comments\/\d+$/.test(path)) {
      const id = Number(path.split('/').at(-1));
      const comment = [...this.comments.values()].flat().find(one => one.id === id);
      return comment === undefined ? missing : ok(Object.assign(comment, body));
    }
    if (path === '/issues' && method === 'GET') {
      const label = query.get('labels') ?? '';
      return ok(page(this.issues.filter(({ state, labels }) => state === 'open' && labels.includes(label))));
    }
    if (path === '/issues') return ok(this.addIssue(body), 201);
    if (/^\/issues\/\d+$/.test(path)) {
      const issue = this.issues.find(one => one.number === number);
      return issue === undefined ? missing : ok(Object.assign(issue, body));
    }
    if (path.startsWith('/labels/')) {
      const name = decodeURIComponent(path.slice('/labels/'.length));
      return this.labels.has(name) ? ok({ name }) : missing;
    }
    if (path === '/labels') {
      this.labels.add(String(body['name']));
      return ok({ name: body['name'] }, 201);
    }
    const commit = /^\/(?:commits|statuses)\/([0-9a-f]{40})/.exec(path)?.[1] ?? '';
    if (/^\/commits\/[^/]+\/status$/.test(path)) return ok({ statuses: this.statuses.get(commit) ?? [] });
    if (path.startsWith('/statuses/')) {
      const others = (this.statuses.get(commit) ?? []).filter(({ context }) => context !== body['context']);
      this.statuses.set(commit, [body, ...others]);
      return ok(body, 201);
    }
    if (path === '/activity') return ok(this.activity);
    if (/^\/actions\/workflows\/[^/]+\/dispatches$/.test(path)) {
      this.dispatches.push({ workflow: path.split('/')[3], ...body });
      return ok(undefined, 204);
    }
    return missing;
  }

  #graphql({ query, variables }: Json): Json {
    if (String(query).includes('viewer')) return { data: { viewer: { login: this.viewer } } };
    const { id } = variables as { id: string };
    const pull = this.pulls.find(one => one.node_id === id);
    if (pull === undefined) return { data: null, errors: [{ type: 'NOT_FOUND', message: 'no such node' }] };
    pull.draft = String(query).includes('convertPullRequestToDraft');
    return { data: {} };
  }
}
