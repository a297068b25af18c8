import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type BuiltCli, builtCli, type Ran } from '../support/cli.ts';
import { NOW_FLAG } from '../support/crew.ts';
import { type TestWorld, worldTest as test, UPDATE } from '../support/world.ts';

let cli: BuiltCli;
beforeAll(async () => {
  cli = await builtCli();
});
afterAll(() => cli[Symbol.asyncDispose]());

interface Verdict {
  readonly verdict: string;
  readonly reasons: readonly { readonly rule: string; readonly role?: string; readonly message: string }[];
}

/** What a clone holds that a command might write to. */
const stateOf = (world: TestWorld): string =>
  ['status --porcelain', 'for-each-ref', 'config --list --local']
    .map(args => world.automation.git(...args.split(' ')))
    .join('\n');

async function status(world: TestWorld): Promise<{ readonly ran: Ran; readonly json: Verdict }> {
  world.automation.git('fetch', '-q', 'origin', `+refs/heads/${UPDATE}:refs/remotes/origin/${UPDATE}`);
  const before = stateOf(world);
  const ran = await cli.run(['status', '--event', `origin/${UPDATE}`, '--json', ...NOW_FLAG], {
    cwd: world.automation.folder,
    deadline: 20_000,
  });
  expect(stateOf(world)).toBe(before);
  expect(ran.stderr).toBe('');
  return { ran, json: JSON.parse(ran.stdout) as Verdict };
}

/** A new event, whatever the last test left. */
const startEvent = (world: TestWorld): unknown =>
  world.remote.git('update-ref', `refs/heads/${UPDATE}`, 'main');

const tools = (world: TestWorld): string => world.remote.git('show', 'main:metadata/tools.json');

/** A document of `tools` after a textual change. */
const edited =
  (from: string | RegExp, to: string) =>
  (world: TestWorld): Record<string, string | Uint8Array> => ({
    'metadata/tools.json': tools(world).replace(from, to),
  });

const documents: readonly (readonly [
  string,
  (world: TestWorld) => Record<string, string | Uint8Array | null>,
])[] = [
  ['a name twice', edited('"version": 1', '"version": 1, "version": 2')],
  ['__proto__', edited('"version": 1', '"__proto__": {"version": 9}, "version": "x"')],
  ['an integer above 2^53', edited('"version": 1', '"version": 9007199254740993')],
  ['a fraction', edited('"version": 1', '"version": 1.5')],
  ['a negative version', edited('"version": 1', '"version": -1')],
  ['deep nesting', edited('"version": 1', `"x": ${'['.repeat(50_000)}${']'.repeat(50_000)}, "version": 2`)],
  ['invalid UTF-8', () => ({ 'metadata/tools.json': Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) })],
  ['a byte order mark', world => ({ 'metadata/tools.json': `\ufeff${tools(world)}` })],
  ['nothing', () => ({ 'metadata/tools.json': '' })],
  ['20 MB of spaces', () => ({ 'metadata/tools.json': Buffer.alloc(20_000_000, 0x20) })],
  ['20 MB of a list', () => ({ 'metadata/tools.json': `[${'1,'.repeat(10_000_000)}1]` })],
  ['a list', () => ({ 'metadata/tools.json': '[]' })],
  ['another type', edited('"_type": "targets"', '"_type": "root"')],
  ['an unknown type', edited('"_type": "targets"', '"_type": "evil"')],
  ['a date with a fraction', edited(/"expires": "([^"]*)Z"/, '"expires": "$1.5Z"')],
  ['a day that is none', edited(/"expires": "[^"]*"/, '"expires": "2031-02-30T00:00:00Z"')],
  ['targets that are a list', edited(/"targets": \{[^]*\}\n {2}\}/, '"targets": []')],
  ['signatures that are an object', edited('"signatures": [', '"signatures": {"x": [')],
];

describe('a document with', () => {
  for (const [name, files] of documents) {
    test(name, async ({ shared: world }) => {
      startEvent(world);
      world.push(files(world));
      const { ran, json } = await status(world);
      expect([ran.exit, json.verdict]).toEqual([2, 'rejected']);
      const places = json.reasons.map(({ rule, role, message }) => `${rule} ${role ?? ''} ${message}`);
      expect(
        places.some(place => /^(schema|version|orphans|expiry) .*tools/.test(place)),
        places.join('\n'),
      ).toBe(true);
    });
  }
});

const trees: readonly (readonly [string, string, (world: TestWorld) => unknown])[] = [
  ['a file in metadata/ that is no role', 'metadata-names', world => world.push({ 'metadata/x.txt': 'x' })],
  ['a role that nobody delegates to', 'orphans', world => world.push({ 'metadata/evil.json': tools(world) })],
  ['a role name in capitals', 'metadata-names', world => world.push({ 'metadata/Root.json': tools(world) })],
  [
    'a Cyrillic look-alike of a role',
    'metadata-names',
    world => world.push({ 'metadata/tооls.json': tools(world) }),
  ],
  [
    'a link for a document',
    'tree-modes',
    world => world.push({ 'metadata/tools.json': 'targets.json' }, UPDATE, { mode: '120000' }),
  ],
  [
    'a link for an artifact',
    'tree-modes',
    world => world.push({ 'targets/x': '/etc/passwd' }, UPDATE, { mode: '120000' }),
  ],
  [
    'a link for metadata/',
    'tree-modes',
    world => world.push({ metadata: 'elsewhere' }, UPDATE, { mode: '120000' }),
  ],
  [
    'a link for targets/',
    'tree-modes',
    world => world.push({ targets: 'elsewhere' }, UPDATE, { mode: '120000' }),
  ],
  [
    'a submodule for an artifact',
    'tree-modes',
    world => {
      const commit = world.remote.sha('main');
      const blob = world.remote.sha('main:targets/tools/greet.sh');
      const inner = world.remote.tree(
        { mode: '100644', name: 'greet.sh', oid: blob },
        { mode: '160000', name: 'sub', oid: commit },
      );
      replaceTools(world, inner);
    },
  ],
  ['a backslash in an artifact', 'ownership', world => world.push({ 'targets/tools/a\\b': 'x' })],
  [
    'a control character in an artifact',
    'ownership',
    world => replaceTools(world, treeWith(world, Buffer.from('a\u001b[31mb'))),
  ],
  [
    'an invisible character in an artifact',
    'ownership',
    world => world.push({ 'targets/tools/a\u202eb': 'x' }),
  ],
  [
    'a workflow',
    'scope',
    world => world.push({ '.github/workflows/x.yml': 'on: push', 'targets/one.txt': 'one' }),
  ],
  [
    'a name that is no UTF-8',
    'metadata-names',
    world => replaceTools(world, treeWith(world, Buffer.from('a\xff\xfeb', 'latin1'))),
  ],
  [
    'invitations that are a list',
    'invites',
    world => world.push({ 'metadata/.signing-event-state': '{"invites": []}' }),
  ],
  [
    'an invitation of nobody',
    'invites',
    world => world.push({ 'metadata/.signing-event-state': '{"invites": {"@a b": ["root"]}}' }),
  ],
];

/** A folder with one file, of that name whatever it is. */
function treeWith(world: TestWorld, name: Buffer): string {
  const blob = world.remote.sha('main:targets/tools/greet.sh');
  const entry = [Buffer.from('100644 '), name, Buffer.from([0]), Buffer.from(blob, 'hex')];
  return world.remote.object('tree', Buffer.concat(entry));
}

/** Puts a tree in the place of targets/tools, whatever it holds. */
function replaceTools(world: TestWorld, inner: string): void {
  const { remote } = world;
  const targets = remote.tree({ mode: '40000', name: 'tools', oid: inner as never });
  const top = remote.git('ls-tree', 'main').replace(/ tree [0-9a-f]+\ttargets/, ` tree ${targets}\ttargets`);
  const entries = top.split('\n').map(line => {
    const [, mode = '', oid = '', name = ''] = /^0?(\d+) \w+ ([0-9a-f]+)\t(.*)$/.exec(line) ?? [];
    return { mode, name, oid: oid as never };
  });
  const commit = remote.git('commit-tree', '-p', 'main', '-m', 'x', remote.tree(...entries));
  remote.git('update-ref', `refs/heads/${UPDATE}`, commit);
}

describe('a commit with', () => {
  for (const [name, rule, arrange] of trees) {
    test(name, async ({ shared: world }) => {
      startEvent(world);
      arrange(world);
      const { ran, json } = await status(world);
      expect([ran.exit, json.verdict]).toEqual([2, 'rejected']);
      expect(
        json.reasons.map(reason => reason.rule),
        ran.stdout,
      ).toContain(rule);
      // What it quotes can not steer the terminal that shows it.
      // oxlint-disable-next-line no-control-regex
      expect(ran.stdout).toMatch(/^[\x20-\x7e\n]*$/);
    });
  }

  test('folders a hundred deep: a coded error', async ({ world }) => {
    world.push({ [`targets/${'a/'.repeat(100)}x`]: 'x' });
    world.automation.git('fetch', '-q');
    const ran = await cli.run(['status', '--event', `origin/${UPDATE}`, ...NOW_FLAG], {
      cwd: world.automation.folder,
    });
    expect(ran).toMatchObject({ exit: 65, stdout: '' });
    expect(ran.stderr).toContain('deeper than');
  });
});
