import { createCipheriv, createDecipheriv, randomBytes, timingSafeEqual } from 'node:crypto';
import { LE_SHORT } from './apdu.ts';
import {
  atLeast,
  DEADLINE,
  type Firmware,
  INS,
  METADATA_FIRMWARE,
  readMetadata,
  requireOk,
  sendCommand,
} from './applet.ts';
import { CardError } from './error.ts';
import { findObject, OBJECT } from './objects.ts';
import { type TouchPolicy, touchPolicyOf } from './policy.ts';
import { decodeTlv, encodeTlv, findTlv, requireTlv } from './tlv.ts';
import type { CardChannel } from './transport.ts';

/** Key reference of the card management key. Source: NIST SP 800-73-4 part 1, table 4b. */
export const MANAGEMENT_REFERENCE = 0x9b;

export interface ManagementAlgorithm {
  readonly name: '3DES' | 'AES-128' | 'AES-192' | 'AES-256';
  /** Source: NIST SP 800-78-4, table 6-2. */
  readonly id: number;
  readonly cipher: string;
  readonly keyBytes: number;
  readonly blockBytes: number;
}

/** Older first: of two with keys of one length, the one that more cards have. */
export const MANAGEMENT_ALGORITHMS: readonly ManagementAlgorithm[] = [
  { name: '3DES', id: 0x03, cipher: 'des-ede3-ecb', keyBytes: 24, blockBytes: 8 },
  { name: 'AES-192', id: 0x0a, cipher: 'aes-192-ecb', keyBytes: 24, blockBytes: 16 },
  { name: 'AES-128', id: 0x08, cipher: 'aes-128-ecb', keyBytes: 16, blockBytes: 16 },
  { name: 'AES-256', id: 0x0c, cipher: 'aes-256-ecb', keyBytes: 32, blockBytes: 16 },
];

/** The management key of every new YubiKey: 01 to 08, three times. A fresh array. Source: Yubico. */
export const defaultManagementKey = (): Uint8Array =>
  Uint8Array.from({ length: 24 }, (_v, index) => (index % 8) + 1);

/** What a card tells about its management key; `undefined`: it does not. */
export interface ManagementStatus {
  readonly algorithm: ManagementAlgorithm | undefined;
  readonly touchPolicy: TouchPolicy | undefined;
  readonly isDefault: boolean | undefined;
  /** Is it stored on the card, for whoever has the PIN? */
  readonly isPinProtected: boolean;
}

/** Bit of the flags in ADMIN DATA: the management key is in PRINTED. Source: Yubico, pivman (ykman `PivmanData`). */
const FLAG_STORED = 0x02;

/** Looks at the management key. Needs no PIN. Source: Yubico, "GET METADATA" of 9B; pivman's ADMIN DATA. */
export async function readManagementStatus(
  channel: CardChannel,
  firmware: Firmware | undefined,
): Promise<ManagementStatus> {
  const isPinProtected = await readIsProtected(channel);
  if (!atLeast(firmware, METADATA_FIRMWARE)) {
    return { algorithm: undefined, touchPolicy: undefined, isDefault: undefined, isPinProtected };
  }
  const metadata = await readMetadata(channel, MANAGEMENT_REFERENCE);
  const id = findTlv(metadata, 0x01)?.[0];
  const isDefault = findTlv(metadata, 0x05)?.[0];
  return {
    algorithm: MANAGEMENT_ALGORITHMS.find(row => row.id === id),
    touchPolicy: touchPolicyOf(findTlv(metadata, 0x02)?.[1]),
    isDefault: isDefault === undefined ? undefined : isDefault !== 0,
    isPinProtected,
  };
}

async function readIsProtected(channel: CardChannel): Promise<boolean> {
  const content = await findObject(channel, OBJECT.admin);
  if (content === undefined) return false;
  const flags = findTlv(decodeTlv(requireTlv(decodeTlv(content), 0x80)), 0x81)?.[0] ?? 0;
  return (flags & FLAG_STORED) !== 0;
}

/**
 * The management key that the card keeps for whoever verified the PIN; the caller zeroes it. Throws `NOT_AUTHORIZED` without a
 * PIN, `MANAGEMENT_KEY` where there is none. Source: Yubico, pivman (ykman `PivmanProtectedData`): PRINTED, tags 88 and 89.
 */
export async function readProtectedManagementKey(channel: CardChannel): Promise<Uint8Array> {
  const content = await findObject(channel, OBJECT.printed);
  try {
    const key =
      content === undefined ? undefined : findTlv(decodeTlv(requireTlv(decodeTlv(content), 0x88)), 0x89);
    if (key !== undefined) return Uint8Array.from(key);
  } finally {
    content?.fill(0);
  }
  throw new CardError(
    'MANAGEMENT_KEY',
    'the card says that its PIN opens the management key, but does not hold it: give the management key',
  );
}

/**
 * Authenticates the management key, and the card in turn. `algorithm` as the card's metadata tells it; without it, those whose
 * keys are as long as this one are tried. No tries are counted. Throws {@link CardError} `MANAGEMENT_KEY`.
 * Source: NIST SP 800-73-4 part 2, section 3.2.4 and appendix A.1.
 */
export async function authenticateManagement(
  channel: CardChannel,
  key: Uint8Array,
  algorithm?: ManagementAlgorithm,
): Promise<void> {
  const candidates = (algorithm === undefined ? MANAGEMENT_ALGORITHMS : [algorithm]).filter(
    row => row.keyBytes === key.length,
  );
  const last = candidates.at(-1);
  if (last === undefined) {
    const wanted =
      algorithm === undefined ? '16, 24 or 32 bytes' : `${algorithm.keyBytes} bytes (${algorithm.name})`;
    throw new CardError('MANAGEMENT_KEY', `a management key of this card has ${wanted}, not ${key.length}`);
  }
  for (const candidate of candidates) {
    try {
      await authenticateBy(channel, key, candidate);
      return;
    } catch (error) {
      if (candidate === last || !(error instanceof CardError) || error.code !== 'MANAGEMENT_KEY') throw error;
    }
  }
}

/** Mutual authentication: the card's witness is decrypted for it, our challenge comes back encrypted. */
async function authenticateBy(
  channel: CardChannel,
  key: Uint8Array,
  row: ManagementAlgorithm,
): Promise<void> {
  const witness = await ask(channel, row, 0x80, encodeTlv(0x80));
  if (witness.length !== row.blockBytes) throw badBlock();
  const challenge = Uint8Array.from(randomBytes(row.blockBytes));
  const opened = runCipher(createDecipheriv(row.cipher, key, null), witness);
  const expected = runCipher(createCipheriv(row.cipher, key, null), challenge);
  const template = [encodeTlv(0x80, opened), encodeTlv(0x81, challenge)] as const;
  try {
    const answer = await ask(channel, row, 0x82, ...template);
    if (answer.length !== row.blockBytes) throw badBlock();
    if (!timingSafeEqual(answer, expected)) {
      throw new CardError(
        'MANAGEMENT_KEY',
        'the card does not know this management key: check which card it is',
      );
    }
  } finally {
    for (const secret of [witness, challenge, opened, expected, ...template]) secret.fill(0);
  }
}

const badBlock = (): CardError =>
  new CardError('CARD_REPLY', "the card's answer to the management key has a wrong length: try again");

/** One GENERAL AUTHENTICATE of 9B: sends `template`, gives the object `wanted` of the reply. */
async function ask(
  channel: CardChannel,
  row: ManagementAlgorithm,
  wanted: number,
  ...template: readonly Uint8Array[]
): Promise<Uint8Array> {
  const data = encodeTlv(0x7c, ...template);
  const command = { cla: 0, ins: INS.authenticate, p1: row.id, p2: MANAGEMENT_REFERENCE, data, le: LE_SHORT };
  try {
    // The management key may have a touch policy of its own.
    const reply = requireOk(await sendCommand(channel, command, DEADLINE.sign), 'authenticate');
    return requireTlv(decodeTlv(requireTlv(decodeTlv(reply), 0x7c)), wanted);
  } finally {
    data.fill(0);
  }
}

function runCipher(
  cipher: ReturnType<typeof createCipheriv> | ReturnType<typeof createDecipheriv>,
  block: Uint8Array,
): Uint8Array {
  cipher.setAutoPadding(false);
  const first = cipher.update(block);
  const rest = cipher.final();
  const result = Uint8Array.from([...first, ...rest]);
  first.fill(0);
  return result;
}

/**
 * Is the management key the one of every new card? By metadata, or, on older cards, by trying it, which costs nothing.
 * Afterwards it may be authenticated: let the card be reset.
 */
export async function isDefaultManagementKey(
  channel: CardChannel,
  firmware: Firmware | undefined,
): Promise<boolean> {
  const { isDefault } = await readManagementStatus(channel, firmware);
  if (isDefault !== undefined) return isDefault;
  try {
    await authenticateManagement(channel, defaultManagementKey());
    return true;
  } catch (error) {
    if (error instanceof CardError && error.code === 'MANAGEMENT_KEY') return false;
    throw error;
  }
}
