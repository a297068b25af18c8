import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ClientError } from '../../src/client/error.ts';
import { siteOf } from '../../src/client/fetcher.ts';
import { memoryStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import { RepositorySimulator, simNow } from '../support/repository-simulator.ts';
import { testKey } from '../support/test-keys.ts';

const simulator = new RepositorySimulator();
simulator.delegate('targets', 'role1', { paths: ['role1/*'] });
simulator.addTarget('targets', 'other.txt', 'another artifact');
simulator.addTarget('role1', 'role1/file.txt', 'the real artifact');
simulator.bump('targets', 'role1');
simulator.bumpRoot(() => simulator.rotate('timestamp', testKey(7)));
simulator.bumpRoot();
simulator.bump();

type Files = Map<string, Uint8Array>;

/** The artifact as a client gets it, or the code it is refused with. Any other error fails the property. */
async function artifact(files: Files): Promise<string> {
  let last: Uint8Array | undefined;
  const fetch = (path: string): Promise<Uint8Array | undefined> => {
    last = files.get(path);
    return Promise.resolve(last);
  };
  const updater = new Updater({
    source: siteOf({ fetch }),
    trustedRoot: simulator.trustedRoot,
    store: memoryStore(),
    now: simNow,
  });
  try {
    const info = await updater.getTargetInfo('role1/file.txt');
    if (info === undefined) return 'TARGET_UNKNOWN';
    await updater.checkArtifact(info);
    return Buffer.from(last ?? []).toString();
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return error.code;
  }
}

const name = fc.constantFrom(...simulator.files.keys());
const change = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), to: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), bytes: fc.uint8Array({ maxLength: 8 }) }),
  fc.record({ kind: fc.constant('digit' as const), at: fc.nat(), digit: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ kind: fc.constant('swap' as const), name }),
  fc.record({ kind: fc.constant('drop' as const) }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function mutate(files: Files, path: string, how: Change): void {
  const bytes = Buffer.from(files.get(path) ?? []);
  const at = 'at' in how && bytes.length > 0 ? how.at % bytes.length : 0;
  switch (how.kind) {
    case 'flip':
      bytes[at] = (bytes[at] ?? 0) ^ how.to;
      files.set(path, bytes);
      break;
    case 'cut':
      files.set(path, bytes.subarray(0, at));
      break;
    case 'insert':
      files.set(path, Buffer.concat([bytes.subarray(0, at), how.bytes, bytes.subarray(at)]));
      break;
    case 'digit': {
      // A number changed and the document still well formed: versions, lengths, thresholds, dates, hashes.
      const digits = [...bytes.keys()].filter(i => /\d/.test(String.fromCharCode(bytes[i] ?? 0)));
      const place = digits[how.at % Math.max(1, digits.length)];
      if (place !== undefined) bytes[place] = 0x30 + how.digit;
      files.set(path, bytes);
      break;
    }
    case 'swap':
      files.set(path, simulator.files.get(how.name) ?? bytes);
      break;
    case 'drop':
      files.delete(path);
      break;
  }
}

it('the unchanged site gives the artifact', async () => {
  expect(await artifact(new Map(simulator.files))).toBe('the real artifact');
});

it('no change of any served file makes a client take a changed target, or fail without a code', async () => {
  const changes = fc.array(fc.tuple(name, change), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(changes, async list => {
      const files = new Map(simulator.files);
      for (const [path, how] of list) mutate(files, path, how);
      expect(await artifact(files)).toMatch(/^(the real artifact|[A-Z_]+)$/);
    }),
    { numRuns: 500, seed: 1 },
  );
});
