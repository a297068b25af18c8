import {
  CLA_CHAINED,
  type Command,
  decodeCommand,
  encodeResponse,
  LE_SHORT,
  type Response,
} from '../../../src/signers/piv/apdu.ts';

const NOTHING = new Uint8Array(0);
const WRONG_LENGTH: Response = { data: NOTHING, sw: 0x6700 };
const GET_RESPONSE = 0xc0;
/** The largest command that is taken, chained or not; a YubiKey's certificates and their wrapping have less. */
const BUFFER_BYTES = 3_072;

/** How a card's APDUs depart from the obvious; each is what some card on the market does. */
export interface ApduQuirks {
  /** Bytes in one reply, whatever Le allows: `61xx` even to an extended APDU. */
  readonly replyLimit?: number;
  /** Gives a reply whole, whatever Le allows. */
  readonly isWhole?: boolean;
  /** Takes no chained commands: 6884. */
  readonly refusesChaining?: boolean;
  /** Takes no extended APDUs: 6700. */
  readonly refusesExtended?: boolean;
  /** The largest command's data, 3,072 by default; longer ones get 6700. */
  readonly bufferBytes?: number;
}

/**
 * The card's side of APDU transport: gathers chained commands (CLA 10), cuts replies that exceed Le into pieces fetched by GET
 * RESPONSE, and takes short and extended APDUs. Source: ISO/IEC 7816-4 section 5.3.
 */
export class ApduPort {
  readonly #handle: (command: Command) => Response;
  readonly #quirks: ApduQuirks;
  #chain: { readonly command: Command; readonly data: Uint8Array } | undefined;
  #rest: Uint8Array = NOTHING;

  constructor(handle: (command: Command) => Response, quirks: ApduQuirks = {}) {
    this.#handle = handle;
    this.#quirks = quirks;
  }

  reset(): void {
    this.#chain = undefined;
    this.#rest = NOTHING;
  }

  /** Answers one command APDU. Never throws. */
  process(apdu: Uint8Array): Uint8Array {
    const command = decodeCommand(apdu);
    const isRefused = this.#quirks.refusesExtended === true && isExtended(apdu);
    return encodeResponse(command === undefined || isRefused ? WRONG_LENGTH : this.#answer(command));
  }

  #answer(command: Command): Response {
    if (command.ins === GET_RESPONSE && (command.cla & ~CLA_CHAINED) === 0)
      return this.#cut(command.le, this.#rest, 0x9000);
    this.#rest = NOTHING;
    const gathered = this.#gather(command);
    if (gathered === undefined) return WRONG_LENGTH;
    if ((command.cla & CLA_CHAINED) !== 0) {
      if (this.#quirks.refusesChaining === true) return { data: NOTHING, sw: 0x6884 };
      // A copy: the host zeroes its APDUs.
      this.#chain = { command, data: Uint8Array.from(gathered) };
      return { data: NOTHING, sw: 0x9000 };
    }
    this.#chain = undefined;
    const { data, sw } = this.#handle(gathered.length === 0 ? command : { ...command, data: gathered });
    return this.#cut(command.le, data, sw);
  }

  /** The data of this command and of those that it continues. */
  #gather(command: Command): Uint8Array | undefined {
    const data = command.data ?? NOTHING;
    const before = this.#chain;
    const isSame =
      before?.command.ins === command.ins &&
      before.command.p1 === command.p1 &&
      before.command.p2 === command.p2;
    const whole = isSame ? Buffer.concat([before.data, data]) : data;
    if (!isSame || whole.length > (this.#quirks.bufferBytes ?? BUFFER_BYTES)) this.#chain = undefined;
    return whole.length > (this.#quirks.bufferBytes ?? BUFFER_BYTES) ? undefined : whole;
  }

  #cut(le: number | undefined, data: Uint8Array, sw: number): Response {
    const { isWhole = false, replyLimit = Number.POSITIVE_INFINITY } = this.#quirks;
    const size = isWhole ? data.length : Math.min(le ?? LE_SHORT, replyLimit);
    if (data.length <= size) {
      this.#rest = NOTHING;
      return { data, sw };
    }
    this.#rest = data.subarray(size);
    return { data: data.subarray(0, size), sw: 0x6100 | (this.#rest.length > 0xff ? 0 : this.#rest.length) };
  }
}

/** A fifth byte of 0 with more to follow. Source: ISO/IEC 7816-4 section 5.1. */
const isExtended = (apdu: Uint8Array): boolean => apdu.length > 5 && apdu[4] === 0;
