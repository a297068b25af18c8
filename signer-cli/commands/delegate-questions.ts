import { formatInstant } from '../../src/clock.ts';
import { type BranchName, parseSigningEvent, SIGNING_EVENT_PREFIX } from '../../src/git/names.ts';
import { isOnlineRole, isTopLevelRole, ROOT, type RoleName, TARGETS } from '../../src/metadata/names.ts';
import { defaultPaths } from '../../src/operations/delegate-paths.ts';
import { defaultRolePeriods, type RoleChanges } from '../../src/operations/delegate-request.ts';
import { OperationError } from '../../src/operations/error.ts';
import { listEvents } from '../../src/operations/event.ts';
import type { Workspace } from '../../src/operations/workspace.ts';
import { renderRoles } from '../../src/render/roles.ts';
import { delegationGraph } from '../../src/repository/delegators.ts';
import { type RoleSummary, roleTable, summaryOf } from '../../src/repository/role-table.ts';
import type { RepositoryTree } from '../../src/repository/tree.ts';
import { askAgain } from '../ask-again.ts';
import { givenRole } from '../given.ts';
import type { RunContext } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';
import {
  formatPeriods,
  ONLINE_KEY_QUESTION,
  parsePeriods,
  parseSigners,
  parseThreshold,
  periodsQuestion,
  readOnlineKey,
  thresholdQuestion,
} from './answers.ts';
import { type DelegateFlags, isChange, parsePatterns } from './delegate-flags.ts';

const MAX_LISTED = 40;

/** Asks the person at the terminal, step by step, for what no flag says. An answer that makes no sense is asked for again. */
export class DelegateQuestions {
  readonly #workspace: Workspace;
  readonly #flags: DelegateFlags;
  readonly #context: RunContext;

  constructor(workspace: Workspace, flags: DelegateFlags, context: RunContext) {
    this.#workspace = workspace;
    this.#flags = flags;
    this.#context = context;
  }

  /** An open event, or one that is to be created. */
  async event(): Promise<BranchName> {
    const { output } = this.#context;
    const { events } = await listEvents(this.#workspace);
    if (events.length > 0) {
      output.say('Open events:');
      for (const [i, name] of events.entries()) output.say(`  ${i + 1}  ${name}`);
    }
    const today = formatInstant(this.#workspace.clock.now()).slice(0, 10);
    const question =
      events.length > 0
        ? 'Which event? Its number, or the name of a new one:'
        : 'How is the event to be called?';
    return this.#ask(question, `${SIGNING_EVENT_PREFIX}roles-${today}`, text => {
      const numbered = /^\d{1,4}$/.test(text) ? events[Number(text) - 1] : undefined;
      return (
        numbered ??
        parseSigningEvent(text.startsWith(SIGNING_EVENT_PREFIX) ? text : `${SIGNING_EVENT_PREFIX}${text}`)
      );
    });
  }

  async role(event: BranchName, tree: RepositoryTree): Promise<RoleName> {
    const { output } = this.#context;
    const options = { colour: output.colour.err, width: output.width };
    output.say(
      `The roles in ${event}: signatures of signers, days to expiry and for signing, who signs, what for`,
    );
    output.show(renderRoles(roleTable(tree, tree, MAX_LISTED), options));
    return this.#ask('Which role? A name that is not there makes a new role:', undefined, givenRole);
  }

  /** What flags say of the role; where that is nothing, or too little for a new one, the person is asked. */
  async changes(role: RoleName, tree: RepositoryTree, given: RoleChanges): Promise<RoleChanges> {
    if (!this.#context.asker.isInteractive) return given;
    const delegated = delegationGraph(tree).roles.get(role);
    if (delegated !== undefined) {
      return isChange(given) ? given : this.#changesOf(summaryOf(tree, delegated));
    }
    const isSaid = given.signers ?? given.addSigners ?? given.online ?? given.remove;
    return isTopLevelRole(role) || isSaid !== undefined ? given : this.#newRole(role, tree, given);
  }

  async #newRole(role: RoleName, tree: RepositoryTree, given: RoleChanges): Promise<RoleChanges> {
    this.#context.output.say(`${role} is new.`);
    const graph = delegationGraph(tree);
    const delegator =
      given.delegator ??
      (await this.#ask('Who delegates to it?', TARGETS, text => {
        const name = givenRole(text);
        if (!graph.roles.has(name)) throw new UsageError(`there is no role ${name}`);
        return name;
      }));
    const paths = given.paths ?? (await this.#paths(role, presetPaths(role, delegator, tree)));
    const people = await this.#people(role, undefined);
    const count = people.signers?.length ?? 1;
    const threshold =
      given.threshold ??
      (count === 1 ? undefined : await this.#threshold(role, count, Math.floor(count / 2) + 1));
    const periods = given.periods ?? (await this.#periods(role, formatPeriods(defaultRolePeriods)));
    return { ...given, ...people, delegator, paths, threshold, periods };
  }

  /** One thing after the other, as often as the person likes. */
  async #changesOf(now: RoleSummary): Promise<RoleChanges> {
    const { role } = now;
    const known = topicsOf(now);
    const topics = await this.#ask(
      `What is to change of ${role}? Some of ${[...known].join(', ')}:`,
      undefined,
      text => {
        const names = text.split(/[\s,]+/).filter(name => name !== '');
        const odd = names.find(name => !known.has(name as Topic));
        if (odd !== undefined) throw new UsageError(`${JSON.stringify(odd)} is none of these`);
        if (names.length > 1 && names.includes('remove'))
          throw new UsageError('what is removed has nothing else to change');
        return new Set(names as readonly Topic[]);
      },
    );
    if (topics.has('remove')) return this.#removal(now);
    const people = topics.has('signers') ? await this.#people(role, now) : {};
    const count = people.signers?.length ?? now.keys + now.invited.length;
    const asks = topics.has('threshold') || (people.signers !== undefined && now.threshold > count);
    return {
      ...people,
      ...(topics.has('key') ? { online: await this.#onlineKey(now.onlineUris[0]) } : {}),
      ...(asks ? { threshold: await this.#threshold(role, count, Math.min(now.threshold, count)) } : {}),
      ...(topics.has('periods')
        ? {
            periods: await this.#periods(
              role,
              now.periods === undefined ? undefined : formatPeriods(now.periods),
            ),
          }
        : {}),
      ...(topics.has('paths') ? { paths: await this.#paths(role, now.paths) } : {}),
      ...(topics.has('order') ? await this.#order(now) : {}),
    };
  }

  async #removal({ role }: RoleSummary): Promise<RoleChanges> {
    const { asker } = this.#context;
    const all = await asker.confirm(
      `Remove ${role}, its file and the files of its artifacts? Roles below it, if any, go too.`,
    );
    if (!all) throw new OperationError('DECLINED', 'nothing was written');
    return { remove: true, recursive: true };
  }

  /** Accounts, or `online` for a key of the automation's. */
  async #people(role: RoleName, now: RoleSummary | undefined): Promise<RoleChanges> {
    const { user } = this.#workspace.settings;
    const present = now === undefined ? (user === undefined ? [] : [user]) : [...now.owners, ...now.invited];
    const question =
      role === ROOT
        ? 'Who signs root? Accounts with commas between:'
        : `Who signs ${role}? Accounts with commas between, or online:`;
    const signers = await this.#ask(question, present.join(', ') || undefined, text => {
      if (text === 'online' && role !== ROOT) return undefined;
      return parseSigners(text);
    });
    return signers === undefined ? { online: await this.#onlineKey(now?.onlineUris[0]) } : { signers };
  }

  #onlineKey(preset: string | undefined): ReturnType<typeof readOnlineKey> {
    return this.#ask(ONLINE_KEY_QUESTION, preset, uri => readOnlineKey(uri, this.#flags, this.#context));
  }

  #threshold(role: RoleName, count: number, preset: number): Promise<number> {
    return this.#ask(thresholdQuestion(role, count), String(preset), text => parseThreshold(text, count));
  }

  #periods(role: RoleName, preset: string | undefined): Promise<RoleChanges['periods']> {
    return this.#ask(periodsQuestion(role), preset, text => parsePeriods(text, 'the period'));
  }

  #paths(role: RoleName, preset: readonly string[]): Promise<readonly string[]> {
    const question = `Which paths does ${role} speak for? Patterns with commas between:`;
    return this.#ask(question, preset.join(',') || undefined, text => {
      const patterns = parsePatterns(text);
      if (patterns.length === 0) throw new UsageError('a role needs at least one pattern');
      return patterns;
    });
  }

  async #order({ role, terminating }: RoleSummary): Promise<RoleChanges> {
    const before = await this.#ask(
      `Before which role do clients ask ${role}? A name, or stay:`,
      'stay',
      text => (text === 'stay' ? undefined : givenRole(text)),
    );
    const ends = await this.#ask(
      `Do clients end their search with ${role}, whether or not it has the artifact? yes or no:`,
      terminating === false ? 'no' : 'yes',
      text => {
        if (/^y(es)?$/i.test(text)) return true;
        if (/^no?$/i.test(text)) return false;
        throw new UsageError('say yes or no');
      },
    );
    return { before, terminating: ends === terminating ? undefined : ends };
  }

  #ask<T>(question: string, preset: string | undefined, parse: (text: string) => T | Promise<T>): Promise<T> {
    return askAgain(this.#context, question, preset, parse);
  }
}

type Topic = 'signers' | 'threshold' | 'periods' | 'key' | 'paths' | 'order' | 'remove';

function topicsOf({ role, onlineUris, hashPrefixes }: RoleSummary): ReadonlySet<Topic> {
  if (isOnlineRole(role)) return new Set<Topic>(['key', 'periods']);
  const own: readonly Topic[] =
    onlineUris.length > 0 ? ['signers', 'key', 'periods'] : ['signers', 'threshold', 'periods'];
  if (isTopLevelRole(role)) return new Set<Topic>(own);
  return new Set<Topic>([...own, ...(hashPrefixes > 0 ? [] : (['paths'] as const)), 'order', 'remove']);
}

function presetPaths(role: RoleName, delegator: RoleName, tree: RepositoryTree): readonly string[] {
  try {
    return defaultPaths({ role }, delegationGraph(tree), delegator);
  } catch (error) {
    if (error instanceof OperationError && error.code === 'MISSING_ANSWER') return [];
    throw error;
  }
}
