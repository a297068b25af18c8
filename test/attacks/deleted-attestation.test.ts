import { describe, expect } from 'vitest';
import { attest, pemOf, type TestVendor, testVendor } from '../support/attestation.ts';
import { cardKey, drafted, files, pushToMain, read, signed, strangeKey } from './attacker.ts';
import { enforce } from './policy-in-force.ts';
import { attack, type Scene } from './scene.ts';

const vendor = testVendor();

const policyOf = ({ fingerprint, root }: TestVendor): string => {
  const pem = Buffer.from(pemOf(root)).toString().trim().replaceAll('\n', '\n      ');
  return `version: 1\nattestation:\n  default: require\n  ca: ["${fingerprint}"]\n  certificates:\n    - |\n      ${pem}\n`;
};

const fileOf = (keyid: string): string => `metadata/attestations/${keyid}.pem`;
const [bob, carol] = [cardKey('bob'), cardKey('carol')];

/** Cards are asked for by policy, and bob's and carol's keys are attested on main. */
async function attested(scene: Scene): Promise<void> {
  const made = await vendor;
  await enforce(scene, policyOf(made));
  const slots = [
    await attest(made, bob.privateKey),
    await attest(made, carol.privateKey, { serial: '020401020305' }),
  ];
  pushToMain(scene.world, {
    [fileOf(bob.keyid)]: pemOf(...slots.slice(0, 1), made.card),
    [fileOf(carol.keyid)]: pemOf(...slots.slice(1), made.card),
  });
  expect((await scene.signOnline()).done).toBe(true);
}

async function expectRefused(scene: Scene, words: string | RegExp): Promise<void> {
  const page = await scene.page();
  expect([page.verdict, page.rules.includes('attestation')]).toEqual(['rejected', true]);
  const told = page.reasons.filter(({ rule }) => rule === 'attestation').map(({ message }) => message);
  expect(told.join('\n')).toMatch(words);
  const seen = await scene.sign('alice');
  expect([seen.signed, seen.refusal?.code]).toEqual([[], 'REFUSED']);
  expect(page.markdown).toContain('`attestation`');
}

/**
 * The policy asks for keys that a card has made and keeps. Mallory, who would bring a key from a file, or have it forgotten which card
 * holds one, changes what stands in metadata/attestations/. It is nothing that clients read: what is at stake is what
 * the signers of the next event are told.
 */
describe('an attestation that', () => {
  attack('is deleted while its key is in use is refused', async scene => {
    await attested(scene);
    scene.world.push({ [fileOf(bob.keyid)]: null });
    await expectRefused(scene, `metadata/attestations/${bob.keyid}.pem was removed while the key is in use`);
  });

  attack("is put in another key's place is refused", async scene => {
    await attested(scene);
    const slot = scene.world.remote.git('show', `main:${fileOf(bob.keyid)}`);
    scene.world.push({ [fileOf(carol.keyid)]: `${slot}\n` });
    await expectRefused(scene, /was changed while the key is in use[^]*is of another key/);
  });

  for (const [name, words, pem] of [
    [
      'another vendor made',
      'does not verify',
      async (key: typeof bob) => {
        const forged = await testVendor();
        return pemOf(await attest(forged, key.privateKey), forged.card);
      },
    ],
    [
      'is of another key',
      'is of another key',
      async () => {
        const made = await vendor;
        return pemOf(await attest(made, bob.privateKey), made.card);
      },
    ],
    ['is not there', 'joins without the attestation that the policy asks for', async () => null],
  ] as const) {
    attack(`${name} lets no key join, whoever signed it in`, async scene => {
      await attested(scene);
      const mallory = strangeKey('mallory');
      const targets = drafted(read(scene.world, 'targets'), ({ delegations }) => {
        delegations.keys[mallory.keyid] = mallory.raw;
        for (const role of delegations.roles) role.keyids.push(mallory.keyid);
      });
      const tools = drafted(read(scene.world, 'tools'));
      const documents = {
        targets: signed(targets, cardKey('alice'), bob),
        tools: signed(tools, bob, carol, mallory),
      };
      scene.world.push({ ...files(documents), ...(await withFile(mallory.keyid, pem(mallory))) });
      await expectRefused(scene, words);
    });
  }
});

async function withFile(keyid: string, pem: Promise<Uint8Array | null>): Promise<Record<string, Uint8Array>> {
  const bytes = await pem;
  return bytes === null ? {} : { [fileOf(keyid)]: bytes };
}
