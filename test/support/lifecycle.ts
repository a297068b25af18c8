import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Updater as TufJs } from 'tuf-js';
import { expect } from 'vitest';
import { serveFolder } from '../../signer-cli/demo/static-server.ts';
import { directoryFetcher } from '../../src/client/directory.ts';
import { siteOf } from '../../src/client/fetcher.ts';
import { memoryStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import type { BranchName } from '../../src/git/names.ts';
import { publishSite } from '../../src/operations/publish.ts';
import { SITE_LAYOUT } from '../../src/operations/verify.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { type TestWorld, worldTest as test, UPDATE } from './world.ts';

/** The artifact that every client fetches again after each step of a repository's life. */
const ARTIFACT = 'tools/greet.sh';

/** A client that started with the first root and never loses what it knows. */
type Follower = (site: string) => Promise<string>;

/**
 * A repository in service and the clients that follow it: ours and tuf-js, each as one that was there from the first day and
 * keeps what it knows, and as one that comes today with the first root.
 */
export class Lifecycle {
  readonly world: TestWorld;
  readonly #site: string;
  readonly #followers: readonly Follower[];

  private constructor(world: TestWorld, followers: readonly Follower[]) {
    this.world = world;
    this.#site = join(world.folder, 'site');
    this.#followers = followers;
  }

  static async open(world: TestWorld): Promise<Lifecycle> {
    const root = Buffer.from(world.remote.git('show', 'main:metadata/root_history/1.root.json'));
    const lifecycle = new Lifecycle(world, [ourClient(world, root), await tufJsClient(world, root)]);
    await lifecycle.#publish(root);
    return lifecycle;
  }

  /** Merges an event, which has to be accepted, signs online, publishes, and lets every client follow. */
  async live(branch: BranchName = UPDATE): Promise<void> {
    const { report } = await this.world.judge(branch);
    expect(report.verdict, JSON.stringify(report.reasons)).toBe('accepted');
    this.world.merge(branch);
    expect((await this.world.onlineSign()).refusals).toEqual([]);
    await this.#publish(Buffer.from(this.world.remote.git('show', 'main:metadata/root_history/1.root.json')));
  }

  async #publish(root: Buffer): Promise<void> {
    const { world } = this;
    const outcome = await world.in(world.automation, async workspace => {
      const { commit } = await fetchMain(workspace);
      return publishSite(workspace, { commit, out: this.#site, trustedRoot: root });
    });
    expect(outcome.published, JSON.stringify(outcome.reasons)).toBe(true);
    const content = world.remote.git('show', `main:targets/${ARTIFACT}`);
    const newcomers = [ourClient(world, root), await tufJsClient(world, root)];
    for (const follow of [...this.#followers, ...newcomers])
      expect((await follow(this.#site)).trimEnd()).toBe(content);
  }
}

function ourClient(world: TestWorld, trustedRoot: Buffer): Follower {
  const store = memoryStore();
  return async site => {
    const source = siteOf(directoryFetcher(site), SITE_LAYOUT);
    const updater = new Updater({ source, trustedRoot, store, now: world.clock.now() });
    const folder = await mkdtemp(join(world.folder, 'ours-'));
    return readFile(await updater.download(ARTIFACT, folder), 'utf8');
  };
}

async function tufJsClient(world: TestWorld, root: Buffer): Promise<Follower> {
  const folder = await mkdtemp(join(world.folder, 'tuf-js-'));
  const [metadataDir, targetDir] = [join(folder, 'metadata'), join(folder, 'targets')];
  for (const place of [metadataDir, targetDir]) await mkdir(place);
  await writeFile(join(metadataDir, 'root.json'), root);
  return async site => {
    await using server = await serveFolder(site);
    const metadataBaseUrl = server.url.replace(/\/$/, '');
    const updater = new TufJs({
      metadataDir,
      metadataBaseUrl,
      targetDir,
      targetBaseUrl: `${server.url}targets`,
    });
    await updater.refresh();
    const info = await updater.getTargetInfo(ARTIFACT);
    if (info === undefined) throw new Error(`tuf-js does not find ${ARTIFACT}`);
    return readFile(await updater.downloadTarget(info, join(targetDir, 'download')), 'utf8');
  };
}

/** Milliseconds. A scenario is a few seconds of work, and waits for dozens of processes. */
const TIMEOUT = 120_000;

/** A test on a {@link Lifecycle} of its own. */
export const scenario = (what: string, story: (life: Lifecycle) => Promise<void>): void =>
  test(what, { timeout: TIMEOUT }, async ({ world }) => story(await Lifecycle.open(world)));
