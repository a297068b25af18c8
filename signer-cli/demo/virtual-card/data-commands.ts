import { atLeast } from '../../../src/signers/piv/applet.ts';
import { bigEndian, decodeTlv, encodeTlv, findTlv } from '../../../src/signers/piv/tlv.ts';
import { ALGORITHM_P256, publicTemplate } from './keys.ts';
import { DISCOVERY, TAG_DISCOVERY } from './objects.ts';
import { secretOf } from './pin-commands.ts';
import { type Handler, NOTHING, ok, REFERENCE, refuse, toTag } from './state.ts';

/** GET DATA. NIST SP 800-73-4 part 2, section 3.1.2. */
export const getData: Handler = (state, command) => {
  if (command.p1 !== 0x3f || command.p2 !== 0xff) return refuse(0x6a86);
  const tag = findTlv(decodeTlv(command.data ?? NOTHING), 0x5c);
  if (tag === undefined || tag.length === 0 || tag.length > 3) return refuse(0x6a80);
  if (toTag(tag) === TAG_DISCOVERY) return ok(DISCOVERY);
  const object = state.objects.get(toTag(tag));
  return object === undefined ? refuse(0x6a82) : ok(encodeTlv(0x53, object));
};

/** PUT DATA, after the management key; no content deletes. NIST SP 800-73-4 part 2, section 3.3.1. */
export const putData: Handler = (state, command) => {
  if (!state.management.isAuthenticated) return refuse(0x6982);
  const objects = decodeTlv(command.data ?? NOTHING);
  const tag = findTlv(objects, 0x5c);
  const content = findTlv(objects, 0x53);
  if (tag?.length !== 3 || content === undefined) return refuse(0x6a80);
  if (content.length === 0) state.objects.delete(toTag(tag));
  else state.objects.set(toTag(tag), Uint8Array.from(content));
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
  if (secret !== undefined) return ok(template([0x05, [0]], [0x06, [secret.maxTries, secret.left]]));
  if (command.p2 === REFERENCE.management) {
    return ok(template([0x01, [state.management.algorithm]], [0x02, [0, 1]], [0x05, [0]]));
  }
  const key = state.keys.get(command.p2);
  if (key === undefined) return refuse(0x6a88);
  return ok(
    template(
      [0x01, [ALGORITHM_P256]],
      [0x02, [key.pinPolicy, key.touchPolicy]],
      [0x03, [key.origin === 'generated' ? 1 : 2]],
      [0x04, publicTemplate(key.privateKey)],
    ),
  );
};

const template = (...objects: readonly (readonly [tag: number, value: Iterable<number>])[]): Uint8Array =>
  Buffer.concat(objects.map(([tag, value]) => encodeTlv(tag, Uint8Array.from(value))));
