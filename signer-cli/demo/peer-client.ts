import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Updater } from 'tuf-js';

/** Downloads one artifact with tuf-js, a client that is not ours. Gives the file's path. */
export async function downloadWithTufJs(
  url: string,
  trustedRoot: Uint8Array,
  targetPath: string,
  folder: string,
): Promise<string> {
  const [metadataDir, targetDir] = [join(folder, 'metadata'), join(folder, 'targets')];
  await mkdir(metadataDir, { recursive: true });
  await mkdir(targetDir, { recursive: true });
  await writeFile(join(metadataDir, 'root.json'), trustedRoot);
  const updater = new Updater({
    metadataDir,
    metadataBaseUrl: url.replace(/\/$/, ''),
    targetDir,
    targetBaseUrl: `${url}targets`,
  });
  await updater.refresh();
  const info = await updater.getTargetInfo(targetPath);
  if (info === undefined) throw new Error(`tuf-js does not find ${targetPath}`);
  return updater.downloadTarget(info, join(targetDir, 'download'));
}
