import { CardError } from './error.ts';
import { isSlotName, type SlotName } from './slot.ts';

/** Which card and slot are meant. */
export interface PivUri {
  /** `undefined`: any card that holds the wanted key. */
  readonly serial: number | undefined;
  /** `undefined`: any slot that holds the wanted key; 9c where none is wanted yet. */
  readonly slot: SlotName | undefined;
}

const MAX_SERIAL = 0xffff_ffff;
const SYNTAX = 'piv:, piv:serial=NUMBER or piv:serial=NUMBER;slot=9c';

/** Parses `piv:`, `piv:serial=12345678` and `piv:serial=12345678;slot=9a`, nothing else. Throws {@link CardError} `BAD_URI`. */
export function parsePivUri(uri: string): PivUri {
  const fail = (what: string): never => {
    throw new CardError('BAD_URI', `${JSON.stringify(uri)}: ${what}; write ${SYNTAX}`);
  };
  if (!uri.startsWith('piv:')) return fail('not a piv: URI');
  const rest = uri.slice('piv:'.length);
  const attributes = new Map<string, string>();
  for (const part of rest === '' ? [] : rest.split(';')) {
    const [name = '', value, ...more] = part.split('=');
    if (value === undefined || more.length > 0) return fail('an attribute is NAME=VALUE');
    if (name !== 'serial' && name !== 'slot') return fail(`unknown attribute ${JSON.stringify(name)}`);
    if (attributes.has(name)) return fail(`${name} is there twice`);
    attributes.set(name, value);
  }
  const serial = attributes.get('serial');
  if (serial !== undefined && (!/^[1-9]\d{0,9}$/.test(serial) || Number(serial) > MAX_SERIAL)) {
    return fail('a serial number is decimal');
  }
  const slot = attributes.get('slot');
  if (slot !== undefined && !isSlotName(slot)) return fail('a slot is 9a, 9c, 9d, 9e, or 82 to 95');
  return { serial: serial === undefined ? undefined : Number(serial), slot };
}

/** The URI that {@link parsePivUri} reads back. */
export function formatPivUri({ serial, slot }: PivUri): string {
  const attributes = [
    ...(serial === undefined ? [] : [`serial=${serial}`]),
    ...(slot === undefined ? [] : [`slot=${slot}`]),
  ];
  return `piv:${attributes.join(';')}`;
}
