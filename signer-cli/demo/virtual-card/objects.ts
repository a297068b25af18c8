import { encodeTlv } from '../../../src/signers/piv/tlv.ts';

/** The attestation slot. Source: Yubico. */
export const SLOT_ATTESTATION = 0xf9;

/** The retired key slots, 82 to 95. */
const RETIRED = Array.from({ length: 20 }, (_value, index) => index);

/** Key references of the card's slots, and the tags of their certificates. SP 800-73-4 part 1, tables 3 and 4b; F9: Yubico. */
export const CERTIFICATE_TAGS: ReadonlyMap<number, number> = new Map([
  [0x9a, 0x5fc105],
  [0x9c, 0x5fc10a],
  [0x9d, 0x5fc10b],
  [0x9e, 0x5fc101],
  ...RETIRED.map((index): [number, number] => [0x82 + index, 0x5fc10d + index]),
  [SLOT_ATTESTATION, 0x5fff01],
]);

/** The Discovery Object is the one that GET DATA gives without its 53 wrapping. SP 800-73-4 part 2, section 3.1.2. */
export const TAG_DISCOVERY = 0x7e;
export const TAG_CHUID = 0x5fc102;
export const TAG_ATTESTATION = 0x5fff01;
/** Where Yubico's tools keep a PIN-protected management key: the object "printed information". */
export const TAG_PRINTED = 0x5fc109;
/** Where Yubico's tools keep their flags. */
export const TAG_ADMIN_DATA = 0x5fff00;

/** Fingerprints, facial image, printed information, iris: read after the PIN only. SP 800-73-4 part 1, table 2. */
export const PIN_READ_TAGS: ReadonlySet<number> = new Set([0x5fc103, 0x5fc108, TAG_PRINTED, 0x5fc121]);

const FULL_AID = Buffer.from('a000000308000010000100', 'hex');

/** Answer to SELECT: application property template. Source: NIST SP 800-73-4 part 2, table 3. */
export const PROPERTY_TEMPLATE: Uint8Array = encodeTlv(
  0x61,
  encodeTlv(0x4f, FULL_AID.subarray(5)),
  encodeTlv(0x79, encodeTlv(0x4f, FULL_AID.subarray(0, 5))),
);

/** Discovery Object: the application's id, and "the PIV PIN only" as PIN usage. SP 800-73-4 part 1, section 3.3.2. */
export const DISCOVERY: Uint8Array = encodeTlv(
  TAG_DISCOVERY,
  encodeTlv(0x4f, FULL_AID),
  encodeTlv(0x5f2f, Uint8Array.of(0x40, 0x00)),
);

/** Cardholder unique identifier with the serial number as GUID. Source: SP 800-73-4 part 1, appendix A, table 9. */
export function chuid(serial: number): Uint8Array {
  const guid = new Uint8Array(16);
  new DataView(guid.buffer).setUint32(12, serial);
  return Buffer.concat([
    encodeTlv(0x30, Buffer.from('d4e739da739ced39ce739d836858210842108421c84210c3eb', 'hex')),
    encodeTlv(0x34, guid),
    encodeTlv(0x35, Buffer.from('20491231')),
    encodeTlv(0x3e),
    encodeTlv(0xfe),
  ]);
}

/**
 * What Yubico's tools write for a management key that the PIN opens: the flag "management key protected" in the admin data, and
 * the key in "printed information". Source: yubikey-manager, `ykman/piv.py` (PivmanData, PivmanProtectedData).
 */
export const protectedKeyObjects = (key: Uint8Array): readonly (readonly [number, Uint8Array])[] => [
  [TAG_ADMIN_DATA, encodeTlv(0x80, encodeTlv(0x81, Uint8Array.of(0x02)))],
  [TAG_PRINTED, encodeTlv(0x88, encodeTlv(0x89, key))],
];
