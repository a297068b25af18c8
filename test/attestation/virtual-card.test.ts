import { createHash, createPrivateKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { attestationCa } from '../../signer-cli/demo/virtual-card/attestation-ca.ts';
import { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import { virtualTransport } from '../../signer-cli/demo/virtual-card/transport.ts';
import { cardSigner } from '../../signer-cli/personal-signer.ts';
import { verifyAttestation } from '../../src/attestation/verify.ts';
import { type Instant, parseInstant } from '../../src/clock.ts';
import { required } from '../../src/errors.ts';
import { attestationPem } from '../../src/signers/piv/facts.ts';
import { generateSlotKey } from '../../src/signers/piv/generate.ts';
import { parsePivUri } from '../../src/signers/piv/uri.ts';
import { CARD_KEYS, scriptedPrompts } from '../support/card-keys.ts';

const now = parseInstant('2030-06-01T00:00:00Z') as Instant;
const SERIAL = 3_000_000_001; // the top bit is set
const ca = attestationCa({ name: 'A vendor of tests' });

async function generatedCard(): Promise<{ readonly card: VirtualCard; readonly fingerprint: string }> {
  const card = new VirtualCard({ serial: SERIAL, firmware: [5, 7, 4], attestationCa: ca });
  const transport = virtualTransport([card]);
  const reader = required((await transport.readers())[0], 'reader').name;
  const { key } = await generateSlotKey(
    transport,
    { reader, serial: SERIAL, firmware: [5, 7, 4] },
    {
      slot: '9c',
      algorithm: 'P-256',
      pinPolicy: 'always',
      touchPolicy: 'never',
      commonName: 'TUF',
      notBefore: now,
      notAfter: (now + 1_000_000_000) as Instant,
      pin: Buffer.from('123456'),
    },
  );
  return { card, fingerprint: key.fingerprint };
}

const signerOf = (card: VirtualCard): ReturnType<typeof cardSigner> =>
  cardSigner(virtualTransport([card]), scriptedPrompts([]), parsePivUri('piv:'));

describe('the attestation that a card gives to who joins', () => {
  it('verifies under the CA of its vendor, and says what the card is', async () => {
    const { card, fingerprint } = await generatedCard();
    await using signer = signerOf(card);
    const attestation = required(await signer.readAttestation?.(), 'attestation');
    const pem = Buffer.from(attestationPem(attestation));
    const trusted = {
      der: ca.certificate,
      fingerprint: createHash('sha256').update(ca.certificate).digest('hex'),
    };
    expect(await verifyAttestation(pem, { certificates: [trusted], now })).toMatchObject({
      ok: true,
      serial: SERIAL,
      fingerprint,
      pinPolicy: 'always',
      touchPolicy: 'never',
      ca: trusted.fingerprint,
    });
    expect(await verifyAttestation(pem, { certificates: [], now })).toMatchObject({
      ok: false,
      code: 'UNTRUSTED',
    });
  });

  it('is none for a key that was brought onto the card', async () => {
    const card = new VirtualCard({ serial: SERIAL, attestationCa: ca });
    card.putKey(0x9c, createPrivateKey(CARD_KEYS[0]), { origin: 'imported' });
    await using signer = signerOf(card);
    expect(await signer.readAttestation?.()).toBeUndefined();
  });
});
