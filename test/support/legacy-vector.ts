import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A repository that python-tuf wrote: see test/vectors/legacy.py. */
export interface LegacyVector {
  readonly keyids: Readonly<Record<string, string>>;
  /** PKCS#8 PEM. */
  readonly privateKeys: Readonly<Record<string, string>>;
  /** By path: `metadata/…`, `targets/…`. */
  readonly files: Readonly<Record<string, string>>;
  /** A signature by RSA with PKCS#1 v1.5 and SHA-256, in hex. */
  readonly pkcs1v15: { readonly payload: string; readonly public: string; readonly sig: string };
  /** What the old automation signs after that. */
  readonly later: Readonly<Record<string, string>>;
}

export const legacyVector: LegacyVector = JSON.parse(
  readFileSync(new URL('../vectors/legacy-repository.json', import.meta.url), 'utf8'),
) as LegacyVector;

/** The site as files below `folder`. */
export async function writeFiles(folder: string, files: LegacyVector['files']): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}
