import { createPublicKey } from 'node:crypto';
import { atLeast } from '../../../src/signers/piv/applet.ts';
import { decodeTlv, findTlv } from '../../../src/signers/piv/tlv.ts';
import { attest } from './attestation-ca.ts';
import { certificateObject, subjectOf } from './certificate.ts';
import { PIN_POLICY, storedKey } from './keys.ts';
import { SLOT_ATTESTATION, TAG_ATTESTATION } from './objects.ts';
import { type CardState, type Handler, NOTHING, ok, refuse } from './state.ts';

/** USB-A keychain. Source: Yubico, "PIV attestation". */
export const DEFAULT_FORM_FACTOR = 1;

/** Puts the factory's key and certificate into slot F9, if that was not done yet. */
export function unpackFactory(state: CardState): void {
  const device = state.factory?.();
  state.factory = undefined;
  if (device === undefined) return;
  state.keys.set(
    SLOT_ATTESTATION,
    storedKey(SLOT_ATTESTATION, device.privateKey, { pinPolicy: PIN_POLICY.never }),
  );
  state.objects.set(TAG_ATTESTATION, certificateObject(device.certificate));
}

/**
 * ATTEST: a certificate for the generated key in slot P1, signed by the key in slot F9 under the subject of the certificate there.
 * Firmware 4.3 or newer. Source: Yubico, "PIV attestation"; 6A80 for an empty slot and an imported key.
 */
export const attestSlot: Handler = (state, command) => {
  if (!atLeast(state.firmware, [4, 3, 0])) return refuse(0x6d00);
  if (command.p2 !== 0) return refuse(0x6a86);
  const key = state.keys.get(command.p1);
  if (key === undefined || command.p1 === SLOT_ATTESTATION || key.origin === 'imported')
    return refuse(0x6a80);
  unpackFactory(state);
  const signer = state.keys.get(SLOT_ATTESTATION);
  const certificate = findTlv(decodeTlv(state.objects.get(TAG_ATTESTATION) ?? NOTHING), 0x70);
  const issuer = certificate === undefined ? undefined : subjectOf(certificate);
  if (signer === undefined || issuer === undefined) return refuse(0x6a80);
  const statement = attest(signer.privateKey, issuer, {
    slot: command.p1,
    publicKey: createPublicKey(key.privateKey),
    firmware: state.firmware,
    serial: state.serial,
    pinPolicy: key.pinPolicy,
    touchPolicy: key.touchPolicy,
    ...(atLeast(state.firmware, [5, 0, 0]) ? { formFactor: DEFAULT_FORM_FACTOR } : {}),
    ...state.attested,
  });
  return ok(statement);
};
