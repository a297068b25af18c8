import { connect, type Socket } from 'node:net';
import { YUBIKEY_ATR } from './card.ts';
import type { CardAnswer } from './faults.ts';

/** Where `vpcd` listens for its first slot; the second is one higher. Source: vsmartcard documentation. */
export const VPCD_PORT = 35_963;

/** One byte commands of the protocol. Source: vsmartcard documentation, "virtual smart card protocol". */
const CONTROL = { off: 0, on: 1, reset: 2, atr: 4 } as const;
const LENGTH_BYTES = 2;

/** What can be put into a slot: a {@link VirtualCard}, or something that stands in for one. */
export interface AttachableCard {
  /** `undefined`: never answers. */
  process(apdu: Uint8Array): Uint8Array | undefined;
  /** In place of `process`, where it is there. */
  respond?(apdu: Uint8Array): Promise<CardAnswer>;
  reset(): void;
}

export interface VpcdAttachment extends AsyncDisposable {
  /** Resolves when the daemon has hung up, or after disposing. */
  readonly closed: Promise<void>;
}

/**
 * Puts a virtual card into a slot of a real pcscd through vpcd: connects to the slot's port and answers until disposed of, which
 * pulls the card. Messages are a 16-bit big-endian length and that many bytes, either way; vpcd writes the two apart, so that
 * each APDU waits 40 ms for a delayed TCP acknowledgement. Throws the socket's error.
 */
export async function attachToVpcd(
  card: AttachableCard,
  port: number = VPCD_PORT,
  host = '127.0.0.1',
): Promise<VpcdAttachment> {
  const socket = connect({ port, host, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const closed = new Promise<void>(resolve => {
    socket.once('close', () => {
      resolve();
    });
  });
  // A daemon that goes away resets the connection: then 'close' follows, and that is all there is to know.
  socket.on('error', () => undefined);
  serve(card, socket);
  return {
    closed,
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      await closed;
    },
  };
}

function serve(card: AttachableCard, socket: Socket): void {
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      if (pending.length < LENGTH_BYTES) return;
      const end = LENGTH_BYTES + pending.readUInt16BE();
      if (pending.length < end) return;
      const message = pending.subarray(LENGTH_BYTES, end);
      pending = pending.subarray(end);
      void respond(card, message).then(answer => {
        if (answer === 'pulled') socket.destroy();
        else if (answer !== 'silence') socket.write(frame(answer));
      });
    }
  });
}

/** The daemon waits for an answer before it sends the next APDU, but may cut the power at any time. */
async function respond(card: AttachableCard, message: Uint8Array): Promise<CardAnswer> {
  const [control] = message;
  if (message.length !== 1) return card.respond?.(message) ?? card.process(message) ?? 'silence';
  if (control === CONTROL.atr) return YUBIKEY_ATR;
  if (control === CONTROL.off || control === CONTROL.on || control === CONTROL.reset) card.reset();
  return 'silence';
}

function frame(bytes: Uint8Array): Uint8Array {
  const head = Buffer.alloc(LENGTH_BYTES);
  head.writeUInt16BE(bytes.length);
  return Buffer.concat([head, bytes]);
}
