import { parseSigningEvent } from '../../src/git/names.ts';
import { writeSetting } from '../../src/git/settings.ts';
import type { KeyOwner } from '../../src/metadata/names.ts';
import { loadRemoteEvent } from '../../src/operations/event.ts';
import { existingMain, initRepository, isStarted, type SignersRequest } from '../../src/operations/init.ts';
import { signEvent } from '../../src/operations/sign.ts';
import type { RolePeriods } from '../../src/repository/documents.ts';
import type { Asker } from '../ask.ts';
import { EXIT } from '../exit-codes.ts';
import { givenOwner } from '../given.ts';
import { personalSigner, pinsOf, prompterOf, type RunContext, trustOf, workspaceOf } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';
import {
  formatPeriods,
  type OnlineKeyFlags,
  parseCount,
  parseOwners,
  parsePeriods,
  readOnlineKey,
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
  const answers = new Answers(context.asker);
  let workspace = await workspaceOf(flags);
  try {
    if (workspace.settings.user === undefined) {
      const user = givenOwner(await context.asker.text('Your account on the forge, as in @you:'));
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
    const targets = await answers.signers(
      'targets',
      flags.targetsSigners ?? (flags.signers === undefined ? undefined : root.signers.join(',')),
      flags.targetsThreshold ?? (flags.threshold === undefined ? undefined : String(root.threshold)),
      flags.targetsPeriods,
      root.signers,
      root.threshold,
    );
    const uri = await answers.text(
      flags.onlineKey,
      'Where is the key that automation signs with? As in file:online.pem:',
      undefined,
      '--online-key',
    );
    const online = await readOnlineKey(uri, flags, context);
    await using signer = personalSigner(flags, context);
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

/** Answers from flags, and where one is missing from the person. */
class Answers {
  readonly #asker: Asker;

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  async text(
    given: string | undefined,
    question: string,
    preset: string | undefined,
    flag: string,
  ): Promise<string> {
    if (given !== undefined) return given;
    if (!this.#asker.isInteractive) {
      if (preset !== undefined) return preset;
      throw new UsageError(`nobody is here to answer "${question}": give ${flag}`);
    }
    return this.#asker.text(question, preset);
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
    const owners = parseOwners(
      await this.text(
        signers,
        `Who signs ${role}? Accounts with commas between:`,
        preset,
        `--${suffix}signers`,
      ),
    );
    const most = Math.max(1, Math.floor(owners.length / 2) + 1);
    const chosen = await this.text(
      threshold,
      `How many of the ${owners.length} have to sign ${role}?`,
      String(presetThreshold ?? most),
      `--${suffix}threshold`,
    );
    const days = await this.text(
      periods,
      `Days until ${role} expires, and how many days before that it is signed anew:`,
      formatPeriods(defaults[role]),
      `--${role}-periods`,
    );
    return {
      signers: owners,
      threshold: parseCount(chosen, `the threshold of ${role}`),
      periods: parsePeriods(days, `the period of ${role}`),
    };
  }
}
