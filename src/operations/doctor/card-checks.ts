import { atLeast, METADATA_FIRMWARE } from '../../signers/piv/applet.ts';
import { describeCard, type PivCard, surveyCards } from '../../signers/piv/cards.ts';
import { CardError } from '../../signers/piv/error.ts';
import { advisoriesOf, type CardFacts, readCardFacts } from '../../signers/piv/facts.ts';
import type { SlotKey } from '../../signers/piv/key-slot.ts';
import { ALL_SLOTS } from '../../signers/piv/slot.ts';
import { tries } from '../../signers/piv/status.ts';
import type { CardTransport } from '../../signers/piv/transport.ts';
import { type Check, fail, ok, warn } from './check.ts';

/** Looks at every card, one after the other. Costs no try of PIN or PUK, and sends neither. */
export async function checkCards(transport: CardTransport): Promise<readonly Check[]> {
  try {
    const slots = ALL_SLOTS.map(({ name }) => name);
    const { cards, failures } = await surveyCards(transport, { slots });
    const checks = failures.map(({ message }) =>
      fail('card', message, 'take the card out, put it back, and run this again'),
    );
    for (const card of cards) checks.push(...(await checkCard(transport, card)));
    return checks;
  } catch (error) {
    if (!(error instanceof CardError)) throw error;
    return [fail('card', error.message, 'insert a card with the PIV applet')];
  }
}

async function checkCard(transport: CardTransport, card: PivCard): Promise<readonly Check[]> {
  const name = card.serial === undefined ? describeCard(card) : `card ${card.serial}`;
  const facts = await readFacts(transport, card);
  return [
    ok('card', `${name} in ${card.reader}`),
    firmwareCheck(card, name),
    ...(facts instanceof CardError
      ? [fail('card', `${name}: ${facts.message}`, 'take the card out, put it back, and run this again')]
      : secretChecks(card, name, facts)),
    keyCheck(card, name),
  ];
}

async function readFacts(transport: CardTransport, card: PivCard): Promise<CardFacts | CardError> {
  try {
    return await readCardFacts(transport, card);
  } catch (error) {
    if (error instanceof CardError) return error;
    throw error;
  }
}

function firmwareCheck({ firmware, slots }: PivCard, name: string): Check {
  if (firmware === undefined) return ok('firmware', `${name} tells no firmware version: it is no YubiKey`);
  const version = `${name} has firmware ${firmware.join('.')}`;
  // The advisory is about the firmware; whether a key is touched by it is said with it.
  if (advisoriesOf(firmware, { keytype: 'ecdsa' }).length === 0) return ok('firmware', version);
  const touched = [...slots.values()].flatMap(key =>
    !(key instanceof CardError) && advisoriesOf(firmware, key.algorithm).length > 0 ? [key.slot.name] : [],
  );
  const keys = touched.length === 0 ? 'no key of that kind is on it' : `slots ${touched.join(', ')}`;
  return warn(
    'firmware',
    `${version}, older than 5.7.0: who holds it long enough can read out its ECDSA keys (advisory YSA-2024-03; ${keys})`,
    'keep the card where only you can reach it, and make new keys on one with firmware 5.7.0 or newer: it can not be updated',
  );
}

function secretChecks(card: PivCard, name: string, { pin, puk, management }: CardFacts): readonly Check[] {
  const tellsNothing = !atLeast(card.firmware, METADATA_FIRMWARE);
  const checks = [triesCheck('PIN', name, pin.triesLeft ?? card.triesLeft, pin.tries)];
  if (puk.triesLeft !== undefined) checks.push(triesCheck('PUK', name, puk.triesLeft, puk.tries));
  if (tellsNothing) {
    checks.push(
      warn(
        'default-pin',
        `${name} does not tell whether PIN and PUK are still those of every new card`,
        'if you never changed them: tuf-signer key change-pin, tuf-signer key change-puk',
      ),
    );
  } else {
    checks.push(defaultCheck('PIN', name, pin.isDefault), defaultCheck('PUK', name, puk.isDefault));
  }
  return [...checks, managementCheck(name, management)];
}

function triesCheck(
  secret: 'PIN' | 'PUK',
  name: string,
  left: number | undefined,
  all: number | undefined,
): Check {
  const id = `${secret.toLowerCase()}-tries`;
  if (left === undefined) return ok(id, `${secret} of ${name}: all tries left`);
  if (left === 0) {
    return secret === 'PIN'
      ? fail(id, `the PIN of ${name} is blocked`, 'tuf-signer key unblock (asks for the PUK)')
      : warn(
          id,
          `the PUK of ${name} is blocked: a blocked PIN could not be unblocked any more`,
          'keep using the PIN with care, and move to another card in time',
        );
  }
  const says = `${secret} of ${name}: ${tries(left)} left${all === undefined ? '' : ` of ${all}`}`;
  if (left > 1 && (all === undefined || left >= all)) return ok(id, says);
  return warn(id, says, `the right ${secret} brings all tries back: use it once, with care`);
}

function defaultCheck(secret: 'PIN' | 'PUK', name: string, isDefault: boolean | undefined): Check {
  const id = `default-${secret.toLowerCase()}`;
  if (isDefault !== true) return ok(id, `${secret} of ${name}: not the one of every new card`);
  return warn(
    id,
    `the ${secret} of ${name} is still the one of every new card`,
    `tuf-signer key change-${secret.toLowerCase()}`,
  );
}

function managementCheck(name: string, { isDefault, isPinProtected }: CardFacts['management']): Check {
  if (isDefault !== true) {
    const kept = isPinProtected ? ', kept on the card behind the PIN' : '';
    return ok('management-key', `management key of ${name}: not the one of every new card${kept}`);
  }
  return warn(
    'management-key',
    `the management key of ${name} is still the one of every new card: who holds the card can replace its keys`,
    'ykman piv access change-management-key --generate --protect',
  );
}

function keyCheck({ slots }: PivCard, name: string): Check {
  const keys = [...slots.values()].filter((key): key is SlotKey => !(key instanceof CardError));
  if (keys.length === 0) return warn('key', `${name} holds no key to sign with`, 'tuf-signer key generate');
  return ok(
    'key',
    `keys of ${name}: ${keys.map(key => `${key.slot.name} ${key.algorithm.name}`).join(', ')}`,
  );
}
