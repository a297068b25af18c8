import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ICAL from 'ical.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltCli, builtCli, type Ran } from '../support/cli.ts';
import { Crew } from '../support/crew.ts';
import { argumentsOf, readBlocks } from '../support/examples.ts';

// The commands of docs/drill.md and docs/calendar.md, as they are written, on one repository.

let cli: BuiltCli;
let crew: Crew;

/** The commands of each block of a guide, as arguments. */
async function commandsIn(guide: string): Promise<ReadonlyMap<string, readonly (readonly string[])[]>> {
  const blocks = await readBlocks(join('docs', guide));
  return new Map([...blocks].map(([name, block]) => [name, argumentsOf(block)]));
}

const WIDTH = 80;
const isNarrow = ({ stdout }: Ran): boolean => stdout.split('\n').every(line => line.length <= WIDTH);

beforeAll(async () => {
  cli = await builtCli();
  crew = await Crew.gather(cli, 'alice', 'bob', 'carol', 'dave');
  const init =
    'init --signers @alice,@bob,@carol --threshold 2 --online-key file:online.pem --create-online-key';
  const runs = [
    ['alice', init.split(' ')],
    ['bob', ['sign', 'sign/init']],
    ['carol', ['sign', 'sign/init']],
    ['alice', ['sign', 'sign/init']],
    ['bob', ['sign', 'sign/init']],
  ] as const;
  for (const [name, args] of runs) expect(await crew.signing(name, args)).toMatchObject({ exit: 0 });
  crew.remote.git('update-ref', 'refs/heads/main', 'sign/init');
  crew.remote.git('update-ref', '-d', 'refs/heads/sign/init');
  crew.clone('alice').git('fetch', '-q', '--prune');
}, 60_000);
afterAll(async () => {
  await crew[Symbol.asyncDispose]();
  await cli[Symbol.asyncDispose]();
});

describe('docs/calendar.md', () => {
  test('holds what its examples say', async () => {
    const blocks = await commandsIn('calendar.md');
    expect([...blocks.keys()]).toEqual(['calendar', 'renew']);
    const [year, five, json, ics] = blocks.get('calendar') ?? [];
    const table = await crew.run('alice', year ?? []);
    expect(table).toMatchObject({ exit: 0, stderr: '' });
    expect(table.stdout).toContain(
      ' 2031-04-02   2031-06-01  root and targets: 2 of @alice, @bob and @carol\n',
    );
    expect(isNarrow(table)).toBe(true);
    expect((await crew.run('alice', five ?? [])).stdout).toContain(
      '~2032-02-01  ~2032-04-01  root and targets',
    );
    const { ceremonies } = JSON.parse((await crew.run('alice', json ?? [])).stdout) as {
      ceremonies: object[];
    };
    expect(ceremonies).toMatchObject([
      {
        state: 'planned',
        opens: '2031-04-02T00:00:00Z',
        expires: '2031-06-01T00:00:00Z',
        signers: ['@alice', '@bob', '@carol'],
        roles: [
          { role: 'root', threshold: 2 },
          { role: 'targets', threshold: 2 },
        ],
        event: null,
        forecast: false,
      },
    ]);
    expect((await crew.run('alice', ics ?? [])).stderr).toContain('Wrote tuf-bob.ics');
    const file = join(crew.clone('alice').folder, 'tuf-bob.ics');
    const read = async (): Promise<readonly (readonly [string, string])[]> =>
      new ICAL.Component(ICAL.parse(await readFile(file, 'utf8')) as unknown[])
        .getAllSubcomponents('vevent')
        .map(event => new ICAL.Event(event))
        .map(({ uid, startDate }) => [uid, startDate.toString()]);
    const before = await read();
    expect(before.map(([, start]) => start)).toEqual(['2031-04-02T00:00:00Z']);
    // Again, over the old one: the same entry.
    await crew.run('alice', ics ?? []);
    expect(await read()).toEqual(before);
    const nobody = await crew.run('alice', ['calendar', '--for', '@zoe']);
    expect(nobody.stdout).toContain('  nothing\n');
  });

  test('renews by hand', async () => {
    const [dry, real, early] = (await commandsIn('calendar.md')).get('renew') ?? [];
    for (const args of [dry, real]) {
      const ran = await crew.run('alice', args ?? []);
      expect(ran).toMatchObject({ exit: 0 });
      expect(ran.stderr).toContain("No role's time has come");
    }
    const ran = await crew.run('alice', early ?? []);
    expect(ran.stderr).toContain(
      'Opened sign/root-v2: root and targets, to be signed by 2 of @alice, @bob and @carol.',
    );
    expect(crew.remote.git('for-each-ref', '--format=%(refname)')).toContain('refs/heads/sign/root-v2');
    const again = await crew.run('alice', [...(early ?? []), '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({
      begun: {},
      roles: [{ role: 'root', event: 'sign/root-v2', threshold: 2 }, { event: 'sign/root-v2' }],
    });
    crew.remote.git('update-ref', '-d', 'refs/heads/sign/root-v2');
    crew.clone('alice').git('fetch', '-q', '--prune');
  });

  test.for([
    [['--months', '0'], 'whole number from 1 to 240'],
    [['--months', 'many'], 'whole number'],
    [['--count', '-1'], 'whole number'],
    [['--until', 'soon'], 'no date as in'],
    [['--until', '2030-02-31'], 'no date as in'],
    [['--until', '2029-01-01'], 'is in the past'],
    [['--until', '2099-01-01'], 'years away'],
    [['--until', '2031-01-01', '--months', '3'], 'not both'],
    [['--for', 'bob!'], 'account'],
  ] as const)('refuses %s', async ([args, why]) => {
    const ran = await crew.run('alice', ['calendar', ...args]);
    expect([ran.exit, ran.stdout]).toEqual([64, '']);
    expect(ran.stderr).toContain(why);
  });

  test('a file that can not be written leaves nothing behind', async () => {
    const ran = await crew.run('alice', ['calendar', '--ics', 'no/such/folder/tuf.ics']);
    expect(ran.exit).toBe(74);
  });
});

describe('docs/drill.md', () => {
  test('holds what its examples say, from the first to a lost key', async () => {
    const blocks = await commandsIn('drill.md');
    expect([...blocks.keys()]).toEqual(['open', 'sign', 'status', 'replace']);
    const [open, sign, status, replace] = [...blocks.values()].map(([first]) => first ?? []);
    const empty = await crew.run('alice', status ?? []);
    expect(empty.stdout).toContain('No drill is on main');
    expect(await crew.run('alice', sign ?? [])).toMatchObject({ exit: 66 });
    const opened = await crew.run('alice', open ?? []);
    expect(opened.stderr).toMatch(
      /Opened sign\/drill-2030-06-01\. Until 2030-06-15[^]*@alice: key [0-9a-f]{20}, which signs root and targets/,
    );
    expect((await crew.run('bob', ['sign'])).stdout).toContain('asks you to prove that your key works');
    for (const name of ['alice', 'bob']) {
      const ran = await crew.signing(name, sign ?? []);
      expect(ran).toMatchObject({ exit: 0 });
      expect(ran.stderr).toContain('Your key works. Thank you.');
    }
    const half = await crew.run('alice', status ?? []);
    expect(half.stdout).toContain('sign/drill-2030-06-01: 2 of 3 keys proved, and it ends in 14 days');
    expect(half.stdout).toContain('  - root: 2 of 3 keys proved, 2 needed: no margin yet');
    expect(isNarrow(half)).toBe(true);
    const event = ['status', '--event', 'origin/sign/drill-2030-06-01'];
    expect(await crew.run('alice', event)).toMatchObject({ exit: 1 });

    // Two weeks later, Carol has said nothing.
    const later = ['--now', '2030-06-16T00:00:00Z'];
    const over = await cli.run([...event, ...later], { cwd: crew.clone('alice').folder });
    expect(over).toMatchObject({ exit: 0 });
    expect(over.stdout).toContain(
      'ACCEPTED sign/drill-2030-06-01: 2 of 3 keys proved when the time was over',
    );
    crew.remote.git('update-ref', 'refs/heads/main', 'sign/drill-2030-06-01');
    crew.remote.git('update-ref', '-d', 'refs/heads/sign/drill-2030-06-01');
    const ran = await cli.run([...(status ?? []), ...later], { cwd: crew.clone('alice').folder });
    expect(ran.stdout).toContain('What 1 drill on main says (the last: 2030-06-01, until 2030-06-15)');
    expect(ran.stdout).toMatch(/root: 2 of 3 keys proved, 2 needed: no margin\n/);
    expect(ran.stdout.replace(/\n +/g, ' ')).toMatch(
      /@carol: key [0-9a-f]{20}, .* silent since 2030-06-01, never proved in a drill/,
    );
    const json = await cli.run([...(status ?? []), '--json', ...later], { cwd: crew.clone('alice').folder });
    expect(JSON.parse(json.stdout)).toMatchObject({
      open: [],
      unreadable: {},
      standing: { count: 1, last: '2030-06-01', margins: [{ role: 'root', margin: 0 }, { role: 'targets' }] },
    });
    const calendar = await cli.run(['calendar', ...later], { cwd: crew.clone('alice').folder });
    expect(calendar.stdout.replace(/\n +/g, ' ')).toContain('silent since 2030-06-01');
    expect(isNarrow(calendar)).toBe(true);

    const replaced = await crew.signing('alice', replace ?? []);
    expect(replaced).toMatchObject({ exit: 0 });
    expect(crew.remote.git('for-each-ref', '--format=%(refname)')).toContain('sign/without-carol');
  });

  test.for([
    [['--days', '91'], 'not a whole number from 1 to 90'],
    [['--days', 'x'], 'not a whole number'],
    [['--name', '../x'], 'lower-case letters'],
  ] as const)('drill open refuses %s', async ([args, why]) => {
    const before = crew.remote.git('for-each-ref');
    const ran = await crew.run('alice', ['drill', 'open', ...args]);
    expect(ran.exit).toBe(64);
    expect(ran.stderr).toContain(why);
    expect(crew.remote.git('for-each-ref')).toBe(before);
  });
});
