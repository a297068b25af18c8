import { createHash } from 'node:crypto';
import { ClientError } from '../../../src/client/error.ts';
import { exclusively, fileStore } from '../../../src/client/store.ts';
import { trustRoot } from '../../../src/client/trusted.ts';
import { keyName, listed } from '../../../src/event/words.ts';
import { type Document, type Root, signedBytes } from '../../../src/metadata/document.ts';
import { ROOT } from '../../../src/metadata/names.ts';
import { distinctKeys } from '../../../src/metadata/quorum.ts';
import { OperationError } from '../../../src/operations/error.ts';
import { renderJson } from '../../../src/render/json.ts';
import { escapeTerminal } from '../../../src/render/terminal-text.ts';
import { EXIT } from '../../exit-codes.ts';
import { givenFile } from '../../given.ts';
import type { RunContext } from '../../run-context.ts';
import { type ClientFlags, folderOf } from './flags.ts';
import { addressesOf } from './open.ts';
import { pinnedRoot, requireUsable, type Settings, writeState } from './state.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Pins a root. The same one again changes what is remembered beside it alone; another one is refused. */
export async function run(
  [file = '']: readonly string[],
  flags: ClientFlags,
  { output }: RunContext,
): Promise<number> {
  const bytes = await givenFile(file, 'ROOT');
  const root = givenRoot(bytes, file);
  const [fingerprint, fileDigest] = [sha256(signedBytes(root)), sha256(bytes)];
  requireFingerprint(flags, fingerprint, fileDigest);
  const folder = folderOf(flags);
  const { allowRedirectTo = [], timeout } = flags;
  const settings = { ...addressesOf(flags), allowRedirectTo, ...(timeout === undefined ? {} : { timeout }) };
  requireUsable(settings);
  await pin(folder, bytes, settings);
  if (flags.json === true) {
    output.result(
      renderJson({
        folder,
        version: root.signed.version,
        fingerprint,
        sha256: fileDigest,
        expires: root.signed.expires,
      }),
    );
  } else {
    output.result(lines(root, fingerprint, fileDigest).map(escapeTerminal).join('\n'));
    output.say(
      `Pinned in ${folder}. Compare the fingerprint with what the maintainers gave you on another way.`,
    );
  }
  return EXIT.accepted;
}

/** Throws {@link ClientError}, with the name of the file. */
function givenRoot(bytes: Uint8Array, file: string): Document<Root> {
  try {
    return trustRoot(bytes);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw new ClientError(error.code, `ROOT ${JSON.stringify(file)}: ${error.message}`, {
      cause: error.cause,
    });
  }
}

/** Throws {@link OperationError} `ALREADY_THERE`. */
function pin(folder: string, bytes: Uint8Array, settings: Settings): Promise<void> {
  return exclusively(fileStore(folder), async () => {
    const pinned = await pinnedRoot(folder);
    if (pinned !== undefined && Buffer.compare(pinned, bytes) !== 0) {
      throw new OperationError(
        'ALREADY_THERE',
        `another root is pinned in ${folder}: name another --dir, or remove that folder and all it remembers`,
      );
    }
    await writeState(folder, bytes, settings);
  });
}

function lines(root: Document<Root>, fingerprint: string, file: string): readonly string[] {
  const { delegations, version, expires } = root.signed;
  const definition = delegations.roles.get(ROOT);
  const signers =
    definition === undefined ? [] : [...distinctKeys(delegations, definition).values()].map(keyName);
  return [
    `root         version ${version}, expires on ${expires}`,
    `fingerprint  SHA-256 ${fingerprint}`,
    `of the file  SHA-256 ${file}`,
    `its signers  ${definition?.threshold ?? 0} of ${listed(signers, 20)}`,
  ];
}

/** What is signed, or the file: either names the root. What this one has is not told: nobody shall copy it to be let through. */
function requireFingerprint({ fingerprint }: ClientFlags, actual: string, file: string): void {
  if (fingerprint === undefined || [actual, file].includes(fingerprint.toLowerCase())) return;
  throw new OperationError(
    'UNTRUSTED',
    `this root is not the one of fingerprint ${fingerprint}: nothing was pinned; take the file from elsewhere, or ask the maintainers`,
  );
}
