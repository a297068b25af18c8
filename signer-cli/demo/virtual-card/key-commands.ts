import { type Command, decodeCommand, type Response } from '../../../src/signers/piv/apdu.ts';
import { atLeast, INS } from '../../../src/signers/piv/applet.ts';
import { decodeTlv, encodeTlv, findTlv, type Tlv } from '../../../src/signers/piv/tlv.ts';
import { algorithmOf } from './algorithms.ts';
import { unpackFactory } from './attestation-commands.ts';
import {
  hasPolicies,
  type KeyPolicies,
  PIN_POLICY,
  type StoredKey,
  storedKey,
  TOUCH_POLICY,
} from './keys.ts';
import { isLastStep, ManagementKey, TRIPLE_DES } from './management.ts';
import { CERTIFICATE_TAGS, SLOT_ATTESTATION } from './objects.ts';
import { type CardState, type Handler, NOTHING, ok, REFERENCE, refuse } from './state.ts';

/** GENERAL AUTHENTICATE: a signature, or a step with the management key. NIST SP 800-73-4 part 2, section 3.2.4. */
export const authenticate =
  (isPinFresh: boolean): Handler =>
  (state, command) => {
    const template = authenticationTemplate(command);
    if (template === undefined) return refuse(0x6a80);
    if (command.p2 !== REFERENCE.management) return sign(state, command, template, isPinFresh);
    const { management, touch } = state;
    // 00 stands for 3DES. Source: NIST SP 800-78-4, table 6-2.
    if ((command.p1 === 0 ? TRIPLE_DES : command.p1) !== management.algorithm) return refuse(0x6a86);
    if (isLastStep(template) && !touch.take(management.touchPolicy)) return refuse(0x6982);
    const step = management.step(template);
    return 'sw' in step ? refuse(step.sw) : ok(step.data);
  };

function authenticationTemplate(command: Command): readonly Tlv[] | undefined {
  const wrapped = findTlv(decodeTlv(command.data ?? NOTHING), 0x7c);
  return wrapped === undefined ? undefined : decodeTlv(wrapped);
}

function sign(state: CardState, command: Command, template: readonly Tlv[], isPinFresh: boolean): Response {
  const key = usableKey(state, command);
  const challenge = findTlv(template, 0x81);
  if (key === undefined) return refuse(0x6a86);
  if (command.p1 !== key.algorithm.id || challenge === undefined) return refuse(0x6a80);
  // A touch that was not given in time is told as the PIN that was not.
  if (!isPinGiven(state, key, isPinFresh) || !state.touch.take(key.touchPolicy)) return refuse(0x6982);
  const signature = key.algorithm.sign(key.privateKey, challenge);
  return signature === undefined ? refuse(0x6a80) : ok(encodeTlv(0x7c, encodeTlv(0x82, signature)));
}

/** The key of slot F9 signs attestations, nothing else. Source: Yubico. */
const usableKey = (state: CardState, command: Command): StoredKey | undefined =>
  command.p2 === SLOT_ATTESTATION ? undefined : state.keys.get(command.p2);

const isPinGiven = (state: CardState, key: StoredKey, isPinFresh: boolean): boolean =>
  key.pinPolicy === PIN_POLICY.never ||
  (key.pinPolicy === PIN_POLICY.always ? isPinFresh : state.session.isPinVerified);

/** Will the card wait for a touch when it gets this APDU? */
export function waitsForTouch(state: CardState, apdu: Uint8Array): boolean {
  const command = decodeCommand(apdu);
  if (command?.ins !== INS.authenticate || command.cla !== 0 || !state.session.isSelected) return false;
  if (command.p2 === REFERENCE.management) return state.touch.isWanted(state.management.touchPolicy);
  const key = usableKey(state, command);
  if (key === undefined || key.algorithm.id !== command.p1) return false;
  return isPinGiven(state, key, state.session.isPinFresh) && state.touch.isWanted(key.touchPolicy);
}

/** GENERATE ASYMMETRIC KEY PAIR, after the management key; tags AA and AB are Yubico's policies. Section 3.3.2. */
export const generate: Handler = (state, command) => {
  if (!state.management.isAuthenticated) return refuse(0x6982);
  if (!CERTIFICATE_TAGS.has(command.p2)) return refuse(0x6a86);
  const control = decodeTlv(findTlv(decodeTlv(command.data ?? NOTHING), 0xac) ?? NOTHING);
  const algorithm = algorithmOf(findTlv(control, 0x80)?.[0], state.firmware);
  const policies = policiesOf(state, control);
  if (algorithm === undefined || policies === undefined) return refuse(0x6a80);
  const privateKey = algorithm.generate();
  putKey(state, command.p2, storedKey(command.p2, privateKey, { ...policies, origin: 'generated' }));
  return ok(encodeTlv(0x7f49, algorithm.publicTemplate(privateKey)));
};

/** IMPORT KEY, after the management key: algorithm in P1, slot in P2, the key's parts and policies as data. Source: Yubico. */
export const importKey: Handler = (state, command) => {
  if (!state.management.isAuthenticated) return refuse(0x6982);
  if (!CERTIFICATE_TAGS.has(command.p2)) return refuse(0x6a86);
  const parts = decodeTlv(command.data ?? NOTHING);
  const algorithm = algorithmOf(command.p1, state.firmware);
  const policies = policiesOf(state, parts);
  const privateKey = algorithm?.load(parts);
  if (privateKey === undefined || policies === undefined) return refuse(0x6a80);
  putKey(state, command.p2, storedKey(command.p2, privateKey, { ...policies, origin: 'imported' }));
  return ok();
};

function putKey(state: CardState, slot: number, key: StoredKey): void {
  if (slot === SLOT_ATTESTATION) unpackFactory(state);
  state.keys.set(slot, key);
}

/** Tags AA and AB; `undefined` where the card can't keep such policies. */
function policiesOf(state: CardState, parts: readonly Tlv[]): KeyPolicies | undefined {
  const pinPolicy = findTlv(parts, 0xaa)?.[0] ?? PIN_POLICY.default;
  const touchPolicy = findTlv(parts, 0xab)?.[0] ?? TOUCH_POLICY.default;
  return hasPolicies(state.firmware, pinPolicy, touchPolicy) ? { pinPolicy, touchPolicy } : undefined;
}

/** P2 of SET MANAGEMENT KEY, and the touch policy that it stands for. Source: Yubico. */
const TOUCH_OF_P2: ReadonlyMap<number, number> = new Map([
  [0xff, TOUCH_POLICY.never],
  [0xfe, TOUCH_POLICY.always],
]);

/** SET MANAGEMENT KEY: algorithm, 9B, length, key. Stays authenticated. Source: Yubico. */
export const setManagementKey: Handler = (state, command) => {
  if (!state.management.isAuthenticated) return refuse(0x6982);
  const touchPolicy = TOUCH_OF_P2.get(command.p2);
  if (command.p1 !== 0xff || touchPolicy === undefined) return refuse(0x6a86);
  const [algorithm, reference, length, ...key] = command.data ?? NOTHING;
  if (algorithm === undefined || reference !== REFERENCE.management || length !== key.length) {
    return refuse(0x6a80);
  }
  if (algorithm !== TRIPLE_DES && !atLeast(state.firmware, [5, 4, 0])) return refuse(0x6a80);
  const successor = ManagementKey.create(algorithm, Uint8Array.from(key), {
    touchPolicy,
    isAuthenticated: true,
  });
  if (successor === undefined) return refuse(0x6a80);
  state.management = successor;
  return ok();
};
