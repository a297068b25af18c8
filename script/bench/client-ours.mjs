// node client-ours.mjs DIST URL FOLDER TARGET: refreshes from the root in FOLDER/metadata and downloads one artifact.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [dist, url, folder, target] = process.argv.slice(2);
const { fileStore, httpFetcher, siteOf, systemClock, Updater } = await import(
  pathToFileURL(join(dist, 'index.mjs'))
);
const updater = new Updater({
  source: siteOf(httpFetcher(url), { metadata: '', targets: 'targets' }),
  trustedRoot: readFileSync(join(folder, 'metadata/root.json')),
  store: fileStore(join(folder, 'metadata')),
  now: systemClock.now(),
  limits: { targetsBytes: 64 * 1024 * 1024 },
});
await updater.download(target, join(folder, 'targets'));
