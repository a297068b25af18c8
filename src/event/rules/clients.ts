import type { RoleName } from '../../metadata/names.ts';
import {
  beyond,
  type ClientProblem,
  findClientProblems,
  only,
  problemText,
  searchIn,
} from '../clients/find.ts';
import { comingPolicy } from '../coming-policy.ts';
import type { Context } from '../context.ts';
import { awaits, type Finding, refuse, warn } from '../reason.ts';
import { listed } from '../words.ts';
import type { Rule } from './rule.ts';

/** What the clients that the policy names can't verify does not get in; what others can't is told once, as it comes. */
export const clients: Rule = {
  id: 'clients',
  source: 'FIELD notes, "TUF clients: what they cannot verify"; src/event/clients/matrix.ts',
  modes: ['event', 'publish'],
  *check(context) {
    const isEvent = context.mode === 'event';
    const elsewhere: ClientProblem[] = [];
    for (const found of isEvent ? newProblems(context) : allProblems(context)) {
      // Every client has that one, and rule schema is at least as hard on it.
      const own = only(found, ({ isCommon }) => !isCommon);
      if (own === undefined) continue;
      const isNamed = context.policy.clients.has(own.client.id);
      if (isNamed) yield judge(own, isEvent);
      else if (own.weight === 'breaks' && isEvent) yield warn(problemText(own));
      else if (own.weight === 'breaks') elsewhere.push(own);
    }
    if (elsewhere.length > 0) yield warn(`not every client can verify all of this: ${inShort(elsewhere)}`);
    yield* checkComing(context);
  },
};

function judge(found: ClientProblem, isEvent: boolean): Finding {
  const text = problemText(found);
  if (found.weight === 'weakens') return warn(text);
  const message = `${text}; the policy names ${found.client.id}`;
  return isEvent && found.problem === 'signatures' ? awaits(message) : refuse(message);
}

/** Of a whole repository one line is enough, each time anew: `verify --clients` tells the rest. */
const inShort = (found: readonly ClientProblem[]): string =>
  listed([...new Set(found.map(({ name, problem }) => `${name} (${problem})`))]);

const allProblems = (context: Context): Iterable<ClientProblem> =>
  findClientProblems(searchIn(context, { documents: context.graph.roles.keys() }));

/** What the event brings: that of main it does not repeat. */
function* newProblems(context: Context): Iterable<ClientProblem> {
  const { changed, knownGood: tree, knownGraph: graph } = context;
  const roles = { documents: [...changed.keys()], delegated: delegatedAnew(context) };
  const before = searchIn({ tree, graph, quorumOf: () => undefined }, roles);
  for (const found of findClientProblems(searchIn(context, roles))) {
    const own = beyond(found, before(found.client, found.problem));
    if (own !== undefined) yield own;
  }
}

/** Roles whose own document stays while who signs them, or who says so, does not. Documents of others need not be read. */
const delegatedAnew = (context: Context): readonly RoleName[] =>
  [...context.graph.roles.values()]
    .filter(({ role, delegator }) => context.changed.has(delegator) && !context.changed.has(role))
    .filter(
      ({ role, delegator }) =>
        context.knownGraph.roles.get(role)?.delegator !== delegator || !context.hasSameDelegation(role),
    )
    .map(({ role }) => role);

/** A policy that names a client which main's metadata is nothing for would stop publishing: say so while it can be thought over. */
function* checkComing(context: Context): Iterable<Finding> {
  const coming = comingPolicy(context);
  if (coming === undefined) return;
  for (const found of allProblems(context)) {
    const { client, weight } = found;
    if (weight === 'weakens' || !coming.clients.has(client.id) || context.policy.clients.has(client.id))
      continue;
    yield warn(`under the new policy nothing could be published: ${problemText(found)}`);
  }
}
