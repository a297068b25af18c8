import { formatInstant } from '../../src/clock.ts';
import { listed } from '../../src/event/words.ts';
import { parseRoleName } from '../../src/metadata/names.ts';
import { type DueRole, type RenewOutcome, renewRoles } from '../../src/operations/renew.ts';
import { renderJson } from '../../src/render/json.ts';
import { EXIT } from '../exit-codes.ts';
import { type GlobalFlags, type RunContext, workspaceOf } from '../run-context.ts';

interface RenewFlags extends GlobalFlags {
  readonly role?: readonly string[];
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Opens events for roles whose time has come, or that are named. */
export async function run(
  _args: readonly string[],
  flags: RenewFlags,
  { output }: RunContext,
): Promise<number> {
  await using workspace = await workspaceOf(flags);
  const dryRun = flags.dryRun === true;
  const outcome = await renewRoles(workspace, { roles: flags.role?.map(parseRoleName), dryRun });
  if (flags.json === true) {
    output.result(renderJson(asJson(outcome, dryRun)));
    return EXIT.accepted;
  }
  const lines = linesOf(outcome, dryRun);
  for (const line of lines) output.say(line);
  if (lines.length === 0)
    output.say("No role's time has come: tuf-signer calendar says when. --role renews one now.");
  else if (dryRun) output.say('Nothing was done: this is what would be.');
  return EXIT.accepted;
}

function linesOf({ due, begun, rebased, voided }: RenewOutcome, dryRun: boolean): readonly string[] {
  const started = new Set([...begun.values()].flat());
  return [
    ...[...begun].map(
      ([branch, roles]) =>
        `${dryRun ? 'Would open' : 'Opened'} ${branch}: ${listed(roles)}, to be signed by ${signers(due.filter(({ role }) => roles.includes(role)))}.`,
    ),
    ...due
      .filter(({ role, event }) => event !== undefined && !started.has(role))
      .map(
        one =>
          `${one.role} ends at ${formatInstant(one.expiresAt)}: ${one.event ?? ''} renews it, to be signed by ${signers([one])}.`,
      ),
    ...rebased.map(
      branch =>
        `${branch}: main has moved on; it ${dryRun ? 'would stand' : 'stands'} on main again, with its signatures.`,
    ),
    ...[...voided].map(
      ([branch, names]) => `${branch} can not be used any more: void are the signatures of ${listed(names)}.`,
    ),
  ];
}

/** `2 of @alice, @bob and @carol`. */
function signers(roles: readonly DueRole[]): string {
  const each = roles.map(({ threshold, signers: names, isAutomatic }) =>
    isAutomatic ? 'automation' : names.length === 1 ? names.join('') : `${threshold} of ${listed(names)}`,
  );
  return listed([...new Set(each)]);
}

const asJson = ({ due, begun, rebased, voided }: RenewOutcome, dryRun: boolean): object => ({
  dryRun,
  roles: due.map(({ role, expiresAt, event, signers: names, threshold, isAutomatic }) => ({
    role,
    expires: formatInstant(expiresAt),
    event: event ?? [...begun].find(([, roles]) => roles.includes(role))?.[0] ?? null,
    signers: names,
    threshold,
    automatic: isAutomatic,
  })),
  begun: Object.fromEntries(begun),
  rebased,
  voided: Object.fromEntries(voided),
});
