import { writeFile } from 'node:fs/promises';
import { OperationError } from '../../../src/operations/error.ts';
import { attestationPem, readAttestation } from '../../../src/signers/piv/facts.ts';
import { EXIT } from '../../exit-codes.ts';
import { clockOf, type RunContext } from '../../run-context.ts';
import { type CardFlags, findCard, nameOf, parseSlot } from './card.ts';

export interface AttestFlags extends CardFlags {
  readonly slot?: string;
  readonly out?: string;
}

/** Prints what the card attests of a key, the vendor's certificate of the card after it, and says whether it verifies. */
export async function run(
  _args: readonly string[],
  flags: AttestFlags,
  context: RunContext,
): Promise<number> {
  const { output } = context;
  const slot = parseSlot(flags.slot ?? '9c');
  const now = clockOf(flags).now();
  await using cards = context.openCards();
  const card = await findCard(cards, flags);
  const pem = attestationPem(await readAttestation(cards, card, slot));
  if (flags.out === undefined) output.result(pem.trimEnd());
  else await writeNew(flags.out, pem);
  const { verifyAttestation } = await import('../../../src/attestation/verify.ts');
  const result = await verifyAttestation(Buffer.from(pem), { certificates: [], now });
  if (result.ok) {
    const { serial, firmware, pinPolicy, touchPolicy, ca } = result;
    output.say(
      `${ca} answers for it: made on card ${serial}, firmware ${firmware.join('.')}, PIN ${pinPolicy}, touch ${touchPolicy}.`,
    );
    if (serial !== card.serial) output.say(`warning: but that is not ${nameOf(card)}.`);
  } else {
    output.say(`warning: no vendor known here answers for it: ${result.reason}.`);
  }
  return EXIT.accepted;
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause;
    const [code, problem] =
      cause.code === 'EEXIST'
        ? (['ALREADY_THERE', 'is there already: name a new file'] as const)
        : (['NOT_FOUND', `can not be written (${String(cause.code)}): name another`] as const);
    throw new OperationError(code, `${file} ${problem}`, { cause });
  }
}
