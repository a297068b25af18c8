import { type Command, exchange, LE_SHORT, type Response, SW_OK } from './apdu.ts';
import { CardError } from './error.ts';
import type { Algorithm, Slot } from './slot.ts';
import { type CardAction, isUnknownCommand, statusError, triesOf } from './status.ts';
import { bigEndian, decodeTlv, encodeTlv, findTlv, requireTlv, type Tlv } from './tlv.ts';
import type { CardChannel } from './transport.ts';

/** PIV application identifier, without the version that may follow. Source: NIST SP 800-73-4 part 1, section 2.2. */
export const PIV_AID: Uint8Array = Uint8Array.from([0xa0, 0x00, 0x00, 0x03, 0x08]);

/** Instruction bytes. Sources: NIST SP 800-73-4 part 2, table 4; F7 to FD: Yubico, "PIV commands". */
export const INS = {
  verify: 0x20,
  generate: 0x47,
  authenticate: 0x87,
  select: 0xa4,
  getData: 0xcb,
  metadata: 0xf7,
  serial: 0xf8,
  version: 0xfd,
} as const;

/** Key reference of the application PIN. Source: NIST SP 800-73-4 part 1, table 4a. */
export const PIN_REFERENCE = 0x80;
const PIN_BYTES = 8;

/** Milliseconds that a command may take. Signing includes a touch, for which cards wait about 15 s. */
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

const send = (channel: CardChannel, command: Command, deadline: number = DEADLINE.plain): Promise<Response> =>
  exchange(apdu => channel.transmit(apdu, deadline), command);

function requireOk(response: Response, action: CardAction): Uint8Array {
  if (response.sw !== SW_OK) throw statusError(response.sw, action);
  return response.data;
}

/** Selects the PIV applet, which every other command here needs. Throws `NOT_PIV`. SP 800-73-4 part 2, section 3.1.1. */
export async function selectPiv(channel: CardChannel): Promise<void> {
  const command = { cla: 0, ins: INS.select, p1: 0x04, p2: 0, data: PIV_AID, le: LE_SHORT };
  requireOk(await send(channel, command), 'select');
}

/** Firmware version, 3 bytes; `undefined` for a card that has no such command. Source: Yubico, GET VERSION. */
export async function readVersion(channel: CardChannel): Promise<Firmware | undefined> {
  const response = await send(channel, { cla: 0, ins: INS.version, p1: 0, p2: 0, le: LE_SHORT });
  if (isUnknownCommand(response.sw)) return undefined;
  const [major, minor, patch, ...more] = requireOk(response, 'read');
  if (major === undefined || minor === undefined || patch === undefined || more.length > 0) {
    throw new CardError('CARD_REPLY', "the card's version does not have 3 numbers");
  }
  return [major, minor, patch];
}

/** Serial number, unsigned 32 bit; `undefined` for a card that does not tell. Source: Yubico, GET SERIAL (5.0 or newer). */
export async function readSerial(channel: CardChannel): Promise<number | undefined> {
  const response = await send(channel, { cla: 0, ins: INS.serial, p1: 0, p2: 0, le: LE_SHORT });
  if (isUnknownCommand(response.sw)) return undefined;
  const bytes = requireOk(response, 'read');
  if (bytes.length !== 4) throw new CardError('CARD_REPLY', "the card's serial number does not have 4 bytes");
  return bytes.reduce((sum, byte) => sum * 0x100 + byte, 0);
}

/** A data object's content. Throws `SLOT_EMPTY` where there is none. Source: SP 800-73-4 part 2, section 3.1.2. */
export async function readObject(channel: CardChannel, tag: number): Promise<Uint8Array> {
  const data = encodeTlv(0x5c, Uint8Array.from(bigEndian(tag)));
  const command = { cla: 0, ins: INS.getData, p1: 0x3f, p2: 0xff, data, le: LE_SHORT };
  return requireTlv(decodeTlv(requireOk(await send(channel, command), 'read')), 0x53);
}

/**
 * GET METADATA of a key or PIN reference, as data objects. Throws `SLOT_EMPTY`. Firmware 5.3 or newer.
 * Source: Yubico, "GET METADATA".
 */
export async function readMetadata(channel: CardChannel, reference: number): Promise<readonly Tlv[]> {
  const command = { cla: 0, ins: INS.metadata, p1: 0, p2: reference, le: LE_SHORT };
  return decodeTlv(requireOk(await send(channel, command), 'read'));
}

/**
 * PIN tries left, which costs none; `undefined` where the PIN is verified already, and so all tries are there.
 * Source: NIST SP 800-73-4 part 2, section 3.2.1 (VERIFY without data).
 */
export async function readTries(channel: CardChannel): Promise<number | undefined> {
  const response = await send(channel, { cla: 0, ins: INS.verify, p1: 0, p2: PIN_REFERENCE });
  if (response.sw === SW_OK) return undefined;
  const left = response.sw === 0x6983 ? 0 : triesOf(response.sw);
  if (left === undefined) {
    const hex = response.sw.toString(16).padStart(4, '0');
    throw new CardError(
      'CARD_STATUS',
      `the card does not tell how many PIN tries are left (${hex}): use another`,
      {
        sw: response.sw,
      },
    );
  }
  return left;
}

/** Throws `PIN_FORM` for what can't be a PIN: not 6 to 8 bytes of printable ASCII. Source: Yubico, VERIFY PIN. */
export function requirePinForm(pin: Uint8Array): void {
  if (pin.length < 6 || pin.length > PIN_BYTES || pin.some(byte => byte < 0x20 || byte > 0x7e)) {
    throw new CardError('PIN_FORM', 'a PIN has 6 to 8 characters, none of them special: no try was spent');
  }
}

/** Verifies the PIN; a wrong one costs a try. Throws `PIN_FORM`, `PIN_WRONG`, `PIN_BLOCKED`. SP 800-73-4 part 2, 3.2.1. */
export async function verifyPin(channel: CardChannel, pin: Uint8Array): Promise<void> {
  requirePinForm(pin);
  const data = new Uint8Array(PIN_BYTES).fill(0xff);
  data.set(pin);
  try {
    requireOk(await send(channel, { cla: 0, ins: INS.verify, p1: 0, p2: PIN_REFERENCE, data }), 'verify');
  } finally {
    data.fill(0);
  }
}

/**
 * Signs `challenge` (for ECDSA a digest) by the slot's private key; DER for ECDSA. Throws `NOT_AUTHORIZED` without a PIN or
 * touch. Source: NIST SP 800-73-4 part 2, section 3.2.4 and appendix A.3.
 */
export async function signChallenge(
  channel: CardChannel,
  slot: Slot,
  algorithm: Algorithm,
  challenge: Uint8Array,
): Promise<Uint8Array> {
  const data = encodeTlv(0x7c, encodeTlv(0x82), encodeTlv(0x81, challenge));
  const command = { cla: 0, ins: INS.authenticate, p1: algorithm.id, p2: slot.reference, data, le: LE_SHORT };
  const reply = requireOk(await send(channel, command, DEADLINE.sign), 'sign');
  return requireTlv(decodeTlv(requireTlv(decodeTlv(reply), 0x7c)), 0x82);
}

/**
 * Makes a new key in `slot`, over any that is there, and gives its public key template. The management key has to be
 * authenticated. Source: NIST SP 800-73-4 part 2, section 3.3.2.
 */
export async function generateKey(
  channel: CardChannel,
  slot: Slot,
  algorithm: Algorithm,
): Promise<readonly Tlv[]> {
  const data = encodeTlv(0xac, encodeTlv(0x80, Uint8Array.of(algorithm.id)));
  const command = { cla: 0, ins: INS.generate, p1: 0, p2: slot.reference, data, le: LE_SHORT };
  const reply = requireOk(await send(channel, command, DEADLINE.generate), 'generate');
  return decodeTlv(requireTlv(decodeTlv(reply), 0x7f49));
}

/** The slot's certificate in DER, unpacked. Throws `SLOT_EMPTY`. Source: SP 800-73-4 part 1, appendix A, table 13. */
export async function readCertificate(
  channel: CardChannel,
  slot: Slot,
): Promise<{ readonly bytes: Uint8Array; readonly gzipped: boolean }> {
  const objects = decodeTlv(await readObject(channel, slot.certificate));
  const bytes = findTlv(objects, 0x70);
  if (bytes === undefined || bytes.length === 0) throw statusError(0x6a82, 'read');
  return { bytes, gzipped: ((findTlv(objects, 0x71)?.[0] ?? 0) & 1) === 1 };
}
