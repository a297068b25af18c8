import { CodedError } from '../../errors.ts';

export type CardErrorCode =
  /** `piv:` URI that is none. */
  | 'BAD_URI'
  /** The PC/SC service (or its library) is missing or not running. */
  | 'NO_PCSC'
  | 'NO_READER'
  | 'NO_CARD'
  /** Several cards, and nothing says which one is meant. */
  | 'MANY_CARDS'
  /** The card has no PIV applet. */
  | 'NOT_PIV'
  | 'SLOT_EMPTY'
  /** The slot holds a key of an algorithm that this signer does not use. */
  | 'UNSUPPORTED_KEY'
  /** The card changed between being chosen and being used. */
  | 'WRONG_CARD'
  /** A PIN that no PIV card can have: the card never saw it. */
  | 'PIN_FORM'
  | 'PIN_WRONG'
  /** One try is left, and the person did not agree to spend it. */
  | 'PIN_LAST_TRY'
  | 'PIN_BLOCKED'
  | 'PUK_WRONG'
  /** Both are spent: only a reset of the PIV applet, which erases all keys, helps. */
  | 'PUK_BLOCKED'
  /** The management key is not the card's, or none was given and the card needs one. */
  | 'MANAGEMENT_KEY'
  /** The slot holds a key or certificate, and the caller did not say to overwrite it. */
  | 'SLOT_TAKEN'
  /** The card attests no key in this slot: imported, not there, or the card has no attestation. */
  | 'NOT_ATTESTED'
  /** The card signs whole messages by this key, and this one is too long for it. */
  | 'PAYLOAD_TOO_LARGE'
  /** The card wants a PIN or a touch first (6982). */
  | 'NOT_AUTHORIZED'
  /** Pulled out. */
  | 'CARD_REMOVED'
  /** Reset by another client; whatever was verified is forgotten. */
  | 'CARD_RESET'
  /** Another program holds the card. */
  | 'CARD_BUSY'
  /** No answer within the deadline. */
  | 'CARD_TIMEOUT'
  /** A reply that PIV does not allow. */
  | 'CARD_REPLY'
  /** Any other status word. */
  | 'CARD_STATUS'
  /** Any other failure of reader or service. */
  | 'CARD_TRANSPORT'
  /** The card's signature does not verify. */
  | 'BAD_SIGNATURE';

export interface CardErrorOptions {
  readonly cause?: unknown;
  /** The status word, where the card gave one. */
  readonly sw?: number;
  /** PIN tries that the card has left, where it said so. */
  readonly triesLeft?: number;
}

/** Everything that can go wrong with a card. Never carries a PIN, nor bytes of a command. */
export class CardError extends CodedError<CardErrorCode> {
  readonly sw: number | undefined;
  readonly triesLeft: number | undefined;

  constructor(code: CardErrorCode, message: string, options: CardErrorOptions = {}) {
    super(code, message, options.cause === undefined ? undefined : { cause: options.cause });
    this.sw = options.sw;
    this.triesLeft = options.triesLeft;
  }
}
