import { ROOT, TARGETS } from '../../../src/metadata/names.ts';
import type { LivingRepository } from './living-repository.ts';

/** Something that happens to a repository in its life. It is all over, merged and published, when `perform` is. */
export interface Chapter {
  readonly name: string;
  /** Can it happen now? */
  readonly possible: (repository: LivingRepository) => boolean;
  readonly perform: (repository: LivingRepository) => Promise<void>;
}

/** People that a role can do without: two beside those that its threshold asks for. */
const MARGIN = 2;
const MOST_SIGNERS = 4;
const MOST_ROLES = 6;
/** Events that the first year has at least: then nobody is on holiday. */
const FIRST_YEAR = 12;
const ROLE_NAMES = ['tools', 'docs', 'images', 'fonts', 'drivers', 'maps'] as const;

const rolesOf = (repository: LivingRepository): readonly string[] => [...repository.circles.keys()];
const isTop = (role: string): boolean => role === ROOT || role === TARGETS;
const delegatedRoles = (repository: LivingRepository): readonly string[] =>
  rolesOf(repository).filter(role => !isTop(role));

/** Roles that have room for another signer, or that can do without one. */
const joinable = (repository: LivingRepository): readonly string[] =>
  rolesOf(repository).filter(role => repository.circle(role).signers.length < MOST_SIGNERS);
const leavable = (repository: LivingRepository): readonly string[] =>
  rolesOf(repository).filter(role => {
    const { signers, threshold } = repository.circle(role);
    return signers.length >= threshold + MARGIN;
  });

const outsiders = (repository: LivingRepository, role: string): readonly string[] =>
  repository.members
    .filter(({ name, canSign }) => canSign && !repository.circle(role).signers.includes(name))
    .map(({ name }) => name);

/** Everybody's roles. */
const rolesWith = (repository: LivingRepository, name: string): readonly string[] =>
  rolesOf(repository).filter(role => repository.circle(role).signers.includes(name));

async function join(repository: LivingRepository): Promise<void> {
  const { random } = repository;
  const role = random.pick(joinable(repository));
  const event = repository.newEvent('join');
  const newcomer = random.pick(outsiders(repository, role));
  await repository.ask(event, role, { signers: [...repository.circle(role).signers, newcomer] });
  await repository.settle(event);
}

async function leave(repository: LivingRepository): Promise<void> {
  const role = repository.random.pick(leavable(repository));
  const [, ...staying] = repository.random.shuffled(repository.circle(role).signers);
  const event = repository.newEvent('leave');
  await repository.ask(event, role, { signers: staying });
  await repository.settle(event);
}

/** Somebody takes a new key into all their roles; the old one signs a last time where it has to. */
async function rotate(repository: LivingRepository): Promise<void> {
  const name = repository.random.pick(repository.able(ROOT));
  const event = repository.newEvent('rotate');
  repository.member(name).makeKey();
  await repository.rotate(name, event);
  await repository.settle(event);
  repository.member(name).dropOldKeys();
}

/** A key is lost; the others take it out everywhere, and where they would be too few somebody joins. */
async function lose(repository: LivingRepository): Promise<void> {
  const { random } = repository;
  const name = random.pick(repository.able(ROOT));
  repository.member(name).loseKeys();
  const event = repository.newEvent('lost');
  for (const role of rolesWith(repository, name)) {
    const others = repository.circle(role).signers.filter(other => other !== name);
    const fresh = outsiders(repository, role);
    const joins = others.length <= repository.circle(role).threshold ? [random.pick(fresh)] : [];
    await repository.ask(event, role, { signers: [...others, ...joins] }, random.pick(repository.able(ROOT)));
  }
  await repository.settle(event);
  repository.member(name).makeKey(); // a new card, for whenever they are asked again
}

async function raise(repository: LivingRepository): Promise<void> {
  const role = repository.random.pick(leavable(repository));
  const event = repository.newEvent('raise');
  await repository.ask(event, role, { threshold: repository.circle(role).threshold + 1 });
  await repository.settle(event);
}

const lowerable = (repository: LivingRepository): readonly string[] =>
  rolesOf(repository).filter(role => repository.circle(role).threshold > 1);

async function lower(repository: LivingRepository): Promise<void> {
  const role = repository.random.pick(lowerable(repository));
  const event = repository.newEvent('lower');
  await repository.ask(event, role, { threshold: repository.circle(role).threshold - 1 });
  await repository.settle(event);
}

const unusedNames = (repository: LivingRepository): readonly string[] =>
  ROLE_NAMES.filter(name => !repository.circles.has(name) && !repository.gone.has(name));

const goneNames = (repository: LivingRepository): readonly string[] =>
  ROLE_NAMES.filter(name => !repository.circles.has(name) && repository.gone.has(name));

const hasRoom = (repository: LivingRepository): boolean => delegatedRoles(repository).length < MOST_ROLES;

const makeRole = (repository: LivingRepository): Promise<void> =>
  make(repository, repository.random.pick(unusedNames(repository)));

const makeAgain = (repository: LivingRepository): Promise<void> =>
  make(repository, repository.random.pick(goneNames(repository)));

/** Delegated roles that may have another below them. */
const parents = (repository: LivingRepository): readonly string[] =>
  delegatedRoles(repository).filter(
    role => repository.circle(role).parent === undefined && !repository.circles.has(`${role}-inner`),
  );

const makeBelow = (repository: LivingRepository): Promise<void> => {
  const parent = repository.random.pick(parents(repository));
  return make(repository, `${parent}-inner`, parent);
};

async function make(repository: LivingRepository, role: string, parent?: string): Promise<void> {
  const { random } = repository;
  const event = repository.newEvent('role');
  const people = repository.members.filter(({ canSign }) => canSign).map(({ name }) => name);
  const signers = random.shuffled(people).slice(0, 2);
  const periods = { expiryDays: random.between(100, 400), signingDays: 40 };
  await repository.ask(event, role, { signers, threshold: random.between(1, 2), periods, parent });
  await repository.change(event, role, { [repository.pathIn(role, 'first.txt')]: `the first of ${role}\n` });
  await repository.settle(event);
}

/** Roles with nothing below them. */
const leaves = (repository: LivingRepository): readonly string[] =>
  delegatedRoles(repository).filter(role => !repository.circles.has(`${role}-inner`));

async function removeRole(repository: LivingRepository): Promise<void> {
  const role = repository.random.pick(leaves(repository));
  const event = repository.newEvent('gone');
  await repository.remove(event, role);
  await repository.settle(event);
}

async function replaceOnlineKey(repository: LivingRepository): Promise<void> {
  const event = repository.newEvent('online');
  await repository.replaceOnlineKey(event, `file:online-${repository.merged}.pem`);
  await repository.settle(event);
}

async function changePeriods(repository: LivingRepository): Promise<void> {
  const { random } = repository;
  const role = random.pick(rolesOf(repository));
  const event = repository.newEvent('periods');
  const periods = { expiryDays: random.between(120, 365), signingDays: random.between(30, 59) };
  await repository.ask(event, role, { periods });
  await repository.settle(event);
}

const rolesWithArtifacts = (repository: LivingRepository): readonly string[] =>
  rolesOf(repository).filter(role => repository.circle(role).artifacts.size > 0);

async function addArtifacts(repository: LivingRepository): Promise<void> {
  const role = repository.random.pick(rolesOf(repository).filter(name => name !== ROOT));
  const event = repository.newEvent('add');
  const name = `file-${repository.merged}.txt`;
  const files = {
    [repository.pathIn(role, name)]: `${name} of ${role}\n`,
    [repository.pathIn(role, 'latest.txt')]: `${name}\n`,
  };
  await repository.change(event, role, files);
  await repository.settle(event);
}

async function removeArtifact(repository: LivingRepository): Promise<void> {
  const role = repository.random.pick(rolesWithArtifacts(repository));
  const path = repository.random.pick([...repository.circle(role).artifacts.keys()]);
  const event = repository.newEvent('drop');
  await repository.change(event, role, { [path]: null });
  await repository.settle(event);
}

/** Two roles change at the same time: the later event takes main in, and what was signed on it stays signed. */
async function twoAtOnce(repository: LivingRepository): Promise<void> {
  const [one = '', other = ''] = repository.random.shuffled([TARGETS, ...delegatedRoles(repository)]);
  const [first, second] = [repository.newEvent('one'), repository.newEvent('other')];
  for (const [event, role] of [
    [first, one],
    [second, other],
  ] as const) {
    await repository.change(event, role, { [repository.pathIn(role, 'both.txt')]: `${event}\n` });
    await repository.collect(event);
  }
  await repository.settle(first);
  repository.takeMainIn(second);
  await repository.settle(second);
}

const neglect = (repository: LivingRepository): Promise<void> =>
  repository.neglect(repository.random.between(1, 20));

export const CHAPTERS: readonly Chapter[] = [
  { name: 'somebody joins', possible: r => joinable(r).length > 0, perform: join },
  { name: 'somebody leaves', possible: r => leavable(r).length > 0, perform: leave },
  { name: 'a key is replaced', possible: () => true, perform: rotate },
  {
    name: 'a key is lost',
    possible: r => r.able(ROOT).length > r.circle(ROOT).threshold,
    perform: lose,
  },
  { name: 'a threshold goes up', possible: r => leavable(r).length > 0, perform: raise },
  { name: 'a threshold goes down', possible: r => lowerable(r).length > 0, perform: lower },
  { name: 'a role is made', possible: r => hasRoom(r) && unusedNames(r).length > 0, perform: makeRole },
  { name: 'a role is removed', possible: r => leaves(r).length > 1, perform: removeRole },
  { name: 'a role is made again', possible: r => hasRoom(r) && goneNames(r).length > 0, perform: makeAgain },
  { name: 'a role below another', possible: r => hasRoom(r) && parents(r).length > 0, perform: makeBelow },
  { name: 'the online key is replaced', possible: () => true, perform: replaceOnlineKey },
  { name: 'periods change', possible: () => true, perform: changePeriods },
  { name: 'artifacts are added', possible: () => true, perform: addArtifacts },
  {
    name: 'an artifact is removed',
    possible: r => rolesWithArtifacts(r).length > 0,
    perform: removeArtifact,
  },
  { name: 'two events at once', possible: r => delegatedRoles(r).length > 0, perform: twoAtOnce },
  { name: 'a renewal is missed', possible: r => r.merged > FIRST_YEAR, perform: neglect },
];

/** Told by name alone: afterwards automation has a part in every change of that role. */
export const HASH_BINS: Chapter = {
  name: 'hash bins',
  possible: r => binnable(r).length > 0,
  perform: async repository => {
    const role = repository.random.pick(binnable(repository));
    const event = repository.newEvent('bins');
    await repository.shareOut(event, role, 8);
    await repository.settle(event);
    const more = repository.newEvent('more');
    await repository.change(more, role, { [repository.pathIn(role, 'in-a-bin.txt')]: 'in a bin\n' });
    await repository.settle(more);
  },
};

const binnable = (repository: LivingRepository): readonly string[] =>
  leaves(repository).filter(role => repository.circle(role).artifacts.size > 0);
