import { join } from 'node:path';
import type { Client } from '../../../src/client/client.ts';
import { ClientError } from '../../../src/client/error.ts';
import { MultiClient } from '../../../src/client/multi-client.ts';
import { parseRepositoryMap, type RepositoryMap } from '../../../src/client/repository-map.ts';
import { givenFile } from '../../given.ts';
import type { RunContext } from '../../run-context.ts';
import { UsageError } from '../../usage-error.ts';
import { type ClientFlags, folderOf } from './flags.ts';
import { type OpenOptions, openClient } from './open.ts';
import { readState } from './state.ts';

/** A client for each repository of a map file, in a folder of its name. Throws {@link UsageError}, {@link ClientError}. */
export async function openMap(
  file: string,
  flags: ClientFlags,
  context: Pick<RunContext, 'output'>,
  options: Pick<OpenOptions, 'signal'> = {},
): Promise<MultiClient> {
  if (flags.metadataUrl !== undefined || flags.targetsUrl !== undefined || flags.bundle !== undefined) {
    throw new UsageError(
      '--map says where the repositories are: no --metadata-url, --targets-url or --bundle beside it',
    );
  }
  const map = parseRepositoryMap(await givenFile(file, '--map'));
  const clients = new Map<string, Client>();
  for (const [name, urls] of map.repositories) {
    const own = {
      ...flags,
      dir: join(folderOf(flags), name),
      metadataUrl: urls.map(url => below(url, flags.metadataPath ?? 'metadata')),
      targetsUrl: urls.map(url => below(url, 'targets')),
    };
    const place = `the map file ${file}, repositories.${name}`;
    const named = { metadata: place, targets: place };
    clients.set(name, await openClient(own, context, { ...options, named }));
  }
  await requireDistinctRoots(map, folderOf(flags));
  return new MultiClient(map, clients);
}

const below = (url: string, path: string): string =>
  path === '.' ? url : `${url.replace(/\/$/, '')}/${path.replace(/^\/|\/$/g, '')}/`;

/** One repository under two names would agree with itself. */
async function requireDistinctRoots({ mapping, repositories }: RepositoryMap, folder: string): Promise<void> {
  const roots = new Map<string, string>();
  for (const name of repositories.keys()) {
    const { trustedRoot } = await readState(join(folder, name));
    roots.set(name, Buffer.from(trustedRoot).toString('base64'));
  }
  for (const { repositories: names, threshold } of mapping) {
    const distinct = new Set(names.map(name => roots.get(name)));
    if (threshold > 1 && distinct.size < names.length) {
      throw new ClientError(
        'MALFORMED',
        `the map file asks for a quorum of ${names.join(', ')}, two of which have the same root`,
      );
    }
  }
}
