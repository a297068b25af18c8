import { type Algorithm, payloadTooLarge } from './algorithm.ts';
import { type Command, exchange, LE_SHORT, type Response, SW_OK } from './apdu.ts';
import { CardError } from './error.ts';
import { type PinPolicy, pinPolicyByte, type TouchPolicy, touchPolicyByte } from './policy.ts';
import type { Slot } from './slot.ts';
import { type CardAction, isUnknownCommand, statusError } from './status.ts';
import { concatBytes, decodeTlv, encodeTlv, requireTlv, type Tlv } from './tlv.ts';
import type { CardChannel } from './transport.ts';

/** PIV application identifier, without the version that may follow. Source: NIST SP 800-73-4 part 1, section 2.2. */
export const PIV_AID: Uint8Array = Uint8Array.from([0xa0, 0x00, 0x00, 0x03, 0x08]);

/** Instruction bytes. Sources: NIST SP 800-73-4 part 2, table 4; F7 to FF: Yubico, "PIV commands". */
export const INS = {
  verify: 0x20,
  changeReference: 0x24,
  resetRetry: 0x2c,
  generate: 0x47,
  authenticate: 0x87,
  select: 0xa4,
  getData: 0xcb,
  putData: 0xdb,
  metadata: 0xf7,
  serial: 0xf8,
  attest: 0xf9,
  version: 0xfd,
  importKey: 0xfe,
  setManagementKey: 0xff,
} as const;

/** Milliseconds that a command may take, its GET RESPONSE and chained parts included. Signing includes a touch (about 15 s). */
export const DEADLINE = { plain: 10_000, sign: 45_000, generate: 180_000 } as const;

/** Firmware as the card reports it. */
export type Firmware = readonly [major: number, minor: number, patch: number];

/** Are the version's numbers at least these? An unknown version is not. */
export function atLeast(firmware: Firmware | undefined, wanted: Firmware): boolean {
  if (firmware === undefined) return false;
  const [major, minor, patch] = firmware;
  const [wantedMajor, wantedMinor, wantedPatch] = wanted;
  if (major !== wantedMajor) return major > wantedMajor;
  if (minor !== wantedMinor) return minor > wantedMinor;
  return patch >= wantedPatch;
}

/** Sends `command`; the whole exchange, however many APDUs it takes, ends within `deadline` milliseconds. */
export function sendCommand(
  channel: CardChannel,
  command: Command,
  deadline: number = DEADLINE.plain,
): Promise<Response> {
  const end = performance.now() + deadline;
  return exchange(apdu => channel.transmit(apdu, Math.max(1, Math.ceil(end - performance.now()))), command);
}

/** The reply's data. Throws what the status word means for `action`. */
export function requireOk(response: Response, action: CardAction): Uint8Array {
  if (response.sw !== SW_OK) throw statusError(response.sw, action);
  return response.data;
}

/** Selects the PIV applet, which every other command here needs. Throws `NOT_PIV`. SP 800-73-4 part 2, section 3.1.1. */
export async function selectPiv(channel: CardChannel): Promise<void> {
  const command = { cla: 0, ins: INS.select, p1: 0x04, p2: 0, data: PIV_AID, le: LE_SHORT };
  requireOk(await sendCommand(channel, command), 'select');
}

/** Firmware version, 3 bytes; `undefined` for a card that has no such command. Source: Yubico, GET VERSION. */
export async function readVersion(channel: CardChannel): Promise<Firmware | undefined> {
  const response = await sendCommand(channel, { cla: 0, ins: INS.version, p1: 0, p2: 0, le: LE_SHORT });
  if (isUnknownCommand(response.sw)) return undefined;
  const [major, minor, patch, ...more] = requireOk(response, 'read');
  if (major === undefined || minor === undefined || patch === undefined || more.length > 0) {
    throw new CardError('CARD_REPLY', "the card's version does not have 3 numbers");
  }
  return [major, minor, patch];
}

/** Serial number, unsigned 32 bit; `undefined` for a card that does not tell. Source: Yubico, GET SERIAL (5.0 or newer). */
export async function readSerial(channel: CardChannel): Promise<number | undefined> {
  const response = await sendCommand(channel, { cla: 0, ins: INS.serial, p1: 0, p2: 0, le: LE_SHORT });
  if (isUnknownCommand(response.sw)) return undefined;
  const bytes = requireOk(response, 'read');
  if (bytes.length !== 4) throw new CardError('CARD_REPLY', "the card's serial number does not have 4 bytes");
  return bytes.reduce((sum, byte) => sum * 0x100 + byte, 0);
}

/** From which {@link readMetadata} works. Source: Yubico, "GET METADATA". */
export const METADATA_FIRMWARE: Firmware = [5, 3, 0];

/**
 * GET METADATA of a key, PIN or PUK reference, as data objects. Throws `SLOT_EMPTY`. Firmware 5.3 or newer.
 * Source: Yubico, "GET METADATA".
 */
export async function readMetadata(channel: CardChannel, reference: number): Promise<readonly Tlv[]> {
  const command = { cla: 0, ins: INS.metadata, p1: 0, p2: reference, le: LE_SHORT };
  return decodeTlv(requireOk(await sendCommand(channel, command), 'read'));
}

/** What fits a short APDU: a refusal of more may be about its length. */
const SHORT_CHALLENGE = 240;
/** Status words by which cards say that a message is too long; 6A80 is how YubiKeys put it. */
const TOO_LONG: ReadonlySet<number> = new Set([0x6700, 0x6a80, 0x6a84, 0x6884, 0x6581, 0x6f00]);

/**
 * Signs `challenge`, which {@link Algorithm.challenge} made, by the slot's private key: DER for ECDSA, else raw. Throws
 * `NOT_AUTHORIZED` without a PIN or touch, `PAYLOAD_TOO_LARGE`. Source: SP 800-73-4 part 2, section 3.2.4 and appendix A.3.
 */
export async function signChallenge(
  channel: CardChannel,
  slot: Slot,
  algorithm: Algorithm,
  challenge: Uint8Array,
): Promise<Uint8Array> {
  const data = encodeTlv(0x7c, encodeTlv(0x82), encodeTlv(0x81, challenge));
  const command = { cla: 0, ins: INS.authenticate, p1: algorithm.id, p2: slot.reference, data, le: LE_SHORT };
  const response = await sendCommand(channel, command, DEADLINE.sign);
  if (algorithm.signsMessage && challenge.length > SHORT_CHALLENGE && TOO_LONG.has(response.sw)) {
    throw payloadTooLarge(challenge.length, response.sw);
  }
  const reply = requireOk(response, 'sign');
  return requireTlv(decodeTlv(requireTlv(decodeTlv(reply), 0x7c)), 0x82);
}

/** How a new key may be used; what is not said is the card's default for that slot. */
export interface KeyPolicies {
  readonly pinPolicy?: PinPolicy | undefined;
  readonly touchPolicy?: TouchPolicy | undefined;
}

/**
 * Makes a new key in `slot`, over any that is there, and gives its public key template. The management key has to be
 * authenticated. Sources: NIST SP 800-73-4 part 2, section 3.3.2; tags AA and AB: Yubico.
 */
export async function generateKey(
  channel: CardChannel,
  slot: Slot,
  algorithm: Algorithm,
  { pinPolicy, touchPolicy }: KeyPolicies = {},
): Promise<readonly Tlv[]> {
  const control = [encodeTlv(0x80, Uint8Array.of(algorithm.id))];
  if (pinPolicy !== undefined) control.push(encodeTlv(0xaa, Uint8Array.of(pinPolicyByte(pinPolicy))));
  if (touchPolicy !== undefined) control.push(encodeTlv(0xab, Uint8Array.of(touchPolicyByte(touchPolicy))));
  const data = encodeTlv(0xac, concatBytes(control));
  const command = { cla: 0, ins: INS.generate, p1: 0, p2: slot.reference, data, le: LE_SHORT };
  const reply = requireOk(await sendCommand(channel, command, DEADLINE.generate), 'generate');
  return decodeTlv(requireTlv(decodeTlv(reply), 0x7f49));
}

/**
 * The card's statement, a certificate in DER, that the key in `slot` was made on it and how it may be used. Throws
 * `NOT_ATTESTED`. No PIN is needed. Source: Yubico, "PIV attestation" (4.3 or newer).
 */
export async function attestSlot(channel: CardChannel, slot: Slot): Promise<Uint8Array> {
  const command = { cla: 0, ins: INS.attest, p1: slot.reference, p2: 0, le: LE_SHORT };
  return Uint8Array.from(requireOk(await sendCommand(channel, command, DEADLINE.sign), 'attest'));
}
