import { describe, expect, it } from 'vitest';
import { VirtualCard, type VirtualCardOptions } from '../../../signer-cli/demo/virtual-card/card.ts';
import { virtualReaderName, virtualTransport } from '../../../signer-cli/demo/virtual-card/transport.ts';
import { waitForCard } from '../../../src/signers/piv/wait.ts';
import { CARD_KEYS } from '../../support/card-keys.ts';

const [KEY_A, KEY_B] = CARD_KEYS;
const card = (options: Partial<VirtualCardOptions> = {}): VirtualCard =>
  new VirtualCard({ serial: 11_111_111, privateKey: KEY_A, ...options });
const cardB = (): VirtualCard => new VirtualCard({ serial: 22_222_222, privateKey: KEY_B });

describe('waitForCard', () => {
  it('gives the card that comes, or nothing when the time is over', async () => {
    const wanted = card();
    const transport = virtualTransport([cardB()]);
    expect(await waitForCard(transport, { serial: 22_222_222 })).toMatchObject({ serial: 22_222_222 });
    expect(await waitForCard(transport, { serial: wanted.serial, timeout: 0 })).toBeUndefined();
    const coming = waitForCard(transport, { serial: wanted.serial, timeout: 5_000 });
    transport.insert(virtualReaderName(1), wanted);
    expect(await coming).toMatchObject({ serial: wanted.serial, reader: virtualReaderName(1) });
    expect(await waitForCard(transport, { serial: 1, signal: AbortSignal.abort() })).toBeUndefined();
  });

  it('does not mind that there is no reader yet', async () => {
    const transport = virtualTransport([]);
    const coming = waitForCard(transport, { timeout: 5_000 });
    transport.insert('New Reader', card());
    expect(await coming).toMatchObject({ reader: 'New Reader' });
  });
});
