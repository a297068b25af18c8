import { createHash, createPrivateKey, sign as signBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { required } from '../../src/errors.ts';
import type { CommitSha } from '../../src/git/oid.ts';
import type { JsonObject } from '../../src/json.ts';
import { canonicalJson } from '../../src/metadata/canonical.ts';
import { serializeJson } from '../../src/metadata/serialize.ts';
import { hashedName } from '../../src/repository/layout.ts';
import { type TestKey, testKey } from '../support/test-keys.ts';
import type { WireCommon, WireDocument, WireList, WireRoot, WireTargets } from '../support/tree-builder.ts';
import { type Name, PEOPLE, type TestWorld } from '../support/world.ts';
import type { Client, Scene, Sight } from './scene.ts';

// What no tool of ours would do. Documents are handled as they are on the wire, and may be made wrong; keys are those that the
// people of the world really have, so that what an attacker who holds one signs is really signed.

/** The documents of a {@link Scene}'s repository. */
export interface Wire {
  root: WireDocument<WireRoot>;
  targets: WireDocument<WireTargets>;
  tools: WireDocument<WireTargets>;
  snapshot: WireDocument<WireList>;
  timestamp: WireDocument<WireList>;
}

/** A role's document as `revision` has it, for the caller to keep. */
export const read = <R extends keyof Wire>(world: TestWorld, role: R, revision = 'main'): Wire[R] =>
  world.json(`metadata/${role}.json`, revision) as Wire[R];

/** A changed copy. Its signatures stay what they were, over the bytes that they were over. */
export function edited<S>(document: WireDocument<S>, change: (signed: S) => void): WireDocument<S> {
  const copy = structuredClone(document);
  change(copy.signed);
  return copy;
}

/** As {@link edited}, as the next version and with nobody's signature. */
export const drafted = <S extends WireCommon>(
  document: WireDocument<S>,
  change: (signed: S) => void = () => undefined,
): WireDocument<S> => ({
  ...edited(document, signed => {
    signed.version++;
    change(signed);
  }),
  signatures: [],
});

/** Somebody's key, in whoever's hand it is. */
export type Hand = Pick<TestKey, 'keyid' | 'sign'>;

/** The document with signatures over what it says now, in the place of those that stood under the same keyids. */
export function signed<S>(document: WireDocument<S>, ...hands: readonly Hand[]): WireDocument<S> {
  const payload = canonicalJson(document.signed as JsonObject);
  const kept = document.signatures.filter(({ keyid }) => hands.every(hand => hand.keyid !== keyid));
  const made = hands.map(({ keyid, sign }) => ({ keyid, sig: Buffer.from(sign(payload)).toString('hex') }));
  return { ...document, signatures: [...kept, ...made] };
}

/** The key on a person's card. */
export const cardKey = (name: Name): TestKey => testKey(100 + PEOPLE.indexOf(name), { owner: `@${name}` });

/** A key that nobody in the repository knows of, in `owner`'s name. */
export const strangeKey = (owner: Name, index = 0): TestKey => testKey(900 + index, { owner: `@${owner}` });

/** The automation's key, stolen. */
export function onlineKey(world: TestWorld): Hand {
  const pem = readFileSync(join(world.keyOptions().folder, 'online.pem'));
  const keyid = required(
    read(world, 'root').signed.roles.timestamp.keyids[0],
    'online key',
  ) as TestKey['keyid'];
  return { keyid, sign: payload => signBytes('sha256', payload, createPrivateKey(pem)) };
}

/** Snapshot and timestamp, genuinely signed by the stolen online key, that list the roles in these versions. */
export function listing(
  world: TestWorld,
  versions: Readonly<Record<string, number>>,
): Pick<Wire, 'snapshot' | 'timestamp'> {
  const snapshot = drafted(read(world, 'snapshot'), ({ meta }) => {
    for (const [role, version] of Object.entries(versions)) meta[`${role}.json`] = { version };
  });
  const timestamp = drafted(read(world, 'timestamp'), ({ meta }) => {
    meta['snapshot.json'] = { version: snapshot.signed.version };
  });
  const hand = onlineKey(world);
  return { snapshot: signed(snapshot, hand), timestamp: signed(timestamp, hand) };
}

/** Documents as files of the repository, root's copy in root_history/ with it. */
export function files(documents: Partial<Wire>): Record<string, Uint8Array> {
  const found: Record<string, Uint8Array> = {};
  for (const [role, document] of Object.entries(documents)) {
    found[`metadata/${role}.json`] = bytesOf(document);
    if (role === 'root') found[historyPath(document.signed.version)] = bytesOf(document);
  }
  return found;
}

export const historyPath = (version: number): string => `metadata/root_history/${version}.root.json`;

export const bytesOf = (document: WireDocument<object>): Uint8Array =>
  serializeJson(document as unknown as JsonObject);

/** A push past every rule to main itself. */
export const pushToMain = (world: TestWorld, changes: Parameters<TestWorld['push']>[0]): CommitSha =>
  world.push(changes, 'main');

/** Puts documents and artifacts on the site itself: what whoever holds the server, or a mirror, can do. */
export async function serve(
  scene: Scene,
  documents: Partial<Wire>,
  artifacts: Readonly<Record<string, string>> = {},
): Promise<void> {
  for (const [path, content] of Object.entries(artifacts)) {
    await serveAs(scene, `targets/${hashedName(path, sha256(content))}`, Buffer.from(content));
  }
  for (const [role, document] of Object.entries(documents)) {
    const name = role === 'timestamp' ? 'timestamp.json' : `${document.signed.version}.${role}.json`;
    await serveAs(scene, name, bytesOf(document));
  }
}

/** Puts any bytes on the site under any name. */
export async function serveAs({ site }: Scene, name: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(join(site, name)), { recursive: true });
  await writeFile(join(site, name), content);
}

/** What a targets document says of an artifact. */
export const entryOf = (content: string): WireTargets['targets'][string] => ({
  length: Buffer.byteLength(content),
  hashes: { sha256: sha256(content) },
});

/** What a signer met, without the line ends of a terminal. */
export const words = ({ screen }: Sight): string => screen.replaceAll(/\s+/g, ' ');

/** An honest change of the artifact of `tools`, signed, merged and, where clients can follow, published. */
export async function release(
  scene: Scene,
  content: string,
  expected: { readonly published: boolean } = { published: true },
): Promise<void> {
  scene.world.push({ 'targets/tools/greet.sh': content });
  await scene.update();
  for (const name of ['bob', 'carol'] as const) expect((await scene.sign(name)).signed).toEqual(['tools']);
  const { online, published } = await scene.force();
  expect([online.done, published.done]).toEqual([true, expected.published]);
}

/** The client has what quorums signed, and so has everybody else. */
export async function expectUnharmed(scene: Scene, client: Client, content = 'echo hello\n'): Promise<void> {
  expect(await client.download('tools/greet.sh')).toBe(content);
  expect(await scene.client().download('tools/greet.sh')).toBe(content);
  await scene.expectWholeSite();
}

const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');
