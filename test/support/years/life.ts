import { DAY_MS } from '../../../src/clock.ts';
import { parseDocument } from '../../../src/metadata/document.ts';
import { SNAPSHOT, TIMESTAMP } from '../../../src/metadata/names.ts';
import { NOW } from '../world.ts';
import { CHAPTERS } from './chapters.ts';
import { LivingRepository } from './living-repository.ts';
import { seededRandom } from './random.ts';

/** The repository at one moment of its life. */
export interface Moment {
  readonly repository: LivingRepository;
  /** Days since it was founded. */
  readonly age: number;
  /** Some artifact, with what clients have to get; `undefined`: there is none by that name. */
  readonly artifact: { readonly path: string; readonly content: string | undefined };
}

export interface LifeOptions {
  readonly seed: number;
  readonly days: number;
  /** About as many are merged in that time, and no fewer. */
  readonly events: number;
  /** After each event that was merged and published. */
  readonly onPublished: (moment: Moment) => Promise<void>;
  /** Whenever something that clients need has expired. */
  readonly onNeglected?: (moment: Moment) => Promise<void>;
}

/** A life that was lived. */
export interface Life {
  readonly repository: LivingRepository;
  /** How often each chapter was told. */
  readonly told: ReadonlyMap<string, number>;
  /** `2 of @ada, @ben`, by role. */
  signersOnMain(): ReadonlyMap<string, string>;
  signersAsked(): ReadonlyMap<string, string>;
}

/**
 * Lets a repository live: after each pause one of the chapters that were told least. What fails is thrown with the seed, by
 * which all of it comes again.
 */
export async function live(folder: string, options: LifeOptions): Promise<Life> {
  const random = seededRandom(options.seed);
  let names: ReadonlySet<string> = new Set();
  let chapter = 'it is founded';
  const told = new Map<string, number>();
  const momentOf = (repository: LivingRepository): Moment => {
    const artifacts = [...repository.circles.values()].flatMap(circle => [...circle.artifacts]);
    const [path, content] = artifacts.length === 0 ? (['none', undefined] as const) : random.pick(artifacts);
    const age = Math.round((repository.world.clock.time - NOW) / DAY_MS);
    return { repository, age, artifact: { path, content } };
  };
  const published = async (repository: LivingRepository): Promise<void> => {
    const now = namesInSnapshot(repository);
    const dropped = [...names].filter(name => !now.has(name));
    if (dropped.length > 0) throw new Error(`snapshot no longer names ${dropped.join(', ')}`);
    names = now;
    await options.onPublished(momentOf(repository));
  };
  const neglected = async (repository: LivingRepository): Promise<void> =>
    options.onNeglected?.(momentOf(repository));
  let repository: LivingRepository | undefined;
  try {
    repository = await LivingRepository.found(folder, random, { published, neglected });
    for (;;) {
      const daysLeft = options.days - momentOf(repository).age;
      const eventsLeft = options.events - repository.merged;
      if (daysLeft <= 0 && eventsLeft <= 0) break;
      const pause = Math.max(8, Math.round(daysLeft / Math.max(1, eventsLeft)));
      chapter = 'a renewal';
      await repository.wait(random.between(Math.ceil(pause / 2), Math.min(44, Math.ceil(pause * 1.5))));
      chapter = await tellOne(repository, told);
    }
  } catch (cause) {
    const when = repository === undefined ? 0 : momentOf(repository).age;
    throw new Error(`seed ${options.seed}, day ${when}, after ${chapter}`, { cause });
  }
  const lived = repository;
  return {
    repository: lived,
    told,
    signersOnMain: () => signersOnMain(lived),
    signersAsked: () =>
      new Map([...lived.circles].map(([role, { signers, threshold }]) => [role, said(threshold, signers)])),
  };
}

/** Gives the name of the chapter. */
async function tellOne(repository: LivingRepository, told: Map<string, number>): Promise<string> {
  const possible = CHAPTERS.filter(one => one.possible(repository));
  const least = Math.min(...possible.map(({ name }) => told.get(name) ?? 0));
  const { name, perform } = repository.random.pick(
    possible.filter(one => (told.get(one.name) ?? 0) === least),
  );
  told.set(name, least + 1);
  try {
    await perform(repository);
  } catch (cause) {
    throw new Error(`while ${name}`, { cause });
  }
  return name;
}

const said = (threshold: number, names: readonly string[]): string =>
  `${threshold} of ${[...names].sort().join(', ')}`;

function namesInSnapshot({ world }: LivingRepository): ReadonlySet<string> {
  const { signed } = parseDocument(Buffer.from(world.remote.git('show', 'main:metadata/snapshot.json')));
  return signed.type === 'snapshot' ? new Set(signed.meta.keys()) : new Set();
}

function signersOnMain({ world, circles }: LivingRepository): ReadonlyMap<string, string> {
  const signers = new Map<string, string>();
  for (const delegator of circles.keys()) {
    const { signed } = parseDocument(
      Buffer.from(world.remote.git('show', `main:metadata/${delegator}.json`)),
    );
    if (signed.type !== 'root' && signed.type !== 'targets') continue;
    for (const [role, { keyids, threshold }] of signed.delegations?.roles ?? []) {
      if (role === SNAPSHOT || role === TIMESTAMP) continue;
      const owners = [...keyids].map(keyid => signed.delegations?.keys.get(keyid)?.owner?.slice(1) ?? '?');
      signers.set(role, said(threshold, owners));
    }
  }
  return signers;
}
