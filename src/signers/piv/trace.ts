import { type Command, decodeCommand, decodeResponse, GET_RESPONSE } from './apdu.ts';
import { INS } from './applet.ts';
import { CardError } from './error.ts';
import { OBJECT } from './objects.ts';
import { ALL_SLOTS } from './slot.ts';
import type { CardChannel, CardConnection, CardTransport } from './transport.ts';

/**
 * Shows the APDUs that pass, each by one call of `write`: `> 00cb3fff 5c035fc10a le 256` and `< 9000 (12 ms) 53…`. What may be secret
 * is never written, only its length: data is shown for the commands listed here, and for no other (an allow-list: PIN, PUK,
 * management key, its authentication, imported keys and written objects are none of them, in whatever pieces they come).
 */
export function tracingTransport(inner: CardTransport, write: (line: string) => void): CardTransport {
  return {
    readers: () => inner.readers(),
    connect: async reader => {
      const connection = await inner.connect(reader);
      write(`connected to ${JSON.stringify(reader)}`);
      return tracingConnection(connection, write);
    },
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

function tracingConnection(inner: CardConnection, write: (line: string) => void): CardConnection {
  return {
    reader: inner.reader,
    transact: work =>
      inner.transact(channel => {
        write('transaction begins');
        return work(tracingChannel(channel, write));
      }),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

function tracingChannel(inner: CardChannel, write: (line: string) => void): CardChannel {
  // Whether GET RESPONSE fetches something that may be seen is up to the command before it.
  let isReplyShown = false;
  return {
    transmit: async (apdu, deadline) => {
      const command = decodeCommand(apdu);
      const sight = command === undefined ? HIDDEN : sightOf(command);
      isReplyShown = command?.ins === GET_RESPONSE ? isReplyShown : sight.reply;
      write(`> ${requestLine(apdu, command, sight)}`);
      const start = performance.now();
      try {
        const reply = await inner.transmit(apdu, deadline);
        write(`< ${replyLine(reply, isReplyShown, performance.now() - start)}`);
        return reply;
      } catch (error) {
        write(`! ${error instanceof CardError ? error.code : 'failed'}`);
        throw error;
      }
    },
    resetAfterwards: () => {
      write('the card will be reset afterwards');
      inner.resetAfterwards();
    },
  };
}

/** What of a command may be seen. */
interface Sight {
  readonly request: boolean;
  readonly reply: boolean;
}

const HIDDEN: Sight = { request: false, reply: false };
const SHOWN: Sight = { request: true, reply: true };

/** Certificates, the Discovery Object (7E) and the CHUID: public data. */
const PUBLIC_OBJECTS: ReadonlySet<string> = new Set([
  ...ALL_SLOTS.map(slot => slot.certificate.toString(16)),
  OBJECT.attestation.toString(16),
  '5fc102',
  '7e',
]);

function sightOf({ cla, ins, data }: Command): Sight {
  if (cla !== 0) return HIDDEN;
  switch (ins) {
    case INS.select:
    case INS.generate: // algorithm and policies; the public key
      return SHOWN;
    case INS.metadata:
    case INS.serial:
    case INS.version:
    case INS.attest:
      return { request: false, reply: true };
    case INS.getData: {
      const name = objectOf(data);
      return { request: name !== '', reply: PUBLIC_OBJECTS.has(name) };
    }
    default:
      return HIDDEN;
  }
}

/** The tag that GET DATA asks for, in hex; empty where the data is no such request. */
function objectOf(data: Uint8Array | undefined): string {
  const [tag, length, ...name] = data ?? [];
  return tag === 0x5c && length === name.length && name.length <= 3 ? hexOf(name) : '';
}

function requestLine(apdu: Uint8Array, command: Command | undefined, sight: Sight): string {
  if (command === undefined) return `${apdu.length} bytes that are no APDU`;
  const header = hexOf([command.cla, command.ins, command.p1, command.p2]);
  const data = command.data ?? new Uint8Array(0);
  const le = command.le === undefined ? '' : ` le ${command.le}`;
  return `${header}${dataLabel(data, sight.request)}${le}`;
}

function replyLine(reply: Uint8Array, isShown: boolean, milliseconds: number): string {
  if (reply.length < 2) return `${reply.length} bytes that are no reply`;
  const { data, sw } = decodeResponse(reply);
  return `${hexOf([sw >> 8, sw & 0xff])} (${Math.round(milliseconds)} ms)${dataLabel(data, isShown)}`;
}

const dataLabel = (data: Uint8Array, isShown: boolean): string =>
  data.length === 0 ? '' : isShown ? ` ${hexOf(data)}` : ` [${data.length} bytes]`;

const hexOf = (bytes: Iterable<number>): string => Buffer.from([...bytes]).toString('hex');
