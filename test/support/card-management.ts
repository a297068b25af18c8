import { VirtualCard, type VirtualCardOptions } from '../../signer-cli/demo/virtual-card/card.ts';
import { virtualReaderName } from '../../signer-cli/demo/virtual-card/transport.ts';
import { type Instant, parseInstant } from '../../src/clock.ts';
import { required } from '../../src/errors.ts';
import type { Firmware } from '../../src/signers/piv/applet.ts';
import type { GenerateInput } from '../../src/signers/piv/generate.ts';
import type { ChosenCard } from '../../src/signers/piv/manage.ts';

export const READER: string = virtualReaderName(0);
const SERIAL = 7;
/** Has everything: metadata, AES management keys, all algorithms. */
export const NEW: Firmware = [5, 7, 1];

export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

/** The card of {@link newCard}, as somebody chose it. */
export const chosen = (firmware: Firmware = NEW): ChosenCard => ({
  reader: READER,
  serial: SERIAL,
  firmware,
});

export const newCard = (options: Partial<VirtualCardOptions> = {}): VirtualCard =>
  new VirtualCard({ serial: SERIAL, firmware: NEW, ...options });

const instant = (text: string): Instant => required(parseInstant(text), text);

/** A P-256 key for slot 9c; the PIN is to be added. */
export const GENERATE: Pick<GenerateInput, 'commonName' | 'notBefore' | 'notAfter'> & {
  readonly slot: '9c';
  readonly algorithm: 'P-256';
} = {
  slot: '9c',
  algorithm: 'P-256',
  commonName: 'tuf-signer',
  notBefore: instant('2026-01-01T00:00:00Z'),
  notAfter: instant('2036-01-01T00:00:00Z'),
};
