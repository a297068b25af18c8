import { GuardedSecret, isPinForm } from './secrets.ts';
import { type CardState, type Handler, NOTHING, ok, REFERENCE, refuse } from './state.ts';

const PIN_BYTES = 8;

/** Tries of a new card. */
export const FACTORY_TRIES = 3;

export const newPin = (value: string | undefined): GuardedSecret =>
  new GuardedSecret(value ?? '123456', '123456', FACTORY_TRIES);
export const newPuk = (value: string | undefined): GuardedSecret =>
  new GuardedSecret(value ?? '12345678', '12345678', FACTORY_TRIES);

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
  return isRight ? ok() : refuse(state.pin.wrongStatus);
};

/** CHANGE REFERENCE DATA: old and new value of PIN or PUK. NIST SP 800-73-4 part 2, section 3.2.2. */
export const changeReference: Handler = (state, command) => {
  const secret = secretOf(state, command.p2);
  if (secret === undefined) return refuse(0x6a88);
  const response = replace(secret, secret, command.data ?? NOTHING);
  if (secret === state.pin && secret.left < secret.maxTries) state.session.isPinVerified = false;
  return response;
};

/** RESET RETRY COUNTER: PUK and new PIN. NIST SP 800-73-4 part 2, section 3.2.3. */
export const resetRetry: Handler = (state, command) =>
  command.p2 === REFERENCE.pin ? replace(state.puk, state.pin, command.data ?? NOTHING) : refuse(0x6a88);

/**
 * SET PIN RETRIES, after management key and PIN: P1 tries for the PIN, P2 for the PUK. Both get the factory's value again.
 * Source: Yubico.
 */
export const setRetries: Handler = (state, command) => {
  if (!state.management.isAuthenticated || !state.session.isPinVerified) return refuse(0x6982);
  if (command.p1 === 0 || command.p2 === 0) return refuse(0x6a86);
  state.pin.restore(command.p1);
  state.puk.restore(command.p2);
  return ok();
};

export function secretOf(state: CardState, reference: number): GuardedSecret | undefined {
  if (reference === REFERENCE.pin) return state.pin;
  return reference === REFERENCE.puk ? state.puk : undefined;
}

/** The first half of `data` opens `guard`, the second becomes the value of `target`. A guess is counted before all else. */
function replace(guard: GuardedSecret, target: GuardedSecret, data: Uint8Array): ReturnType<Handler> {
  if (data.length !== 2 * PIN_BYTES) return refuse(0x6a80);
  if (!guard.check(data.subarray(0, PIN_BYTES))) return refuse(guard.status);
  const value = data.subarray(PIN_BYTES);
  if (!isPinForm(value)) return refuse(0x6a80);
  target.change(value);
  return ok();
}
