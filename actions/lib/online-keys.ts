import { unreachable } from '../../src/errors.ts';
import { SignerError } from '../../src/signers/error.ts';
import { fileSigner } from '../../src/signers/file.ts';
import { parseSignerUri } from '../../src/signers/registry.ts';
import type { Signer } from '../../src/signers/signer.ts';
import { sayWarning } from './commands.ts';
import { type ActionWorld, variable } from './world.ts';

/**
 * Signs with online keys where their URIs in the metadata point, by the schemes that are allowed here: `file:` (the
 * variable or file that the workflow's environment gives; relative paths start at TUF_SIGNER_KEYS). A key management
 * service is one more case of the switch, and its scheme one more row of the registry.
 */
export function onlineKeys(world: ActionWorld): Signer {
  const { environment } = world;
  return {
    sign: async (key, payload) => {
      if (key.onlineUri === undefined) return undefined;
      const { scheme } = parseSignerUri(key.onlineUri);
      switch (scheme) {
        case 'file': {
          const folder = environment['TUF_SIGNER_KEYS'] ?? variable(world, 'RUNNER_TEMP');
          const warn = (message: string): void => sayWarning(message);
          return fileSigner(key.onlineUri, { folder, environment, warn }).sign(key, payload);
        }
        case 'piv':
          throw new SignerError(
            'BAD_URI',
            'an online key can not be on a card: a person would have to be there',
          );
        default:
          return unreachable(scheme);
      }
    },
  };
}
