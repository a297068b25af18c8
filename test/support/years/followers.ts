import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Updater as TufJs } from 'tuf-js';
import { directoryFetcher } from '../../../src/client/directory.ts';
import { siteOf } from '../../../src/client/fetcher.ts';
import { fileStore } from '../../../src/client/store.ts';
import { Updater } from '../../../src/client/updater.ts';
import type { Instant } from '../../../src/clock.ts';
import { SITE_LAYOUT } from '../../../src/operations/verify.ts';

/** A client with a cache that it keeps from one look at the site to the next. */
export interface Follower {
  readonly name: string;
  /** Refreshes, and gives the artifact's content; `undefined` where the repository has none by that name. Throws what the client throws. */
  look(artifact: string): Promise<string | undefined>;
}

/** Where a follower finds the site, and where it keeps what it saw. */
export interface Place {
  readonly site: string;
  readonly url: string;
  readonly cache: string;
  /** The first root: all trust starts there. */
  readonly root: Uint8Array;
  readonly now: () => Instant;
}

/** Our client. */
export const ourFollower = ({ site, cache, root, now }: Place): Follower => ({
  name: 'ours',
  look: async artifact => {
    const updater = new Updater({
      source: siteOf(directoryFetcher(site), SITE_LAYOUT),
      trustedRoot: root,
      store: fileStore(join(cache, 'ours')),
      now: now(),
    });
    await updater.refresh();
    if ((await updater.getTargetInfo(artifact)) === undefined) return undefined;
    return readFileSync(await updater.download(artifact, join(cache, 'artifacts')), 'utf8');
  },
});

/** tuf-js. It reads the machine's clock: for it nothing of these years has expired. */
export const tufJsFollower = ({ url, cache, root }: Place): Follower => ({
  name: 'tuf-js',
  look: async artifact => {
    const [metadataDir, targetDir] = [join(cache, 'tuf-js'), join(cache, 'tuf-js-artifacts')];
    for (const folder of [metadataDir, targetDir]) mkdirSync(folder, { recursive: true });
    const trusted = join(metadataDir, 'root.json');
    try {
      readFileSync(trusted);
    } catch {
      writeFileSync(trusted, root);
    }
    const updater = new TufJs({
      metadataDir,
      targetDir,
      metadataBaseUrl: url.replace(/\/$/, ''),
      targetBaseUrl: `${url}targets`,
      config: { fetchRetries: 0 },
    });
    await updater.refresh();
    const info = await updater.getTargetInfo(artifact);
    return info === undefined ? undefined : readFileSync(await updater.downloadTarget(info), 'utf8');
  },
});

/** A client that stopped looking at what is now in `cache`. */
export function sleeper(place: Place, cache: string): Place {
  cpSync(place.cache, cache, { recursive: true });
  return { ...place, cache };
}
