import type {
  CardContent,
  Inventory,
  KeyContent,
  SlotContent,
} from '../../../src/operations/card-inventory.ts';
import type { KeyUseInRepository } from '../../../src/operations/repository-keys.ts';
import { escapeTerminal } from '../../../src/render/terminal-text.ts';
import { CardError } from '../../../src/signers/piv/error.ts';
import { tries } from '../../../src/signers/piv/status.ts';

/** For people, each line safe for a terminal. */
export function inventoryText({ cards, otherReaders }: Inventory): string {
  const lines = [
    ...cards.flatMap(cardLines),
    ...otherReaders.flatMap(reader => [reader, '  no card with PIV']),
  ];
  return lines.map(escapeTerminal).join('\n');
}

function cardLines({ reader, serial, firmware, pinTriesLeft, slots }: CardContent): readonly string[] {
  const facts = [
    serial === undefined ? 'card without a serial number' : `card ${serial}`,
    ...(firmware === undefined ? [] : [`firmware ${firmware.join('.')}`]),
    ...(pinTriesLeft === undefined
      ? []
      : [pinTriesLeft === 0 ? 'PIN blocked' : `PIN: ${tries(pinTriesLeft)} left`]),
  ];
  const content =
    slots.length === 0 ? ['    no key: tuf-signer key generate makes one'] : slots.flatMap(slotLines);
  return [reader, `  ${facts.join(', ')}`, ...content];
}

function slotLines({ slot, key, subject }: SlotContent): readonly string[] {
  const name = subject === undefined ? 'no certificate' : subject;
  if (key instanceof CardError) return [`    ${slot}  ${key.message}  ${subject ?? ''}`.trimEnd()];
  return [
    `    ${slot}  ${key.algorithm.padEnd(8)}  ${policies(key)}  ${name}`,
    `        ${key.fingerprint}`,
    ...key.uses.map(use => `        ${useText(use)}`),
    ...key.advisories.map(advisory => `        advisory ${advisory}: see tuf-signer key doctor`),
  ];
}

/** "PIN always, touch never, imported"; what the card does not tell is left out. */
export const policies = ({
  pinPolicy,
  touchPolicy,
  origin,
}: Pick<KeyContent, 'pinPolicy' | 'touchPolicy' | 'origin'>): string =>
  [
    pinPolicy === undefined ? 'PIN policy unknown' : `PIN ${pinPolicy}`,
    touchPolicy === undefined ? 'touch policy unknown' : `touch ${touchPolicy}`,
    ...(origin === 'imported' ? ['imported'] : []),
  ].join(', ');

/** "signs root of main, as @alice". */
export const useText = ({ role, owner, where }: KeyUseInRepository): string =>
  `signs ${role} in ${where}${owner === undefined ? '' : `, as ${owner}`}`;

/** For programs; what the card does not tell is null. */
export const inventoryJson = ({ cards, otherReaders, failures }: Inventory): unknown => ({
  cards: cards.map(({ reader, serial, firmware, pinTriesLeft, slots }) => ({
    reader,
    serial: serial ?? null,
    firmware: firmware?.join('.') ?? null,
    pinTriesLeft: pinTriesLeft ?? null,
    slots: slots.map(slotJson),
  })),
  otherReaders,
  failures: failures.map(({ code, message }) => ({ code, message })),
});

function slotJson({ slot, key, subject }: SlotContent): unknown {
  const certificate = subject === undefined ? null : { subject };
  if (key instanceof CardError) return { slot, error: { code: key.code, message: key.message }, certificate };
  const { algorithm, fingerprint, pinPolicy, touchPolicy, origin, advisories, uses } = key;
  return {
    slot,
    algorithm,
    fingerprint,
    pinPolicy: pinPolicy ?? null,
    touchPolicy: touchPolicy ?? null,
    origin: origin ?? null,
    certificate,
    advisories,
    keys: uses.map(({ role, owner, where }) => ({ role, owner: owner ?? null, where })),
  };
}
