import { access, constants } from 'node:fs/promises';
import { CardError } from '../../signers/piv/error.ts';
import type { CardTransport, ReaderInfo } from '../../signers/piv/transport.ts';
import { type Check, fail, ok } from './check.ts';

/** Where pcscd listens on Linux, unless PCSCLITE_CSOCK_NAME names another. Source: pcsclite(7). */
export const PCSCD_SOCKET = '/run/pcscd/pcscd.comm';

/** What the machine's card service says, and the readers where it answers. */
export async function checkService(
  transport: CardTransport,
  socket: string | undefined,
): Promise<{ readonly checks: readonly Check[]; readonly readers: readonly ReaderInfo[] }> {
  let readers: readonly ReaderInfo[];
  try {
    readers = await transport.readers();
  } catch (error) {
    if (!(error instanceof CardError)) throw error;
    return { checks: [await unreachable(error, socket)], readers: [] };
  }
  const service = ok('pcsc', 'the card service (PC/SC) is running and lets you in');
  if (readers.length > 0) {
    const names = readers.map(({ name, hasCard }) => (hasCard ? name : `${name} (empty)`));
    return { checks: [service, ok('reader', `readers: ${names.join(', ')}`)], readers };
  }
  const none = fail(
    'reader',
    'no card reader and no security key is connected',
    'plug one in; if it is, see that its CCID interface is on (ykman config usb --list) and that no VM or gpg holds it',
  );
  return { checks: [service, none], readers };
}

/** Not running, or not for this user? The socket tells them apart where there is one. */
async function unreachable({ message }: CardError, socket: string | undefined): Promise<Check> {
  const denied = fail(
    'pcsc',
    'the card service (pcscd) is there, but does not let you in',
    'give your user access (a polkit rule for org.debian.pcsc-lite.access_pcsc, or group pcscd), then log in anew',
  );
  if (socket === undefined)
    return fail('pcsc', message, 'see that the smart card service of this system is running');
  try {
    await access(socket, constants.R_OK | constants.W_OK);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'EACCES') return denied;
    return fail(
      'pcsc',
      'the card service (pcscd) is not running',
      'install pcscd, then: systemctl enable --now pcscd.socket',
    );
  }
  return fail('pcsc', message, 'restart it: systemctl restart pcscd.socket pcscd');
}
