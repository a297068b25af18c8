import { listed, longId } from '../../../src/event/words.ts';
import { parseSigningEvent } from '../../../src/git/names.ts';
import { type RotateOutcome, rotateKey } from '../../../src/operations/rotate-key.ts';
import { requireUser } from '../../../src/operations/workspace.ts';
import { renderJson, reportJson } from '../../../src/render/json.ts';
import { signCommand } from '../../../src/render/words.ts';
import { parsePivUri } from '../../../src/signers/piv/uri.ts';
import { parseSignerUri } from '../../../src/signers/registry.ts';
import { EXIT } from '../../exit-codes.ts';
import { givenRole } from '../../given.ts';
import { cardSigner, type HeldSigner } from '../../personal-signer.ts';
import { pinPrompts } from '../../pin.ts';
import {
  type GlobalFlags,
  personalSigner,
  pinSource,
  prompterOf,
  type RunContext,
  trustOf,
  workspaceOf,
} from '../../run-context.ts';
import { UsageError } from '../../usage-error.ts';
import { bringHome } from '../bring-home.ts';
import { saySigned } from '../say-signed.ts';
import { sayVoided } from '../say-voided.ts';

export interface RotateFlags extends GlobalFlags {
  readonly role?: string;
  readonly oldKey?: string;
  readonly replace?: string;
  readonly lost?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Replaces this person's key by a new one in an event, and signs with both what they are asked for. */
export async function run(
  [event]: readonly string[],
  flags: RotateFlags,
  context: RunContext,
): Promise<number> {
  const branch = event === undefined ? undefined : parseSigningEvent(event);
  const roles = flags.role?.split(/[\s,]+/).filter(name => name !== '');
  await using workspace = await workspaceOf(flags);
  await using signer = rotationSigner(flags, context);
  const outcome = await rotateKey(workspace, {
    branch,
    roles: roles?.map(givenRole),
    replace: fingerprintStart(flags.replace),
    isLost: flags.lost === true,
    isDryRun: flags.dryRun === true,
    signer,
    prompter: prompterOf(context, flags),
    trust: await trustOf(flags, context),
  });
  const { output } = context;
  if (flags.dryRun !== true && outcome.roles.length + outcome.signed.length > 0)
    await bringHome(workspace, outcome.branch, context, 'Your new key');
  if (flags.json === true) {
    output.result(renderJson(outcomeJson(outcome)));
    return EXIT.accepted;
  }
  tell(outcome, flags, context);
  if (flags.dryRun === true || flags.lost === true) return EXIT.accepted;
  const user = requireUser(workspace);
  if (outcome.event.report.awaited.some(({ owner }) => owner === user))
    output.say(`Your other card has its turn by: ${signCommand(outcome.branch)}`);
  return EXIT.accepted;
}

function tell(
  outcome: RotateOutcome,
  { dryRun = false, lost = false }: RotateFlags,
  { output }: RunContext,
): void {
  const { branch, roles, old, fresh, voided } = outcome;
  const what = `key ${longId(fresh)} in the place of ${longId(old ?? '')} in ${listed(roles)}, in ${branch}`;
  if (roles.length === 0)
    output.say(`Nothing was left to replace: ${branch} has your key as ${longId(fresh)}.`);
  else output.say(dryRun ? `This would put ${what}. Nothing was changed.` : `Put ${what}, and pushed it.`);
  if (dryRun) return;
  if (roles.length > 0 && !lost)
    output.say(`Keep the old key until ${branch} is merged: what is signed may change again.`);
  sayVoided(output, voided);
  saySigned(output, outcome);
}

const outcomeJson = ({ branch, roles, old, fresh, signed, event }: RotateOutcome): object => ({
  event: branch,
  roles,
  old: old ?? null,
  new: fresh,
  signed,
  status: reportJson(event.report),
});

/** Throws {@link UsageError}. */
function fingerprintStart(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-9a-f]{8,64}$/i.test(text))
    throw new UsageError(
      `--replace ${JSON.stringify(text)} is no start of a fingerprint, 8 to 64 hex digits: see tuf-signer key list`,
    );
  return text.toLowerCase();
}

/**
 * The new key is where `--key` says; signatures come from there and from where the old key is: any card, unless `--old-key` says
 * otherwise.
 */
function rotationSigner(flags: RotateFlags, context: RunContext): HeldSigner {
  const fresh = flags.key ?? 'piv:';
  const old = flags.oldKey === undefined ? undefined : parseSignerUri(flags.oldKey);
  const isCard = parseSignerUri(fresh).scheme === 'piv';
  if (isCard && (old === undefined || old.scheme === 'piv')) {
    const prompts = pinPrompts(pinSource(flags, context), context.asker, context.output);
    return cardSigner(context.openCards(), prompts, parsePivUri(fresh), parsePivUri('piv:'));
  }
  const next = personalSigner(flags, context);
  if (flags.oldKey === undefined) return next;
  return both(next, personalSigner({ ...flags, key: flags.oldKey }, context));
}

/** Enrols with `next`, and signs with whichever has the key. */
const both = (next: HeldSigner, old: HeldSigner): HeldSigner => ({
  ...next,
  sign: async (key, payload) => (await next.sign(key, payload)) ?? (await old.sign(key, payload)),
  [Symbol.asyncDispose]: async () => {
    await next[Symbol.asyncDispose]();
    await old[Symbol.asyncDispose]();
  },
});
