/** When a key wants the PIN. The `match` ones are for cards that take a fingerprint instead. */
export type PinPolicy = 'never' | 'once' | 'always' | 'match-once' | 'match-always';

/** When a key wants a touch; `cached`: one touch serves for 15 s. */
export type TouchPolicy = 'never' | 'always' | 'cached';

/** Values of the policies. Source: Yubico, "GENERATE ASYMMETRIC KEY PAIR" (4 and 5: YubiKey Bio). */
const PIN_POLICIES: readonly (readonly [byte: number, policy: PinPolicy])[] = [
  [1, 'never'],
  [2, 'once'],
  [3, 'always'],
  [4, 'match-once'],
  [5, 'match-always'],
];
const TOUCH_POLICIES: readonly (readonly [byte: number, policy: TouchPolicy])[] = [
  [1, 'never'],
  [2, 'always'],
  [3, 'cached'],
];

const policyOf = <P>(table: readonly (readonly [number, P])[], byte: number | undefined): P | undefined =>
  table.find(([value]) => value === byte)?.[1];

/** `undefined` where the card says something else, 0 ("default") too. */
export const pinPolicyOf = (byte: number | undefined): PinPolicy | undefined => policyOf(PIN_POLICIES, byte);
export const touchPolicyOf = (byte: number | undefined): TouchPolicy | undefined =>
  policyOf(TOUCH_POLICIES, byte);

export const pinPolicyByte = (policy: PinPolicy): number =>
  PIN_POLICIES.find(([, name]) => name === policy)?.[0] ?? 0;
export const touchPolicyByte = (policy: TouchPolicy): number =>
  TOUCH_POLICIES.find(([, name]) => name === policy)?.[0] ?? 0;

/** The policies to choose from for a new key. */
export const NEW_PIN_POLICIES: readonly PinPolicy[] = ['never', 'once', 'always'];
export const NEW_TOUCH_POLICIES: readonly TouchPolicy[] = ['never', 'always', 'cached'];
