import { rmSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Instant } from '../../src/clock.ts';
import { type ObjectReader, openObjectReader } from '../../src/git/objects.ts';
import { openBareRepository } from '../../src/git/repository.ts';
import { type Document, parseDocument } from '../../src/metadata/document.ts';
import { isOnlineRole, ROOT, type RoleName } from '../../src/metadata/names.ts';
import { sitePage } from '../../src/render/site/page.ts';
import { siteViewOf } from '../../src/render/site/view.ts';
import { renderReasons } from '../../src/render/terminal.ts';
import { delegationGraph } from '../../src/repository/delegators.ts';
import { documentOf, type Parsed } from '../../src/repository/tree.ts';
import { loadFixtureRepository } from '../support/fixture-repo.ts';
import { haveFixtures } from '../support/fixtures.ts';
import {
  announceFuzz,
  attempt,
  documentFaults,
  fuzzRuns,
  fuzzShare,
  requireApplied,
  requireHarmless,
  requireRendered,
  requireSwift,
} from '../support/fuzz-checks.ts';
import {
  honestSignatures,
  judgeMutant,
  openDocuments,
  payloadOf,
  realScene,
  type Scene,
  townScene,
} from '../support/fuzz-scene.ts';
import { type Mutation, mutate, mutations } from '../support/mutation.ts';
import { fuzzRoles } from '../support/mutation-bases.ts';

vi.mock('node:crypto', async original => {
  const { rememberVerify } = await import('../support/remembered-verify.ts');
  return rememberVerify(await original());
});

const siteFacts = { commit: 'commit', committedAt: 1_900_000_000_000 as Instant, events: [] };
const tally = { documents: 0, read: 0, accepted: 0 };

/**
 * Puts one mutant of `role`'s document through everything.
 *
 * Trust is monotone: the fuzzer has no key, so it can't make anything be trusted that was not. A mutant is accepted only if
 * what it signs is, to the byte of canonical JSON, what holders of keys have signed as a document of this very role (so
 * that the mutation is in the envelope, in spelling or in white space, or puts an older document back), and if of the
 * signatures that they made over these very bytes at least as many are left as the role's threshold asks. Known-good mode
 * does not look at what automation signs: events don't stand on it, and the next online signing replaces it.
 */
function check(scene: Scene, role: RoleName, donors: readonly Uint8Array[], list: readonly Mutation[]): void {
  const bytes = mutate(baseOf(scene, role), list, donors);
  const parsed = attempt(() => parseDocument(bytes), documentFaults);
  const { event, alone, tree } = judgeMutant(scene, role, bytes, parsed);
  requireRendered(event);
  for (const { reasons } of alone)
    requireHarmless('the terminal', renderReasons(reasons, { colour: false, width: 80 }));
  if (parsed.ok)
    requireHarmless('the site', sitePage(siteViewOf(tree, { ...siteFacts, firstRoot: baseOf(scene, ROOT) })));
  for (const judgement of [event, ...alone]) {
    requireApplied(judgement);
    const looksAway = judgement.context.mode === 'known-good' && isOnlineRole(role);
    if (judgement.verdict === 'accepted' && !looksAway) requireSigned(scene, role, parsed);
  }
  tally.documents++;
  if (parsed.ok) tally.read++;
}

const baseOf = ({ published }: Scene, role: RoleName): Uint8Array =>
  documentOf(published.tree, role)?.bytes ?? new Uint8Array();

function requireSigned(scene: Scene, role: RoleName, parsed: Parsed<Document>): void {
  if (!parsed.ok) throw new Error('accepted, and can not be read');
  const { tree, facts } = scene.published;
  const trees = [scene.event.knownGood, scene.event.event, tree];
  const honest = honestSignatures(role, trees, facts.history).get(payloadOf(parsed.value));
  if (honest === undefined) throw new Error('accepted, and nobody ever signed this content');
  const left = parsed.value.signatures.filter(({ keyid, sig }) => honest.has(`${keyid} ${sig}`));
  const count = new Set(left.map(({ keyid }) => keyid)).size;
  const threshold = delegationGraph(tree).roles.get(role)?.definition.threshold ?? Infinity;
  if (count < threshold) throw new Error(`accepted with ${count} of ${threshold} signatures`);
  tally.accepted++;
}

const propertyOf = (scene: Scene, role: RoleName): fc.IProperty<[readonly Mutation[]]> => {
  const donors = openDocuments(scene);
  return fc.property(mutations, list => requireSwift(() => check(scene, role, donors, list)));
};

const verdictsOf = (scene: Scene, role: RoleName): readonly string[] => {
  const bytes = baseOf(scene, role);
  const { event, alone } = judgeMutant(scene, role, bytes, { ok: true, value: parseDocument(bytes) });
  return [event, ...alone].map(({ verdict }) => verdict);
};

beforeAll(announceFuzz);

describe('mutants of a document', () => {
  const scene = townScene();

  it.each(['root', 'targets', 'dev', 'bin'])('come from an accepted one: %s', role => {
    expect(verdictsOf(scene, role as RoleName)).toEqual(['accepted', 'accepted', 'accepted']);
  });

  it.each(fuzzRoles)(
    'harm nobody: %s',
    role => fc.assert(propertyOf(scene, role as RoleName), fuzzShare(fuzzRoles.length)),
    120_000,
  );

  it('are read often enough to matter, and some are accepted', () => {
    console.info(
      `fuzz: ${tally.documents} documents, ${tally.read} of them read; ${tally.accepted} times accepted`,
    );
    if (fuzzRuns < 1_000) return;
    expect(tally.documents).toBeGreaterThanOrEqual(fuzzRuns);
    expect(tally.read).toBeGreaterThan(fuzzRuns / 8);
    expect(tally.accepted).toBeGreaterThan(fuzzRuns / 100);
  });
});

describe.skipIf(!haveFixtures)('mutants of a real document', () => {
  let folder = '';
  let objects: ObjectReader;
  let scene: Scene;

  beforeAll(async () => {
    folder = loadFixtureRepository();
    objects = openObjectReader(await openBareRepository(folder));
    scene = await realScene(objects);
  });
  afterAll(async () => {
    await objects[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(['root', 'targets'])('harm nobody: %s', role => {
    expect(verdictsOf(scene, role as RoleName)[0]).toBe('accepted');
    fc.assert(propertyOf(scene, role as RoleName), fuzzShare(20));
  });
});
