import { createHash } from 'node:crypto';
import { repositoryOf, type TestRepository } from './tree-builder.ts';

/** `main`, an event on it that every quorum has signed, and what is published once that is merged. */
export interface FuzzTown {
  readonly main: TestRepository;
  readonly event: TestRepository;
  readonly published: TestRepository;
}

/** The roles whose documents are mutated. `bin` is delegated by hashes, `dev` by paths. */
export const fuzzRoles = ['root', 'targets', 'dev', 'bin', 'snapshot', 'timestamp'] as const;
export type FuzzRole = (typeof fuzzRoles)[number];

/** Who delegates. */
export const delegatorOf = (role: FuzzRole): 'root' | 'targets' =>
  role === 'dev' || role === 'bin' ? 'targets' : 'root';

const BINNED = 'bin/one.bin';
const prefix = createHash('sha256').update(BINNED).digest('hex').slice(0, 4);

/** Small, with something of everything: kinds of keys, delegations of both kinds, custom members, a change of keys. */
export function fuzzTown(): FuzzTown {
  const main = repositoryOf({
    signers: ['@alice:ed25519', '@bob:ed25519'],
    targets: { signers: ['@alice:ed25519', '@bob'], threshold: 1 },
    roles: {
      dev: { signers: ['@dave:ed25519'] },
      bin: { signers: ['@fred:rsa'], pathHashPrefixes: [prefix] },
    },
    artifacts: { 'tool.bin': 'one', 'dev/app.bin': 'one', [BINNED]: 'one' },
  });
  const event = main
    .fork()
    .artifact('tool.bin', 'two')
    .artifact('dev/app.bin', 'two')
    .artifact(BINNED, 'two')
    .updateTargets('targets')
    .updateTargets('dev')
    .updateTargets('bin')
    .edit('targets', ({ targets }) => {
      for (const file of Object.values(targets))
        file.custom = { note: ['\u00e9', { n: -7, deep: [[], {}, null] }] };
    })
    .rootRole('root', ['@alice:ed25519', '@bob:ed25519', '@dora:ed25519'], 2)
    .signAll('root', 'targets', 'dev', 'bin');
  return { main, event, published: event.fork().onlineSign() };
}

/** Who may sign a role in {@link FuzzTown.event}, as {@link keyOf} names them. */
export const fuzzSigners: Readonly<Record<FuzzRole, readonly string[]>> = {
  root: ['@alice:ed25519', '@bob:ed25519', '@dora:ed25519'],
  targets: ['@alice:ed25519', '@bob'],
  dev: ['@dave:ed25519'],
  bin: ['@fred:rsa'],
  snapshot: ['online'],
  timestamp: ['online'],
};
