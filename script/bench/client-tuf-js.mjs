// node client-tuf-js.mjs URL FOLDER TARGET: the same as tuf-signer client download with tuf-js.
import { join } from 'node:path';
import { Updater } from 'tuf-js';

const [url, folder, target] = process.argv.slice(2);
const updater = new Updater({
  metadataDir: join(folder, 'metadata'),
  metadataBaseUrl: url.replace(/\/$/, ''),
  targetDir: join(folder, 'targets'),
  targetBaseUrl: `${url}targets`,
  config: { targetsMaxLength: 64 * 1024 * 1024 },
});
await updater.refresh();
const info = await updater.getTargetInfo(target);
if (info === undefined) throw new Error(`no target ${target}`);
await updater.downloadTarget(info);
