import { digestOf, identityOf, standingOf } from '../../event/succession.ts';
import { listed } from '../../event/words.ts';
import type { CommitSha } from '../../git/oid.ts';
import { ROOT } from '../../metadata/names.ts';
import { type RepositoryTree, rootOf } from '../../repository/tree.ts';
import { OperationError } from '../error.ts';
import { newestSound } from '../newest-sound.ts';
import type { Prompter } from '../prompter.ts';
import { trustedRootProblem } from '../trusted-root.ts';
import { type VerifiedMain, verifyMain } from '../verify-main.ts';
import { type Main, pullRemote, type Workspace } from '../workspace.ts';
import { departures, type Ground } from './departures.ts';
import { introduce } from './introduce.ts';
import { type Pin, type PinStore, placeOf } from './pin.ts';

/** Where a person's trust is kept, and what they gave beforehand. */
export interface Trust {
  readonly pins: PinStore;
  /** A root file that main has to follow from; nobody is asked then. */
  readonly trustedRoot?: Uint8Array | undefined;
}

/**
 * `empty`: main has no metadata yet. `sound`: it verified and follows from the pin. `broken`: it does not, for the `problems`;
 * `sound` is the newest state of main that did.
 */
export type MainStanding =
  | { readonly status: 'empty' | 'sound' }
  | {
      readonly status: 'broken';
      readonly problems: readonly string[];
      readonly sound: CommitSha | undefined;
      /** Does main verify in itself, and just does not follow? */
      readonly isConsistent: boolean;
    };

/**
 * Verifies main from what this machine trusts, every hash, before anything is asked of a person. A repository that was
 * never met is shown and asked about; else the pin moves on along main, and never back. Throws {@link OperationError}
 * `DECLINED`, `MISSING_ANSWER`, `BAD_PIN`; `UNTRUSTED` where main can't be met for the first time, or does not follow from
 * the root that was given; {@link GitError}.
 */
export async function verifyFromPin(
  workspace: Workspace,
  main: Main,
  trust: Trust,
  prompter: Prompter,
): Promise<MainStanding> {
  const place = placeHere(workspace);
  const pins = await trust.pins.list();
  const trustedHere = pins.find(({ state, places }) => state === 'trusted' && places.includes(place));
  const verified = await verifyMain(workspace, main.commit);
  const { tree, facts } = verified.gathered;
  if (tree.metadata.size === 0 && trustedHere === undefined) return { status: 'empty' };
  const given = trust.trustedRoot === undefined ? undefined : trustedRootProblem(facts, trust.trustedRoot);
  if (given !== undefined) throw untrusted([given]);
  // Another repository where a known one was is that one in somebody else's hands, until a person says otherwise: also where
  // it is one that they know from elsewhere.
  const pin = trustedHere ?? pins.find(({ identity }) => identity === identityOf(facts));
  if (pin === undefined) {
    if (verified.problems.length > 0) throw untrusted(verified.problems);
    if (trust.trustedRoot === undefined)
      await introduce(verified.gathered, proposedAt(pins, place), prompter);
  } else {
    const ground: Ground = { standing: pin, commit: pin.commit };
    const problems = [...verified.problems, ...(await departures(workspace, verified, ground))];
    if (problems.length > 0) {
      const sound = await newestSound(workspace, main.commit, ground);
      return { status: 'broken', problems, sound, isConsistent: verified.problems.length === 0 };
    }
  }
  if (pin?.state === 'proposed')
    prompter.progress(
      `main begins with the first root that you made or signed here, and it is trusted from now on: SHA-256 ${pin.identity}`,
    );
  for (const warning of verified.warnings) prompter.progress(`main: ${warning}`);
  for (const { identity } of proposedAt(pins, place)) await trust.pins.remove(identity);
  await trust.pins.save(movedOn(verified, pin, place, workspace));
  return { status: 'sound' };
}

/** Keeps the first root of a repository that is only in an event yet: what the person has made, or has signed. */
export async function proposePin(workspace: Workspace, tree: RepositoryTree, pins: PinStore): Promise<void> {
  const root = rootOf(tree);
  if (root === undefined) return;
  const [place, now] = [placeHere(workspace), workspace.clock.now()];
  const known = await pins.list();
  const identity = digestOf(root);
  if (known.some(pin => pin.identity === identity && pin.state === 'trusted')) return;
  // What it was before others joined.
  for (const pin of proposedAt(known, place)) await pins.remove(pin.identity);
  await pins.save({
    identity,
    roles: new Map([[ROOT, { version: root.signed.version, digest: identity }]]),
    state: 'proposed',
    places: [place],
    root: root.bytes,
    commit: undefined,
    pinnedAt: now,
    verifiedAt: now,
  });
}

/** The pins that belong to where this clone's events come from: at most one is trusted, and comes first. */
export async function pinsHere(workspace: Workspace, pins: PinStore): Promise<readonly Pin[]> {
  const place = placeHere(workspace);
  const here = (await pins.list()).filter(({ places }) => places.includes(place));
  return [...here].sort((a, b) => Number(b.state === 'trusted') - Number(a.state === 'trusted'));
}

/** Where this clone's events come from; the clone itself where it has no remote. */
export function placeHere(workspace: Workspace): string {
  const name = pullRemote(workspace);
  const url = workspace.remotes.find(remote => remote.name === name)?.url;
  return placeOf(url ?? workspace.repository.folder);
}

const proposedAt = (pins: readonly Pin[], place: string): readonly Pin[] =>
  pins.filter(({ state, places }) => state === 'proposed' && places.includes(place));

function movedOn(
  { commit, gathered: { tree, facts } }: VerifiedMain,
  pin: Pin | undefined,
  place: string,
  { clock }: Workspace,
): Pin {
  const standing = standingOf(tree, facts, pin);
  const root = rootOf(tree);
  if (standing === undefined || root === undefined) throw untrusted(['it has no root that can be read']);
  return {
    ...standing,
    state: 'trusted',
    places: [...new Set([...(pin?.places ?? []), place])],
    root: root.bytes,
    commit,
    pinnedAt: pin?.pinnedAt ?? clock.now(),
    verifiedAt: clock.now(),
  };
}

const MAX_PROBLEMS = 8;

export const untrusted = (problems: readonly string[], remedy = ''): OperationError =>
  new OperationError(
    'UNTRUSTED',
    `main is not to be trusted: ${listed(problems, MAX_PROBLEMS)}. Nothing was signed${remedy}`,
  );
