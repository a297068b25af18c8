import {
  CLA_CHAINED,
  type Command,
  decodeCommand,
  encodeResponse,
  LE_SHORT,
  type Response,
} from '../../../src/signers/piv/apdu.ts';

const NOTHING = new Uint8Array(0);
const GET_RESPONSE = 0xc0;
/** The largest chained command that is taken; a certificate and its wrapping have less. */
const MAX_CHAIN = 8_192;

/**
 * The card's side of APDU transport: gathers chained commands (CLA 10), cuts replies that exceed Le into pieces fetched by GET
 * RESPONSE, and takes short and extended APDUs. Source: ISO/IEC 7816-4 section 5.3.
 */
export class ApduPort {
  readonly #handle: (command: Command) => Response;
  #chain: { readonly command: Command; readonly data: Uint8Array } | undefined;
  #rest: Uint8Array = NOTHING;

  constructor(handle: (command: Command) => Response) {
    this.#handle = handle;
  }

  reset(): void {
    this.#chain = undefined;
    this.#rest = NOTHING;
  }

  /** Answers one command APDU. Never throws. */
  process(apdu: Uint8Array): Uint8Array {
    const command = decodeCommand(apdu);
    return encodeResponse(command === undefined ? { data: NOTHING, sw: 0x6700 } : this.#answer(command));
  }

  #answer(command: Command): Response {
    if (command.ins === GET_RESPONSE && (command.cla & ~CLA_CHAINED) === 0)
      return this.#cut(command.le, this.#rest, 0x9000);
    this.#rest = NOTHING;
    const gathered = this.#gather(command);
    if (gathered === undefined) return { data: NOTHING, sw: 0x6700 };
    if ((command.cla & CLA_CHAINED) !== 0) {
      this.#chain = { command, data: gathered };
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
    if (before === undefined) return data;
    const isSame =
      before.command.ins === command.ins &&
      before.command.p1 === command.p1 &&
      before.command.p2 === command.p2;
    if (!isSame) {
      this.#chain = undefined;
      return data;
    }
    if (before.data.length + data.length > MAX_CHAIN) {
      this.#chain = undefined;
      return undefined;
    }
    return Buffer.concat([before.data, data]);
  }

  #cut(le: number | undefined, data: Uint8Array, sw: number): Response {
    const size = le ?? LE_SHORT;
    if (data.length <= size) {
      this.#rest = NOTHING;
      return { data, sw };
    }
    this.#rest = data.subarray(size);
    return { data: data.subarray(0, size), sw: 0x6100 | (this.#rest.length > 0xff ? 0 : this.#rest.length) };
  }
}
