import type { GuardedSecret } from './secrets.ts';
import { type CardState, type Handler, NOTHING, ok, REFERENCE, refuse } from './state.ts';

const PIN_BYTES = 8;

/** VERIFY. Without data it tells the tries left; P1 FF forgets the verification. NIST SP 800-73-4 part 2, section 3.2.1. */
export const verify: Handler = (state, command) => {
  if (command.p2 !== REFERENCE.pin) return refuse(0x6a88);
  if (command.p1 === 0xff && command.data === undefined) {
    state.session.isPinVerified = false;
    return ok();
  }
  if (command.p1 !== 0) return refuse(0x6a86);
  if (command.data === undefined) return state.session.isPinVerified ? ok() : refuse(state.pin.status);
  if (command.data.length !== PIN_BYTES) return refuse(0x6a80);
  if (state.pin.left === 0) return refuse(0x6983);
  const isRight = state.pin.check(command.data);
  state.session.isPinVerified = isRight;
  state.session.isPinFresh = isRight;
  // A YubiKey says 63C0, not 6983, to the try that blocks it.
  return isRight ? ok() : refuse(0x63c0 | state.pin.left);
};

/** CHANGE REFERENCE DATA: old and new value of PIN or PUK. NIST SP 800-73-4 part 2, section 3.2.2. */
export const changeReference: Handler = (state, command) => {
  const secret = secretOf(state, command.p2);
  if (secret === undefined) return refuse(0x6a88);
  return replace(secret, secret, command.data ?? NOTHING);
};

/** RESET RETRY COUNTER: PUK and new PIN. NIST SP 800-73-4 part 2, section 3.2.3. */
export const resetRetry: Handler = (state, command) =>
  command.p2 === REFERENCE.pin ? replace(state.puk, state.pin, command.data ?? NOTHING) : refuse(0x6a88);

export function secretOf(state: CardState, reference: number): GuardedSecret | undefined {
  if (reference === REFERENCE.pin) return state.pin;
  return reference === REFERENCE.puk ? state.puk : undefined;
}

/** The first half of `data` opens `guard`, the second becomes the value of `target`. */
function replace(guard: GuardedSecret, target: GuardedSecret, data: Uint8Array): ReturnType<Handler> {
  if (data.length !== 2 * PIN_BYTES) return refuse(0x6a80);
  if (!guard.check(data.subarray(0, PIN_BYTES))) return refuse(guard.status);
  target.change(data.subarray(PIN_BYTES));
  return ok();
}
