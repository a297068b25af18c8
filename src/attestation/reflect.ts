// @peculiar/x509 finds its parts by tsyringe, which asks for the metadata that the package reflect-metadata keeps for
// decorators. These three functions are all of it that is used, and only where nobody has brought the whole.

type Metadata = Map<unknown, unknown>;
const kept = new WeakMap<object, Metadata>();

const own = (key: unknown, target: object): unknown => kept.get(target)?.get(key);

function inherited(key: unknown, target: object): unknown {
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const value = own(key, at);
    if (value !== undefined) return value;
  }
  return undefined;
}

const define = (key: unknown, value: unknown, target: object): void =>
  void kept.set(target, (kept.get(target) ?? new Map<unknown, unknown>()).set(key, value));

if (!('getMetadata' in Reflect)) {
  Object.assign(Reflect, { getMetadata: inherited, getOwnMetadata: own, defineMetadata: define });
}
