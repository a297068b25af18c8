import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, type TestAPI, test } from 'vitest';
import { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import {
  type VirtualTransport,
  virtualReaderName,
  virtualTransport,
} from '../../signer-cli/demo/virtual-card/transport.ts';
import { cardSigner } from '../../signer-cli/personal-signer.ts';
import { type Clock, type Instant, parseInstant } from '../../src/clock.ts';
import { required } from '../../src/errors.ts';
import type { EventReport } from '../../src/event/report.ts';
import { type BranchName, parseSigningEvent } from '../../src/git/names.ts';
import type { CommitSha } from '../../src/git/oid.ts';
import { type KeyOwner, parseKeyOwner, parseRoleName, type RoleName } from '../../src/metadata/names.ts';
import { type DelegateRequest, delegate } from '../../src/operations/delegate.ts';
import { type LoadedEvent, loadRemoteEvent } from '../../src/operations/event.ts';
import { type InitRequest, initRepository } from '../../src/operations/init.ts';
import { type OnlineOutcome, onlineSign } from '../../src/operations/online-sign.ts';
import { folderPins } from '../../src/operations/pin/folder.ts';
import type { PinStore } from '../../src/operations/pin/pin.ts';
import type { Prompter } from '../../src/operations/prompter.ts';
import { type SignOutcome, signEvent } from '../../src/operations/sign.ts';
import { type UpdateOutcome, updateTargets } from '../../src/operations/update-targets.ts';
import { fetchMain, openWorkspace, type Workspace } from '../../src/operations/workspace.ts';
import { fileSigner, readKeyFile, writeKeyFile } from '../../src/signers/file.ts';
import { parsePivUri } from '../../src/signers/piv/uri.ts';
import type { PersonalSigner, PublicKeyInfo, Signer } from '../../src/signers/signer.ts';
import { type ScriptedPrompts, scriptedPrompts } from './card-keys.ts';
import { WITHOUT_FSYNC } from './cli.ts';
import { type TestFiles, TestRepository } from './git-repo.ts';
import { onceARun } from './once-a-run.ts';
import { testKey } from './test-keys.ts';

Object.assign(process.env, WITHOUT_FSYNC);

export const NOW: Instant = required(parseInstant('2030-06-01T00:00:00Z'), 'instant');
export const PIN = '271828';
export const ONLINE_URI = 'file:online.pem';
export const YEAR = { expiryDays: 365, signingDays: 60 } as const;
export const INIT: BranchName = parseSigningEvent('sign/init');
export const UPDATE: BranchName = parseSigningEvent('sign/update');
export const TOOLS: RoleName = parseRoleName('tools');

export const PEOPLE = ['alice', 'bob', 'carol', 'mallory'] as const;
export type Name = (typeof PEOPLE)[number];

/** A clock that a test moves. */
export interface TestClock extends Clock {
  time: Instant;
}

/** What a person was shown and asked, and what they answer. */
export interface TestPrompter extends Prompter {
  readonly shown: EventReport[];
  readonly questions: string[];
  /** The questions of trust among them. */
  readonly trustQuestions: string[];
  readonly said: string[];
}

export function prompter(answer: (question: string) => boolean = () => true): TestPrompter {
  const [shown, questions, trustQuestions, said]: [EventReport[], string[], string[], string[]] = [
    [],
    [],
    [],
    [],
  ];
  return {
    shown,
    questions,
    trustQuestions,
    said,
    progress: message => void said.push(message),
    show: report => void shown.push(report),
    confirm: async question => {
      questions.push(question);
      return answer(question);
    },
    confirmTrust: async question => {
      trustQuestions.push(question);
      return answer(question);
    },
  };
}

/** Somebody with a clone and a card in the only reader of their machine. */
export class Person {
  readonly owner: KeyOwner;
  readonly folder: string;
  readonly git: TestRepository;
  readonly card: VirtualCard;
  /** Another card of theirs, with a key of its own; in the drawer until {@link insert}. */
  readonly newCard: VirtualCard;
  readonly transport: VirtualTransport;
  /** For the command, so that it finds this person's settings. */
  readonly env: Readonly<Record<string, string>>;
  /** What this person's machine trusts. */
  readonly pins: PinStore;
  /** How often the card was asked to sign. */
  signatures = 0;
  /** Runs before each command that reaches the card. */
  interfere: (ins: number) => void | Promise<void> = () => undefined;
  prompts: ScriptedPrompts = scriptedPrompts([]);
  #readers = 1;

  constructor(name: Name, git: TestRepository, config: string) {
    this.owner = parseKeyOwner(`@${name}`);
    this.folder = git.folder;
    this.git = git;
    this.pins = folderPins(join(config, 'pins'));
    this.env = { TUF_SIGNER_CONFIG: config };
    const index = PEOPLE.indexOf(name);
    const privateKey = testKey(100 + index).privatePem;
    this.card = new VirtualCard({ serial: 10_000_001 + index, pin: PIN, privateKey });
    const newKey = testKey(150 + index).privatePem;
    this.newCard = new VirtualCard({ serial: 20_000_001 + index, pin: PIN, privateKey: newKey });
    this.transport = virtualTransport([this.card], async (_reader, apdu) => {
      const ins = apdu[1] ?? 0;
      await this.interfere(ins);
      if (ins === INS_AUTHENTICATE) this.signatures++;
    });
  }

  /** Puts these cards into the readers instead of those that are there. */
  insert(...cards: readonly VirtualCard[]): void {
    for (let i = 0; i < this.#readers; i++) this.transport.remove(virtualReaderName(i));
    for (const [i, card] of cards.entries()) this.transport.insert(virtualReaderName(i), card);
    this.#readers = Math.max(this.#readers, cards.length);
  }

  /** A signer over the card that answers PIN prompts with `pins`. */
  signer(pins: readonly string[] = [PIN], lastTry = false): PersonalSigner & AsyncDisposable {
    this.prompts = scriptedPrompts(pins, lastTry);
    return cardSigner(this.transport, this.prompts, parsePivUri('piv:'));
  }
}

/** GENERAL AUTHENTICATE, VERIFY. Source: NIST SP 800-73-4 part 2. */
export const INS_AUTHENTICATE = 0x87;
export const INS_VERIFY = 0x20;

/** A bare repository that everybody pushes to, people's clones, and a clone of the automation's. */
export class TestWorld {
  readonly folder: string;
  readonly remote: TestRepository;
  readonly clock: TestClock = { time: NOW, now: () => this.clock.time };
  readonly #people = new Map<Name, Person>();
  #automation: TestRepository | undefined;
  /** The world that this one is a copy of. */
  readonly #source: TestWorld | undefined;

  private constructor(folder: string, remote: TestRepository, source?: TestWorld) {
    this.folder = folder;
    this.remote = remote;
    this.#source = source;
  }

  /** One that was made in `folder` before, by whomever; the copies of it are worked in, never itself. */
  static at(folder: string): TestWorld {
    return new TestWorld(folder, TestRepository.at(join(folder, 'remote.git'), { bare: true }));
  }

  get automation(): TestRepository {
    this.#automation ??= this.clone('automation');
    return this.#automation;
  }

  static async create(folder: string): Promise<TestWorld> {
    await mkdir(join(folder, 'keys'), { recursive: true });
    return new TestWorld(folder, TestRepository.init(join(folder, 'remote.git'), { bare: true }));
  }

  /** The same remote, online key and pins, as they are now, in a world of its own. By copying files: git is not asked. */
  copyTo(folder: string): TestWorld {
    for (const name of ['keys', 'config', 'remote.git']) {
      if (existsSync(join(this.folder, name)))
        cpSync(join(this.folder, name), join(folder, name), { recursive: true });
    }
    return new TestWorld(folder, TestRepository.at(join(folder, 'remote.git'), { bare: true }), this);
  }

  clone(name: string, ...options: readonly string[]): TestRepository {
    const folder = join(this.folder, name);
    if (this.#source === undefined || options.length > 0)
      return TestRepository.clone(this.remote.folder, folder, ...options);
    cpSync(join(this.#source.folder, PRISTINE), folder, { recursive: true });
    const config = join(folder, '.git', 'config');
    const text = readFileSync(config, 'utf8').replace(this.#source.remote.folder, this.remote.folder);
    writeFileSync(config, text);
    return TestRepository.at(folder);
  }

  person(name: Name): Person {
    const known = this.#people.get(name);
    if (known !== undefined) return known;
    const git = this.clone(name);
    git.git('config', 'tuf-signer.user', `@${name}`);
    const person = new Person(name, git, join(this.folder, 'config', name));
    this.#people.set(name, person);
    return person;
  }

  /** Does `work` in a clone. */
  async in<T>(git: { readonly folder: string }, work: (workspace: Workspace) => Promise<T>): Promise<T> {
    await using workspace = await openWorkspace(git.folder, this.clock);
    return await work(workspace);
  }

  async init(name: Name, request: Partial<InitRequest> = {}): Promise<void> {
    const key = await this.onlineKey(ONLINE_URI);
    const people = { signers: owners('alice', 'bob', 'carol'), threshold: 2, periods: YEAR };
    const person = this.person(name);
    await using signer = person.signer();
    await this.in(person, workspace =>
      initRepository(workspace, {
        event: INIT,
        root: people,
        targets: people,
        online: {
          key,
          uri: ONLINE_URI,
          snapshot: YEAR,
          timestamp: { expiryDays: 7, signingDays: 4 },
        },
        ownKey: () => signer.readPublicKey(),
        pins: person.pins,
        ...request,
      }),
    );
  }

  async delegate(name: Name, request: Partial<DelegateRequest>): ReturnType<typeof delegate> {
    const person = this.person(name);
    await using signer = person.signer();
    return await this.in(person, workspace =>
      delegate(workspace, { event: UPDATE, role: TOOLS, ownKey: () => signer.readPublicKey(), ...request }),
    );
  }

  async sign(
    name: Name,
    branch: BranchName = UPDATE,
    options: {
      readonly pins?: readonly string[];
      readonly prompter?: Prompter;
      readonly lastTry?: boolean;
      readonly trustedRoot?: Uint8Array;
    } = {},
  ): Promise<SignOutcome> {
    const person = this.person(name);
    await using signer = person.signer(options.pins, options.lastTry);
    return await this.in(person, workspace =>
      signEvent(workspace, {
        branch,
        signer,
        prompter: options.prompter ?? prompter(),
        trust: { pins: person.pins, trustedRoot: options.trustedRoot },
      }),
    );
  }

  /** Commits files to a branch of the remote, as a push by anybody would; a new branch starts at main. */
  push(files: TestFiles, branch: string = UPDATE, options: { readonly mode?: string } = {}): CommitSha {
    const exists = this.remote.git('for-each-ref', `refs/heads/${branch}`) !== '';
    return this.remote.commit(files, {
      branch,
      ...options,
      ...(exists ? {} : { parents: [this.remote.sha('main')] }),
    });
  }

  updateTargets(branch: BranchName = UPDATE): Promise<UpdateOutcome> {
    return this.in(this.automation, async workspace => {
      await fetchMain(workspace);
      return updateTargets(workspace, branch);
    });
  }

  /** The event as the automation sees it. */
  judge(branch: BranchName = UPDATE): Promise<LoadedEvent> {
    return this.in(this.automation, async workspace => {
      await fetchMain(workspace);
      return loadRemoteEvent(workspace, branch);
    });
  }

  /** A merge commit of the branch on main, whatever anybody thinks of it. The branch goes. */
  merge(branch: string = UPDATE): CommitSha {
    const git = this.remote;
    const tree = git.git('merge-tree', '--write-tree', 'main', branch);
    const parents = ['-p', git.sha('main'), '-p', git.sha(branch)];
    git.git(
      'update-ref',
      'refs/heads/main',
      git.git('commit-tree', ...parents, '-m', `Merge ${branch}`, tree),
    );
    git.git('update-ref', '-d', `refs/heads/${branch}`);
    return git.sha('main');
  }

  onlineSign(trustedRoot?: Uint8Array): Promise<OnlineOutcome> {
    const sign: Signer['sign'] = async (key, payload) =>
      fileSigner(key.onlineUri ?? ONLINE_URI, this.keyOptions()).sign(key, payload);
    return this.in(this.automation, workspace => onlineSign(workspace, { sign }, undefined, trustedRoot));
  }

  /** The public half of an online key, which is made where it is not there. */
  async onlineKey(uri: string): Promise<PublicKeyInfo> {
    const options = this.keyOptions();
    return await readKeyFile(uri, options).catch(async () => {
      await writeKeyFile(uri, options);
      return readKeyFile(uri, options);
    });
  }

  keyOptions(): Parameters<typeof fileSigner>[1] {
    return { folder: join(this.folder, 'keys'), environment: {} };
  }

  /** A document of a branch, parsed. */
  json(path: string, branch = 'main'): unknown {
    return JSON.parse(this.remote.git('show', `${branch}:${path}`));
  }

  /** All refs of the remote with what they point at: the whole of what others can see. */
  refs(): string {
    return this.remote.git('for-each-ref', '--format=%(objectname) %(refname)');
  }
}

/**
 * A world in service: root and targets by two of alice, bob and carol, role `tools` by bob and carol together, one
 * artifact, signed online.
 */
export async function foundedWorld(folder: string): Promise<TestWorld> {
  const world = await TestWorld.create(folder);
  await world.init('alice');
  await world.delegate('alice', {
    event: INIT,
    signers: owners('bob', 'carol'),
    threshold: 2,
    periods: YEAR,
  });
  world.push({ 'targets/tools/greet.sh': 'echo hello\n' }, INIT);
  await world.updateTargets(INIT);
  for (const name of ['bob', 'carol', 'alice', 'bob'] as const) await world.sign(name, INIT);
  world.merge(INIT);
  await world.onlineSign();
  return world;
}

/** For an expectation: text with this in it. */
export const containing = (text: string): unknown => expect.stringContaining(text) as unknown;

export const owners = (...names: readonly Name[]): readonly KeyOwner[] =>
  names.map(name => parseKeyOwner(`@${name}`));

/** A clone that nobody has worked in, in the template. */
const PRISTINE = 'pristine';

let copies: Promise<{ readonly folder: string; readonly world: TestWorld }> | undefined;

/** A folder for this file's worlds, and the world that they are copies of: all files of a run share it. */
async function openTemplate(): Promise<{ readonly folder: string; readonly world: TestWorld }> {
  const folder = await mkdtemp(join(tmpdir(), 'tuf-signer-world-'));
  const template = await onceARun('world', async place => {
    const world = await foundedWorld(place);
    world.remote.git('gc', '--quiet', '--prune=now');
    world.clone(PRISTINE);
  });
  return { folder, world: TestWorld.at(template) };
}

/**
 * Tests with a `world` of their own as {@link foundedWorld} makes it, with an `empty` one, or with one that all tests of
 * the file share: a test that pushes to it takes a branch of its own.
 */
export const worldTest: TestAPI<Worlds> = test.extend<Worlds>({
  // oxlint-disable-next-line no-empty-pattern
  world: async ({}, use) => use(await copyOfTemplate()),
  // oxlint-disable-next-line no-empty-pattern
  shared: [async ({}, use) => use(await copyOfTemplate()), { scope: 'file' }],
  // oxlint-disable-next-line no-empty-pattern
  empty: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'tuf-signer-world-'));
    await use(await TestWorld.create(folder));
    await rm(folder, { recursive: true, force: true });
  },
});

/** What {@link worldTest} gives. */
export interface Worlds {
  readonly world: TestWorld;
  readonly shared: TestWorld;
  readonly empty: TestWorld;
}

async function copyOfTemplate(): Promise<TestWorld> {
  copies ??= openTemplate();
  const { folder, world } = await copies;
  return world.copyTo(await mkdtemp(join(folder, 'copy-')));
}

afterAll(async () => {
  const folder = (await copies)?.folder;
  copies = undefined;
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});
