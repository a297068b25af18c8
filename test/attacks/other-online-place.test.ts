import { describe, expect } from 'vitest';
import { onlineSigner } from '../../signer-cli/run-context.ts';
import { onlineSign } from '../../src/operations/online-sign.ts';
import { testKey } from '../support/test-keys.ts';
import { cardKey, drafted, files, pushToMain, read, signed, type Wire } from './attacker.ts';
import { attack, type Run, type Scene } from './scene.ts';

/** Root whose online key is that of `uri`, signed by those. */
function pointedTo(scene: Scene, uri: string, ...names: readonly ('alice' | 'bob')[]): Wire['root'] {
  const key = testKey(990, { onlineUri: uri });
  const root = drafted(read(scene.world, 'root'), draft => {
    for (const role of ['snapshot', 'timestamp'] as const) {
      for (const id of draft.roles[role].keyids) delete draft.keys[id];
      draft.roles[role].keyids = [key.keyid];
    }
    draft.keys[key.keyid] = key.raw;
  });
  return signed(root, ...names.map(cardKey));
}

/** The command's own signer, with a note of every URI that it was led to. */
async function signWhereRootPoints(scene: Scene): Promise<Run & { readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const outputs = { say: () => undefined } as unknown as Parameters<typeof onlineSigner>[1]['output'];
  const context = { output: outputs, environment: { TUF_SIGNER_KEYS: scene.world.keyOptions().folder } };
  const signer = onlineSigner({ repo: '.' }, context as unknown as Parameters<typeof onlineSigner>[1]);
  try {
    const { refusals } = await scene.world.in(scene.world.automation, workspace =>
      onlineSign(workspace, {
        sign: (key, payload) => {
          asked.push(key.onlineUri ?? '');
          return signer.sign(key, payload);
        },
      }),
    );
    return {
      done: refusals.length === 0,
      rules: refusals.map(({ rule }) => rule),
      refusal: undefined,
      asked,
    };
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    return { done: false, rules: [], refusal: { code: code ?? '', message }, asked };
  }
}

const places: readonly (readonly [string, RegExp])[] = [
  ['file:/etc/ssl/private/host.pem', /there is no|cannot|can not|not there|ENOENT|no file/i],
  ['piv:serial=10000001', /an online key can not be on a card/],
  ['gcpkms:projects/mallory/key/1', /is no signer that is supported here/],
  ['https://mallory.example/sign', /is no signer that is supported here/],
];

/**
 * Root says where the automation finds its key, and the automation goes there with its rights. Mallory would have it go
 * to a key service of her own, or open a file of the machine that it runs on.
 */
describe('an online key that lies elsewhere', () => {
  for (const [uri, words] of places) {
    attack(`(${uri}) is nowhere that automation goes without root's quorum`, async scene => {
      const client = scene.client();
      expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
      scene.world.push(files({ root: pointedTo(scene, uri) }));
      const page = await scene.page();
      expect([page.verdict, page.rules]).toEqual(['pending', ['root-quorum']]);
      expect(page.markdown).toContain(uri.split(':')[0]);
      const seen = await scene.sign('alice', undefined, question => !question.startsWith('Sign'));
      expect([seen.signed, seen.refusal?.code]).toEqual([[], 'DECLINED']);
      expect(seen.screen.replaceAll(/\s+/g, '')).toContain(uri);
      scene.world.merge();
      const run = await signWhereRootPoints(scene);
      expect([run.done, run.rules[0], run.asked]).toEqual([false, 'root-quorum', []]);
      expect((await scene.publish()).done).toBe(false);
      expect(await client.download('tools/greet.sh')).toBe('echo hello\n');
    });

    attack(`(${uri}), if the quorum was talked into it, gives nothing away`, async scene => {
      pushToMain(scene.world, files({ root: pointedTo(scene, uri, 'alice', 'bob') }));
      const before = scene.world.refs();
      const run = await signWhereRootPoints(scene);
      expect(run.done).toBe(false);
      expect(run.asked).toEqual([uri]);
      expect(run.refusal?.message).toMatch(words);
      expect(scene.world.refs()).toBe(before);
    });
  }
});
