import { describe, expect, it } from 'vitest';
import { artifactRoles, delegationGraph } from '../../src/repository/delegators.ts';
import { emptyTree, type RepositoryTree } from '../../src/repository/tree.ts';
import { keyOf, repositoryOf, type TestRepository, type WireDelegation } from '../support/tree-builder.ts';

const signers = ['@dave'];

const delegators = (tree: RepositoryTree): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...delegationGraph(tree).roles.values()].map(({ role, delegator }) => [role, delegator]),
  );

const extra = (name: string): WireDelegation => ({
  name,
  keyids: [],
  threshold: 1,
  terminating: false,
  paths: [],
});
const alsoDelegates = (repository: TestRepository, by: string, ...names: readonly string[]): TestRepository =>
  repository.edit(by, ({ delegations }) => void delegations.roles.push(...names.map(extra)));

const nested = (): TestRepository =>
  repositoryOf({
    signers: ['@alice'],
    roles: { a: { signers }, b: { signers }, c: { signers, by: 'a' }, d: { signers, by: 'c' } },
  });

describe('the delegation graph', () => {
  it('is empty without a root', () => {
    expect(delegationGraph(emptyTree)).toEqual({ roles: new Map(), contested: new Map(), overgrown: [] });
    expect(artifactRoles(emptyTree)).toEqual([]);
  });

  it('names each role with its delegator, after its delegator', () => {
    const tree = nested().tree();
    expect(delegators(tree)).toEqual({
      root: 'root',
      targets: 'root',
      snapshot: 'root',
      timestamp: 'root',
      a: 'targets',
      b: 'targets',
      c: 'a',
      d: 'c',
    });
    const order = [...delegationGraph(tree).roles.keys()];
    for (const { role, delegator } of delegationGraph(tree).roles.values()) {
      expect(order.indexOf(role as never)).toBeGreaterThanOrEqual(order.indexOf(delegator));
    }
    expect(delegationGraph(tree).contested.size).toBe(0);
  });

  it('tells the roles that hold artifacts', () => {
    expect(artifactRoles(nested().tree())).toEqual(['targets', 'a', 'b', 'c', 'd']);
  });

  it('is made once for each tree', () => {
    const tree = nested().tree();
    expect(delegationGraph(tree)).toBe(delegationGraph(tree));
  });

  it('gives a contested role to the first, and names the others', () => {
    const tree = alsoDelegates(alsoDelegates(nested(), 'b', 'c'), 'c', 'b').tree();
    expect(delegators(tree)).toMatchObject({ c: 'a', b: 'targets' });
    expect(delegationGraph(tree).contested).toEqual(
      new Map([
        ['c', ['b']],
        ['b', ['c']],
      ]),
    );
  });

  it('ends in circles', () => {
    const tree = alsoDelegates(nested(), 'd', 'a', 'd', 'c').tree();
    expect([...delegationGraph(tree).roles.keys()]).toHaveLength(8);
    expect([...delegationGraph(tree).contested.keys()]).toEqual(['a', 'd', 'c']);
  });

  it('leaves out what hangs on a role that nobody delegates', () => {
    const tree = nested()
      .edit('targets', ({ delegations }) => void (delegations.roles = []))
      .tree();
    expect(artifactRoles(tree)).toEqual(['targets']);
  });

  it('stops at a document that can not be read', () => {
    expect(artifactRoles(nested().write('metadata/a.json', '{}').tree())).toEqual(['targets', 'a', 'b']);
  });

  it('follows no delegation of snapshot, timestamp or root but as what they are', () => {
    const repository = nested();
    const tree = repository.write('metadata/snapshot.json', repository.bytes('metadata/root.json')).tree();
    expect(artifactRoles(tree)).toEqual(['targets', 'a', 'b', 'c', 'd']);
  });

  it('has room for a chain that is longer than the stack', () => {
    const repository = repositoryOf({ signers: ['@alice'], roles: { r0: { signers } } });
    const { keyid, raw } = keyOf('@dave');
    const template = repository.document('r0');
    const length = 12_000;
    for (let i = 0; i < length; i++) {
      template.signed.delegations = {
        keys: { [keyid]: raw },
        roles: [{ ...extra(`r${i + 1}`), keyids: [keyid] }],
      };
      repository.write(`metadata/r${i}.json`, JSON.stringify(template));
    }
    expect(delegationGraph(repository.tree()).roles.size).toBe(4 + length + 1);
  });
});
