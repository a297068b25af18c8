import type { SingleSource } from '../../client/fetcher.ts';
import { defaultLimits } from '../../client/limits.ts';
import { metadataPath } from '../../client/paths.ts';
import { digestOf } from '../../event/succession.ts';
import type { Document, Root } from '../../metadata/document.ts';
import { ROOT } from '../../metadata/names.ts';
import { requireQuorum } from '../../metadata/quorum.ts';
import { OperationError } from '../error.ts';
import { rootLines } from '../pin/introduce.ts';
import type { Prompter } from '../prompter.ts';
import { requireRoot } from './read-published.ts';

const HOW = 'compare it with what clients ship, and give it by --trusted-root FILE';

/**
 * The root that the import starts from: `given`, else the first that the site has, once a person has compared its fingerprint.
 * Throws {@link OperationError} `NOT_FOUND`, `DECLINED`, `REFUSED`; {@link MetadataError}.
 */
export async function trustSource(
  source: SingleSource,
  given: Uint8Array | undefined,
  prompter: Prompter,
): Promise<Uint8Array> {
  if (given !== undefined) return given;
  const found = (await fetchRoot(source, 1)) ?? (await fetchRoot(source, undefined));
  if (found === undefined)
    throw new OperationError(
      'NOT_FOUND',
      `the site shows no first root: find one that you trust, and ${HOW}`,
    );
  requireQuorum(found, found.signed.delegations, ROOT);
  const [fingerprint = '', , signers = ''] = rootLines(digestOf(found), found);
  prompter.progress('the published repository begins with:');
  for (const line of [fingerprint, `version      ${found.signed.version}`, signers])
    prompter.progress(`  ${line}`);
  const question =
    'Compare the fingerprint with the root that its clients ship. Do you trust this root, and whoever it leads to?';
  if (await prompter.confirmTrust(question)) return found.bytes;
  throw new OperationError('DECLINED', `nothing was imported: find a root that you trust, ${HOW}`);
}

/**
 * Refuses to leave roots behind that clients may have started from, and to take them over where nothing vouches for them: a
 * chain that leads to the trusted root can be made afterwards, by a signature added to its file. Throws {@link OperationError}
 * `REFUSED`.
 */
export async function requireFirstRoot(source: SingleSource, trusted: Uint8Array): Promise<void> {
  const root = requireRoot(trusted);
  const { version } = root.signed;
  const older = version === 1 ? undefined : await fetchRoot(source, version - 1);
  if (older === undefined) return;
  const first = (await fetchRoot(source, 1)) ?? older;
  throw new OperationError(
    'REFUSED',
    `the trusted root is version ${version}, and the site has older ones, which clients may have started from: give the first of them instead (version ${first.signed.version}, SHA-256 ${digestOf(first)}) once you have compared it, or leave them behind by --from-trusted-root`,
  );
}

/** Under its versioned name, or as root.json; whatever is served there that is no root counts as nothing. */
async function fetchRoot(
  { metadata }: SingleSource,
  version: number | undefined,
): Promise<Document<Root> | undefined> {
  const bytes = await metadata.fetch(metadataPath(ROOT, version), defaultLimits.rootBytes);
  return bytes === undefined ? undefined : requireRoot(bytes);
}
