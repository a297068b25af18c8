import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { siteOf } from '../../src/client/fetcher.ts';
import { httpFetcher } from '../../src/client/http.ts';
import { fileStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import type { Clock } from '../../src/clock.ts';
import { type BranchName, parseSigningEvent, trackingRef } from '../../src/git/names.ts';
import type { CommitSha } from '../../src/git/oid.ts';
import { readRef } from '../../src/git/refs.ts';
import { parseRoleName, type RoleName } from '../../src/metadata/names.ts';
import { commitAndPush } from '../../src/operations/commit.ts';
import { delegate } from '../../src/operations/delegate.ts';
import { initRepository } from '../../src/operations/init.ts';
import { type OnlineOutcome, onlineSign } from '../../src/operations/online-sign.ts';
import { type PublishOutcome, publishSite } from '../../src/operations/publish.ts';
import { requireReport, tellEvent } from '../../src/operations/tell-event.ts';
import { SITE_LAYOUT } from '../../src/operations/verify.ts';
import { fetchMain, requirePullRemote, type Workspace } from '../../src/operations/workspace.ts';
import { fileSigner, readKeyFile, writeKeyFile } from '../../src/signers/file.ts';
import { mergeEvent } from './merge.ts';
import type { Narrator } from './narrator.ts';
import { downloadWithTufJs } from './peer-client.ts';
import { serveFolder } from './static-server.ts';
import {
  type Actor,
  afterPush,
  createActor,
  createWorld,
  inClone,
  personSigns,
  type World,
} from './world.ts';

const INIT = parseSigningEvent('sign/init');
const UPDATE = parseSigningEvent('sign/update');
const ROLE: RoleName = parseRoleName('tools');
const ARTIFACT = 'tools/greet-1.0.sh';
const ONLINE_URI = 'file:online.pem';
const YEAR = { expiryDays: 365, signingDays: 60 } as const;

/** What the demo came to, for its caller to check. */
export interface DemoOutcome {
  readonly folder: string;
  /** Files that the two clients downloaded and verified. */
  readonly downloads: { readonly ours: string; readonly tufJs: string };
  /** Rules that refused the attack at online signing, and at publishing. */
  readonly refusedBy: { readonly onlineSign: readonly string[]; readonly publish: readonly string[] };
}

/** Performs the main job on virtual cards, from an empty repository to a client, then an attack. */
export async function performDemo(folder: string, clock: Clock, narrator: Narrator): Promise<DemoOutcome> {
  const world = await createWorld(folder, clock);
  narrator.chapter('Three people, three cards, one empty git repository');
  const alice = await createActor(world, 'alice', 10_000_001);
  const bob = await createActor(world, 'bob', 10_000_002);
  const carol = await createActor(world, 'carol', 10_000_003);
  narrator.say(`alice, bob and carol have a virtual PIV card each, and push to ${world.remote.gitDir}`);
  await foundRepository(world, alice, [bob, carol], narrator);
  await collectQuorum(world, [bob, carol, alice], narrator);
  await publishMain(world, INIT, narrator);
  const downloads = await downloadTwice(world, narrator);
  const refusedBy = await attack(world, [alice, bob, carol], narrator);
  for (const { signer } of [alice, bob, carol]) await signer[Symbol.asyncDispose]();
  return { folder, downloads, refusedBy };
}

async function foundRepository(
  world: World,
  alice: Actor,
  others: readonly Actor[],
  narrator: Narrator,
): Promise<void> {
  narrator.chapter('alice starts the repository (tuf-signer init, then delegate)');
  const options = keyOptions(world);
  await writeKeyFile(ONLINE_URI, options);
  const online = await readKeyFile(ONLINE_URI, options);
  const signers = [alice.owner, ...others.map(({ owner }) => owner)];
  await inClone(world, alice.folder, workspace =>
    initRepository(workspace, {
      event: INIT,
      root: { signers, threshold: 2, periods: YEAR },
      targets: { signers, threshold: 2, periods: YEAR },
      online: { key: online, uri: ONLINE_URI, snapshot: YEAR, timestamp: { expiryDays: 7, signingDays: 4 } },
      ownKey: () => alice.signer.readPublicKey(),
      pins: alice.pins,
    }),
  );
  narrator.say(`${INIT}: root and targets want 2 of 3; bob and carol are invited`);
  await inClone(world, alice.folder, workspace =>
    delegate(workspace, {
      event: INIT,
      role: ROLE,
      signers: others.map(({ owner }) => owner),
      threshold: 2,
      periods: YEAR,
      ownKey: () => alice.signer.readPublicKey(),
    }),
  );
  narrator.say(`role ${ROLE} is delegated to bob and carol, both of whom have to sign it`);
  await pushArtifact(world, alice, INIT, '#!/bin/sh\necho hello\n', narrator);
  narrator.report(await afterPush(world, INIT));
}

async function collectQuorum(world: World, people: readonly Actor[], narrator: Narrator): Promise<void> {
  narrator.chapter('Invitations and signatures (tuf-signer sign sign/init)');
  // Two rounds: who joins first signs last, once the content is final.
  for (const actor of [...people, ...people]) {
    const { outcome, report } = await personSigns(world, actor, INIT, narrator.prompter(actor.owner));
    const { joined, signed } = outcome;
    if (joined.length > 0) narrator.say(`${actor.owner} has joined ${joined.join(', ')}`);
    if (signed.length > 0) narrator.say(`${actor.owner} has signed ${signed.join(', ')}`);
    if (report.verdict === 'accepted') {
      narrator.report(report);
      return;
    }
  }
  throw new Error('the demo did not reach its quorum: this is a defect');
}

async function publishMain(world: World, event: BranchName, narrator: Narrator): Promise<void> {
  narrator.chapter('Merge, online signing, publishing');
  const merged = await inClone(world, world.automation, workspace => merge(world, workspace, event));
  narrator.say(`${event} is merged as ${merged.slice(0, 12)}`);
  const { signed } = await signOnline(world);
  narrator.say(`automation has signed ${signed.join(' and ')}`);
  const { files } = await publish(world);
  narrator.say(`${files} files published in ${world.site}, after our client walked through all of them`);
}

async function downloadTwice(world: World, narrator: Narrator): Promise<DemoOutcome['downloads']> {
  narrator.chapter('Two clients download over HTTP, starting from the first root');
  await using server = await serveFolder(world.site);
  const trustedRoot = await readFile(join(world.site, '1.root.json'));
  const updater = new Updater({
    source: siteOf(httpFetcher(server.url), SITE_LAYOUT),
    trustedRoot,
    store: fileStore(join(world.folder, 'client', 'metadata')),
    now: world.clock.now(),
  });
  const ours = await updater.download(ARTIFACT, join(world.folder, 'client', 'targets'));
  narrator.say(`our client has verified ${ours}`);
  const tufJs = await downloadWithTufJs(
    server.url,
    trustedRoot,
    ARTIFACT,
    join(world.folder, 'client-tuf-js'),
  );
  narrator.say(`tuf-js has verified ${tufJs}`);
  if (!(await readFile(ours)).equals(await readFile(tufJs)))
    throw new Error('the clients got different files');
  return { ours, tufJs };
}

async function attack(
  world: World,
  people: readonly Actor[],
  narrator: Narrator,
): Promise<DemoOutcome['refusedBy']> {
  narrator.chapter('An attack: the artifact is swapped after everybody has signed');
  const [alice, ...signers] = people as readonly [Actor, ...Actor[]];
  await pushArtifact(world, alice, UPDATE, '#!/bin/sh\necho hello again\n', narrator);
  await afterPush(world, UPDATE);
  for (const actor of signers) {
    const { outcome } = await personSigns(world, actor, UPDATE, narrator.prompter(actor.owner));
    narrator.say(`${actor.owner} has signed ${outcome.signed.join(', ')}`);
  }
  await pushArtifact(
    world,
    alice,
    UPDATE,
    `#!/bin/sh\necho ${randomBytes(4).toString('hex')} | evil\n`,
    narrator,
    'the attacker',
  );
  const event = await inClone(world, world.automation, async workspace => {
    await fetchMain(workspace, false);
    return requireReport(await tellEvent(workspace, UPDATE, world.forge));
  });
  narrator.say(`the event is ${event.verdict} now:`);
  narrator.report(event);
  await inClone(world, world.automation, workspace => merge(world, workspace, UPDATE));
  narrator.say('somebody with the right to push to main merges it all the same');
  const { refusals } = await signOnline(world);
  narrator.reasons('online signing refuses:', refusals);
  const { published, reasons } = await publish(world);
  narrator.reasons(
    'publishing refuses, and the site stays what it was:',
    reasons.filter(({ severity }) => severity === 'refuse'),
  );
  if (published || refusals.length === 0) throw new Error('the attack was not refused: this is a defect');
  return {
    onlineSign: refusals.map(({ rule }) => rule),
    publish: reasons.filter(({ severity }) => severity === 'refuse').map(({ rule }) => rule),
  };
}

/** What `git commit` and `git push` of one file by a person do. */
async function pushArtifact(
  world: World,
  actor: Actor,
  branch: BranchName,
  content: string,
  narrator: Narrator,
  who: string = actor.owner,
): Promise<void> {
  await inClone(world, actor.folder, async workspace => {
    const main = await fetchMain(workspace, false);
    const head = await readRef(workspace.repository, trackingRef(await requirePullRemote(workspace), branch));
    await commitAndPush(workspace, {
      branch,
      head,
      parents: [head ?? main.commit],
      changes: new Map([[`targets/${ARTIFACT}`, Buffer.from(content)]]),
      message: [`Change ${ARTIFACT}`],
    });
  });
  narrator.say(`${who} pushes targets/${ARTIFACT} to ${branch}`);
}

async function merge(world: World, workspace: Workspace, event: BranchName): Promise<CommitSha> {
  const commit = await mergeEvent(workspace, event);
  for (const { number, branch } of await world.forge.listPullRequests()) {
    if (branch === event) await world.forge.closePullRequest(number, 'merged');
  }
  return commit;
}

const signOnline = (world: World): Promise<OnlineOutcome> =>
  inClone(world, world.automation, workspace =>
    onlineSign(workspace, fileSigner(ONLINE_URI, keyOptions(world))),
  );

const publish = (world: World): Promise<PublishOutcome> =>
  inClone(world, world.automation, async workspace => {
    const { commit } = await fetchMain(workspace, false);
    return publishSite(workspace, { commit, out: world.site });
  });

const keyOptions = (world: World): Parameters<typeof fileSigner>[1] => ({
  folder: world.keys,
  environment: {},
  warn: () => undefined,
});
