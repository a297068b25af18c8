import { expect } from 'vitest';
import { computeKeyid } from '../../src/metadata/key.ts';
import { personKey } from '../../src/repository/documents.ts';
import { attestationFile } from '../../src/repository/tree.ts';
import { scenario } from '../support/lifecycle.ts';
import { rotate } from '../support/rotation.ts';
import { type TestWorld, UPDATE } from '../support/world.ts';

const attestations = (world: TestWorld, branch: string): readonly string[] =>
  world.remote.git('ls-tree', '--name-only', branch, 'metadata/attestations/').split('\n');

const keyidOf = async (world: TestWorld): Promise<string> => {
  const bob = world.person('bob');
  await using signer = bob.signer();
  const { keytype, scheme, public: text } = await signer.readPublicKey();
  return `metadata/${attestationFile(computeKeyid(personKey({ keytype, scheme, public: text }, bob.owner)))}`;
};

scenario(
  'bob changes to a new card in every role that he signs, and signs with it from then on',
  async life => {
    const { world } = life;
    const bob = world.person('bob');
    const oldFile = await keyidOf(world);
    expect(attestations(world, 'main')).toContain(oldFile);
    bob.insert(bob.newCard);
    const newFile = await keyidOf(world);
    bob.insert(bob.card, bob.newCard);
    await rotate(world, 'bob');
    // What the new card says of itself came along, and what the old one said went.
    expect(attestations(world, UPDATE)).toContain(newFile);
    expect(attestations(world, UPDATE)).not.toContain(oldFile);
    for (const name of ['alice', 'carol'] as const) await world.sign(name);
    await life.live();

    world.push({ 'targets/tools/greet.sh': 'echo hello, by a new card' });
    await world.updateTargets();
    bob.insert(bob.card);
    await expect(world.sign('bob')).rejects.toMatchObject({ code: 'NO_SIGNER' });
    bob.insert(bob.newCard);
    for (const name of ['bob', 'carol'] as const) await world.sign(name);
    await life.live();
  },
);
