import { formatInstant } from '../../../src/clock.ts';
import { parseDocumentOf } from '../../../src/metadata/document.ts';
import { rootLines } from '../../../src/operations/pin/introduce.ts';
import type { Pin } from '../../../src/operations/pin/pin.ts';
import { pinsHere } from '../../../src/operations/pin/trust.ts';
import { renderJson } from '../../../src/render/json.ts';
import { escapeTerminal } from '../../../src/render/terminal-text.ts';
import { EXIT } from '../../exit-codes.ts';
import { type GlobalFlags, pinsOf, type RunContext, workspaceOf } from '../../run-context.ts';

interface ShowFlags extends GlobalFlags {
  readonly all?: boolean;
  readonly json?: boolean;
}

/** Shows what this machine trusts of the repository in this clone, or of all. */
export async function run(_args: readonly string[], flags: ShowFlags, context: RunContext): Promise<number> {
  const { output } = context;
  const store = pinsOf(context);
  const pins = flags.all === true ? await store.list() : await here(flags, context);
  if (flags.json === true) output.result(renderJson({ location: store.location, pins: pins.map(pinJson) }));
  else if (pins.length > 0) output.result(pins.map(pinText).join('\n\n'));
  else
    output.say(
      'No root is pinned here: the first tuf-signer sign shows one and asks, or takes --trusted-root.',
    );
  return pins.length > 0 ? EXIT.accepted : EXIT.notFound;
}

async function here(flags: GlobalFlags, context: RunContext): Promise<readonly Pin[]> {
  await using workspace = await workspaceOf(flags);
  return await pinsHere(workspace, pinsOf(context));
}

const pinText = (pin: Pin): string =>
  [
    ...rootLines(pin.identity, parseDocumentOf('root', pin.root)),
    `state        ${pin.state === 'trusted' ? 'trusted' : 'proposed: yours, and not on main yet'} since ${formatInstant(pin.pinnedAt)}`,
    `verified     ${formatInstant(pin.verifiedAt)}${pin.commit === undefined ? '' : ` at commit ${pin.commit}`}`,
    ...[...pin.roles].map(([role, { version }]) => `  ${role} version ${version}`),
    ...pin.places.map(place => `met at       ${place}`),
  ]
    .map(escapeTerminal)
    .join('\n');

const pinJson = ({ identity, state, places, commit, roles, pinnedAt, verifiedAt }: Pin): object => ({
  identity,
  state,
  places,
  commit: commit ?? null,
  roles: Object.fromEntries(
    [...roles].map(([role, { version, digest }]) => [role, { version, sha256: digest }]),
  ),
  pinnedAt: formatInstant(pinnedAt),
  verifiedAt: formatInstant(verifiedAt),
});
