// Signs the online roles of an event, as the action does, with keys in files: online-targets CLONE EVENT.
import { systemClock } from '../../src/clock.ts';
import { parseSigningEvent } from '../../src/git/names.ts';
import { onlineSignTargets } from '../../src/operations/online-sign-targets.ts';
import { openWorkspace } from '../../src/operations/workspace.ts';
import { fileSigner } from '../../src/signers/file.ts';

const [clone = '', event = ''] = process.argv.slice(2);
const options = { folder: process.env['TUF_SIGNER_KEYS'] ?? '', environment: process.env };
await using workspace = await openWorkspace(clone, systemClock);
const outcome = await onlineSignTargets(workspace, parseSigningEvent(event), {
  sign: async (key, payload) =>
    key.onlineUri === undefined ? undefined : fileSigner(key.onlineUri, options).sign(key, payload),
});
process.stdout.write(`${outcome.signed.length} signed ${outcome.waiting ?? ''}\n`);
