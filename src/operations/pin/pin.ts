import { formatInstant, type Instant, parseInstant } from '../../clock.ts';
import type { Seen, Standing } from '../../event/succession.ts';
import type { CommitSha } from '../../git/oid.ts';
import { isObjectId } from '../../git/oid.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, member, parseJson } from '../../json.ts';
import { type RoleName, roleNameProblem } from '../../metadata/names.ts';
import { OperationError } from '../error.ts';

/** What this machine trusts of one repository: kept for the person, whatever clone they work in. */
export interface Pin extends Standing {
  /**
   * `trusted`: the person said so, or gave the root. `proposed`: the first root of a repository whose main has none yet, made
   * or signed here; it becomes trusted once main says the same.
   */
  readonly state: 'trusted' | 'proposed';
  /** Remotes where it was met, as {@link placeOf} gives them. */
  readonly places: readonly string[];
  /** The newest root that was verified, as its file is. */
  readonly root: Uint8Array;
  /** The last commit of main that was verified; `undefined` where main has no root yet. */
  readonly commit: CommitSha | undefined;
  readonly pinnedAt: Instant;
  readonly verifiedAt: Instant;
}

/** Where pins are kept. Every call throws {@link OperationError} `BAD_PIN` for a pin that can't be read: it is not skipped. */
export interface PinStore {
  /** Where a person finds them. */
  readonly location: string;
  list(): Promise<readonly Pin[]>;
  /** In place of the one of the same identity, whole or not at all. */
  save(pin: Pin): Promise<void>;
  /** Also removes one that can't be read. */
  remove(identity: string): Promise<void>;
}

/**
 * A remote's URL as a name for the place, without what may be secret in it: `host/path`, the same by HTTPS and by SSH. A path of
 * this machine stays a path.
 */
export function placeOf(url: string): string {
  const match =
    /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@]*@)?([^/]*)\/+(.*)$/i.exec(url) ??
    /^(?:[^/@:]+@)?([^/:]{2,}):(?!\\|\/\/)\/*(.*)$/.exec(url);
  const place = match === null ? url : `${(match[1] ?? '').toLowerCase()}/${match[2] ?? ''}`;
  return place.replace(/\/+$/, '').replace(/\.git$/, '');
}

const FORMAT = 1;

/** JSON for a file that only this program writes. */
export function encodePin(pin: Pin): string {
  const roles = [...pin.roles].map(([role, { version, digest }]) => [role, { version, sha256: digest }]);
  return `${JSON.stringify(
    {
      format: FORMAT,
      identity: pin.identity,
      state: pin.state,
      places: pin.places,
      commit: pin.commit ?? null,
      root: Buffer.from(pin.root).toString('base64'),
      roles: Object.fromEntries(roles) as object,
      pinnedAt: formatInstant(pin.pinnedAt),
      verifiedAt: formatInstant(pin.verifiedAt),
    },
    null,
    2,
  )}\n`;
}

/** Reads what {@link encodePin} wrote. Throws {@link JsonError}, {@link OperationError} `BAD_PIN`. */
export function decodePin(bytes: Uint8Array): Pin {
  const json = parseJson(bytes);
  if (!isJsonObject(json) || member(json, 'format') !== FORMAT) throw badPin('is not of a format known here');
  const commit = member(json, 'commit');
  return {
    identity: text(json, 'identity', /^[0-9a-f]{64}$/),
    state: text(json, 'state', /^(trusted|proposed)$/) as Pin['state'],
    places: list(member(json, 'places')).map(place => (typeof place === 'string' ? place : fail('places'))),
    commit: commit === null ? undefined : commitOf(commit),
    root: Buffer.from(text(json, 'root', /^[A-Za-z0-9+/]+=*$/), 'base64'),
    roles: rolesOf(member(json, 'roles')),
    pinnedAt: instantOf(json, 'pinnedAt'),
    verifiedAt: instantOf(json, 'verifiedAt'),
  };
}

function rolesOf(value: JsonValue | undefined): ReadonlyMap<RoleName, Seen> {
  if (!isJsonObject(value)) return fail('roles');
  const roles = new Map<RoleName, Seen>();
  for (const [role, seen] of Object.entries(value)) {
    const version = isJsonObject(seen) ? member(seen, 'version') : undefined;
    if (roleNameProblem(role) !== undefined || !isJsonObject(seen) || typeof version !== 'number')
      fail('roles');
    else roles.set(role as RoleName, { version, digest: text(seen, 'sha256', /^[0-9a-f]{64}$/) });
  }
  return roles;
}

function commitOf(value: JsonValue | undefined): CommitSha {
  if (typeof value !== 'string' || !isObjectId(value)) return fail('commit');
  return value as string as CommitSha;
}

const list = (value: JsonValue | undefined): readonly JsonValue[] =>
  isJsonArray(value) ? value : fail('places');

function text(object: JsonObject, name: string, form: RegExp): string {
  const value = member(object, name);
  return typeof value === 'string' && form.test(value) ? value : fail(name);
}

const instantOf = (object: JsonObject, name: string): Instant =>
  parseInstant(text(object, name, /./)) ?? fail(name);

function fail(name: string): never {
  throw badPin(`says something else than it should in "${name}"`);
}

const badPin = (what: string): OperationError => new OperationError('BAD_PIN', what);
