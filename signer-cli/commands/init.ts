import { parseSigningEvent } from '../../src/git/names.ts';
import { writeSetting } from '../../src/git/settings.ts';
import type { KeyOwner } from '../../src/metadata/names.ts';
import { loadRemoteEvent } from '../../src/operations/event.ts';
import { existingMain, initRepository, isStarted, type SignersRequest } from '../../src/operations/init.ts';
import { signEvent } from '../../src/operations/sign.ts';
import { requireUser } from '../../src/operations/workspace.ts';
import type { RolePeriods } from '../../src/repository/documents.ts';
import { askAgain } from '../ask-again.ts';
import { EXIT } from '../exit-codes.ts';
import { givenOwner } from '../given.ts';
import { personalSigner, pinsOf, prompterOf, type RunContext, trustOf, workspaceOf } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';
import {
  formatPeriods,
  ONLINE_KEY_QUESTION,
  type OnlineKeyFlags,
  parseCount,
  parseOwners,
  parsePeriods,
  parseSigners,
  parseThreshold,
  periodsQuestion,
  readOnlineKey,
  thresholdQuestion,
} from './answers.ts';

export interface InitFlags extends OnlineKeyFlags {
  readonly signers?: string;
  readonly threshold?: string;
  readonly targetsSigners?: string;
  readonly targetsThreshold?: string;
  readonly rootPeriods?: string;
  readonly targetsPeriods?: string;
  readonly snapshotPeriods?: string;
  readonly timestampPeriods?: string;
  readonly github?: boolean;
  readonly actions?: string;
  readonly app?: string;
}

/** Days. What a small project can keep up with: two ceremonies a year, a timestamp that stalls for a week at most. */
const defaults = {
  root: { expiryDays: 365, signingDays: 60 },
  targets: { expiryDays: 365, signingDays: 60 },
  snapshot: { expiryDays: 365, signingDays: 60 },
  timestamp: { expiryDays: 7, signingDays: 4 },
} as const satisfies Readonly<Record<string, RolePeriods>>;

/** Starts a repository, on GitHub with all that automation needs there. */
export async function run(args: readonly string[], flags: InitFlags, context: RunContext): Promise<number> {
  if (flags.github !== true) return startRepository(args, flags, context);
  const { setUpGithub } = await import('./github.ts');
  const { exit, isReady, result } = await setUpGithub(flags, context);
  context.output.result(result);
  if (await isStartedAlready(flags)) {
    context.output.say('This repository has metadata already: nothing is started.');
    return exit;
  }
  // A workflow runs from the branch that was pushed, and an event's comes from main.
  if (!isReady) {
    context.output.say(
      'No event is started before the workflows are on main: push them, and run this again.',
    );
    return Math.max(exit, EXIT.pending);
  }
  return (await startRepository(args, flags, context)) || exit;
}

async function isStartedAlready(flags: InitFlags): Promise<boolean> {
  await using workspace = await workspaceOf(flags);
  const main = await existingMain(workspace);
  return main !== undefined && (await isStarted(workspace, main.commit));
}

/** The first event, with the maintainer's key and invitations for the others. */
async function startRepository(
  [event]: readonly string[],
  flags: InitFlags,
  context: RunContext,
): Promise<number> {
  const { output } = context;
  const branch = parseSigningEvent(event ?? 'sign/init');
  const answers = new Answers(context);
  let workspace = await workspaceOf(flags);
  try {
    if (workspace.settings.user === undefined) {
      const question = 'Your account on the forge, as in @you:';
      const user = await askAgain(context, question, undefined, givenOwner);
      await writeSetting(workspace.repository, 'user', user);
      workspace = { ...workspace, settings: { ...workspace.settings, user } };
    }
    const root = await answers.signers(
      'root',
      flags.signers,
      flags.threshold,
      flags.rootPeriods,
      workspace.settings.user,
    );
    await using signer = personalSigner(flags, context);
    // A card that is not there is found out before there are more questions to answer again.
    if (context.asker.isInteractive && root.signers.includes(requireUser(workspace)))
      await signer.readPublicKey();
    const targets = await answers.signers(
      'targets',
      flags.targetsSigners ?? (flags.signers === undefined ? undefined : root.signers.join(',')),
      flags.targetsThreshold ?? (flags.threshold === undefined ? undefined : String(root.threshold)),
      flags.targetsPeriods,
      root.signers,
      root.threshold,
    );
    const online = await answers.value(flags.onlineKey, ONLINE_KEY_QUESTION, undefined, '--online-key', uri =>
      readOnlineKey(uri, flags, context),
    );
    await initRepository(workspace, {
      event: branch,
      root,
      targets,
      online: {
        ...online,
        snapshot: answers.periods(flags.snapshotPeriods, 'snapshot', defaults.snapshot),
        timestamp: answers.periods(flags.timestampPeriods, 'timestamp', defaults.timestamp),
      },
      ownKey: () => signer.readPublicKey(),
      ownAttestation: async () => signer.readAttestation?.(),
      pins: pinsOf(context),
    });
    const { report } = await loadRemoteEvent(workspace, branch);
    output.say(`Created and pushed ${branch}.`);
    if (report.invites.size > 0) {
      output.say(
        `Invited: ${[...report.invites.keys()].join(', ')}. Each of them runs: tuf-signer sign ${branch}`,
      );
      if ([...root.signers, ...targets.signers].includes(requireUser(workspace)))
        output.say(`Once all have answered, you sign, too: tuf-signer sign ${branch}`);
      return EXIT.accepted;
    }
    const { signed } = await signEvent(workspace, {
      branch,
      signer,
      prompter: prompterOf(context),
      trust: await trustOf(flags, context),
    });
    output.say(`You have signed ${signed.join(' and ')}. Merge ${branch} when it is accepted.`);
    return EXIT.accepted;
  } finally {
    await workspace[Symbol.asyncDispose]();
  }
}

/** Answers from flags, and where one is missing from the person, who is asked again for one that makes no sense. */
class Answers {
  readonly #context: RunContext;

  constructor(context: RunContext) {
    this.#context = context;
  }

  /** `typed` reads what a person typed, where that is to be checked at once. */
  async value<T>(
    given: string | undefined,
    question: string,
    preset: string | undefined,
    flag: string,
    parse: (text: string) => T | Promise<T>,
    typed: (text: string) => T | Promise<T> = parse,
  ): Promise<T> {
    if (given !== undefined) return parse(given);
    if (this.#context.asker.isInteractive) return askAgain(this.#context, question, preset, typed);
    if (preset !== undefined) return parse(preset);
    throw new UsageError(`nobody is here to answer "${question}": give ${flag}`);
  }

  periods(given: string | undefined, role: string, preset: RolePeriods): RolePeriods {
    return given === undefined ? preset : parsePeriods(given, `the period of ${role}`);
  }

  async signers(
    role: 'root' | 'targets',
    signers: string | undefined,
    threshold: string | undefined,
    periods: string | undefined,
    presetSigners: KeyOwner | readonly KeyOwner[] | undefined,
    presetThreshold?: number,
  ): Promise<SignersRequest> {
    const suffix = role === 'root' ? '' : 'targets-';
    const preset = presetSigners === undefined ? undefined : [presetSigners].flat().join(', ');
    const owners = await this.value(
      signers,
      `Who signs ${role}? Accounts with commas between:`,
      preset,
      `--${suffix}signers`,
      parseOwners,
      parseSigners,
    );
    const most = Math.max(1, Math.floor(owners.length / 2) + 1);
    const chosen = await this.value(
      threshold,
      thresholdQuestion(role, owners.length),
      String(Math.min(presetThreshold ?? most, owners.length)),
      `--${suffix}threshold`,
      text => parseCount(text, `the threshold of ${role}`),
      text => parseThreshold(text, owners.length),
    );
    const days = await this.value(
      periods,
      periodsQuestion(role),
      formatPeriods(defaults[role]),
      `--${role}-periods`,
      text => parsePeriods(text, `the period of ${role}`),
    );
    return { signers: owners, threshold: chosen, periods: days };
  }
}
