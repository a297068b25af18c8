// Follows a repository with tuf-js: trusts ROOT, refreshes, downloads one artifact. Exits 1, with the error's kind and text, where
// tuf-js refuses.
//
//     client.mjs ROOT URL FOLDER ARTIFACT
//
// Metadata lies at the top of URL, artifacts below targets/ with hash prefixes. FOLDER has to exist; the artifact becomes
// FOLDER/download.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Updater } from 'tuf-js';

const [root, url, folder, artifact] = process.argv.slice(2);
if (artifact === undefined) {
  process.stderr.write('usage: client.mjs ROOT URL FOLDER ARTIFACT\n');
  process.exit(64);
}
const metadata = join(folder, 'metadata');
mkdirSync(metadata);
copyFileSync(root, join(metadata, 'root.json'));
const client = new Updater({
  metadataDir: metadata,
  metadataBaseUrl: url,
  targetDir: folder,
  targetBaseUrl: `${url}/targets`,
});
try {
  await client.refresh();
  const target = await client.getTargetInfo(artifact);
  if (target === undefined) throw new Error(`${artifact} is not there`);
  await client.downloadTarget(target, join(folder, 'download'));
} catch (error) {
  process.stderr.write(`${error.name}: ${error.message}\n`);
  process.exitCode = 1;
}
