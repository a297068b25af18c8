import { join } from 'node:path';
import { type Clock, fixedClock, parseInstant, systemClock } from '../src/clock.ts';
import { unreachable } from '../src/errors.ts';
import { GitError } from '../src/git/error.ts';
import { parseRemoteName } from '../src/git/names.ts';
import { folderPins } from '../src/operations/pin/folder.ts';
import type { PinStore } from '../src/operations/pin/pin.ts';
import type { Trust } from '../src/operations/pin/trust.ts';
import type { Prompter } from '../src/operations/prompter.ts';
import { openWorkspace, type Workspace } from '../src/operations/workspace.ts';
import { renderTerminal } from '../src/render/terminal.ts';
import { fileSigner } from '../src/signers/file.ts';
import { pcscTransport } from '../src/signers/piv/pcsc.ts';
import { tracingTransport } from '../src/signers/piv/trace.ts';
import type { CardTransport } from '../src/signers/piv/transport.ts';
import { parsePivUri } from '../src/signers/piv/uri.ts';
import { parseSignerUri } from '../src/signers/registry.ts';
import type { Signer } from '../src/signers/signer.ts';
import { type Asker, terminalAsker } from './ask.ts';
import { configFolder } from './config-folder.ts';
import { givenFile, givenOwner } from './given.ts';
import { type Output, openOutput } from './output.ts';
import { cardSigner, type HeldSigner } from './personal-signer.ts';
import { pinPrompts } from './pin.ts';
import { parseDescriptor, type SecretSource } from './secret-source.ts';
import { UsageError } from './usage-error.ts';

/** Flags that every command understands. */
export interface GlobalFlags {
  readonly repo: string;
  readonly user?: string;
  readonly pullRemote?: string;
  readonly pushRemote?: string;
  readonly now?: string;
  readonly yes?: boolean;
  readonly key?: string;
  readonly pinFile?: string;
  readonly pinFd?: string;
  readonly trustedRoot?: string;
}

/** What a command works with: the outside world, narrowed to what commands use of it. */
export interface RunContext {
  readonly output: Output;
  readonly asker: Asker;
  readonly environment: NodeJS.ProcessEnv;
  /** The cards of this machine. Nothing is touched before they are used; whoever opens them disposes of them. */
  openCards(): CardTransport;
}

export function processContext(
  yes: boolean,
  output: Output = openOutput(process.stdout, process.stderr, process.env),
): RunContext {
  const environment = { ...process.env };
  // git, ssh and whatever they start have no business with it.
  delete process.env[PIN_VARIABLE];
  return {
    output,
    asker: terminalAsker(process.stdin, process.stderr, yes),
    environment,
    openCards: () => tracedCards(pcscTransport(), environment, output),
  };
}

const PIN_VARIABLE = 'TUF_SIGNER_PIN';

/** `TUF_SIGNER_TRACE=apdu` shows what passes to and from cards, without anything secret. Throws {@link UsageError}. */
export function tracedCards(
  cards: CardTransport,
  environment: NodeJS.ProcessEnv,
  output: Output,
): CardTransport {
  const wish = environment['TUF_SIGNER_TRACE'] ?? '';
  if (wish === '') return cards;
  if (wish !== 'apdu')
    throw new UsageError(`TUF_SIGNER_TRACE=${JSON.stringify(wish)} is not known: set it to apdu`);
  return tracingTransport(cards, line => output.say(line));
}

/** Where the PIN comes from if not from the terminal. */
export const pinSource = (
  flags: Pick<GlobalFlags, 'pinFile' | 'pinFd'>,
  { environment }: Pick<RunContext, 'environment'>,
): SecretSource => ({
  file: flags.pinFile,
  fd: parseDescriptor(flags.pinFd, '--pin-fd'),
  variable: environment[PIN_VARIABLE],
});

export function clockOf({ now }: Pick<GlobalFlags, 'now'>): Clock {
  if (now === undefined) return systemClock;
  const instant = parseInstant(now);
  if (instant === undefined)
    throw new UsageError(`--now ${JSON.stringify(now)} is no date and time as in 2026-01-31T12:00:00Z`);
  return fixedClock(instant);
}

/** The clone of this run, its settings overlaid by flags. */
export async function workspaceOf(flags: GlobalFlags): Promise<Workspace> {
  const { user, pullRemote, pushRemote } = flags;
  const settings = {
    ...(user === undefined ? {} : { user: givenOwner(user) }),
    ...(pullRemote === undefined ? {} : { pullRemote: parseRemoteName(pullRemote) }),
    ...(pushRemote === undefined ? {} : { pushRemote: parseRemoteName(pushRemote) }),
  };
  const workspace = await openClone(flags);
  return { ...workspace, settings: { ...workspace.settings, ...settings } };
}

/** The usual reason for no repository is another folder than was thought. */
async function openClone(flags: GlobalFlags): Promise<Workspace> {
  try {
    return await openWorkspace(flags.repo, clockOf(flags));
  } catch (error) {
    if (!(error instanceof GitError && error.code === 'NOT_A_REPOSITORY')) throw error;
    const remedy = 'Run this in your clone, or name it by --repo FOLDER';
    throw new GitError('NOT_A_REPOSITORY', `${error.message}. ${remedy}`, { cause: error });
  }
}

/** What this person signs with: a card unless `--key` says otherwise. Nothing is touched before it is used. */
export function personalSigner(flags: GlobalFlags, context: RunContext): HeldSigner {
  const uri = flags.key ?? 'piv:';
  const { scheme } = parseSignerUri(uri);
  switch (scheme) {
    case 'piv': {
      const prompts = pinPrompts(pinSource(flags, context), context.asker, context.output);
      return cardSigner(context.openCards(), prompts, parsePivUri(uri));
    }
    case 'file': {
      const signer = fileSigner(uri, fileOptions(flags, context));
      return { ...signer, [Symbol.asyncDispose]: async () => undefined };
    }
    default:
      return unreachable(scheme);
  }
}

/** What this person trusts: kept beside their other settings, for every clone of theirs. */
export const pinsOf = ({ environment }: Pick<RunContext, 'environment'>): PinStore =>
  folderPins(join(configFolder(environment), 'pins'));

/** The pins of this person, and the root that was given by `--trusted-root`. Throws {@link UsageError}. */
export async function trustOf({ trustedRoot }: GlobalFlags, context: RunContext): Promise<Trust> {
  const pins = pinsOf(context);
  return trustedRoot === undefined
    ? { pins }
    : { pins, trustedRoot: await givenFile(trustedRoot, '--trusted-root') };
}

/** Signs with online keys wherever their URIs in the metadata point. */
export function onlineSigner(flags: GlobalFlags, context: RunContext): Signer {
  return {
    sign: async (key, payload) => {
      if (key.onlineUri === undefined) return undefined;
      const { scheme } = parseSignerUri(key.onlineUri);
      switch (scheme) {
        case 'file':
          return fileSigner(key.onlineUri, fileOptions(flags, context)).sign(key, payload);
        case 'piv':
          throw new UsageError('an online key can not be on a card: a person would have to be there');
        default:
          return unreachable(scheme);
      }
    },
  };
}

/** Relative key files lie in TUF_SIGNER_KEYS, else in the current folder. */
export const fileOptions = (
  _flags: GlobalFlags,
  { environment, output }: RunContext,
): Parameters<typeof fileSigner>[1] => ({
  folder: environment['TUF_SIGNER_KEYS'] ?? process.cwd(),
  environment,
  warn: message => output.say(`warning: ${message}`),
});

/** `yes` is what was given by --yes: whoever gives it does not wait to be asked for another card. */
export function prompterOf(
  { output, asker }: Pick<RunContext, 'output' | 'asker'>,
  { yes = false }: Pick<GlobalFlags, 'yes'> = {},
): Prompter {
  return {
    progress: message => output.say(`… ${message}`),
    show: report => output.show(renderTerminal(report, { colour: output.colour.err, width: output.width })),
    confirm: question => asker.confirm(question),
    confirmTrust: question => asker.confirmTrust(question),
    insert:
      asker.isInteractive && !yes
        ? async what => !LATER.test(await asker.text(`Insert ${what} and press Enter (or type later):`))
        : undefined,
  };
}

const LATER = /^(?:l|later|n|no)$/i;
