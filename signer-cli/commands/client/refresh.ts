import type { TrustedMetadata } from '../../../src/client/refresh.ts';
import { renderJson } from '../../../src/render/json.ts';
import { EXIT } from '../../exit-codes.ts';
import type { RunContext } from '../../run-context.ts';
import type { ClientFlags } from './flags.ts';
import { openClient } from './open.ts';

const ROLES = ['root', 'timestamp', 'snapshot', 'targets'] as const;

/** Brings the metadata up to date, as the policy says. */
export async function run(
  _args: readonly string[],
  flags: ClientFlags,
  context: RunContext,
): Promise<number> {
  const { output } = context;
  const metadata = await (await openClient(flags, context)).refresh();
  if (flags.json === true) output.result(renderJson(json(metadata)));
  else {
    const versions = ROLES.map(role => `${role} ${metadata[role].signed.version}`).join(', ');
    output.say(`Verified: ${versions}. The timestamp lasts until ${metadata.timestamp.signed.expires}.`);
  }
  return EXIT.accepted;
}

const json = (metadata: TrustedMetadata): object =>
  Object.fromEntries(
    ROLES.map(role => {
      const { version, expires } = metadata[role].signed;
      return [role, { version, expires }];
    }),
  );
