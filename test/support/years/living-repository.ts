import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY_MS, type Instant } from '../../../src/clock.ts';
import type { Reason } from '../../../src/event/reason.ts';
import type { EventReport } from '../../../src/event/report.ts';
import { type BranchName, parseSigningEvent } from '../../../src/git/names.ts';
import { type Document, parseDocument } from '../../../src/metadata/document.ts';
import { parseRoleName, ROOT, TARGETS, TIMESTAMP } from '../../../src/metadata/names.ts';
import { effectivePeriods } from '../../../src/metadata/periods.ts';
import { delegate } from '../../../src/operations/delegate.ts';
import { delegateBins } from '../../../src/operations/delegate-bins.ts';
import type { RoleChanges } from '../../../src/operations/delegate-request.ts';
import { initRepository } from '../../../src/operations/init.ts';
import { onlineSign } from '../../../src/operations/online-sign.ts';
import { onlineSignTargets } from '../../../src/operations/online-sign-targets.ts';
import { publishSite } from '../../../src/operations/publish.ts';
import { renewRoles } from '../../../src/operations/renew.ts';
import { rotateKey } from '../../../src/operations/rotate-key.ts';
import { signEvent } from '../../../src/operations/sign.ts';
import { findMain } from '../../../src/operations/workspace.ts';
import { fileSigner } from '../../../src/signers/file.ts';
import type { Signer } from '../../../src/signers/signer.ts';
import { NOW, ONLINE_URI, prompter, TestWorld, YEAR } from '../world.ts';
import { Member } from './member.ts';
import type { Random } from './random.ts';

/** Who signs a role and what is in it, as it was asked for: the repository has to say the same. */
export interface Circle {
  signers: readonly string[];
  threshold: number;
  readonly artifacts: Map<string, string>;
  /** The role that delegates to it, where that is not a top-level one. */
  readonly parent?: string | undefined;
}

/** What is asked of a role, by names. */
export type Terms = Partial<Pick<RoleChanges, 'threshold' | 'periods'>> & {
  readonly signers?: readonly string[];
  /** Who delegates to a role that is made (default: targets). */
  readonly parent?: string | undefined;
};

/** Who looks on. */
export interface Watch {
  /** A site was published. */
  published(repository: LivingRepository): Promise<void>;
  /** Something that clients need has expired. */
  neglected(repository: LivingRepository): Promise<void>;
}

const FOUNDERS = ['ada', 'ben', 'cleo', 'dan'] as const;
const NEWCOMERS = ['eve', 'finn', 'gus', 'hana', 'ines', 'jo', 'kim', 'lev'] as const;

/** The key of the automation's for hash bins. */
const BINS_URI = 'file:bins.pem';

/** Days. Timestamp outlives the longest pause between two looks of the automation, but not by much. */
const TIMESTAMP_PERIODS = { expiryDays: 45, signingDays: 30 } as const;

/** A repository through the years: its people, its automation, and the site that clients have. */
export class LivingRepository {
  readonly world: TestWorld;
  readonly random: Random;
  readonly site: string;
  readonly members: readonly Member[];
  /** What was asked for, by role. */
  readonly circles: Map<string, Circle> = new Map();
  /** Roles that were there once. */
  readonly gone: Set<string> = new Set();
  /** Events that were merged. */
  merged = 0;
  readonly #watch: Watch;
  readonly #changes = new Map<BranchName, (() => void)[]>();
  #events = 0;

  private constructor(world: TestWorld, random: Random, watch: Watch) {
    this.world = world;
    this.random = random;
    this.#watch = watch;
    this.site = join(world.folder, 'site');
    this.members = [...FOUNDERS, ...NEWCOMERS].map((name, index) => {
      const clone = world.clone(name);
      clone.git('config', 'tuf-signer.user', `@${name}`);
      clone.git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
      const config = join(world.folder, 'config', name, 'pins');
      return new Member(name, index, { clone: clone.folder, config, keys: world.keyOptions() });
    });
  }

  /** Three of four sign root, two of them are enough; targets likewise. Published. */
  readonly #automation: Signer = {
    sign: async (key, payload) =>
      fileSigner(key.onlineUri ?? ONLINE_URI, this.world.keyOptions()).sign(key, payload),
  };

  static async found(folder: string, random: Random, watch: Watch): Promise<LivingRepository> {
    const world = await TestWorld.create(folder);
    world.clock.time = NOW;
    for (const setting of ['receive.autogc', 'maintenance.auto'])
      world.remote.git('config', setting, 'false');
    const repository = new LivingRepository(world, random, watch);
    const [first] = FOUNDERS;
    const founder = repository.member(first);
    const signers = FOUNDERS.map(name => repository.member(name).owner);
    const people = { signers, threshold: 2, periods: YEAR };
    const event = parseSigningEvent('sign/init');
    const key = await world.onlineKey(ONLINE_URI);
    await world.in(founder, workspace =>
      initRepository(workspace, {
        event,
        root: people,
        targets: people,
        online: { key, uri: ONLINE_URI, snapshot: YEAR, timestamp: TIMESTAMP_PERIODS },
        ownKey: () => founder.signer().readPublicKey(),
        pins: founder.pins,
      }),
    );
    for (const role of [ROOT, TARGETS])
      repository.circles.set(role, { signers: FOUNDERS, threshold: 2, artifacts: new Map() });
    await repository.settle(event);
    return repository;
  }

  member(name: string): Member {
    const found = this.members.find(member => member.name === name);
    if (found === undefined) throw new Error(`nobody is called ${name}`);
    return found;
  }

  circle(role: string): Circle {
    const found = this.circles.get(role);
    if (found === undefined) throw new Error(`there is no role ${role}`);
    return found;
  }

  /** A branch that has not been there yet. */
  newEvent(about: string): BranchName {
    this.#events++;
    return parseSigningEvent(`sign/${about}-${this.#events}`);
  }

  /** One of the role's signers, or of root's, asks for something. */
  async ask(event: BranchName, role: string, terms: Terms, by?: string): Promise<void> {
    const { signers, parent, ...rest } = terms;
    const owners = signers?.map(name => this.member(name).owner);
    const asking = by ?? this.random.pick(this.able(this.circles.has(role) ? role : (parent ?? ROOT)));
    const delegator = parent === undefined ? undefined : parseRoleName(parent);
    await this.#delegate(event, role, { ...rest, signers: owners, delegator }, asking);
    const circle = this.circles.get(role) ?? { signers: [], threshold: 1, artifacts: new Map(), parent };
    circle.signers = signers ?? circle.signers;
    circle.threshold = terms.threshold ?? circle.threshold;
    this.circles.set(role, circle);
  }

  async remove(event: BranchName, role: string): Promise<void> {
    await this.#delegate(event, role, { remove: true }, this.random.pick(this.able(ROOT)));
    this.#onMerge(event, () => {
      this.circles.delete(role);
      this.gone.add(role);
    });
  }

  /** The key of snapshot and timestamp. */
  async replaceOnlineKey(event: BranchName, uri: string): Promise<void> {
    const online = { key: await this.world.onlineKey(uri), uri };
    await this.#delegate(event, TIMESTAMP, { online }, this.random.pick(this.able(ROOT)));
  }

  async #delegate(event: BranchName, role: string, changes: RoleChanges, by: string): Promise<void> {
    const asking = this.member(by);
    await this.world.in(asking, workspace =>
      delegate(workspace, {
        ...changes,
        event,
        role: parseRoleName(role),
        ownKey: () => asking.signer().readPublicKey(),
      }),
    );
  }

  /** Shares the artifacts of a role out among hash bins, which the automation signs. */
  async shareOut(event: BranchName, role: string, bins: number): Promise<void> {
    const online = { key: await this.world.onlineKey(BINS_URI), uri: BINS_URI };
    const asking = this.member(this.random.pick(this.able(role)));
    await this.world.in(asking, workspace =>
      delegateBins(workspace, { event, role: parseRoleName(role), bins, form: 'succinct', online }),
    );
  }

  /** The newest key of a person takes the place of the one before, and both sign. */
  async rotate(name: string, event: BranchName): Promise<void> {
    const member = this.member(name);
    await this.world.in(member, workspace =>
      rotateKey(workspace, {
        branch: event,
        signer: member.signer(),
        prompter: prompter(),
        trust: { pins: member.pins, trustedRoot: undefined },
      }),
    );
  }

  /** Where an artifact called `name` lies that `role` speaks for. */
  pathIn(role: string, name: string): string {
    const folders = [this.circle(role).parent, role].filter(folder => folder !== undefined);
    return role === TARGETS ? name : [...folders, name].join('/');
  }

  /** Those of a role who have a key at hand. */
  able(role: string): readonly string[] {
    return this.circle(role).signers.filter(name => this.member(name).canSign);
  }

  /** Puts artifacts into an event (`null` removes) and lets the automation write them into the metadata. */
  async change(
    event: BranchName,
    role: string,
    files: Readonly<Record<string, string | null>>,
  ): Promise<void> {
    const entries = Object.entries(files);
    this.world.push(
      Object.fromEntries(entries.map(([path, content]) => [`targets/${path}`, content])),
      event,
    );
    await this.world.updateTargets(event);
    const { artifacts } = this.circle(role);
    this.#onMerge(event, () => {
      for (const [path, content] of entries) {
        if (content === null) artifacts.delete(path);
        else artifacts.set(path, content);
      }
    });
  }

  /** People sign as they come, until nobody is needed any more; then the event is merged and what follows from it published. */
  async settle(event: BranchName): Promise<void> {
    await this.collect(event);
    this.merge(event);
    await this.publish();
  }

  merge(event: BranchName): void {
    this.world.merge(event);
    this.merged++;
    for (const change of this.#changes.get(event) ?? []) change();
  }

  #onMerge(event: BranchName, change: () => void): void {
    this.#changes.set(event, [...(this.#changes.get(event) ?? []), change]);
  }

  async collect(event: BranchName): Promise<void> {
    let { report } = await this.world.judge(event);
    const idle = new Set<string>();
    while (report.verdict !== 'accepted') {
      if (report.awaited.every(({ owner }) => owner === undefined) && (await this.#signOnline(event))) {
        ({ report } = await this.world.judge(event));
        continue;
      }
      const name = this.#whoseTurn(report, idle);
      const before = report.head;
      report = await this.sign(name, event);
      if (report.head === before) idle.add(name);
      else idle.clear();
    }
  }

  /** The automation signs those roles that are its own: was there any? */
  async #signOnline(event: BranchName): Promise<boolean> {
    const { signed } = await this.world.in(this.world.automation, workspace =>
      onlineSignTargets(workspace, event, this.#automation),
    );
    return signed.length > 0;
  }

  /** Somebody signs; throws what the operation throws. */
  async sign(name: string, event: BranchName): Promise<EventReport> {
    const member = this.member(name);
    const request = {
      branch: event,
      signer: member.signer(),
      prompter: prompter(),
      trust: { pins: member.pins, trustedRoot: undefined },
    };
    const outcome = await this.world.in(member, workspace => signEvent(workspace, request));
    return outcome.event.report;
  }

  #whoseTurn(report: EventReport, idle: ReadonlySet<string>): string {
    const owners = new Set([...report.invites.keys(), ...report.awaited.flatMap(({ owner }) => owner ?? [])]);
    const names = this.members
      .filter(member => owners.has(member.owner) && member.canSign && !idle.has(member.name))
      .map(({ name }) => name);
    if (names.length > 0) return this.random.pick(names);
    const why = report.reasons.filter(({ severity }) => severity !== 'warn');
    throw new Error(`nobody can bring ${report.event} further:\n${inWords(why)}`);
  }

  /** Time passes; then the automation looks, and what is due for renewal is signed. */
  async wait(days: number): Promise<void> {
    this.pass(days);
    if ([...this.circles.keys()].every(role => this.#dueOf(role) > this.world.clock.time)) return;
    if (await this.mend()) await this.publish();
  }

  /** Nobody looks for so long that something has expired; then all is mended late. */
  async neglect(days: number): Promise<void> {
    const { clock } = this.world;
    const first = Math.min(...[...this.circles.keys()].map(role => this.#published(role).expiresAt));
    this.pass(Math.ceil((first - clock.time) / DAY_MS) + days);
    await this.#watch.neglected(this);
    await this.mend();
    await this.publish();
  }

  /** Time passes, and nobody looks. */
  pass(days: number): void {
    this.world.clock.time = (this.world.clock.time + days * DAY_MS) as Instant;
  }

  /** The automation's events for all that is due; those that main has moved on under stand on it again. */
  async #renewals(): Promise<ReadonlySet<BranchName>> {
    const { due, begun } = await this.world.in(this.world.automation, workspace => renewRoles(workspace));
    return new Set([...due.flatMap(({ event }) => event ?? []), ...begun.keys()]);
  }

  /** Signs and merges one renewal after the other, however late, until none is due: was there any? */
  async mend(): Promise<boolean> {
    for (let some = false; ; some = true) {
      const [event] = await this.#renewals();
      if (event === undefined) return some;
      await this.collect(event);
      this.merge(event);
    }
  }

  /** When its signing period begins. */
  #dueOf(role: string): number {
    const { expiresAt, periods } = this.#published(role);
    return expiresAt - (effectivePeriods(periods)?.signingDays ?? 0) * DAY_MS;
  }

  #published(role: string): Document['signed'] {
    const versions = readdirSync(this.site).flatMap(name => {
      const [, version, of] = /^(\d+)\.(.+)\.json$/.exec(name) ?? [];
      return of === role ? Number(version) : [];
    });
    return parseDocument(readFileSync(join(this.site, `${Math.max(...versions)}.${role}.json`))).signed;
  }

  /** What the forge's button "update branch" does. */
  takeMainIn(event: BranchName): void {
    const { remote } = this.world;
    const tree = remote.git('merge-tree', '--write-tree', event, 'main');
    const parents = ['-p', remote.sha(event), '-p', remote.sha('main')];
    const commit = remote.git('commit-tree', ...parents, '-m', `Merge main into ${event}`, tree);
    remote.git('update-ref', `refs/heads/${event}`, commit);
  }

  /** Signs online what is stale, builds the site, and lets those know who follow. */
  async publish(): Promise<void> {
    const { world } = this;
    const problems = await world.in(world.automation, async workspace => {
      const { refusals } = await onlineSign(workspace, this.#automation);
      if (refusals.length > 0) return refusals;
      const { commit } = await findMain(workspace);
      const { published, reasons } = await publishSite(workspace, { commit, out: this.site });
      return published ? [] : reasons;
    });
    if (problems.length > 0) throw new Error(inWords(problems));
    await this.#watch.published(this);
  }
}

const inWords = (reasons: readonly Reason[]): string =>
  reasons.map(({ rule, role, message }) => `${rule}: ${role ?? ''} ${message}`).join('\n');
