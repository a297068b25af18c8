import { encodeTlv } from '../../../src/signers/piv/tlv.ts';

/** Key references of the card's slots, and the tags of their certificates. SP 800-73-4 part 1, tables 3 and 4b. */
export const CERTIFICATE_TAGS: ReadonlyMap<number, number> = new Map([
  [0x9a, 0x5fc105],
  [0x9c, 0x5fc10a],
  [0x9d, 0x5fc10b],
  [0x9e, 0x5fc101],
]);

/** The Discovery Object is the one that GET DATA gives without its 53 wrapping. SP 800-73-4 part 2, section 3.1.2. */
export const TAG_DISCOVERY = 0x7e;
export const TAG_CHUID = 0x5fc102;

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
