import type { Document } from '../../metadata/document.ts';
import type { RoleName } from '../../metadata/names.ts';
import { documentOf } from '../../repository/tree.ts';
import { listed } from '../words.ts';
import type { Hit, View, Weight } from './hit.ts';
import {
  type Client,
  clientName,
  clients,
  commonProblems,
  type ProblemId,
  problemIds,
  type Quirk,
} from './matrix.ts';
import { problems } from './problems.ts';

/** One client and one problem, with every place where they meet. There is at least one. */
export interface ClientProblem {
  readonly client: Client;
  /** The client in words, in the versions that have the problem. */
  readonly name: string;
  readonly problem: ProblemId;
  /** The worst of the places. */
  readonly weight: Weight;
  readonly hits: readonly Hit[];
}

/** The roles that are looked at. */
export interface Roles {
  /** By what their documents say. */
  readonly documents: Iterable<RoleName>;
  /** By what others say of them alone: who signs them, and how deep they lie. */
  readonly delegated?: Iterable<RoleName>;
}

/** Finds one problem of one client, where it has it. */
export type Search = (client: Client, problem: ProblemId) => ClientProblem | undefined;

/** Pure, and as much work as there are documents for each question. */
export function searchIn(view: View, roles: Roles): Search {
  const read = (names: Iterable<RoleName>): readonly (readonly [RoleName, Document])[] =>
    [...names].flatMap(role => {
      const document = documentOf(view.tree, role);
      return document === undefined ? [] : [[role, document] as const];
    });
  const own = read(roles.documents);
  const all = [...own, ...read(roles.delegated ?? [])];
  return (client, problem) => {
    const quirk = client.quirks.find(found => found.problem === problem);
    if (quirk === undefined && !isCommon(problem)) return undefined;
    const where = problem === 'signatures' || problem === 'depth' ? all : own;
    const hits: Hit[] = [];
    for (const [role, document] of where) {
      for (const hit of problems[problem].find(client, view, role, document)) hits.push(hit);
    }
    return clientProblem(client, problem, quirk, hits);
  };
}

/** All that a search finds: by client, then by problem. */
export function* findClientProblems(search: Search): Iterable<ClientProblem> {
  for (const client of clients) {
    for (const problem of problemIds) {
      const found = search(client, problem);
      if (found !== undefined) yield found;
    }
  }
}

const isCommon = (problem: ProblemId): boolean => commonProblems.some(common => common === problem);

function clientProblem(
  client: Client,
  problem: ProblemId,
  quirk: Quirk | undefined,
  hits: readonly Hit[],
): ClientProblem | undefined {
  if (hits.length === 0) return undefined;
  const weight = hits.some(hit => hit.weight === 'breaks') ? 'breaks' : 'weakens';
  return { client, name: clientName(client, quirk), problem, weight, hits };
}

/** What of it `before`, the same problem of the same client, does not have already; `undefined` where it has all of it as bad. */
export function beyond(found: ClientProblem, before: ClientProblem | undefined): ClientProblem | undefined {
  const known = new Map(before?.hits.map(({ key, weight }) => [key, weight]));
  return only(
    found,
    ({ key, weight }) => !known.has(key) || (weight === 'breaks' && known.get(key) === 'weakens'),
  );
}

/** The problem at these places alone; `undefined` where none is left. */
export const only = (
  { client, name, problem, hits }: ClientProblem,
  wanted: (hit: Hit) => boolean,
): ClientProblem | undefined => {
  const left = clientProblem(client, problem, undefined, hits.filter(wanted));
  return left === undefined ? undefined : { ...left, name };
};

/** A sentence: who does what, and where. Places are untrusted. */
export function problemText({ client, name, problem, weight, hits }: ClientProblem): string {
  const worst = hits.filter(hit => hit.weight === weight).map(({ text }) => text);
  return `${name} ${problems[problem].says(client)}: ${listed([...new Set(worst)], 4)}`;
}
