import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type AttestationTrust,
  attestedFingerprint,
  verifyAttestation,
} from '../../src/attestation/verify.ts';
import { yubicoIntermediates, yubicoRoots } from '../../src/attestation/yubico.ts';
import type { Instant } from '../../src/clock.ts';
import { publicKeyFingerprint } from '../../src/metadata/key.ts';
import type { AttestationFault, Attested } from '../../src/policy/attestation.ts';
import { formatCertificatePem, parseCertificatePem } from '../../src/policy/pem.ts';
import {
  attest,
  type Made,
  makeCertificate,
  pemOf,
  statement,
  type TestVendor,
  testVendor,
} from '../support/attestation.ts';
import { fixturesFolder, haveFixtures } from '../support/fixtures.ts';
import { testKey } from '../support/test-keys.ts';
import { testNow } from '../support/tree-builder.ts';

const key = testKey(1).privateKey;
const fingerprint = publicKeyFingerprint(createPublicKey(key));
let vendor: TestVendor;
let trust: AttestationTrust;

beforeAll(async () => {
  vendor = await testVendor();
  trust = { certificates: [vendor.trusted], now: testNow };
});

const read = (name: string): Buffer => readFileSync(`${fixturesFolder}yubikey/${name}`);
const real = (serial: number): Buffer =>
  Buffer.concat([read(`${serial}_key_cert.pem`), read(`${serial}_device_cert.pem`)]);
const shippedOnly: AttestationTrust = { certificates: [], now: testNow };

describe.skipIf(!haveFixtures)('real attestations', () => {
  const rows: readonly [number, Omit<Attested, 'fingerprint'>][] = [
    [
      10550341,
      {
        serial: 10550341,
        firmware: [4, 4, 5],
        pinPolicy: 'always',
        touchPolicy: 'always',
        formFactor: undefined,
        ca: 'yubico',
      },
    ],
    [
      15743677,
      {
        serial: 15743677,
        firmware: [5, 2, 7],
        pinPolicy: 'always',
        touchPolicy: 'always',
        formFactor: 'usb-c-nano',
        ca: 'yubico',
      },
    ],
  ];
  it.each(rows)('%i verifies, with the key that its owner published', async (serial, expected) => {
    const own = publicKeyFingerprint(createPublicKey(read(`${serial}_pubkey.pem`)));
    expect(await verifyAttestation(real(serial), shippedOnly)).toEqual({
      ok: true,
      fingerprint: own,
      ...expected,
    });
  });

  it('does not verify with the certificate of another card, though that has the same name', async () => {
    const mixed = Buffer.concat([read('10550341_key_cert.pem'), read('15743677_device_cert.pem')]);
    expect(await verifyAttestation(mixed, shippedOnly)).toMatchObject({ ok: false, code: 'BAD_SIGNATURE' });
  });

  it('is expired once the certificates are', async () => {
    const now = Date.parse('2052-04-17T00:00:01Z') as Instant;
    expect(await verifyAttestation(real(15743677), { certificates: [], now })).toEqual({
      ok: false,
      code: 'EXPIRED',
      reason: '"CN=YubiKey PIV Attestation 9c" expired on 2052-04-17T00:00:00Z',
    });
    const before = Date.parse('2016-03-13T00:00:00Z') as Instant;
    expect(await verifyAttestation(real(15743677), { certificates: [], now: before })).toMatchObject({
      code: 'NOT_YET_VALID',
    });
  });

  it('refuses each one-bit change of a certificate, and each truncation', async () => {
    const [slot, card] = parseCertificatePem(real(15743677).toString()) as [Uint8Array, Uint8Array];
    for (let i = 0; i < slot.length; i += 7) {
      const changed = Buffer.from(slot);
      changed[i] = (changed[i] ?? 0) ^ (1 << (i % 8));
      expect((await verifyAttestation(pemOf(changed, card), shippedOnly)).ok, `byte ${i}`).toBe(false);
    }
    for (let length = 0; length < slot.length; length += 9) {
      const cut = pemOf(slot.subarray(0, length), card);
      expect((await verifyAttestation(cut, shippedOnly)).ok, `${length} bytes`).toBe(false);
    }
  });

  it('ships the certificates that Yubico publishes', () => {
    const published = [
      'yubico-piv-ca-1.pem',
      'piv-attestation-ca-old.pem',
      'yubico-ca-1.pem',
      'yubico-intermediate.pem',
    ]
      .flatMap(name => parseCertificatePem(read(name).toString()))
      .map(der => Buffer.from(der).toString('base64'));
    for (const { base64 } of [...yubicoRoots, ...yubicoIntermediates]) expect(published).toContain(base64);
  });
});

it('ships certificates of the fingerprints that it states', () => {
  for (const { fingerprint: stated, base64 } of [...yubicoRoots, ...yubicoIntermediates]) {
    expect(createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex')).toBe(stated);
  }
  expect(yubicoRoots.map(({ fingerprint: stated }) => stated.slice(0, 8))).toEqual([
    '63ece914',
    '7e996a28',
    '62760c6a',
  ]);
});

describe('verifyAttestation accepts', () => {
  type Row = readonly [string, () => Promise<Uint8Array>, Partial<Attested>];
  const rows: readonly Row[] = [
    ['slot and card', async () => pemOf(await attest(vendor, key), vendor.card), { serial: 0x01020304 }],
    [
      'a card of old firmware that does not say that it is a CA',
      async () => {
        const card = await makeCertificate({ name: 'Old card', by: vendor.root });
        return pemOf(await attest({ card }, key), card);
      },
      { firmware: [5, 7, 4] },
    ],
    [
      'CAs between card and root, in any order',
      async () => {
        const outer = await makeCertificate({ name: 'Outer', by: vendor.root, ca: true, pathLength: 2 });
        const inner = await makeCertificate({ name: 'Inner', by: outer, ca: true, pathLength: 1 });
        const card = await makeCertificate({ name: 'Card', by: inner, ca: true, pathLength: 0 });
        return pemOf(await attest({ card }, key), outer, card, inner);
      },
      {},
    ],
    [
      'a serial number with the top bit set',
      async () => pemOf(await attest(vendor, key, { serial: '0204ff000001' }), vendor.card),
      { serial: 0xff000001 },
    ],
    [
      'a serial number with the sign spelled out',
      async () => pemOf(await attest(vendor, key, { serial: '020500ff000001' }), vendor.card),
      { serial: 0xff000001 },
    ],
    [
      'policies of a key that needs nobody',
      async () => pemOf(await attest(vendor, key, { policy: '0101' }), vendor.card),
      { pinPolicy: 'never', touchPolicy: 'never' },
    ],
    [
      'a form factor of the FIPS series',
      async () => pemOf(await attest(vendor, key, { formFactor: '81' }), vendor.card),
      { formFactor: 'usb-a-keychain' },
    ],
    [
      'no form factor',
      async () => pemOf(await attest(vendor, key, { formFactor: undefined }), vendor.card),
      { formFactor: undefined },
    ],
    [
      'dates without end',
      async () => pemOf(await attest(vendor, key, {}, { notAfter: '9999-12-31T23:59:59Z' }), vendor.card),
      {},
    ],
  ];
  it.each(rows)('%s', async (_, make, expected) => {
    const result = await verifyAttestation(await make(), trust);
    expect(result).toMatchObject({ ok: true, fingerprint, ca: vendor.fingerprint, ...expected });
  });
});

describe('verifyAttestation refuses', () => {
  type Row = readonly [string, AttestationFault, string, () => Promise<Uint8Array>];
  const forge = async (by: Made): Promise<Made> => attest({ card: by }, key);
  const rows: readonly Row[] = [
    ['an empty file', 'MALFORMED', 'no certificate', async () => Buffer.alloc(0)],
    [
      'a private key',
      'MALFORMED',
      'no certificate in PEM',
      async () => Buffer.from('-----BEGIN PRIVATE KEY-----\n'),
    ],
    [
      'a text beside the certificates',
      'MALFORMED',
      'something that is no certificate',
      async () => Buffer.concat([Buffer.from('Trust me.\n'), pemOf(await attest(vendor, key), vendor.card)]),
    ],
    ['a slot alone', 'MALFORMED', 'not that of the card', async () => pemOf(await attest(vendor, key))],
    [
      'too many certificates',
      'MALFORMED',
      'more than 6',
      async () => pemOf(await attest(vendor, key), ...Array.from({ length: 6 }, () => vendor.card)),
    ],
    [
      'a truncated certificate',
      'MALFORMED',
      'certificate 2 can not be read',
      async () => pemOf(await attest(vendor, key), vendor.card.der.subarray(0, 200)),
    ],
    [
      'the card first',
      'MALFORMED',
      'names no firmware',
      async () => pemOf(vendor.card, await attest(vendor, key)),
    ],
    [
      'no serial number',
      'MALFORMED',
      'no serial number',
      async () => pemOf(await attest(vendor, key, { serial: undefined }), vendor.card),
    ],
    [
      'a serial number of 40 bits',
      'MALFORMED',
      'no serial number',
      async () => pemOf(await attest(vendor, key, { serial: '02050102030405' }), vendor.card),
    ],
    [
      'a PIN policy that nobody knows',
      'MALFORMED',
      'PIN and touch policy',
      async () => pemOf(await attest(vendor, key, { policy: '0902' }), vendor.card),
    ],
    [
      'a firmware of two numbers',
      'MALFORMED',
      'names no firmware',
      async () => pemOf(await attest(vendor, key, { firmware: '0507' }), vendor.card),
    ],
    [
      'a vendor that nobody trusts',
      'UNTRUSTED',
      'not trusted here',
      async () => {
        const other = await testVendor({}, 'Nobody');
        return pemOf(await attest(other, key), other.card, other.root);
      },
    ],
    [
      'a root of the same name with another key',
      'BAD_SIGNATURE',
      'is not one by',
      async () => {
        const other = await testVendor();
        return pemOf(await attest(other, key), other.card);
      },
    ],
    [
      'that root, brought along',
      'BAD_SIGNATURE',
      'is not one by',
      async () => {
        const other = await testVendor();
        return pemOf(await attest(other, key), other.card, other.root);
      },
    ],
    [
      "a slot's certificate under the name of the card, signed by somebody else",
      'BAD_SIGNATURE',
      'is not one by',
      async () => {
        const fake = await makeCertificate({ name: vendor.card.name, by: vendor.card });
        return pemOf(await forge(fake), vendor.card);
      },
    ],
    [
      'a key that a card attested, used to attest another',
      'NOT_A_CA',
      'itself the certificate of a slot',
      async () => {
        const slot = await makeCertificate({ name: 'Slot', by: vendor.card, extensions: statement() });
        return pemOf(await forge(slot), slot, vendor.card);
      },
    ],
    [
      'a certificate that a card made beside its attestations',
      'NOT_A_CA',
      'makes no certificates of cards',
      async () => {
        const made = await makeCertificate({ name: 'Made', by: vendor.card });
        return pemOf(await forge(made), made, vendor.card);
      },
    ],
    [
      'a card that says that it is no CA',
      'NOT_A_CA',
      'is no CA',
      async () => {
        const card = await makeCertificate({ name: 'Card', by: vendor.root, ca: false });
        return pemOf(await attest({ card }, key), card);
      },
    ],
    [
      'a CA above the card that does not say that it is one',
      'NOT_A_CA',
      'is no CA',
      async () => {
        const inner = await makeCertificate({ name: 'Inner', by: vendor.root });
        const card = await makeCertificate({ name: 'Card', by: inner, ca: true });
        return pemOf(await attest({ card }, key), card, inner);
      },
    ],
    [
      'the root itself as the card',
      'UNTRUSTED',
      'not trusted here',
      async () => {
        const slot = await attest({ card: vendor.root }, key);
        return pemOf(slot, vendor.card);
      },
    ],
    [
      'an expired card',
      'EXPIRED',
      'expired on 2030-05-31T23:59:59Z',
      async () => {
        const card = await makeCertificate({
          name: 'Card',
          by: vendor.root,
          ca: true,
          notAfter: '2030-05-31T23:59:59Z',
        });
        return pemOf(await attest({ card }, key), card);
      },
    ],
    [
      'a card of tomorrow',
      'NOT_YET_VALID',
      'not valid before 2030-06-02',
      async () => {
        const card = await makeCertificate({
          name: 'Card',
          by: vendor.root,
          ca: true,
          notBefore: '2030-06-02T00:00:00Z',
        });
        return pemOf(await attest({ card }, key), card);
      },
    ],
    [
      'a CA of another trade of the vendor',
      'UNTRUSTED',
      'not trusted here',
      async () => {
        const card = await makeCertificate({
          name: 'Card',
          by: vendor.root,
          issuerName: 'Yubico FIDO Attestation A 1',
          ca: true,
        });
        return pemOf(await attest({ card }, key), card);
      },
    ],
  ];
  it.each(rows)('%s: %s', async (_, code, reason, make) => {
    const result = await verifyAttestation(await make(), trust);
    expect(result).toMatchObject({ ok: false, code, reason: expect.stringContaining(reason) as string });
  });

  it('whatever else a file may hold, without an error', async () => {
    const good = Buffer.from(pemOf(await attest(vendor, key), vendor.card));
    const [slot = new Uint8Array()] = parseCertificatePem(good.toString());
    const changed = fc
      .tuple(fc.nat(slot.length - 1), fc.uint8Array({ minLength: 1, maxLength: 4 }))
      .map(([at, bytes]) => {
        const copy = Buffer.from(slot);
        copy.set(bytes.subarray(0, copy.length - at), at);
        return copy;
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }), changed), async der => {
        const result = await verifyAttestation(
          Buffer.from(formatCertificatePem([der, vendor.card.der])),
          trust,
        );
        // What lies around the signed part may be spelled otherwise; what is said may not.
        if (result.ok) expect(result).toEqual(await verifyAttestation(good, trust));
      }),
      { numRuns: 300 },
    );
  });
});

it('says which key a slot is of', async () => {
  expect(attestedFingerprint((await attest(vendor, key)).der)).toBe(fingerprint);
  expect(attestedFingerprint(Buffer.from('no'))).toBeUndefined();
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const slot = await attest(vendor, rsa.publicKey);
  expect(attestedFingerprint(slot.der)).toBe(publicKeyFingerprint(rsa.publicKey));
});
