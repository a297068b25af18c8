import type { Command, Response } from '../../../src/signers/piv/apdu.ts';
import { atLeast } from '../../../src/signers/piv/applet.ts';
import { decodeTlv, encodeTlv, findTlv, type Tlv } from '../../../src/signers/piv/tlv.ts';
import { signDigestP256 } from './ecdsa.ts';
import {
  ALGORITHM_P256,
  generateP256,
  PIN_POLICY,
  pinPolicyOf,
  publicTemplate,
  touchPolicyOf,
} from './keys.ts';
import { ManagementKey, TRIPLE_DES } from './management.ts';
import { CERTIFICATE_TAGS } from './objects.ts';
import { type CardState, type Handler, NOTHING, ok, REFERENCE, refuse } from './state.ts';

/** GENERAL AUTHENTICATE: a signature, or a step with the management key. NIST SP 800-73-4 part 2, section 3.2.4. */
export const authenticate =
  (isPinFresh: boolean): Handler =>
  (state, command) => {
    const wrapped = findTlv(decodeTlv(command.data ?? NOTHING), 0x7c);
    if (wrapped === undefined) return refuse(0x6a80);
    const template = decodeTlv(wrapped);
    if (command.p2 !== REFERENCE.management) return sign(state, command, template, isPinFresh);
    // 00 stands for 3DES. Source: NIST SP 800-78-4, table 6-2.
    if ((command.p1 === 0 ? TRIPLE_DES : command.p1) !== state.management.algorithm) return refuse(0x6a86);
    const step = state.management.step(template);
    return 'sw' in step ? refuse(step.sw) : ok(step.data);
  };

function sign(state: CardState, command: Command, template: readonly Tlv[], isPinFresh: boolean): Response {
  const key = state.keys.get(command.p2);
  const challenge = findTlv(template, 0x81);
  if (key === undefined) return refuse(0x6a86);
  if (command.p1 !== ALGORITHM_P256 || challenge === undefined || challenge.length > 32)
    return refuse(0x6a80);
  const mayUse =
    key.pinPolicy === PIN_POLICY.never ||
    (key.pinPolicy === PIN_POLICY.always ? isPinFresh : state.session.isPinVerified);
  if (!mayUse) return refuse(0x6982);
  return ok(encodeTlv(0x7c, encodeTlv(0x82, signDigestP256(key.privateKey, challenge))));
}

/** GENERATE ASYMMETRIC KEY PAIR, after the management key; tags AA and AB are Yubico's policies. Section 3.3.2. */
export const generate: Handler = (state, command) => {
  if (!state.management.isAuthenticated) return refuse(0x6982);
  if (!CERTIFICATE_TAGS.has(command.p2)) return refuse(0x6a86);
  const control = decodeTlv(findTlv(decodeTlv(command.data ?? NOTHING), 0xac) ?? NOTHING);
  if (findTlv(control, 0x80)?.[0] !== ALGORITHM_P256) return refuse(0x6a80);
  const privateKey = generateP256();
  state.keys.set(command.p2, {
    privateKey,
    origin: 'generated',
    pinPolicy: pinPolicyOf(command.p2, findTlv(control, 0xaa)?.[0] ?? 0),
    touchPolicy: touchPolicyOf(findTlv(control, 0xab)?.[0] ?? 0),
  });
  return ok(encodeTlv(0x7f49, publicTemplate(privateKey)));
};

/** SET MANAGEMENT KEY: algorithm, 9B, length, key. Stays authenticated. Source: Yubico. */
export const setManagementKey: Handler = (state, command) => {
  if (!state.management.isAuthenticated) return refuse(0x6982);
  const [algorithm, reference, length, ...key] = command.data ?? NOTHING;
  if (algorithm === undefined || reference !== REFERENCE.management || length !== key.length) {
    return refuse(0x6a80);
  }
  if (algorithm !== TRIPLE_DES && !atLeast(state.firmware, [5, 4, 2])) return refuse(0x6a80);
  const successor = ManagementKey.create(algorithm, Uint8Array.from(key), 'authenticated');
  if (successor === undefined) return refuse(0x6a80);
  state.management = successor;
  return ok();
};
