import { generateKeyPairSync } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../src/clock.ts';
import type { EventReport } from '../../src/event/report.ts';
import { type LocalForge, localForge } from '../../src/forge/local.ts';
import type { BranchName } from '../../src/git/names.ts';
import { runGit } from '../../src/git/process.ts';
import { type GitRepository, openBareRepository, openRepository } from '../../src/git/repository.ts';
import { type KeyOwner, parseKeyOwner } from '../../src/metadata/names.ts';
import { folderPins } from '../../src/operations/pin/folder.ts';
import type { PinStore } from '../../src/operations/pin/pin.ts';
import type { Prompter } from '../../src/operations/prompter.ts';
import { type SignOutcome, signEvent } from '../../src/operations/sign.ts';
import { runSigningEvent } from '../../src/operations/signing-event.ts';
import { requireReport } from '../../src/operations/tell-event.ts';
import { openWorkspace, type Workspace } from '../../src/operations/workspace.ts';
import { parsePivUri } from '../../src/signers/piv/uri.ts';
import { cardSigner, type HeldSigner } from '../personal-signer.ts';
import { VirtualCard } from './virtual-card/card.ts';
import { virtualTransport } from './virtual-card/transport.ts';

/** Somebody with a clone of their own and a card in their own reader. */
export interface Actor {
  readonly owner: KeyOwner;
  readonly folder: string;
  readonly signer: HeldSigner;
  /** What they trust, on a machine of their own. */
  readonly pins: PinStore;
}

/** Everything that takes part in the demo, in one folder. */
export interface World {
  readonly folder: string;
  readonly clock: Clock;
  readonly remote: GitRepository;
  readonly forge: LocalForge;
  readonly site: string;
  /** Holds the online key's file. */
  readonly keys: string;
  readonly automation: string;
}

const DEMO_PIN = '271828';

/** A bare repository that everybody pushes to, a forge in files, and a clone for the automation. */
export async function createWorld(folder: string, clock: Clock): Promise<World> {
  const remoteFolder = join(folder, 'repository.git');
  const keys = join(folder, 'keys');
  await mkdir(remoteFolder, { recursive: true });
  await mkdir(keys, { recursive: true, mode: 0o700 });
  await runGit(remoteFolder, ['init', '--quiet', '--bare', '--initial-branch=main', '.']);
  const world: World = {
    folder,
    clock,
    remote: await openBareRepository(remoteFolder),
    forge: localForge(join(folder, 'forge')),
    site: join(folder, 'site'),
    keys,
    automation: join(folder, 'automation'),
  };
  await clone(world, world.automation, 'Automation', 'automation@demo.invalid');
  return world;
}

export async function createActor(world: World, name: string, serial: number): Promise<Actor> {
  const owner = parseKeyOwner(`@${name}`);
  const folder = join(world.folder, name);
  const repository = await clone(world, folder, name, `${name}@demo.invalid`);
  await runGit(repository, ['config', '--local', 'tuf-signer.user', owner]);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const card = new VirtualCard({
    serial,
    pin: DEMO_PIN,
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  });
  const prompts = {
    requestPin: async () => Buffer.from(DEMO_PIN),
    confirmLastTry: async () => false,
  };
  return {
    owner,
    folder,
    signer: cardSigner(virtualTransport([card]), prompts, parsePivUri('piv:')),
    pins: folderPins(join(world.folder, `${name}.pins`)),
  };
}

async function clone(world: World, folder: string, name: string, email: string): Promise<GitRepository> {
  await mkdir(folder, { recursive: true });
  await runGit(folder, ['init', '--quiet', '--initial-branch=main', '.']);
  const repository = await openRepository(folder);
  await runGit(repository, ['remote', 'add', '--', 'origin', world.remote.gitDir]);
  await runGit(repository, ['config', '--local', 'user.name', name]);
  await runGit(repository, ['config', '--local', 'user.email', email]);
  return repository;
}

/** Does `work` in the clone at `folder`. */
export async function inClone<T>(
  world: World,
  folder: string,
  work: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  await using workspace = await openWorkspace(folder, world.clock);
  return await work(workspace);
}

/** What the forge's automation does after a push to an event. */
export const afterPush = (world: World, branch: BranchName): Promise<EventReport> =>
  inClone(world, world.automation, async workspace =>
    requireReport((await runSigningEvent(workspace, branch, world.forge)).told),
  );

/** `tuf-signer sign BRANCH` by one person, and what the automation does then. */
export async function personSigns(
  world: World,
  actor: Actor,
  branch: BranchName,
  prompter: Prompter,
): Promise<{ readonly outcome: SignOutcome; readonly report: EventReport }> {
  const outcome = await inClone(world, actor.folder, workspace =>
    signEvent(workspace, { branch, signer: actor.signer, prompter, trust: { pins: actor.pins } }),
  );
  return { outcome, report: await afterPush(world, branch) };
}
