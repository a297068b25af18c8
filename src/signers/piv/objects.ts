import { LE_SHORT, SW_OK } from './apdu.ts';
import { INS, requireOk, sendCommand } from './applet.ts';
import { packCertificate, unpackCertificate } from './certificate.ts';
import type { Slot } from './slot.ts';
import { statusError } from './status.ts';
import { bigEndian, concatBytes, decodeTlv, encodeTlv, requireTlv } from './tlv.ts';
import type { CardChannel } from './transport.ts';

/**
 * Data objects beside the certificates of slots. Sources: 5FC109: NIST SP 800-73-4 part 1, table 3; 5FFF00: Yubico's pivman,
 * "YubiKey PIV Manager", appendix; 5FFF01: Yubico, "PIV attestation".
 */
export const OBJECT = { printed: 0x5f_c109, admin: 0x5f_ff00, attestation: 0x5f_ff01 } as const;

const WRAPPING = 0x53;

/** A data object's content; `undefined` where there is none. The PRINTED object needs the PIN. SP 800-73-4 part 2, 3.1.2. */
export async function findObject(channel: CardChannel, tag: number): Promise<Uint8Array | undefined> {
  const data = encodeTlv(0x5c, Uint8Array.from(bigEndian(tag)));
  const command = { cla: 0, ins: INS.getData, p1: 0x3f, p2: 0xff, data, le: LE_SHORT };
  const response = await sendCommand(channel, command);
  if (response.sw !== SW_OK) {
    const error = statusError(response.sw, 'read');
    if (error.code === 'SLOT_EMPTY') return undefined;
    throw error;
  }
  const content = requireTlv(decodeTlv(response.data), WRAPPING);
  return content.length === 0 ? undefined : content;
}

/** As {@link findObject}. Throws `SLOT_EMPTY` where there is none. */
export async function readObject(channel: CardChannel, tag: number): Promise<Uint8Array> {
  const content = await findObject(channel, tag);
  if (content === undefined) throw statusError(0x6a82, 'read');
  return content;
}

/** Writes a data object; no content deletes it. Needs the management key. Source: SP 800-73-4 part 2, section 3.3.1. */
export async function writeObject(channel: CardChannel, tag: number, content: Uint8Array): Promise<void> {
  const data = concatBytes([encodeTlv(0x5c, Uint8Array.from(bigEndian(tag))), encodeTlv(WRAPPING, content)]);
  try {
    requireOk(await sendCommand(channel, { cla: 0, ins: INS.putData, p1: 0x3f, p2: 0xff, data }), 'write');
  } finally {
    data.fill(0);
  }
}

/** The slot's certificate in DER, unpacked. Throws `SLOT_EMPTY`, `CARD_REPLY`. */
export async function readCertificate(channel: CardChannel, slot: Slot): Promise<Uint8Array> {
  const der = unpackCertificate(await readObject(channel, slot.certificate));
  if (der === undefined) throw statusError(0x6a82, 'read');
  return der;
}

/** Puts a certificate into `slot`, over any that is there. Needs the management key. */
export const writeCertificate = (channel: CardChannel, slot: Slot, der: Uint8Array): Promise<void> =>
  writeObject(channel, slot.certificate, packCertificate(der));

/** The certificate, in DER, of the key that attests (slot F9). Throws `SLOT_EMPTY`. Source: Yubico, "PIV attestation". */
export async function readAttestationCertificate(channel: CardChannel): Promise<Uint8Array> {
  const der = unpackCertificate(await readObject(channel, OBJECT.attestation));
  if (der === undefined) throw statusError(0x6a82, 'read');
  return Uint8Array.from(der);
}
