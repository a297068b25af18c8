import type * as crypto from 'node:crypto';

/**
 * `node:crypto` whose `verify` remembers what it found for one key object, payload object and signature: who judges one
 * repository ten thousand times verifies ten thousand times what did not change. Payloads may not be changed in place.
 */
export function rememberVerify(original: typeof crypto): typeof crypto {
  const byPayload = new WeakMap<object, WeakMap<object, Map<string, boolean>>>();
  const verify = (
    algorithm: string | null,
    payload: Uint8Array,
    key: crypto.KeyObject | crypto.VerifyKeyObjectInput,
    signature: Uint8Array,
  ): boolean => {
    const keyObject = 'key' in key ? key.key : key;
    const byKey = byPayload.get(payload) ?? new WeakMap<object, Map<string, boolean>>();
    byPayload.set(payload, byKey);
    const known = byKey.get(keyObject) ?? new Map<string, boolean>();
    byKey.set(keyObject, known);
    const name = `${algorithm} ${Buffer.from(signature).toString('latin1')}`;
    const result = known.get(name) ?? original.verify(algorithm, payload, key, signature);
    known.set(name, result);
    return result;
  };
  return { ...original, verify: verify as typeof original.verify };
}
