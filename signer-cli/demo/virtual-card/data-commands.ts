import { atLeast } from '../../../src/signers/piv/applet.ts';
import { bigEndian, decodeTlv, encodeTlv, findTlv } from '../../../src/signers/piv/tlv.ts';
import { unpackFactory } from './attestation-commands.ts';
import {
  DISCOVERY,
  PIN_READ_TAGS,
  SLOT_ATTESTATION,
  TAG_ATTESTATION,
  TAG_CHUID,
  TAG_DISCOVERY,
} from './objects.ts';
import { secretOf } from './pin-commands.ts';
import { type Handler, NOTHING, ok, REFERENCE, refuse, toTag } from './state.ts';

/** GET DATA. NIST SP 800-73-4 part 2, section 3.1.2. */
export const getData: Handler = (state, command) => {
  if (command.p1 !== 0x3f || command.p2 !== 0xff) return refuse(0x6a86);
  const tagList = findTlv(decodeTlv(command.data ?? NOTHING), 0x5c);
  if (tagList === undefined || tagList.length === 0 || tagList.length > 3) return refuse(0x6a80);
  const tag = toTag(tagList);
  if (tag === TAG_DISCOVERY) return ok(DISCOVERY);
  if (tag === TAG_ATTESTATION) unpackFactory(state);
  if (PIN_READ_TAGS.has(tag) && !state.session.isPinVerified) return refuse(0x6982);
  const object = state.objects.get(tag);
  return object === undefined ? refuse(0x6a82) : ok(encodeTlv(0x53, object));
};

/** PUT DATA, after the management key; no content deletes. NIST SP 800-73-4 part 2, section 3.3.1. */
export const putData: Handler = (state, command) => {
  if (!state.management.isAuthenticated) return refuse(0x6982);
  const objects = decodeTlv(command.data ?? NOTHING);
  const tagList = findTlv(objects, 0x5c);
  const content = findTlv(objects, 0x53);
  if (tagList?.length !== 3 || content === undefined) return refuse(0x6a80);
  const tag = toTag(tagList);
  if (tag === TAG_ATTESTATION) unpackFactory(state);
  if (content.length === 0) state.objects.delete(tag);
  else state.objects.set(tag, Uint8Array.from(content));
  return ok();
};

/** GET VERSION. Source: Yubico. */
export const getVersion: Handler = state => ok(Uint8Array.from(state.firmware));

/** GET SERIAL, from firmware 5.0. Source: Yubico. */
export const getSerial: Handler = state => {
  if (!atLeast(state.firmware, [5, 0, 0])) return refuse(0x6d00);
  const digits = bigEndian(state.serial);
  return ok(Uint8Array.from([...Array.from({ length: 4 - digits.length }, () => 0), ...digits]));
};

/** GET METADATA, from firmware 5.3. Source: Yubico. */
export const getMetadata: Handler = (state, command) => {
  if (!atLeast(state.firmware, [5, 3, 0])) return refuse(0x6d00);
  const secret = secretOf(state, command.p2);
  if (secret !== undefined) {
    return ok(
      template([0x01, [0xff]], [0x05, [secret.isDefault ? 1 : 0]], [0x06, [secret.maxTries, secret.left]]),
    );
  }
  if (command.p2 === REFERENCE.management) {
    const { algorithm, touchPolicy, isDefault } = state.management;
    return ok(template([0x01, [algorithm]], [0x02, [0, touchPolicy]], [0x05, [isDefault ? 1 : 0]]));
  }
  if (command.p2 === SLOT_ATTESTATION) unpackFactory(state);
  const key = state.keys.get(command.p2);
  if (key === undefined) return refuse(0x6a88);
  return ok(
    template(
      [0x01, [key.algorithm.id]],
      [0x02, [key.pinPolicy, key.touchPolicy]],
      [0x03, [key.origin === 'generated' ? 1 : 2]],
      [0x04, key.algorithm.publicTemplate(key.privateKey)],
    ),
  );
};

/** RESET of the applet, once PIN and PUK are blocked: all but slot F9 is as new. Source: Yubico. */
export const resetApplet =
  (restore: () => void): Handler =>
  state => {
    if (state.pin.left > 0 || state.puk.left > 0) return refuse(0x6985);
    for (const slot of state.keys.keys()) if (slot !== SLOT_ATTESTATION) state.keys.delete(slot);
    for (const tag of state.objects.keys())
      if (tag !== TAG_ATTESTATION && tag !== TAG_CHUID) state.objects.delete(tag);
    restore();
    return ok();
  };

const template = (...objects: readonly (readonly [tag: number, value: Iterable<number>])[]): Uint8Array =>
  Buffer.concat(objects.map(([tag, value]) => encodeTlv(tag, Uint8Array.from(value))));
