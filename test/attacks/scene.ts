import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { directoryFetcher } from '../../src/client/directory.ts';
import { ClientError } from '../../src/client/error.ts';
import { siteOf } from '../../src/client/fetcher.ts';
import { type MetadataStore, memoryStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import { verifyRepository } from '../../src/client/verify-repository.ts';
import { CodedError, required } from '../../src/errors.ts';
import type { Verdict } from '../../src/event/judge.ts';
import type { Reason, RuleId } from '../../src/event/reason.ts';
import { localForge } from '../../src/forge/local.ts';
import type { BranchName } from '../../src/git/names.ts';
import { type PublishRequest, publishSite } from '../../src/operations/publish.ts';
import { requireReport, tellEvent } from '../../src/operations/tell-event.ts';
import { SITE_LAYOUT } from '../../src/operations/verify.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { renderTerminal } from '../../src/render/terminal.ts';
import { INIT, type Name, prompter, type TestWorld, worldTest as test, UPDATE } from '../support/world.ts';

/** What one person met when they ran `tuf-signer sign`. */
export interface Sight {
  /** Everything that was on the screen: what was said, the report as a terminal shows it, the questions. */
  readonly screen: string;
  /** The roles that their key signed. */
  readonly signed: readonly string[];
  /** How the command ended, where not well: its code and its last words. */
  readonly refusal: { readonly code: string; readonly message: string } | undefined;
}

/** What the pull request of an event shows to everybody. */
export interface Page {
  readonly verdict: Verdict;
  /** Of what refuses or is awaited; warnings by {@link Page.warned}. */
  readonly rules: readonly RuleId[];
  readonly warned: readonly RuleId[];
  readonly reasons: readonly Reason[];
  /** The sticky comment as it is posted. */
  readonly markdown: string;
}

/** What the automation made of main. */
export interface Run {
  readonly done: boolean;
  /** Rules that refused; empty where an error ended the run. */
  readonly rules: readonly RuleId[];
  readonly refusal: { readonly code: string; readonly message: string } | undefined;
}

/** A client that follows the repository from its first root, and keeps what it knows between updates. */
export interface Client {
  /** Updates from the site as it is now, and downloads. Gives the artifact's text, or the code that it was refused with. */
  download(path: string): Promise<string>;
}

/**
 * The stage of one attack: a repository in service that was published once, with its people, the page of its pull request, its
 * automation and its clients. Whatever the attacker does, each of them is asked what they see.
 */
export class Scene {
  readonly world: TestWorld;
  readonly site: string;
  #trustedRoot: Buffer = Buffer.alloc(0);

  private constructor(world: TestWorld) {
    this.world = world;
    this.site = join(world.folder, 'site');
  }

  static async open(world: TestWorld): Promise<Scene> {
    const scene = new Scene(world);
    expect(await scene.publish()).toMatchObject({ done: true });
    scene.#trustedRoot = await readFile(join(scene.site, '1.root.json'));
    return scene;
  }

  /** `tuf-signer sign` by a person who agrees to all that they are asked, unless told otherwise. */
  async sign(
    name: Name,
    branch: BranchName = UPDATE,
    answer: (question: string) => boolean = () => true,
  ): Promise<Sight> {
    const asked = prompter(answer);
    const ended = await outcomeOf(() => this.world.sign(name, branch, { prompter: asked }));
    const shown = asked.shown.map(report => renderTerminal(report, { colour: false, width: 100 }));
    const refusal = 'error' in ended ? ended.error : undefined;
    return {
      screen: [
        ...asked.said,
        ...shown,
        ...asked.questions,
        ...asked.trustQuestions,
        refusal?.message ?? '',
      ].join('\n'),
      signed: 'value' in ended ? ended.value.signed : [],
      refusal,
    };
  }

  /** What the event's workflow posts after a push. Throws `REFUSED` where the event can't be judged at all, and the page says why. */
  async page(branch: BranchName = UPDATE): Promise<Page> {
    const folder = await mkdtemp(join(this.world.folder, 'forge-'));
    const report = await this.world.in(this.world.automation, async workspace => {
      await fetchMain(workspace);
      return requireReport(await tellEvent(workspace, branch, localForge(folder)));
    });
    const rulesWith = (...severities: readonly string[]): readonly RuleId[] => [
      ...new Set(
        report.reasons.filter(({ severity }) => severities.includes(severity)).map(({ rule }) => rule),
      ),
    ];
    return {
      verdict: report.verdict,
      rules: rulesWith('refuse', 'await'),
      warned: rulesWith('warn'),
      reasons: report.reasons,
      markdown: await postedPage(folder),
    };
  }

  /** `update-targets` as the event's workflow runs it. */
  async update(branch: BranchName = UPDATE): Promise<void> {
    await this.world.updateTargets(branch);
  }

  async signOnline(): Promise<Run> {
    const ended = await outcomeOf(() => this.world.onlineSign());
    if ('error' in ended) return { done: false, rules: [], refusal: ended.error };
    const rules = ended.value.refusals.map(({ rule }) => rule);
    return { done: rules.length === 0, rules: [...new Set(rules)], refusal: undefined };
  }

  /** Builds the site from main as it is, from the root that clients started with, over the site that is there. */
  async publish(how: Pick<PublishRequest, 'previous' | 'repair'> = {}): Promise<Run> {
    const trustedRoot = this.#trustedRoot.length === 0 ? undefined : this.#trustedRoot;
    const ended = await outcomeOf(() =>
      this.world.in(this.world.automation, async workspace => {
        const { commit } = await fetchMain(workspace);
        // What clients had is gone with the site, if it is.
        const previous = existsSync(this.site) ? undefined : 'none';
        return publishSite(workspace, { commit, out: this.site, trustedRoot, previous, ...how });
      }),
    );
    if ('error' in ended) return { done: false, rules: [], refusal: ended.error };
    const { published, reasons } = ended.value;
    const rules = reasons.filter(({ severity }) => severity === 'refuse').map(({ rule }) => rule);
    return { done: published, rules: [...new Set(rules)], refusal: undefined };
  }

  /** Builds it as if nothing had ever been published: who does that leaves clients behind that have seen more. */
  async publishAnew(): Promise<Run> {
    await rm(this.site, { recursive: true });
    return this.publish();
  }

  /** Somebody who may push to main merges the event, whatever anybody says; then the automation does its work. */
  async force(
    branch: BranchName = UPDATE,
    how: Pick<PublishRequest, 'previous' | 'repair'> = {},
  ): Promise<{ readonly online: Run; readonly published: Run }> {
    this.world.merge(branch);
    return { online: await this.signOnline(), published: await this.publish(how) };
  }

  client(): Client {
    const store: MetadataStore = memoryStore();
    return {
      download: async path => {
        const updater = new Updater({
          source: siteOf(directoryFetcher(this.site), SITE_LAYOUT),
          trustedRoot: this.#trustedRoot,
          store,
          now: this.world.clock.now(),
        });
        const folder = await mkdtemp(join(this.world.folder, 'client-'));
        try {
          return await readFile(await updater.download(path, folder), 'utf8');
        } catch (error) {
          if (error instanceof ClientError) return error.code;
          throw error;
        }
      },
    };
  }

  /** The site as a whole is what clients of any age can follow: every role, every artifact, by hash. */
  async expectWholeSite(): Promise<void> {
    const now = this.world.clock.now();
    await verifyRepository(directoryFetcher(this.site), this.#trustedRoot, now, {
      layout: SITE_LAYOUT,
      everyTarget: true,
    });
  }
}

/** The comment as the local forge keeps it, for a person to read. */
async function postedPage(folder: string): Promise<string> {
  const page = (await readdir(folder)).find(name => name.endsWith('.md'));
  return readFile(join(folder, required(page, 'page')), 'utf8');
}

type Ended<T> =
  | { readonly value: T }
  | { readonly error: { readonly code: string; readonly message: string } };

async function outcomeOf<T>(act: () => Promise<T>): Promise<Ended<T>> {
  try {
    return { value: await act() };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error; // a defect, never an answer
    const { message } = error;
    return { error: { code: String(error.code), message } };
  }
}

/** A test on a {@link Scene} of its own: a repository as `foundedWorld` makes it, published once. */
export const attack = (promise: string, story: (scene: Scene) => Promise<void>): void =>
  test(promise, async ({ world }) => story(await Scene.open(world)));

export { INIT, UPDATE };
