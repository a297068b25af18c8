import { SW_OK } from './apdu.ts';
import {
  atLeast,
  type Firmware,
  INS,
  METADATA_FIRMWARE,
  readMetadata,
  requireOk,
  sendCommand,
} from './applet.ts';
import { CardError } from './error.ts';
import { statusError, triesOf } from './status.ts';
import { findTlv } from './tlv.ts';
import type { CardChannel } from './transport.ts';

/** Key references of PIN and PUK. Source: NIST SP 800-73-4 part 1, table 4a. */
export const PIN_REFERENCE = 0x80;
export const PUK_REFERENCE = 0x81;
const PIN_BYTES = 8;

/**
 * PIN tries left, which costs none; `undefined` where the PIN is verified already, and so all tries are there.
 * Source: NIST SP 800-73-4 part 2, section 3.2.1 (VERIFY without data).
 */
export async function readTries(channel: CardChannel): Promise<number | undefined> {
  const { sw } = await sendCommand(channel, { cla: 0, ins: INS.verify, p1: 0, p2: PIN_REFERENCE });
  if (sw === SW_OK) return undefined;
  const left = sw === 0x6983 ? 0 : triesOf(sw);
  if (left !== undefined) return left;
  const hex = sw.toString(16).padStart(4, '0');
  throw new CardError(
    'CARD_STATUS',
    `the card does not tell how many PIN tries are left (${hex}): use another`,
    {
      sw,
    },
  );
}

/** What a card tells about its PIN or PUK; `undefined`: it does not. */
export interface SecretStatus {
  /** Is it still the one that every new card has? */
  readonly isDefault: boolean | undefined;
  readonly tries: number | undefined;
  readonly triesLeft: number | undefined;
}

/** Looks at the PIN or the PUK. Costs no try. Source: Yubico, "GET METADATA"; older cards tell the PIN's tries only. */
export async function readSecretStatus(
  channel: CardChannel,
  reference: typeof PIN_REFERENCE | typeof PUK_REFERENCE,
  firmware: Firmware | undefined,
): Promise<SecretStatus> {
  if (!atLeast(firmware, METADATA_FIRMWARE)) {
    const triesLeft = reference === PIN_REFERENCE ? await readTries(channel) : undefined;
    return { isDefault: undefined, tries: undefined, triesLeft };
  }
  const metadata = await readMetadata(channel, reference);
  const [isDefault] = findTlv(metadata, 0x05) ?? [];
  const [tries, triesLeft] = findTlv(metadata, 0x06) ?? [];
  return { isDefault: isDefault === undefined ? undefined : isDefault !== 0, tries, triesLeft };
}

/** Throws `PIN_FORM` for what can't be a PIN: not 6 to 8 bytes of printable ASCII. Source: Yubico, VERIFY PIN. */
export function requirePinForm(pin: Uint8Array, name: 'PIN' | 'PUK' = 'PIN'): void {
  if (pin.length < 6 || pin.length > PIN_BYTES || pin.some(byte => byte < 0x20 || byte > 0x7e)) {
    throw new CardError(
      'PIN_FORM',
      `a ${name} has 6 to 8 characters, none of them special: no try was spent`,
    );
  }
}

/** Runs `use` with the secrets, each padded with FF to 8 bytes, one after the other; zeroed afterwards. */
async function withPadded<T>(
  secrets: readonly Uint8Array[],
  use: (data: Uint8Array) => Promise<T>,
): Promise<T> {
  const data = new Uint8Array(PIN_BYTES * secrets.length).fill(0xff);
  for (const [index, secret] of secrets.entries()) data.set(secret, index * PIN_BYTES);
  try {
    return await use(data);
  } finally {
    data.fill(0);
  }
}

/** Verifies the PIN; a wrong one costs a try. Throws `PIN_FORM`, `PIN_WRONG`, `PIN_BLOCKED`. SP 800-73-4 part 2, 3.2.1. */
export async function verifyPin(channel: CardChannel, pin: Uint8Array): Promise<void> {
  requirePinForm(pin);
  await withPadded([pin], async data => {
    requireOk(
      await sendCommand(channel, { cla: 0, ins: INS.verify, p1: 0, p2: PIN_REFERENCE, data }),
      'verify',
    );
  });
}

/**
 * Sets a new PIN or PUK; a wrong old one costs a try. Throws `PIN_FORM`, `PIN_WRONG` or `PUK_WRONG`, `PIN_BLOCKED` or
 * `PUK_BLOCKED`. Source: NIST SP 800-73-4 part 2, section 3.2.2 (CHANGE REFERENCE DATA).
 */
export async function changeReference(
  channel: CardChannel,
  name: 'PIN' | 'PUK',
  old: Uint8Array,
  replacement: Uint8Array,
): Promise<void> {
  requirePinForm(old, name);
  requirePinForm(replacement, name);
  const p2 = name === 'PIN' ? PIN_REFERENCE : PUK_REFERENCE;
  await withPadded([old, replacement], async data => {
    const { sw } = await sendCommand(channel, { cla: 0, ins: INS.changeReference, p1: 0, p2, data });
    if (sw !== SW_OK) throw statusError(sw, name === 'PIN' ? 'change-pin' : 'change-puk');
  });
}

/**
 * Unblocks the PIN and sets a new one, by the PUK; a wrong PUK costs a try of its own. Throws `PIN_FORM`, `PUK_WRONG`,
 * `PUK_BLOCKED`. Source: NIST SP 800-73-4 part 2, section 3.2.3 (RESET RETRY COUNTER).
 */
export async function resetRetryCounter(
  channel: CardChannel,
  puk: Uint8Array,
  newPin: Uint8Array,
): Promise<void> {
  requirePinForm(puk, 'PUK');
  requirePinForm(newPin);
  await withPadded([puk, newPin], async data => {
    const command = { cla: 0, ins: INS.resetRetry, p1: 0, p2: PIN_REFERENCE, data };
    requireOk(await sendCommand(channel, command), 'unblock');
  });
}
