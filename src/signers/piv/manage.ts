import { readSerial } from './applet.ts';
import { describeCard, type PivCard } from './cards.ts';
import { CardError } from './error.ts';
import {
  authenticateManagement,
  defaultManagementKey,
  readManagementStatus,
  readProtectedManagementKey,
} from './management-key.ts';
import {
  changeReference,
  PUK_REFERENCE,
  readSecretStatus,
  readTries,
  resetRetryCounter,
  verifyPin,
} from './pin-commands.ts';
import { tries } from './status.ts';
import type { CardChannel, CardTransport } from './transport.ts';
import { visitCardOnce } from './visit.ts';

/** A card chosen from {@link listPivCards}. */
export type ChosenCard = Pick<PivCard, 'reader' | 'serial' | 'firmware'>;

/** May the last try of PIN or PUK be spent? Otherwise a coded error says that it is the last one. */
export interface LastTry {
  readonly lastTryAgreed?: boolean;
}

/**
 * Runs `work` once, in one transaction with the chosen card; afterwards the card forgets what was verified. Throws
 * `WRONG_CARD` where another card is in the reader by now, before anything secret was sent.
 */
export function manageCard<T>(
  transport: CardTransport,
  card: ChosenCard,
  work: (channel: CardChannel) => Promise<T>,
): Promise<T> {
  return visitCardOnce(transport, card.reader, async channel => {
    if ((await readSerial(channel)) !== card.serial) {
      throw new CardError(
        'WRONG_CARD',
        `the card in ${card.reader} is not the one chosen (${describeCard(card)}); nothing was sent: put it back and try again`,
      );
    }
    channel.resetAfterwards();
    return work(channel);
  });
}

/**
 * Sets a new PIN. Both arrays belong to this function, which zeroes them.
 *
 * Throws {@link CardError} `PIN_FORM` (also for a new PIN that the card finds too simple), `PIN_WRONG`, `PIN_LAST_TRY`,
 * `PIN_BLOCKED`, `WRONG_CARD`, and as {@link visitCardOnce}.
 */
export const changePin = (
  transport: CardTransport,
  card: ChosenCard,
  secrets: LastTry & { readonly pin: Uint8Array; readonly newPin: Uint8Array },
): Promise<void> =>
  zeroing([secrets.pin, secrets.newPin], () =>
    manageCard(transport, card, async channel => {
      await guardPin(channel, card, secrets);
      await changeReference(channel, 'PIN', secrets.pin, secrets.newPin);
    }),
  );

/** Sets a new PUK. As {@link changePin}, but `PUK_WRONG`, `PUK_BLOCKED`. */
export const changePuk = (
  transport: CardTransport,
  card: ChosenCard,
  secrets: LastTry & { readonly puk: Uint8Array; readonly newPuk: Uint8Array },
): Promise<void> =>
  zeroing([secrets.puk, secrets.newPuk], () =>
    manageCard(transport, card, async channel => {
      await guardPuk(channel, card, secrets);
      await changeReference(channel, 'PUK', secrets.puk, secrets.newPuk);
    }),
  );

/** Unblocks the PIN by the PUK and sets a new one; all tries are back. As {@link changePuk}. */
export const unblock = (
  transport: CardTransport,
  card: ChosenCard,
  secrets: LastTry & { readonly puk: Uint8Array; readonly newPin: Uint8Array },
): Promise<void> =>
  zeroing([secrets.puk, secrets.newPin], () =>
    manageCard(transport, card, async channel => {
      await guardPuk(channel, card, secrets);
      await resetRetryCounter(channel, secrets.puk, secrets.newPin);
    }),
  );

/** Runs `work`, then zeroes the secrets that it was given, however it ended. */
export async function zeroing<T>(
  secrets: readonly (Uint8Array | undefined)[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } finally {
    for (const secret of secrets) secret?.fill(0);
  }
}

/** What opens the card for changes. All arrays stay the caller's. */
export interface Authorization extends LastTry {
  /** Absent: the one that the PIN opens, where the card keeps it so, else the one of every new card. */
  readonly managementKey?: Uint8Array | undefined;
  readonly pin?: Uint8Array | undefined;
  /** The card is about to wait for a touch, as the policy of its management key or of the key says. */
  readonly announceTouch?: () => void;
}

/**
 * Authenticates the management key: the one given, or the one that the card keeps behind its PIN, or the one of every new card.
 *
 * Throws {@link CardError} `MANAGEMENT_KEY` where another one is needed, `NOT_AUTHORIZED` where the PIN is needed and not given,
 * and as {@link verifyOnce}.
 */
export async function authorize(
  channel: CardChannel,
  card: ChosenCard,
  authorization: Authorization,
): Promise<void> {
  const status = await readManagementStatus(channel, card.firmware);
  const { algorithm, isPinProtected, isDefault, touchPolicy } = status;
  if (touchPolicy !== undefined && touchPolicy !== 'never') authorization.announceTouch?.();
  if (authorization.managementKey !== undefined) {
    await authenticateManagement(channel, authorization.managementKey, algorithm);
    return;
  }
  if (isPinProtected) {
    await verifyOnce(channel, card, authorization);
    const key = await readProtectedManagementKey(channel);
    await zeroing([key], () => authenticateManagement(channel, key, algorithm));
    return;
  }
  const needed = `the ${describeCard(card)} wants its management key, which is not the one of new cards: give it`;
  if (isDefault === false) throw new CardError('MANAGEMENT_KEY', needed);
  try {
    await authenticateManagement(channel, defaultManagementKey(), algorithm);
  } catch (cause) {
    if (!(cause instanceof CardError) || cause.code !== 'MANAGEMENT_KEY') throw cause;
    throw new CardError('MANAGEMENT_KEY', needed, { cause });
  }
}

/** Verifies the PIN, unless that would spend the last try unasked. Throws `NOT_AUTHORIZED` without a PIN, the `PIN_…` codes. */
export async function verifyOnce(
  channel: CardChannel,
  card: ChosenCard,
  authorization: Authorization,
): Promise<void> {
  if (authorization.pin === undefined) {
    throw new CardError('NOT_AUTHORIZED', `the ${describeCard(card)} wants its PIN for this: give it`);
  }
  await guardPin(channel, card, authorization);
  await verifyPin(channel, authorization.pin);
}

async function guardPin(channel: CardChannel, card: ChosenCard, { lastTryAgreed }: LastTry): Promise<void> {
  const left = await readTries(channel);
  guard('PIN', left, card, lastTryAgreed);
}

async function guardPuk(channel: CardChannel, card: ChosenCard, { lastTryAgreed }: LastTry): Promise<void> {
  const { triesLeft } = await readSecretStatus(channel, PUK_REFERENCE, card.firmware);
  guard('PUK', triesLeft, card, lastTryAgreed);
}

function guard(name: 'PIN' | 'PUK', left: number | undefined, card: ChosenCard, agreed = false): void {
  const owner = describeCard(card);
  if (left === 0) {
    throw name === 'PIN'
      ? new CardError('PIN_BLOCKED', `the PIN of the ${owner} is blocked: unblock it with the PUK`, {
          triesLeft: 0,
        })
      : new CardError('PUK_BLOCKED', `the PUK of the ${owner} is blocked: it can not be used any more`, {
          triesLeft: 0,
        });
  }
  if (left !== 1 || agreed) return;
  throw new CardError(
    'PIN_LAST_TRY',
    `the ${name} of the ${owner} has ${tries(1)} left, and it was not spent: be sure of it`,
    {
      triesLeft: 1,
    },
  );
}
