import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ProgramResult, run } from './program.ts';

/** A TUF client that we did not write. */
export interface PeerClient {
  readonly name: string;
  /** Program and arguments in front of those that all of them take: ROOT URL FOLDER ARTIFACT. */
  readonly command: readonly [string, ...string[]];
}

const projectFile = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

export const PEER_CLIENTS: readonly PeerClient[] = [
  {
    name: 'python-tuf',
    command: [
      projectFile('.interop/python-tuf/bin/python'),
      projectFile('test/interop/python-client/client.py'),
    ],
  },
  { name: 'go-tuf', command: [projectFile('.interop/go-client')] },
];

export interface PeerDownload extends ProgramResult {
  /** `undefined`: the client left no file. */
  readonly content: string | undefined;
}

/** One client, new to the repository, downloads one artifact, trusting `root`. Throws where the client is not installed. */
export async function download(
  client: PeerClient,
  root: string,
  url: string,
  artifact: string,
): Promise<PeerDownload> {
  const folder = await mkdtemp(join(tmpdir(), 'tuf-signer-peer-'));
  try {
    return await downloadAgain(client, folder, root, url, artifact);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As {@link download}, by a client that has what it cached in `folder`. */
export async function downloadAgain(
  client: PeerClient,
  folder: string,
  root: string,
  url: string,
  artifact: string,
): Promise<PeerDownload> {
  const [program, ...args] = client.command;
  if (!existsSync(program)) throw new Error(`${client.name} is not installed: run script/interop`);
  const result = await run(program, ...args, root, url.replace(/\/$/, ''), folder, artifact);
  const file = join(folder, 'download');
  const content = existsSync(file) ? await readFile(file, 'utf8') : undefined;
  await rm(file, { force: true });
  return { ...result, content };
}
