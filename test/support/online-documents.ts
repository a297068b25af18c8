import { formatInstant } from '../../src/clock.ts';
import type { JsonObject } from '../../src/json.ts';
import { parseJson } from '../../src/json.ts';
import { type Document, parseDocument, signedBytes } from '../../src/metadata/document.ts';
import { type RoleName, SNAPSHOT, TIMESTAMP } from '../../src/metadata/names.ts';
import { serializeJson } from '../../src/metadata/serialize.ts';
import { withKey, withoutKeys } from '../../src/repository/delegator-edits.ts';
import { onlineKey } from '../../src/repository/documents.ts';
import { withSignatures } from '../../src/repository/signature-edits.ts';
import { fileSigner } from '../../src/signers/file.ts';
import { ONLINE_URI, type TestWorld, UPDATE } from './world.ts';

const read = (world: TestWorld, file: string): JsonObject =>
  parseJson(Buffer.from(world.remote.git('show', `main:metadata/${file}`))) as JsonObject;

/** A document of a role that automation signs, by the key that main names for it now: as whoever has stolen that makes it. */
export async function onlineSigned(
  world: TestWorld,
  role: RoleName,
  change: (signed: JsonObject) => JsonObject,
): Promise<Uint8Array> {
  const old = read(world, `${role}.json`) as { readonly signed: JsonObject };
  const document: Document = parseDocument(serializeJson({ signatures: [], signed: change(old.signed) }));
  const root = parseDocument(Buffer.from(world.remote.git('show', 'main:metadata/root.json')));
  const [keyid] = root.signed.delegations.roles.get(role)?.keyids ?? [];
  const key = keyid === undefined ? undefined : root.signed.delegations.keys.get(keyid);
  if (keyid === undefined || key === undefined) throw new Error('no online key');
  const signature = await fileSigner(ONLINE_URI, world.keyOptions()).sign(key, signedBytes(document));
  return withSignatures(document, new Map([[keyid, Buffer.from(signature ?? []).toString('hex')]]));
}

/** Puts a snapshot with another `meta` on main, validly signed, as an earlier tool might have left it. */
export async function signSnapshot(
  world: TestWorld,
  change: (meta: JsonObject) => JsonObject,
): Promise<void> {
  const bytes = await onlineSigned(world, SNAPSHOT, signed => ({
    ...signed,
    meta: change(signed['meta'] as JsonObject),
  }));
  world.remote.commit({ 'metadata/snapshot.json': bytes }, { branch: 'main' });
}

/** Puts a root with another online key on main, signed by alice and bob in an event. */
export async function replaceOnlineKey(world: TestWorld, uri: string): Promise<void> {
  const key = onlineKey(await world.onlineKey(uri), uri);
  const old = read(world, 'root.json') as { readonly signed: JsonObject };
  const before = parseDocument(Buffer.from(world.remote.git('show', 'main:metadata/root.json')));
  let { signed } = old;
  for (const role of [SNAPSHOT, TIMESTAMP]) {
    const gone = new Set(before.signed.delegations.roles.get(role)?.keyids);
    signed = withKey(withoutKeys(signed, role, gone), role, key);
  }
  const expires = formatInstant((world.clock.now() + 364 * 86_400_000) as typeof world.clock.time);
  const bytes = serializeJson({ signatures: [], signed: { ...signed, expires, version: 2 } });
  world.push({ 'metadata/root.json': bytes, 'metadata/root_history/2.root.json': bytes });
  await world.sign('alice');
  await world.sign('bob');
  world.merge(UPDATE);
}
