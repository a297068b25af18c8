import { parseSigningEvent } from '../../src/git/names.ts';
import { delegate } from '../../src/operations/delegate.ts';
import { EXIT } from '../exit-codes.ts';
import { givenRole } from '../given.ts';
import { personalSigner, type RunContext, workspaceOf } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';
import { type OnlineKeyFlags, parseCount, parseOwners, parsePeriods, readOnlineKey } from './answers.ts';
import { type BinsFlags, runBins } from './delegate-bins.ts';
import { sayVoided } from './say-voided.ts';

export interface DelegateFlags extends OnlineKeyFlags, BinsFlags {
  readonly signers?: string;
  readonly threshold?: string;
  readonly periods?: string;
}

/** Creates or changes a role in an event. */
export async function run(
  [event = '', role = '']: readonly string[],
  flags: DelegateFlags,
  context: RunContext,
): Promise<number> {
  const { signers, threshold, periods, onlineKey } = flags;
  if (signers !== undefined && onlineKey !== undefined) {
    throw new UsageError('a role is signed by people (--signers) or online (--online-key), not by both');
  }
  const branch = parseSigningEvent(event);
  const name = givenRole(role);
  if (flags.bins !== undefined) return runBins(branch, name, flags, context);
  if (flags.succinct === true) throw new UsageError('--succinct says how bins are written: say --bins N too');
  if ([signers, threshold, periods, onlineKey].every(flag => flag === undefined)) {
    throw new UsageError('say what is to change: --signers, --threshold, --periods, --online-key or --bins');
  }
  await using workspace = await workspaceOf(flags);
  await using signer = personalSigner(flags, context);
  const { created, invited, voided } = await delegate(workspace, {
    event: branch,
    role: name,
    signers: signers === undefined ? undefined : parseOwners(signers),
    threshold: threshold === undefined ? undefined : parseCount(threshold, 'the threshold'),
    periods: periods === undefined ? undefined : parsePeriods(periods, 'the period'),
    online: onlineKey === undefined ? undefined : await readOnlineKey(onlineKey, flags, context),
    ownKey: () => signer.readPublicKey(),
    ownAttestation: async () => signer.readAttestation?.(),
  });
  const { output } = context;
  output.say(`${created ? 'Created' : 'Changed'} role ${name} in ${branch} and pushed it.`);
  sayVoided(output, voided);
  if (invited.length > 0) {
    output.say(`Invited: ${invited.join(', ')}. Each of them runs: tuf-signer sign ${branch}`);
  }
  output.say(`See what is left to do: tuf-signer status --event origin/${branch}`);
  return EXIT.accepted;
}
