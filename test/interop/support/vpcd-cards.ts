import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AttachableCard,
  attachToVpcd,
  type VpcdAttachment,
} from '../../../signer-cli/demo/virtual-card/vpcd.ts';
import type { CardTransport } from '../../../src/signers/piv/transport.ts';
import type { PcscDaemon } from './pcscd.ts';

const LIMIT_MS = 10_000;

/**
 * Longer than the daemon takes to look at its readers again (0.4 s). A card that is pulled while it is used, and put back before the
 * daemon has looked, is not seen again by pcscd 1.9: no hand is that quick, but a test is.
 */
export const HAND_MS = 1_000;

/** Puts `card` into a slot of the daemon and waits until the daemon has seen it. Disposing pulls it. */
export async function insertCard(
  daemon: PcscDaemon,
  slot: 0 | 1,
  card: AttachableCard,
): Promise<VpcdAttachment> {
  // The daemon polls: it may not have noticed yet that the card of an earlier test is gone.
  await waitForCard(daemon.watcher, daemon.readers[slot], false);
  const attachment = await attachToVpcd(card, daemon.ports[slot]);
  try {
    await waitForCard(daemon.watcher, daemon.readers[slot], true);
  } catch (error) {
    await attachment[Symbol.asyncDispose]();
    throw error;
  }
  return attachment;
}

export async function waitForCard(transport: CardTransport, reader: string, hasCard: boolean): Promise<void> {
  for (let waited = 0; waited < LIMIT_MS; waited += 50) {
    const found = (await transport.readers()).find(({ name }) => name === reader);
    if (found?.hasCard === hasCard) return;
    await sleep(50);
  }
  throw new Error(`${reader}: no card ${hasCard ? 'appeared' : 'was removed'} in ${LIMIT_MS} ms`);
}
