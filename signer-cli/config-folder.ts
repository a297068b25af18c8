import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { UsageError } from './usage-error.ts';

/**
 * Where this person's own settings lie. `TUF_SIGNER_CONFIG` wins; else the platform's place. Source: XDG Base Directory
 * Specification 0.8 (a relative path counts for nothing); Windows' known folder RoamingAppData.
 */
export function configFolder(environment: NodeJS.ProcessEnv, platform: string = process.platform): string {
  const [own, xdg, roaming] = [
    environment['TUF_SIGNER_CONFIG'],
    environment['XDG_CONFIG_HOME'],
    environment['APPDATA'],
  ];
  if (own !== undefined && own !== '') {
    if (!isAbsolute(own)) throw new UsageError('TUF_SIGNER_CONFIG has to be an absolute path');
    return own;
  }
  if (platform === 'win32' && roaming !== undefined && isAbsolute(roaming))
    return join(roaming, 'tuf-signer');
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(environment['HOME'] ?? homedir(), '.config');
  return join(base, 'tuf-signer');
}
