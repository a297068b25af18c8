import { DAY_MS, type Instant } from '../../../src/clock.ts';
import { clientsWithout } from '../../../src/operations/client-support.ts';
import { blocked } from '../../../src/signers/piv/attempt.ts';
import type { PivCard } from '../../../src/signers/piv/cards.ts';
import { CardError } from '../../../src/signers/piv/error.ts';
import { certificatesPem } from '../../../src/signers/piv/facts.ts';
import { type GeneratedKey, generateSlotKey } from '../../../src/signers/piv/generate.ts';
import { manageCard } from '../../../src/signers/piv/manage.ts';
import { type ManagementStatus, readManagementStatus } from '../../../src/signers/piv/management-key.ts';
import type { CardTransport } from '../../../src/signers/piv/transport.ts';
import { EXIT } from '../../exit-codes.ts';
import { confirmLastTry } from '../../pin.ts';
import { clockOf, pinSource, type RunContext } from '../../run-context.ts';
import { parseDescriptor, type SecretSource } from '../../secret-source.ts';
import { findCard, nameOf } from './card.ts';
import { keysOfClone } from './clone-keys.ts';
import { type GenerateFlags, type KeyChoice, parseChoice } from './generate-choice.ts';
import { policies } from './list-view.ts';
import { mayOverwrite } from './overwrite.ts';
import { Secrets } from './secrets.ts';

/** What the certificate says; nobody relies on it. */
const COMMON_NAME = 'tuf-signer';
const CERTIFICATE_DAYS = 3_650;

/** Makes a key on the card. */
export async function run(
  _args: readonly string[],
  flags: GenerateFlags,
  context: RunContext,
): Promise<number> {
  const choice = parseChoice(flags);
  const pinFrom = pinSource(flags, context);
  const managementFrom = managementSource(flags);
  const now = clockOf(flags).now();
  const { output, asker } = context;
  await using cards = context.openCards();
  const card = await findCard(cards, flags, [choice.slot]);
  warnAboutClients(choice, context);
  const uses = (): ReturnType<typeof keysOfClone> => keysOfClone(flags, context);
  const overwrite = await mayOverwrite(card, choice.slot, flags.overwrite, uses, context);
  const status = await manageCard(cards, card, channel => readManagementStatus(channel, card.firmware));
  using secrets = new Secrets(asker);
  const managementKey = await secrets.managementKey(managementFrom, questionFor(status, card, context));
  const needsPin = keyNeedsPin(choice) || (managementKey === undefined && status.isPinProtected);
  if (needsPin && card.triesLeft === 0) throw blocked(card);
  const lastTryAgreed = needsPin && card.triesLeft === 1 && (await confirmLastTry(asker, 'PIN', card));
  const pin = needsPin ? await secrets.current('PIN', nameOf(card), pinFrom) : undefined;
  if (choice.algorithm.startsWith('RSA')) output.say('… the card looks for primes: this may take minutes');
  const made = await make(cards, card, {
    ...choice,
    overwrite,
    managementKey,
    pin,
    lastTryAgreed,
    commonName: COMMON_NAME,
    notBefore: now,
    notAfter: (now + CERTIFICATE_DAYS * DAY_MS) as Instant,
    announceTouch: () => output.say(`Touch ${nameOf(card)} now.`),
  });
  output.result(flags.json === true ? JSON.stringify(madeJson(card, made), undefined, 2) : publicPem(made));
  const { key } = made;
  output.say(
    `Made a ${key.algorithm.name} key in slot ${key.slot.name} of ${nameOf(card)} (${policies(key)}).`,
  );
  output.say(`Its fingerprint: ${key.fingerprint}`);
  return EXIT.accepted;
}

const managementSource = (flags: GenerateFlags): SecretSource => ({
  file: flags.managementKeyFile,
  fd: parseDescriptor(flags.managementKeyFd, '--management-key-fd'),
});

/** As the host side sees it: 9e alone has a PIN policy of "never" by default. Source: Yubico, "PIV certificate slots". */
const keyNeedsPin = ({ slot, pinPolicy }: KeyChoice): boolean =>
  pinPolicy === undefined ? slot !== '9e' : pinPolicy !== 'never';

/** `undefined`: the management key need not be asked for, or nobody is here to be asked. */
const questionFor = (
  { isDefault, isPinProtected }: ManagementStatus,
  card: PivCard,
  { asker }: RunContext,
): string | undefined =>
  isDefault === false && !isPinProtected && asker.isInteractive
    ? `Management key of ${nameOf(card)}, in hex:`
    : undefined;

function warnAboutClients({ algorithm }: KeyChoice, { output }: RunContext): void {
  const clients = clientsWithout(algorithm);
  if (clients.length === 0) return;
  output.say(`warning: not every TUF client verifies ${algorithm} keys (P-256: all do).`);
  output.say(`         Can not, or not known to: ${clients.join('; ')}.`);
}

async function make(
  cards: CardTransport,
  card: PivCard,
  input: Parameters<typeof generateSlotKey>[2],
): Promise<GeneratedKey> {
  try {
    return await generateSlotKey(cards, card, input);
  } catch (error) {
    if (!(error instanceof CardError)) throw error;
    // What could not be seen without looking closer: a certificate alone, or a key on an older card.
    if (error.code === 'SLOT_TAKEN') throw advised(error, `--overwrite ${card.serial ?? card.reader}`);
    if (error.code === 'MANAGEMENT_KEY') throw advised(error, '--management-key-file FILE');
    throw error;
  }
}

const advised = (cause: CardError, flag: string): CardError =>
  new CardError(cause.code, `${cause.message} (${flag})`, { cause });

const publicPem = ({ key }: GeneratedKey): string =>
  key.publicKey.export({ format: 'pem', type: 'spki' }).toString().trimEnd();

const madeJson = (card: PivCard, made: GeneratedKey): unknown => ({
  serial: card.serial ?? null,
  reader: card.reader,
  slot: made.key.slot.name,
  algorithm: made.key.algorithm.name,
  pinPolicy: made.key.pinPolicy ?? null,
  touchPolicy: made.key.touchPolicy ?? null,
  fingerprint: made.key.fingerprint,
  publicKey: `${publicPem(made)}\n`,
  certificate: certificatesPem([made.certificate]),
});
