import { longId, plural } from '../../../src/event/words.ts';
import type { Keyid, KeyOwner, RoleName } from '../../../src/metadata/names.ts';
import { ROOT, SNAPSHOT } from '../../../src/metadata/names.ts';
import {
  type Adoption,
  type KeyHolder,
  type NamelessKey,
  namelessKeys,
  type ShortRole,
  shortRoles,
} from '../../../src/operations/import/adoption.ts';
import type { Published } from '../../../src/operations/import/read-published.ts';
import type { RolePeriods } from '../../../src/repository/documents.ts';
import { parseSignerUri } from '../../../src/signers/registry.ts';
import { givenOwner, givenRole } from '../../given.ts';
import type { RunContext } from '../../run-context.ts';
import { UsageError } from '../../usage-error.ts';
import { type OnlineKeyFlags, parseCount, parseOwners, parsePeriods, readOnlineKey } from '../answers.ts';

export interface AdoptionFlags extends OnlineKeyFlags {
  readonly owner?: readonly string[];
  readonly invite?: readonly string[];
  readonly threshold?: readonly string[];
  readonly periods?: readonly string[];
}

/** What the published repository does not say of itself: from flags, and where they are silent from the person at the terminal. */
export async function adoptionOf(
  published: Published,
  flags: AdoptionFlags,
  context: RunContext,
): Promise<Adoption> {
  const nameless = namelessKeys(published);
  const holders = new Map<Keyid, KeyHolder>();
  for (const [id, holder] of pairs(flags.owner, '--owner', 'KEYID=@account'))
    holders.set(keyOf(id, nameless), holderOf(holder));
  const invites = new Map(byRole(flags.invite, '--invite', parseOwners));
  const thresholds = byRole(flags.threshold, '--threshold', text => parseCount(text, 'the threshold'));
  if (context.asker.isInteractive) {
    if (flags.owner === undefined) await askForHolders(nameless, holders, context);
    for (const short of shortRoles(published, holders))
      if (!invites.has(short.role) && !thresholds.has(short.role))
        invites.set(short.role, await askForSigners(short, context));
  }
  return {
    holders,
    invites,
    thresholds,
    periods: byRole(flags.periods, '--periods', (text): RolePeriods => parsePeriods(text, 'the period')),
    online: await onlineOf(published, flags, context),
  };
}

async function onlineOf(
  { root }: Published,
  flags: AdoptionFlags,
  context: RunContext,
): Promise<Adoption['online']> {
  const { asker } = context;
  if (flags.onlineKey !== undefined) return readOnlineKey(flags.onlineKey, flags, context);
  const { keys, roles } = root.signed.delegations;
  const says = roles.get(SNAPSHOT)?.keyids.some(keyid => keys.get(keyid)?.onlineUri !== undefined) === true;
  if (says || !asker.isInteractive) return undefined;
  const uri = await asker.text('Where is the key that automation will sign with? As in file:online.pem:');
  return readOnlineKey(uri, flags, context);
}

/** One question a key; who answers nothing leaves it behind. */
async function askForHolders(
  nameless: readonly NamelessKey[],
  holders: Map<Keyid, KeyHolder>,
  { asker, output }: RunContext,
): Promise<void> {
  for (const { key, fingerprint, roles } of nameless) {
    output.say(`A key of ${roles.join(', ')}: ${key.scheme}`);
    output.say(`  keyid        ${key.keyid}`);
    output.say(`  fingerprint  ${fingerprint}`);
    const hint = roles.includes(ROOT) ? '@account' : "@account, or the URI of automation's";
    const answer = await asker.text(`Whose is it (${hint}; - if it is not to sign from now on)?`, '-');
    if (answer !== '-') holders.set(key.keyid, holderOf(answer));
  }
}

async function askForSigners(
  { role, keys, threshold }: ShortRole,
  { asker }: RunContext,
): Promise<readonly KeyOwner[]> {
  const has = `${role} needs ${plural(threshold, 'signature')} and has ${plural(keys, 'key')}`;
  return parseOwners(await asker.text(`${has}. Who joins with a new key? Accounts with commas between:`));
}

/** The beginning of a keyid or of a fingerprint, at least eight digits of it. */
function keyOf(start: string, nameless: readonly NamelessKey[]): Keyid {
  const found = nameless.filter(
    ({ key, fingerprint }) => key.keyid.startsWith(start) || fingerprint.startsWith(start),
  );
  const [only] = found;
  if (start.startsWith('@')) throw new UsageError(`--owner names the key first: --owner KEYID=${start}`);
  if (nameless.length === 0)
    throw new UsageError(`--owner ${start} is not needed: every key says already whose it is`);
  if (start.length >= 8 && only !== undefined && found.length === 1) return only.key.keyid;
  const all = nameless.map(({ key, roles }) => `${longId(key.keyid)} (${roles.join(', ')})`);
  const problem =
    start.length < 8
      ? 'is too short: give at least 8 digits'
      : found.length === 0
        ? 'is no key'
        : 'is several keys';
  throw new UsageError(`--owner ${start} ${problem} of those that have no owner: ${all.join('; ')}`);
}

function holderOf(text: string): KeyHolder {
  if (!text.includes(':')) return { owner: givenOwner(text) };
  parseSignerUri(text);
  return { onlineUri: text };
}

function byRole<T>(
  given: readonly string[] | undefined,
  flag: string,
  parse: (text: string) => T,
): ReadonlyMap<RoleName, T> {
  const values = new Map<RoleName, T>();
  for (const [role, text] of pairs(given, flag, 'ROLE=VALUE')) {
    const name = givenRole(role);
    if (values.has(name)) throw new UsageError(`${flag} is given twice for ${name}`);
    values.set(name, parse(text));
  }
  return values;
}

function pairs(
  given: readonly string[] | undefined,
  flag: string,
  form: string,
): readonly (readonly [string, string])[] {
  return (given ?? []).map(text => {
    const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw new UsageError(`${flag} ${JSON.stringify(text)} has to be ${form}`);
    return [name, value];
  });
}
