import { describe, expect } from 'vitest';
import { updateTargets } from '../../src/operations/update-targets.ts';
import { type TestWorld, worldTest as test, UPDATE } from '../support/world.ts';

interface Signed {
  readonly version: number;
  readonly targets: Record<string, Record<string, unknown>>;
}

const signed = (world: TestWorld, role: string): Signed =>
  (world.json(`metadata/${role}.json`, UPDATE) as { readonly signed: Signed }).signed;

describe('update-targets', () => {
  test('adds, changes and removes in several roles, one commit a role', async ({ world }) => {
    world.push({
      'targets/one.txt': 'one',
      'targets/tools/greet.sh': null,
      'targets/tools/deep/er/x.txt': 'x',
    });
    expect((await world.updateTargets()).updated).toEqual(['targets', 'tools']);
    expect(Object.keys(signed(world, 'targets').targets)).toEqual(['one.txt']);
    expect(Object.keys(signed(world, 'tools').targets)).toEqual(['tools/deep/er/x.txt']);
    expect(world.remote.git('log', '--format=%s', `main..${UPDATE}`).split('\n')).toEqual([
      'Update targets metadata for role tools',
      'Update targets metadata for role targets',
      'change',
    ]);
  });

  test('again: nothing is written', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one' });
    await world.updateTargets();
    const before = world.refs();
    expect((await world.updateTargets()).updated).toEqual([]);
    expect(world.refs()).toBe(before);
  });

  test('tells whose signatures it voids', async ({ world }) => {
    world.push({ 'targets/tools/greet.sh': 'new' });
    expect((await world.updateTargets()).voided).toEqual([]);
    await world.sign('bob');
    world.push({ 'targets/tools/greet.sh': 'newer' });
    const { voided } = await world.updateTargets();
    expect(voided.map(({ role, key }) => [role, key.owner])).toEqual([['tools', '@bob']]);
  });

  test('what an entry says beside length and hash stays', async ({ world }) => {
    const tools = world.json('metadata/tools.json') as { signed: Signed };
    Object.assign(tools.signed.targets['tools/greet.sh'] ?? {}, { custom: { kind: 'script' } });
    world.push({ 'metadata/tools.json': JSON.stringify(tools), 'targets/tools/greet.sh': 'changed' });
    await world.updateTargets();
    expect(signed(world, 'tools').targets['tools/greet.sh']).toMatchObject({
      custom: { kind: 'script' },
      length: 7,
    });
  });

  test('hidden files, links and unsafe names are no artifacts', async ({ world }) => {
    world.push({ 'targets/.gitkeep': '', 'targets/tools/.hidden/x': 'x', 'targets/a\\b.txt': 'x' });
    world.push({ 'targets/link.txt': '/etc/passwd' }, UPDATE, { mode: '120000' });
    expect((await world.updateTargets()).updated).toEqual([]);
  });

  test('names that the event will be rejected for are told before anybody signs', async ({ world }) => {
    world.push({ 'targets/one.txt': 'one', 'targets/a\\b.txt': 'x', [`targets/${'x'.repeat(191)}`]: 'x' });
    expect(await world.updateTargets()).toMatchObject({
      updated: ['targets'],
      refusals: [
        expect.stringContaining('holds a backslash') as unknown,
        expect.stringContaining('a file name of 256 bytes') as unknown,
      ],
    });
    // Again, as it stands in the metadata now.
    expect((await world.updateTargets()).refusals).toHaveLength(2);
    world.push({ 'targets/a\\b.txt': null, [`targets/${'x'.repeat(191)}`]: null });
    expect((await world.updateTargets()).refusals).toEqual([]);
  });

  test('bytes are taken as they are, whatever attributes and settings say', async ({ world }) => {
    world.automation.git('config', 'core.autocrlf', 'true');
    world.push({ '.gitattributes': '* text eol=crlf\n', 'targets/one.txt': 'a\nb\n' });
    await world.updateTargets();
    expect(signed(world, 'targets').targets['one.txt']).toMatchObject({ length: 4 });
  });

  test('a push in between: looked at again, both are in', async ({ world }) => {
    const stale = world.push({ 'targets/one.txt': 'one' });
    // The remote refuses the first push of the automation, as it has moved by then.
    const repository = world.automation;
    await world.judge();
    world.push({ 'targets/two.txt': 'two' });
    repository.git('update-ref', `refs/remotes/origin/${UPDATE}`, stale);
    expect((await world.in(repository, workspace => updateTargets(workspace, UPDATE))).updated).toEqual([
      'targets',
    ]);
    expect(Object.keys(signed(world, 'targets').targets)).toEqual(['one.txt', 'two.txt']);
  });

  test('signatures over what was said before are gone with it', async ({ world }) => {
    world.push({ 'targets/tools/greet.sh': 'two' });
    await world.updateTargets();
    await world.sign('bob');
    world.push({ 'targets/tools/greet.sh': 'three' });
    await world.updateTargets();
    expect(signed(world, 'tools').version).toBe(3);
    const { report } = await world.judge();
    expect(report.roles.get('tools' as never)?.quorums[0]?.signed).toEqual([]);
  });

  test('no such event', async ({ world }) => {
    await expect(world.updateTargets()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
