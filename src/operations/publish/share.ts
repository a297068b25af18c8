import type { Fetcher } from '../../client/fetcher.ts';
import type { Facts } from '../../event/context.ts';
import { type Document, rememberParsed } from '../../metadata/document.ts';
import { historyFile, type ObjectId, type RepositoryTree, roleFile } from '../../repository/tree.ts';

/**
 * The documents of a tree that was read, by their blobs. From now on whoever parses the bytes of one is given what was parsed, and
 * what was made of it since: the client that walks through a site does over and over what the judge did once.
 */
export function sharedDocuments(
  tree: RepositoryTree,
  history: Facts['history'],
): ReadonlyMap<ObjectId, Document> {
  const documents = new Map<ObjectId, Document>();
  const files = [
    ...[...tree.documents].map(([role, parsed]) => [roleFile(role), parsed] as const),
    ...[...history].map(([version, parsed]) => [historyFile(version), parsed] as const),
  ];
  for (const [file, parsed] of files) {
    const entry = tree.metadata.get(file);
    if (entry === undefined || !parsed.ok) continue;
    rememberParsed(parsed.value);
    documents.set(entry.oid, parsed.value);
  }
  return documents;
}

/** The bytes of metadata files of a site, by their place there. */
export type KnownFiles = ReadonlyMap<string, Uint8Array>;

/**
 * `fetcher`, each file fetched as before; one that has, byte for byte, what `known` has under its name is given as that very array
 * of bytes, which need not be parsed and held a second time.
 */
export function sharing(fetcher: Fetcher, known: KnownFiles): Fetcher {
  return {
    ...fetcher,
    fetch: async (path, maxBytes) => {
      const bytes = await fetcher.fetch(path, maxBytes);
      const same = bytes === undefined ? undefined : known.get(path);
      return bytes !== undefined && same !== undefined && Buffer.compare(bytes, same) === 0 ? same : bytes;
    },
  };
}
