import { join } from 'node:path';
import { artifactFolder } from '../../../src/client/artifact-cache.ts';
import { Client, type ClientWarning } from '../../../src/client/client.ts';
import { ageWords } from '../../../src/client/duration.ts';
import type { RepositorySource } from '../../../src/client/fetcher.ts';
import type { Clock } from '../../../src/clock.ts';
import { unreachable } from '../../../src/errors.ts';
import { givenAddress } from '../../given.ts';
import { clockOf, type RunContext } from '../../run-context.ts';
import { UsageError } from '../../usage-error.ts';
import { type ClientFlags, folderOf, httpOptionsOf, policyOf, targetsBytesOf } from './flags.ts';
import { type Addresses, type AddressNames, FLAGS, readState, type Settings } from './state.ts';

/** How a client is opened beside its flags. */
export interface OpenOptions {
  /** Who named the addresses, for a message about one that can't be used. */
  readonly named?: AddressNames;
  readonly signal?: AbortSignal;
}

/** The client that the flags describe, in an initialised folder. Throws {@link UsageError}, {@link OperationError}. */
export async function openClient(
  flags: ClientFlags,
  { output }: Pick<RunContext, 'output'>,
  options: OpenOptions = {},
): Promise<Client> {
  const folder = folderOf(flags);
  const policy = policyOf(flags);
  const clock = clockOf(flags);
  const targetsBytes = targetsBytesOf(flags);
  const { trustedRoot, store, ...kept } = await readState(folder);
  return new Client({
    trustedRoot,
    source: await sourceOf(flags, kept, options),
    store,
    policy,
    clock,
    allowExpired: flags.allowExpired === true,
    warn: warning => output.say(`warning: ${warningWords(warning, clock)}`),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(flags.artifactCache === false ? {} : { artifacts: artifactFolder(join(folder, 'artifacts')) }),
    ...(targetsBytes === undefined ? {} : { limits: { targetsBytes } }),
  });
}

async function sourceOf(
  flags: ClientFlags,
  kept: Settings,
  { named = FLAGS, signal }: OpenOptions,
): Promise<RepositorySource> {
  if (flags.bundle !== undefined) {
    const { bundleSource } = await import('../../../src/client/bundle/read.ts');
    return await bundleSource(flags.bundle);
  }
  const { metadata, targets } = addressesOf(flags, kept);
  const options = { ...httpOptionsOf({ ...kept, ...flags }), ...(signal === undefined ? {} : { signal }) };
  if (metadata.length === 0 && flags.offline !== true) {
    throw new UsageError('where is the repository? --metadata-url URL, here or at init');
  }
  return {
    metadata: metadata.map(url => givenAddress(url, named.metadata, options)),
    targets: targets.map(url => givenAddress(url, named.targets, options)),
  };
}

/** What the flags say goes before what was said at init. */
export function addressesOf(flags: ClientFlags, kept: Addresses = { metadata: [], targets: [] }): Addresses {
  const metadata = flags.metadataUrl ?? kept.metadata;
  if (flags.targetsUrl !== undefined) return { metadata, targets: flags.targetsUrl };
  const isKept = flags.metadataUrl === undefined && kept.targets.length > 0;
  return { metadata, targets: isKept ? kept.targets : metadata.map(below) };
}

const below = (url: string): string => `${url.replace(/\/$/, '')}/targets/`;

function warningWords(warning: ClientWarning, clock: Clock): string {
  switch (warning.kind) {
    case 'expired': {
      const { version, expires, expiresAt } = warning.document.signed;
      const age = ageWords(clock.now() - expiresAt);
      return `${warning.role} version ${version} expired on ${expires}, ${age} ago, and is taken as --allow-expired says`;
    }
    case 'went-online':
      return `the cache is not enough, asking the repository: ${warning.reason}`;
    case 'not-kept':
      return `written, but not kept in the cache: ${warning.reason.message}`;
    default:
      return unreachable(warning);
  }
}
