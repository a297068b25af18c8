import { join } from 'node:path';
import { ClientError } from '../../../src/client/error.ts';
import { fileStore, type MetadataStore } from '../../../src/client/store.ts';
import { trustRoot } from '../../../src/client/trusted.ts';
import {
  isJsonArray,
  isJsonObject,
  JsonError,
  type JsonValue,
  member,
  parseJson,
} from '../../../src/json.ts';
import { serializeJson } from '../../../src/metadata/serialize.ts';
import { OperationError } from '../../../src/operations/error.ts';
import { givenAddress } from '../../given.ts';
import { UsageError } from '../../usage-error.ts';
import { httpOptionsOf } from './flags.ts';

// What init leaves in a client's folder, beside the metadata. Names end in .json below client/, so that whoever lists the
// metadata does not meet them.

const ROOT_FILE = 'client/trusted-root.json';
const SETTINGS_FILE = 'client/settings.json';
const MAX_ROOT = 512_000;
const MAX_SETTINGS = 65_536;

/** Where a repository is. Both may be empty: then the flags have to say. */
export interface Addresses {
  readonly metadata: readonly string[];
  readonly targets: readonly string[];
}

/** Who named the addresses: a flag, or a place in a file. */
export interface AddressNames {
  readonly metadata: string;
  readonly targets: string;
}

export const FLAGS: AddressNames = { metadata: '--metadata-url', targets: '--targets-url' };

/** What is remembered of `init`, by the names of its flags. A command's own flags go before. */
export interface Settings extends Addresses {
  readonly allowRedirectTo: readonly string[];
  readonly timeout?: string;
}

export interface ClientState extends Settings {
  readonly trustedRoot: Uint8Array;
  readonly store: MetadataStore;
}

/** The root that is pinned in a folder; `undefined` where none is. */
export const pinnedRoot = (folder: string): Promise<Uint8Array | undefined> =>
  fileStore(folder).read(ROOT_FILE, MAX_ROOT);

export async function writeState(folder: string, root: Uint8Array, settings: Settings): Promise<void> {
  const { metadata, targets, allowRedirectTo, timeout } = settings;
  const bytes = serializeJson({
    metadata,
    targets,
    allowRedirectTo,
    ...(timeout === undefined ? {} : { timeout }),
  });
  if (bytes.length > MAX_SETTINGS)
    throw new UsageError(`these addresses take ${bytes.length} bytes, more than ${MAX_SETTINGS}`);
  const store = fileStore(folder);
  await store.write(SETTINGS_FILE, bytes);
  await store.write(ROOT_FILE, root);
}

/** Throws {@link OperationError} `NOT_FOUND` where nothing was initialised, `BAD_FILE` where what is there is damaged. */
export async function readState(folder: string): Promise<ClientState> {
  const trustedRoot = await pinnedRoot(folder);
  if (trustedRoot === undefined) {
    throw new OperationError(
      'NOT_FOUND',
      `no root is pinned in ${folder}: tuf-signer client init ROOT_FILE --dir ${folder}`,
    );
  }
  requireRoot(trustedRoot, folder);
  const store = fileStore(folder);
  return { trustedRoot, store, ...(await readSettings(store, folder)) };
}

/** A file that is damaged is told as such: it is no answer of the repository. */
function requireRoot(bytes: Uint8Array, folder: string): void {
  try {
    trustRoot(bytes);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw new OperationError(
      'BAD_FILE',
      `${join(folder, ROOT_FILE)} is damaged: ${error.message}. Remove that file, and pin the root again: tuf-signer client init ROOT_FILE --dir ${folder}`,
      { cause: error },
    );
  }
}

async function readSettings(store: MetadataStore, folder: string): Promise<Settings> {
  const bytes = await store.read(SETTINGS_FILE, MAX_SETTINGS);
  if (bytes === undefined) return { metadata: [], targets: [], allowRedirectTo: [] };
  try {
    const settings = settingsOf(parseJson(bytes, { maxBytes: MAX_SETTINGS, maxDepth: 4 }));
    requireUsable(settings);
    return settings;
  } catch (error) {
    if (!(error instanceof JsonError || error instanceof UsageError || error instanceof ClientError))
      throw error;
    throw new OperationError(
      'BAD_FILE',
      `${join(folder, SETTINGS_FILE)} is damaged: ${error.message}. Write it anew, with the addresses: tuf-signer client init ROOT_FILE --dir ${folder}`,
      { cause: error },
    );
  }
}

/** Throws {@link UsageError}. */
function settingsOf(value: JsonValue): Settings {
  if (!isJsonObject(value)) throw new UsageError('it is no object');
  const timeout = member(value, 'timeout');
  if (timeout !== undefined && typeof timeout !== 'string') throw new UsageError('timeout is no text');
  return {
    metadata: textsOf(member(value, 'metadata'), 'metadata'),
    targets: textsOf(member(value, 'targets'), 'targets'),
    allowRedirectTo: textsOf(member(value, 'allowRedirectTo') ?? [], 'allowRedirectTo'),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

function textsOf(value: JsonValue | undefined, name: string): readonly string[] {
  const texts = isJsonArray(value) ? value.filter(item => typeof item === 'string') : [];
  if (isJsonArray(value) && texts.length === value.length) return texts;
  throw new UsageError(`${name} is no list of texts`);
}

/** Throws {@link ClientError} `BAD_URL` and {@link UsageError}, by the names of the flags. */
export function requireUsable(settings: Settings): void {
  const options = httpOptionsOf(settings);
  for (const url of settings.metadata) givenAddress(url, FLAGS.metadata, options);
  for (const url of settings.targets) givenAddress(url, FLAGS.targets, options);
}
