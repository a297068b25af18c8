import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type AttestedKey, attestationCa } from '../../signer-cli/demo/virtual-card/attestation-ca.ts';
import type { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import { certificateObject } from '../../signer-cli/demo/virtual-card/certificate.ts';
import { required } from '../../src/errors.ts';
import { CARD_KEYS } from '../support/card-keys.ts';
import {
  ask,
  generate,
  getObject,
  openedCard,
  putObject,
  selectedCard,
  sign,
  tlv,
  value,
  verifyPin,
} from './host.ts';

const x509 = (der: Uint8Array | string): X509Certificate => new X509Certificate(der);
const statement = (card: VirtualCard, slot = 0x9c): X509Certificate => x509(ask(card, 0xf9, slot).data);
const factory = (card: VirtualCard): X509Certificate =>
  x509(value(value(getObject(card, '5fff01').data, 0x53), 0x70));
const isUnder = (child: X509Certificate, parent: X509Certificate): boolean =>
  child.checkIssued(parent) && child.verify(parent.publicKey);
/** The content of one of Yubico's extensions, in hex. */
const extension = (certificate: X509Certificate, number: number): string | undefined =>
  new RegExp(`060a2b0601040182c40a03${number.toString(16).padStart(2, '0')}04(?<length>..)(?<rest>.*)`)
    .exec(certificate.raw.toString('hex'))
    ?.slice(1)
    .reduce((length, rest) => rest.slice(0, 2 * Number.parseInt(length, 16)));

describe('a card attests', () => {
  it('what it generated, up to the CA', () => {
    const card = openedCard({ serial: 12_345_678, firmware: [5, 7, 1] });
    generate(card, 0x11, 0x9c, Buffer.concat([tlv(0xaa, [2]), tlv(0xab, [3])]));
    const attested = statement(card);
    expect(attested.subject).toBe('CN=YubiKey PIV Attestation 9c');
    expect(attested.publicKey.equals(required(card.publicKey(), 'key'))).toBe(true);
    expect([3, 7, 8, 9].map(number => extension(attested, number))).toEqual([
      '050701',
      '020400bc614e',
      '0203',
      '01',
    ]);
    expect(isUnder(attested, factory(card))).toBe(true);
    expect(isUnder(factory(card), x509(attestationCa().certificate))).toBe(true);
    expect(factory(card).ca).toBe(true);
    expect(extension(factory(card), 3)).toBe('050701');
    // Each card has an attestation key of its own.
    expect(factory(selectedCard({ serial: 2 })).publicKey.equals(factory(card).publicKey)).toBe(false);
  });

  it('the same in the same bytes', () => {
    const [KEY_A] = CARD_KEYS;
    const [first, second] = [1, 1].map(serial => statement(selectedCard({ serial, privateKey: KEY_A })));
    expect(first?.raw.equals(required(second, 'second').raw)).toBe(true);
    expect(attestationCa().pem).toBe(attestationCa({}).pem);
    expect(attestationCa({ name: 'Another' }).pem).not.toBe(attestationCa().pem);
  });

  it('any slot and algorithm, but no empty slot, no imported key, not F9, not before 4.3', () => {
    const card = openedCard({ firmware: [5, 7, 1] });
    for (const [id, slot] of [
      [0x14, 0x9a],
      [0xe0, 0x82],
      [0x07, 0x95],
    ] as const) {
      generate(card, id, slot);
      expect(isUnder(statement(card, slot), factory(card))).toBe(true);
      expect(statement(card, slot).subject).toBe(`CN=YubiKey PIV Attestation ${slot.toString(16)}`);
    }
    card.putKey(0x9e, generateKeyPairSync('ed25519').privateKey, { origin: 'imported' });
    expect([0x9d, 0x9e, 0xf9, 0x04].map(slot => ask(card, 0xf9, slot).sw)).toEqual([
      '6a80',
      '6a80',
      '6a80',
      '6a80',
    ]);
    expect(ask(selectedCard({ firmware: [4, 2, 8] }), 0xf9, 0x9c).sw).toBe('6d00');
  });

  it('without a form factor before firmware 5', () => {
    const card = openedCard({ firmware: [4, 4, 5], serial: 7 });
    generate(card, 0x11, 0x9c);
    expect([3, 7, 9].map(number => extension(statement(card), number))).toEqual([
      '040405',
      '020107',
      undefined,
    ]);
  });

  it('under a key and certificate that were put into F9', () => {
    const card = openedCard();
    generate(card, 0x11, 0x9c);
    const other = attestationCa({ name: 'Own CA' });
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const device = other.device({ serial: 1, firmware: [5, 4, 3], privateKey: rsa, name: 'Own F9' });
    const { p, q, dp, dq, qi } = rsa.export({ format: 'jwk' });
    const parts = [p, q, dp, dq, qi].map((part, index) =>
      tlv(index + 1, Buffer.from(part ?? '', 'base64url')),
    );
    expect(ask(card, 0xfe, 0x07, 0xf9, Buffer.concat(parts)).sw).toBe('9000');
    expect(putObject(card, '5fff01', certificateObject(device.certificate))).toBe('9000');
    expect(isUnder(statement(card), x509(device.pem))).toBe(true);
    expect(putObject(card, '5fff01', Buffer.alloc(0))).toBe('9000');
    expect(ask(card, 0xf9, 0x9c).sw).toBe('6a80');
  });

  it('with its F9 key alone: that signs nothing else', () => {
    const card = selectedCard();
    expect(ask(card, 0xf7, 0, 0xf9).sw).toBe('9000');
    verifyPin(card);
    expect(sign(card, 0x11, 0xf9, Buffer.alloc(32)).sw).toBe('6a86');
  });

  it('untruths, where it is told to', () => {
    const card = openedCard({
      attested: { serial: 0xfedc_ba98, firmware: [9, 9, 9], pinPolicy: 1, formFactor: 5 },
    });
    generate(card, 0x11, 0x9c);
    expect([3, 7, 8, 9].map(number => extension(statement(card), number))).toEqual([
      '090909',
      '0204fedcba98', // 32 bits without a sign, as Yubico's top bit may be set
      '0101',
      '05',
    ]);
  });
});

describe('the test CA', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key: AttestedKey = {
    slot: 0x9c,
    publicKey,
    firmware: [5, 4, 3],
    serial: 9,
    pinPolicy: 3,
    touchPolicy: 2,
  };

  it('may stand under another, and be of any algorithm', () => {
    const root = attestationCa({
      name: 'Root',
      privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
    });
    const middle = attestationCa({
      name: 'Middle',
      issuedBy: root,
      privateKey: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
    });
    const device = middle.device({ serial: 9, firmware: [5, 7, 4] });
    const chain = [device.attest(key), device.certificate, middle.certificate, root.certificate].map(x509);
    const links = chain.map((child, index) => isUnder(child, chain[index + 1] ?? child));
    expect(links).toEqual([true, true, true, true]);
  });

  it('forges: each part can be made wrong', () => {
    const device = attestationCa().device({ serial: 9, firmware: [4, 3, 5], hasBasicConstraints: false });
    expect(x509(device.certificate).ca).toBe(false);
    const forged = x509(
      device.attest(key, {
        subject: 'Someone',
        issuer: 'No one',
        notAfter: '20170101000000Z',
        omit: [8],
        extensions: [{ id: '1.3.6.1.4.1.41482.3.3', value: Uint8Array.of(1, 2) }],
      }),
    );
    expect([forged.subject, forged.issuer, forged.validTo]).toEqual([
      'CN=Someone',
      'CN=No one',
      'Jan  1 00:00:00 2017 GMT',
    ]);
    expect([3, 7, 8].map(number => extension(forged, number))).toEqual(['0102', '020109', undefined]);
    const bySomeone = x509(
      device.attest(key, { signer: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }),
    );
    expect(bySomeone.checkIssued(x509(device.pem))).toBe(true);
    expect(bySomeone.verify(x509(device.pem).publicKey)).toBe(false);
  });
});
