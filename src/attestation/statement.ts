import type { Attested, Firmware, FormFactor, PinPolicy, TouchPolicy } from '../policy/attestation.ts';
import { formFactors } from '../policy/attestation.ts';

// Extensions of the certificate that a card makes for a slot. Each value stands in the extension as it is, only the serial
// as DER. Source: Yubico, "PIV attestation", section "Extensions"; FIELD notes.
export const FIRMWARE = '1.3.6.1.4.1.41482.3.3';
export const SERIAL = '1.3.6.1.4.1.41482.3.7';
export const POLICY = '1.3.6.1.4.1.41482.3.8';
export const FORM_FACTOR = '1.3.6.1.4.1.41482.3.9';

const PIN_POLICIES: ReadonlyMap<number, PinPolicy> = new Map([
  [1, 'never'],
  [2, 'once'],
  [3, 'always'],
  [4, 'match-once'],
  [5, 'match-always'],
]);

const TOUCH_POLICIES: ReadonlyMap<number, TouchPolicy> = new Map([
  [1, 'never'],
  [2, 'always'],
  [3, 'cached'],
]);

/** Two bits that tell a series apart (80 FIPS, 40 security key) and not a shape. */
const SERIES_BITS = 0xc0;

const FORM_FACTORS: ReadonlyMap<number, FormFactor> = new Map(
  formFactors.map((name, index): [number, FormFactor] => [index + 1, name]),
);

type Statement = Pick<Attested, 'serial' | 'firmware' | 'pinPolicy' | 'touchPolicy' | 'formFactor'>;

/** What a slot's certificate says of the card and the key; a sentence where it does not say it as a card does. */
export function readStatement(extensions: ReadonlyMap<string, Uint8Array>): Statement | string {
  const firmware = extensions.get(FIRMWARE);
  if (firmware?.length !== 3) return 'it names no firmware';
  const serial = readSerial(extensions.get(SERIAL));
  if (serial === undefined) return 'it names no serial number';
  const [pin, touch, ...more] = extensions.get(POLICY) ?? [];
  const pinPolicy = PIN_POLICIES.get(pin ?? 0);
  const touchPolicy = TOUCH_POLICIES.get(touch ?? 0);
  if (pinPolicy === undefined || touchPolicy === undefined || more.length > 0) {
    return 'it names no PIN and touch policy';
  }
  const shape = extensions.get(FORM_FACTOR);
  if (shape !== undefined && shape.length !== 1) return 'its form factor is none';
  return {
    serial,
    firmware: [...firmware] as unknown as Firmware,
    pinPolicy,
    touchPolicy,
    formFactor: FORM_FACTORS.get((shape?.[0] ?? 0) & ~SERIES_BITS),
  };
}

/** A DER INTEGER of at most 32 bits. Cards leave the sign's zero byte out: the top bit is part of the number. */
function readSerial(value: Uint8Array | undefined): number | undefined {
  if (value === undefined || value[0] !== 0x02 || value[1] !== value.length - 2) return undefined;
  const digits = value.subarray(2);
  const number = digits.length > 4 && digits[0] === 0 ? digits.subarray(1) : digits;
  if (number.length === 0 || number.length > 4) return undefined;
  return number.reduce((sum, byte) => sum * 256 + byte, 0);
}
