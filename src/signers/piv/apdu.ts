import { CardError } from './error.ts';
import { concatBytes } from './tlv.ts';

/** A command APDU. Source: ISO/IEC 7816-4 section 5.1. */
export interface Command {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  /** At most 65,535 bytes; none where absent. */
  readonly data?: Uint8Array;
  /** Most bytes that the reply may hold, 1 to 65,536. Absent: no reply is expected. */
  readonly le?: number;
}

/** A response APDU: its data, and the status word SW1<<8 | SW2. */
export interface Response {
  readonly data: Uint8Array;
  readonly sw: number;
}

/** Le 00 of a short APDU: as much as there is, up to 256 bytes. */
export const LE_SHORT = 256;
/** Le 0000 of an extended APDU. */
export const LE_EXTENDED = 65_536;
export const CLA_CHAINED = 0x10;
export const SW_OK = 0x9000;

const NO_DATA = new Uint8Array(0);
const SHORT_DATA = 255;
export const GET_RESPONSE = 0xc0;
/** "Command chaining not supported". Source: ISO/IEC 7816-4 section 5.6. */
const SW_NO_CHAINING = 0x6884;
/** No PIV object is longer (the largest, a certificate, has 3 KiB); bounds what a hostile card can make us hold. */
const MAX_REPLY = 65_536;
/** GET RESPONSE rounds for one reply: a card that answers 61xx for ever is cut off. */
const MAX_ROUNDS = 512;

/** Encodes `command`, short where it fits, else extended. A fresh array: the caller may zero it. */
export function encodeCommand(command: Command): Uint8Array {
  const data = command.data ?? NO_DATA;
  const le = command.le;
  if (data.length > 0xffff || (le !== undefined && (le < 1 || le > LE_EXTENDED))) {
    throw new RangeError('an APDU carries at most 65,535 bytes and expects at most 65,536');
  }
  const extended = data.length > SHORT_DATA || (le ?? 0) > LE_SHORT;
  const bytes = [command.cla, command.ins, command.p1, command.p2];
  const lc = data.length === 0 ? [] : extended ? [0, data.length >> 8, data.length & 0xff] : [data.length];
  const head = extended && data.length === 0 ? [...bytes, 0] : [...bytes, ...lc];
  const tail = le === undefined ? [] : extended ? [(le >> 8) & 0xff, le & 0xff] : [le & 0xff];
  // Not Buffer.concat: its result may lie in Node's shared pool, and this one can hold a PIN.
  const apdu = new Uint8Array(head.length + data.length + tail.length);
  apdu.set(head);
  apdu.set(data, head.length);
  apdu.set(tail, head.length + data.length);
  return apdu;
}

/** Decodes a command APDU of any of the seven cases; `undefined` where it is none. */
export function decodeCommand(apdu: Uint8Array): Command | undefined {
  const [cla, ins, p1, p2, lc] = apdu;
  if (cla === undefined || ins === undefined || p1 === undefined || p2 === undefined) return undefined;
  const header = { cla, ins, p1, p2 };
  if (lc === undefined) return header;
  if (apdu.length === 5) return { ...header, le: lc === 0 ? LE_SHORT : lc };
  if (lc !== 0) return decodeBody(header, apdu, 5, lc, 1);
  const [high, low] = apdu.subarray(5, 7);
  if (high === undefined || low === undefined) return undefined;
  const length = high * 0x100 + low;
  if (apdu.length === 7) return { ...header, le: length === 0 ? LE_EXTENDED : length };
  return length === 0 ? undefined : decodeBody(header, apdu, 7, length, 2);
}

function decodeBody(
  header: Command,
  apdu: Uint8Array,
  start: number,
  lc: number,
  leBytes: 1 | 2,
): Command | undefined {
  const data = apdu.subarray(start, start + lc);
  const tail = apdu.subarray(start + lc);
  if (data.length !== lc) return undefined;
  if (tail.length === 0) return { ...header, data };
  if (tail.length !== leBytes) return undefined;
  const le = tail.reduce((sum, byte) => sum * 0x100 + byte, 0);
  return { ...header, data, le: le === 0 ? (leBytes === 1 ? LE_SHORT : LE_EXTENDED) : le };
}

export const encodeResponse = (response: Response): Uint8Array =>
  Uint8Array.from([...response.data, response.sw >> 8, response.sw & 0xff]);

/** Decodes a response APDU. Throws {@link CardError} `CARD_REPLY` where there is no status word. */
export function decodeResponse(bytes: Uint8Array): Response {
  const [sw1, sw2] = bytes.subarray(-2);
  if (sw1 === undefined || sw2 === undefined) {
    throw new CardError('CARD_REPLY', "the card's reply has no status word: take the card out and try again");
  }
  return { data: bytes.subarray(0, -2), sw: sw1 * 0x100 + sw2 };
}

/** Sends one APDU and gives what came back. */
export type Transmit = (apdu: Uint8Array) => Promise<Uint8Array>;

/**
 * Sends `command` in short APDUs, as every PIV card takes them, and gathers the whole reply: data above 255 bytes goes by
 * command chaining (CLA 10), `61xx` is followed by GET RESPONSE, `6Cxx` is repeated once with the Le that the card wants, and an
 * extended reply that comes whole is taken whole. A card that takes no chaining (6884) gets one extended APDU. Every APDU is zeroed after use, since one may hold a PIN.
 *
 * Throws {@link CardError} `CARD_REPLY`, and what `transmit` throws. A failing status word is a value.
 * Source: NIST SP 800-73-4 part 2, section 2.3.3.1; ISO/IEC 7816-4 section 5.3.
 */
export async function exchange(transmit: Transmit, command: Command): Promise<Response> {
  const links = chain(command);
  let response: Response = { data: NO_DATA, sw: SW_OK };
  for (const link of links) {
    response = await send(transmit, link);
    if (response.sw !== SW_OK) break;
  }
  if (response.sw === SW_NO_CHAINING && links.length > 1) {
    const { le } = command;
    response = await send(transmit, le === undefined ? command : { ...command, le: LE_EXTENDED });
  }
  const last = links.at(-1);
  if (last !== undefined && response.sw >> 8 === 0x6c) {
    response = await send(transmit, { ...last, le: response.sw & 0xff || LE_SHORT });
  }
  return collect(transmit, command.cla, response);
}

async function send(transmit: Transmit, command: Command): Promise<Response> {
  const apdu = encodeCommand(command);
  try {
    return decodeResponse(await transmit(apdu));
  } finally {
    apdu.fill(0);
  }
}

async function collect(transmit: Transmit, cla: number, first: Response): Promise<Response> {
  if (first.sw >> 8 !== 0x61) return first;
  const parts = [first.data];
  let size = first.data.length;
  let sw = first.sw;
  for (let round = 0; sw >> 8 === 0x61; round += 1) {
    const le = sw & 0xff || LE_SHORT;
    const part = await send(transmit, { cla, ins: GET_RESPONSE, p1: 0, p2: 0, le });
    size += part.data.length;
    if (size > MAX_REPLY || round >= MAX_ROUNDS) {
      throw new CardError('CARD_REPLY', 'the card never stops answering: take it out and try again');
    }
    parts.push(part.data);
    sw = part.sw;
  }
  const data = concatBytes(parts);
  for (const part of parts) part.fill(0); // one may hold a management key
  return { data, sw };
}

/** Splits what does not fit one short APDU; each link but the last has the chaining bit and expects no data. */
function chain(command: Command): readonly Command[] {
  const { le, data = NO_DATA, ...header } = command;
  const last = le === undefined ? header : { ...header, le: Math.min(le, LE_SHORT) };
  const links: Command[] = [];
  let rest = data;
  for (; rest.length > SHORT_DATA; rest = rest.subarray(SHORT_DATA)) {
    links.push({ ...header, cla: header.cla | CLA_CHAINED, data: rest.subarray(0, SHORT_DATA) });
  }
  return [...links, rest.length === 0 ? last : { ...last, data: rest }];
}
