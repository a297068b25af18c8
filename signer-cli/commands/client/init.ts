import { createHash } from 'node:crypto';
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
import { addressesOf, telling } from './open.ts';
import { pinnedRoot, requireAddresses, writeState } from './state.ts';

/** Pins a root. The same one again changes the addresses alone; another one is refused. */
export function run(
  [file = '']: readonly string[],
  flags: ClientFlags,
  { output }: RunContext,
): Promise<number> {
  return telling(flags, output, async () => {
    const bytes = await givenFile(file, 'ROOT');
    const root = trustRoot(bytes);
    const fingerprint = createHash('sha256').update(signedBytes(root)).digest('hex');
    requireFingerprint(flags, fingerprint);
    const folder = folderOf(flags);
    const pinned = await pinnedRoot(folder);
    if (pinned !== undefined && Buffer.compare(pinned, bytes) !== 0) {
      throw new OperationError(
        'ALREADY_THERE',
        `another root is pinned in ${folder}: name another --dir, or remove that folder and all it remembers`,
      );
    }
    const addresses = addressesOf(flags);
    requireAddresses(addresses);
    await writeState(folder, bytes, addresses);
    if (flags.json === true) {
      output.result(
        renderJson({ folder, version: root.signed.version, fingerprint, expires: root.signed.expires }),
      );
    } else {
      output.result(lines(root, fingerprint).map(escapeTerminal).join('\n'));
      output.say(
        `Pinned in ${folder}. Compare the fingerprint with what the maintainers gave you on another way.`,
      );
    }
    return EXIT.accepted;
  });
}

function lines(root: Document<Root>, fingerprint: string): readonly string[] {
  const { delegations, version, expires } = root.signed;
  const definition = delegations.roles.get(ROOT);
  const signers =
    definition === undefined ? [] : [...distinctKeys(delegations, definition).values()].map(keyName);
  return [
    `root         version ${version}, expires on ${expires}`,
    `fingerprint  SHA-256 ${fingerprint}`,
    `its signers  ${definition?.threshold ?? 0} of ${listed(signers, 20)}`,
  ];
}

function requireFingerprint({ fingerprint }: ClientFlags, actual: string): void {
  if (fingerprint === undefined || fingerprint.toLowerCase() === actual) return;
  throw new OperationError(
    'UNTRUSTED',
    `the fingerprint of this root is ${actual}, not ${fingerprint}: nothing was pinned`,
  );
}
