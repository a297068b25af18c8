import { type Fetcher, type SingleSource, streamFrom } from '../../client/fetcher.ts';
import { JsonError } from '../../json.ts';
import { parseDocument } from '../../metadata/document.ts';
import { MetadataError } from '../../metadata/error.ts';

/**
 * `source` with the names that older repositories and folders of a repository's own have: where `7.targets.json` is not there,
 * `targets.json` of version 7 is it, and `HASH.file` may be `file`. What is served under which name proves nothing either way.
 */
export const withOlderNames = ({ metadata, targets }: SingleSource): SingleSource => ({
  metadata: {
    fetch: async (path, maxBytes) => {
      const bytes = await metadata.fetch(path, maxBytes);
      const [, version, plain] = /^(\d+)\.(.+\.json)$/.exec(path) ?? [];
      if (bytes !== undefined || plain === undefined) return bytes;
      const found = await metadata.fetch(plain, maxBytes);
      return found !== undefined && versionOf(found) === Number(version) ? found : undefined;
    },
  },
  targets: withPlainNames(targets),
});

function withPlainNames(targets: Fetcher): Fetcher {
  const stream: NonNullable<Fetcher['stream']> = async (path, maxBytes) => {
    const pieces = await streamFrom(targets, path, maxBytes);
    const [, folder = '', name] = /^(.*\/)?[0-9a-f]{32,128}\.([^/]+)$/.exec(path) ?? [];
    return pieces !== undefined || name === undefined ? pieces : streamFrom(targets, folder + name, maxBytes);
  };
  return { fetch: (path, maxBytes) => targets.fetch(path, maxBytes), stream };
}

/** The version that a file says it is; `undefined` where it says nothing. */
function versionOf(bytes: Uint8Array): number | undefined {
  try {
    return parseDocument(bytes).signed.version;
  } catch (error) {
    if (error instanceof JsonError || error instanceof MetadataError) return undefined;
    throw error;
  }
}
