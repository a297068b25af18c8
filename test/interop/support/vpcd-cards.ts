import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AttachableCard,
  attachToVpcd,
  type VpcdAttachment,
} from '../../../signer-cli/demo/virtual-card/vpcd.ts';
import { pcscTransport } from '../../../src/signers/piv/pcsc.ts';
import type { CardTransport } from '../../../src/signers/piv/transport.ts';
import type { PcscDaemon } from './pcscd.ts';

const LIMIT_MS = 10_000;

/** Puts `card` into a slot of the daemon and waits until the daemon has seen it. Disposing pulls it. */
export async function insertCard(
  daemon: PcscDaemon,
  slot: 0 | 1,
  card: AttachableCard,
): Promise<VpcdAttachment> {
  await using transport = pcscTransport();
  // The daemon polls: it may not have noticed yet that the card of an earlier test is gone.
  await waitForCard(transport, daemon.readers[slot], false);
  const attachment = await attachToVpcd(card, daemon.ports[slot]);
  await waitForCard(transport, daemon.readers[slot], true);
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
