import { httpFetcher } from '../../../src/client/http.ts';
import { fileStore, type MetadataStore } from '../../../src/client/store.ts';
import { isJsonArray, isJsonObject, type JsonValue, member, parseJson } from '../../../src/json.ts';
import { serializeJson } from '../../../src/metadata/serialize.ts';
import { OperationError } from '../../../src/operations/error.ts';

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

export interface ClientState extends Addresses {
  readonly trustedRoot: Uint8Array;
  readonly store: MetadataStore;
}

/** The root that is pinned in a folder; `undefined` where none is. */
export const pinnedRoot = (folder: string): Promise<Uint8Array | undefined> =>
  fileStore(folder).read(ROOT_FILE, MAX_ROOT);

export async function writeState(folder: string, root: Uint8Array, addresses: Addresses): Promise<void> {
  const store = fileStore(folder);
  await store.write(
    SETTINGS_FILE,
    serializeJson({ metadata: addresses.metadata, targets: addresses.targets }),
  );
  await store.write(ROOT_FILE, root);
}

/** Throws {@link OperationError} `NOT_FOUND` where nothing was initialised. */
export async function readState(folder: string): Promise<ClientState> {
  const trustedRoot = await pinnedRoot(folder);
  if (trustedRoot === undefined) {
    throw new OperationError(
      'NOT_FOUND',
      `no root is pinned in ${folder}: tuf-signer client init ROOT_FILE --dir ${folder}`,
    );
  }
  const store = fileStore(folder);
  const bytes = await store.read(SETTINGS_FILE, MAX_SETTINGS);
  const settings = bytes === undefined ? {} : parseJson(bytes);
  if (!isJsonObject(settings)) return { trustedRoot, store, metadata: [], targets: [] };
  return {
    trustedRoot,
    store,
    metadata: texts(member(settings, 'metadata')),
    targets: texts(member(settings, 'targets')),
  };
}

/** Throws {@link ClientError} `BAD_URL`. */
export function requireAddresses({ metadata, targets }: Addresses): void {
  for (const url of [...metadata, ...targets]) httpFetcher(url);
}

const texts = (value: JsonValue | undefined): readonly string[] =>
  isJsonArray(value) ? value.filter(item => typeof item === 'string') : [];
