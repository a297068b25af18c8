import { describe, expect } from 'vitest';
import { siteOf } from '../../src/client/fetcher.ts';
import { memoryStore } from '../../src/client/store.ts';
import { Updater } from '../../src/client/updater.ts';
import { computeKeyid } from '../../src/metadata/key.ts';
import { parseRoleName, type RoleName } from '../../src/metadata/names.ts';
import { commitAndPush } from '../../src/operations/commit.ts';
import { delegateBins } from '../../src/operations/delegate-bins.ts';
import { onlineSignTargets } from '../../src/operations/online-sign-targets.ts';
import { TreeReader } from '../../src/operations/read-tree.ts';
import { commitFetcher, oldestRoot, SITE_LAYOUT, verifyCommit } from '../../src/operations/verify.ts';
import { fetchMain } from '../../src/operations/workspace.ts';
import { withDelegation, withKey } from '../../src/repository/delegator-edits.ts';
import { delegationGraph } from '../../src/repository/delegators.ts';
import { newTargets } from '../../src/repository/documents.ts';
import { Draft } from '../../src/repository/draft.ts';
import { publishLayout } from '../../src/repository/layout.ts';
import { fileSigner } from '../../src/signers/file.ts';
import { NOW, type TestWorld, TOOLS, worldTest as test, UPDATE, YEAR } from '../support/world.ts';

const [A, B, C] = ['tools-a', 'tools-b', 'tools-c'].map(parseRoleName) as [RoleName, RoleName, RoleName];
const CHAIN = [
  [TOOLS, A, ['tools/a/*', 'tools/a/*/*', 'tools/a/*/*/*']],
  [A, B, ['tools/a/b/*', 'tools/a/b/*/*']],
  [B, C, ['tools/a/b/c/*']],
] as const;

/** Roles five levels below root, each signed by bob alone. */
async function nest(world: TestWorld): Promise<void> {
  await world.in(world.person('alice'), async workspace => {
    const main = await fetchMain(workspace);
    const tree = await new TreeReader(workspace.objects).read(main.commit);
    const keys = delegationGraph(tree).roles.get(TOOLS)?.delegations.keys.values() ?? [];
    const bob = [...keys].find(({ owner }) => owner === '@bob')?.raw ?? {};
    const draft = new Draft(tree, tree);
    for (const [delegator, role, paths] of CHAIN) {
      draft.create(role, newTargets(NOW, YEAR));
      draft.edit(delegator, signed =>
        withKey(withDelegation(signed, role, { threshold: 1, paths, terminating: true }), role, bob),
      );
    }
    expect(computeKeyid(bob)).toHaveLength(64);
    const parents = [main.commit];
    await commitAndPush(workspace, {
      branch: UPDATE,
      head: undefined,
      parents,
      changes: draft.files(NOW),
      message: ['Nest'],
    });
  });
}

const DEEP = {
  'targets/tools/a/x.txt': 'a',
  'targets/tools/a/b/x.txt': 'b',
  'targets/tools/a/b/c/x.txt': 'c',
};

describe('roles three levels below a role of targets', () => {
  test('are updated, signed, merged, published and found like any other', async ({ world }) => {
    await nest(world);
    world.push(DEEP);
    expect((await world.updateTargets()).updated).toEqual([A, B, C]);
    const { report } = await world.judge();
    expect(report.reasons.filter(({ severity }) => severity === 'refuse')).toEqual([]);
    expect([...report.roles.keys()]).toEqual([TOOLS, A, B, C]);
    for (const name of ['bob', 'carol'] as const) await world.sign(name);
    expect((await world.judge()).report.verdict).toBe('accepted');
    world.merge();
    await world.onlineSign();
    expect(await roleOf(world, 'tools/a/b/c/x.txt')).toBe(C);
    expect(await roleOf(world, 'tools/a/b/x.txt')).toBe(B);
    expect(await roleOf(world, 'tools/a/x.txt')).toBe(A);
    expect(await roleOf(world, 'tools/greet.sh')).toBe(TOOLS);

    // From here on a change of the deepest is its own signers' alone.
    world.push({ 'targets/tools/a/b/c/x.txt': 'c again' });
    expect((await world.updateTargets()).updated).toEqual([C]);
    await world.sign('bob');
    expect((await world.judge()).report.verdict).toBe('accepted');
  });

  test('what a role signs of a deeper one is refused', async ({ world }) => {
    await nest(world);
    world.push(DEEP);
    await world.updateTargets();
    const document = world.json('metadata/tools-a.json', UPDATE) as {
      signed: { targets: Record<string, unknown> };
    };
    document.signed.targets['tools/a/b/c/x.txt'] = { length: 1, hashes: { sha256: 'ab'.repeat(32) } };
    world.push({ 'metadata/tools-a.json': JSON.stringify(document) });
    const { report } = await world.judge();
    expect(
      report.reasons.filter(({ rule }) => rule === 'ownership').map(({ message }) => message),
    ).toContainEqual('signs "tools/a/b/c/x.txt", which belongs to "tools-c"');
  });

  test('the deepest may have bins below it', async ({ world }) => {
    await nest(world);
    world.push(DEEP);
    await world.updateTargets();
    const uri = 'file:bins.pem';
    const online = { key: await world.onlineKey(uri), uri };
    await world.in(world.person('alice'), workspace =>
      delegateBins(workspace, { event: UPDATE, role: C, bins: 4, form: 'succinct', online }),
    );
    for (const name of ['bob', 'carol'] as const) await world.sign(name);
    await world.in(world.automation, workspace =>
      onlineSignTargets(workspace, UPDATE, {
        sign: async (key, payload) =>
          key.onlineUri === undefined
            ? undefined
            : fileSigner(key.onlineUri, world.keyOptions()).sign(key, payload),
      }),
    );
    world.merge();
    await world.onlineSign();
    expect(await roleOf(world, 'tools/a/b/c/x.txt')).toMatch(/^tools-c-[0-3]$/);
  });
});

/** Who a client takes the artifact from, once all of main verified as published. */
const roleOf = (world: TestWorld, path: string): Promise<RoleName | undefined> =>
  world.in(world.automation, async workspace => {
    const { commit } = await fetchMain(workspace);
    const { verdict, tree, client, reasons } = await verifyCommit(workspace, { commit });
    expect(`${verdict} ${JSON.stringify(reasons.filter(({ severity }) => severity !== 'warn'))}`).toBe(
      'accepted []',
    );
    expect(client?.unreachable).toEqual([]);
    const source = siteOf(commitFetcher(workspace, publishLayout(tree)), SITE_LAYOUT);
    const trustedRoot = await oldestRoot(workspace, tree);
    const updater = new Updater({ source, trustedRoot, store: memoryStore(), now: NOW });
    return (await updater.getTargetInfo(path))?.role;
  });
