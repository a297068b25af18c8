import { isJsonArray, isJsonObject, type JsonObject, jsonEqual, member } from '../../json.ts';
import { type Delegations, noDelegations, type RoleDefinition } from '../../metadata/delegation.ts';
import type { Root, Targets } from '../../metadata/document.ts';
import type { RoleName } from '../../metadata/names.ts';
import type { Attestations } from '../cards.ts';
import { type Bins, binsIn, describeBins } from './bins.ts';
import { describeKeys } from './keys.ts';
import { describeOthers } from './leaves.ts';
import { describePeriods, PERIOD_MEMBERS } from './lifetime.ts';
import { type Defined, definedIn, describeSigners, signersText } from './signers.ts';
import { append, capped, cappedGravely, listChange, roleText, wholeList, wholeText } from './text.ts';

/** What root says of the four top-level roles, and of their keys. */
export function describeRootRoles(
  before: Root | undefined,
  after: Root,
  attestations: Attestations,
): readonly string[] {
  const sentences: string[] = [];
  const [old, now] = [before?.delegations ?? noDelegations, after.delegations];
  const [definedOld, definedNow] = [definedIn(old), definedIn(now)];
  for (const role of now.roles.values()) {
    const known = old.roles.get(role.name);
    const [oldRaw, raw] = [roleOfRoot(before, role.name), roleOfRoot(after, role.name)];
    if (known === undefined) sentences.push(`${role.name} is signed by ${signersText(definedNow(role))}`);
    else append(sentences, describeSigners(definedOld(known), definedNow(role)));
    append(sentences, describePeriods(oldRaw, raw, `${role.name}: `));
    append(
      sentences,
      describeOthers(oldRaw, raw, ['keyids', 'threshold', ...PERIOD_MEMBERS], ['roles', role.name]),
    );
  }
  return [...sentences, ...capped(describeKeys(old, now, attestations), 'changes of keys')];
}

function roleOfRoot(root: Root | undefined, name: string): JsonObject {
  const roles = root === undefined ? undefined : member(root.raw, 'roles');
  const role = isJsonObject(roles) ? member(roles, name) : undefined;
  return isJsonObject(role) ? role : {};
}

/** What a targets document hands on: roles, their signers and paths, the order of search, keys. */
export function describeDelegations(
  before: Targets | undefined,
  after: Targets,
  attestations: Attestations,
): readonly string[] {
  const [oldRaw, raw] = [rawDelegations(before), rawDelegations(after)];
  if (oldRaw === raw || (oldRaw !== undefined && jsonEqual(oldRaw, raw))) return [];
  const [old, now] = [before?.delegations ?? noDelegations, after.delegations];
  const [definedOld, definedNow] = [definedIn(old), definedIn(now)];
  const [oldObjects, objects] = [roleObjects(oldRaw), roleObjects(raw)];
  const sentences: string[] = [];
  const grave = new Set<string>();
  const [oldBins, bins] = [binsIn(old, oldRaw), binsIn(now, raw)];
  const [oldRoles, roles] = [rolesBeside(oldBins, old), rolesBeside(bins, now)];
  for (const sentence of describeBins(oldBins, bins)) {
    grave.add(sentence);
    sentences.push(sentence);
  }
  for (const [name, role] of roles) {
    const known = oldRoles.get(name);
    const [from, to] = [oldObjects.get(name), objects.get(name) ?? {}];
    if (known === undefined) sentences.push(newDelegation(definedNow(role), to));
    else if (from !== undefined && !jsonEqual(from, to)) {
      const signers = describeSigners(definedOld(known), definedNow(role));
      for (const sentence of signers) grave.add(sentence);
      append(sentences, signers);
      append(sentences, describePaths(known, role, from, to));
    }
    append(sentences, describeOthers(from, to, ROLE_MEMBERS, ['delegations', 'roles', name]));
  }
  for (const name of oldRoles.keys()) {
    if (!roles.has(name)) sentences.push(`it no longer delegates to ${roleText(name)}`);
  }
  return [
    ...describePresence(oldRaw, raw),
    ...cappedGravely(sentences, grave, 'changes of delegations'),
    ...describeOrder([...oldRoles.keys()], [...roles.keys()]),
    ...capped(describeKeys(old, now, attestations), 'changes of keys'),
    ...describeOthers(oldRaw, raw, ['keys', 'roles', 'succinct_roles'], ['delegations']),
  ];
}

/** The roles that are told one by one. */
const rolesBeside = (
  bins: Bins | undefined,
  { roles }: Delegations,
): ReadonlyMap<RoleName, RoleDefinition> => (bins === undefined ? roles : new Map());

const ROLE_MEMBERS: readonly string[] = [
  'name',
  'keyids',
  'threshold',
  'paths',
  'path_hash_prefixes',
  'terminating',
];

function rawDelegations(targets: Targets | undefined): JsonObject | undefined {
  const raw = targets === undefined ? undefined : member(targets.raw, 'delegations');
  return isJsonObject(raw) ? raw : undefined;
}

function roleObjects(delegations: JsonObject | undefined): ReadonlyMap<string, JsonObject> {
  const roles = delegations === undefined ? undefined : member(delegations, 'roles');
  const objects = new Map<string, JsonObject>();
  for (const role of isJsonArray(roles) ? roles : []) {
    const name = isJsonObject(role) ? member(role, 'name') : undefined;
    if (isJsonObject(role) && typeof name === 'string') objects.set(name, role);
  }
  return objects;
}

/** An empty `delegations` is not the same bytes as none. */
function describePresence(before: JsonObject | undefined, after: JsonObject | undefined): readonly string[] {
  if (after === undefined) return before === undefined ? [] : ['the list of delegations is removed'];
  const isEmpty = roleObjects(after).size === 0 && member(after, 'succinct_roles') === undefined;
  return before === undefined && isEmpty ? ['the list of delegations is empty'] : [];
}

function newDelegation(defined: Defined, raw: JsonObject): string {
  const { role } = defined;
  const end = role.terminating ? 'the search ends there' : 'the search goes on after it';
  return `it delegates to ${roleText(role.name)}: ${pathsText(role, raw)}; ${end}; signed by ${signersText(defined)}`;
}

const byHash = (raw: JsonObject): boolean => member(raw, 'path_hash_prefixes') !== undefined;

function pathsText(role: RoleDefinition, raw: JsonObject): string {
  if (byHash(raw)) return `paths whose SHA-256 begins with ${patternList(role.pathHashPrefixes)}`;
  return `paths ${patternList(role.paths)}`;
}

const patternList = (patterns: readonly string[]): string =>
  patterns.length === 0 ? 'none at all' : wholeList(patterns.map(wholeText));

function describePaths(
  before: RoleDefinition,
  after: RoleDefinition,
  oldRaw: JsonObject,
  raw: JsonObject,
): readonly string[] {
  const name = roleText(after.name);
  const sentences: string[] = [];
  const [old, now] = byHash(raw)
    ? [before.pathHashPrefixes, after.pathHashPrefixes]
    : [before.paths, after.paths];
  const { added, removed, reordered } = listChange(old, now);
  if (byHash(oldRaw) !== byHash(raw)) {
    sentences.push(
      `${name}: it now speaks for ${pathsText(after, raw)}, no longer for ${pathsText(before, oldRaw)}`,
    );
  } else {
    if (added.length > 0) sentences.push(`${name}: it now speaks for ${patternList(added)} too`);
    if (removed.length > 0) sentences.push(`${name}: it no longer speaks for ${patternList(removed)}`);
    if (reordered) sentences.push(`${name}: its paths are listed as ${patternList(now)}`);
  }
  if (before.terminating !== after.terminating) {
    sentences.push(
      after.terminating ? `${name}: the search now ends there` : `${name}: the search now goes on after it`,
    );
  }
  return sentences;
}

/** Clients take the first role in this order that speaks for a path. */
const describeOrder = (before: readonly string[], after: readonly string[]): readonly string[] =>
  listChange(before, after).reordered
    ? [`delegated roles are searched in another order: ${wholeList(after.map(roleText))}`]
    : [];
