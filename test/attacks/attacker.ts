import { createHash, createPrivateKey, sign as signBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { required } from '../../src/errors.ts';
import type { CommitSha } from '../../src/git/oid.ts';
import type { JsonObject } from '../../src/json.ts';
import { canonicalJson } from '../../src/metadata/canonical.ts';
import { serializeJson } from '../../src/metadata/serialize.ts';
import { hashedName } from '../../src/repository/layout.ts';
import { type TestKey, testKey } from '../support/test-keys.ts';
import type { WireCommon, WireDocument, WireList, WireRoot, WireTargets } from '../support/tree-builder.ts';
import { type Name, PEOPLE, type TestWorld } from '../support/world.ts';
import type { Scene } from './scene.ts';

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
  { site }: Scene,
  documents: Partial<Wire>,
  artifacts: Readonly<Record<string, string>> = {},
): Promise<void> {
  const put = async (path: string, content: Uint8Array | string): Promise<void> => {
    await mkdir(dirname(join(site, path)), { recursive: true });
    await writeFile(join(site, path), content);
  };
  for (const [path, content] of Object.entries(artifacts)) {
    await put(`targets/${hashedName(path, sha256(content))}`, content);
  }
  for (const [role, document] of Object.entries(documents)) {
    const { version } = document.signed;
    await put(role === 'timestamp' ? 'timestamp.json' : `${version}.${role}.json`, bytesOf(document));
  }
}

/** What a targets document says of an artifact. */
export const entryOf = (content: string): WireTargets['targets'][string] => ({
  length: Buffer.byteLength(content),
  hashes: { sha256: sha256(content) },
});

const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');
