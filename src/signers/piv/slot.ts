/** The four slots that every PIV card has, then the 20 for retired keys, which work like any other. */
const SLOT_NAMES = [
  '9a',
  '9c',
  '9d',
  '9e',
  '82',
  '83',
  '84',
  '85',
  '86',
  '87',
  '88',
  '89',
  '8a',
  '8b',
  '8c',
  '8d',
  '8e',
  '8f',
  '90',
  '91',
  '92',
  '93',
  '94',
  '95',
] as const;

/** A slot that can hold a key to sign with: its key reference in two hex digits. */
export type SlotName = (typeof SLOT_NAMES)[number];

export interface Slot {
  readonly name: SlotName;
  /** Key reference, P2 of the key commands. Source: NIST SP 800-73-4 part 1, table 4b. */
  readonly reference: number;
  /** Tag of the slot's certificate. Source: NIST SP 800-73-4 part 1, table 3. */
  readonly certificate: number;
}

/** Tags of the certificates of 9a to 9e. Source: NIST SP 800-73-4 part 1, table 3. */
const CERTIFICATES: ReadonlyMap<number, number> = new Map([
  [0x9a, 0x5fc105],
  [0x9c, 0x5fc10a],
  [0x9d, 0x5fc10b],
  [0x9e, 0x5fc101],
]);
const FIRST_RETIRED = 0x82;
/** Certificate of slot 82; those of 83 to 95 follow, up to 5FC120. */
const FIRST_RETIRED_CERTIFICATE = 0x5fc10d;

const slotOf = (name: SlotName): Slot => {
  const reference = Number.parseInt(name, 16);
  const retired = FIRST_RETIRED_CERTIFICATE + (reference - FIRST_RETIRED);
  return { name, reference, certificate: CERTIFICATES.get(reference) ?? retired };
};

/** All slots, in the order in which people know them: 9a, 9c, 9d, 9e, 82 to 95. */
export const ALL_SLOTS: readonly Slot[] = SLOT_NAMES.map(slotOf);

/** The slots by name. */
export const SLOTS: Readonly<Record<SlotName, Slot>> = Object.fromEntries(
  ALL_SLOTS.map(slot => [slot.name, slot]),
) as Record<SlotName, Slot>;

/** "Digital signature": the PIN is wanted anew for each signature, unless the key was made with another policy. */
export const DEFAULT_SLOT: SlotName = '9c';

export const isSlotName = (text: string): text is SlotName => Object.hasOwn(SLOTS, text);
