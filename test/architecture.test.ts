import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Every room and its rank. A file imports rooms of a lower rank only, or its own. */
const ranks: ReadonlyMap<string, number> = new Map([
  ['src/errors.ts', 0],
  ['src/clock.ts', 0],
  ['src/json.ts', 0],
  ['src/metadata', 1],
  ['src/policy', 1],
  ['src/repository', 2],
  ['src/event', 3],
  ['src/client', 3],
  ['src/attestation', 3],
  ['src/signers', 3],
  ['src/git', 3],
  ['src/forge', 3],
  ['src/render', 3],
  ['src/operations', 4],
  ['src/index.ts', 5],
  ['signer-cli', 5],
  ['actions', 5],
]);

/** Rooms of one rank that may know another of the same: a report is made to be rendered. */
const allowed: ReadonlySet<string> = new Set([
  'src/render -> src/event',
  'src/json.ts -> src/errors.ts',
  'src/clock.ts -> src/errors.ts',
]);

/** Pure rooms: what they may take from Node. */
const pure: ReadonlySet<string> = new Set(['src/metadata', 'src/policy', 'src/repository', 'src/event']);

/** What a pure room may take from a package; what a package is needed for is in docs/dependencies.md. */
const packages: ReadonlySet<string> = new Set(['src/policy/yaml.ts -> yaml']);

const folders = ['src', 'signer-cli', 'actions'].filter(folder => existsSync(path.join(root, folder)));
const files = folders.flatMap(folder =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && !file.includes('dist/'))
    .map(file => `${folder}/${file.split(path.sep).join('/')}`),
);

/** A text that a reader's browser runs is no code of ours. */
const ours = files.filter(file => file !== 'src/render/site/script.ts');

const roomOf = (file: string): string | undefined =>
  [...ranks.keys()].find(room => file === room || file.startsWith(`${room}/`));

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

function importsOf(file: string): readonly string[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const pattern = /^(?:import|export)\s[^;'=(]*\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;
  return [...text.matchAll(pattern)].map(match => match[1] ?? match[2] ?? match[3] ?? '');
}

function* violations(): Iterable<string> {
  for (const file of files) {
    const room = roomOf(file);
    if (room === undefined) {
      yield `${file} is in no room`;
      continue;
    }
    for (const specifier of importsOf(file)) {
      if (!specifier.startsWith('.')) {
        if (packages.has(`${file} -> ${specifier}`)) continue;
        if (pure.has(room) && specifier !== 'node:crypto') yield `${file} is pure, but imports ${specifier}`;
        continue;
      }
      const target = path.posix.join(path.posix.dirname(file), specifier);
      const other = roomOf(target);
      if (other === undefined) yield `${file} imports ${target}, which is in no room`;
      else if (other !== room && !mayImport(room, other))
        yield `${file} (${room}) imports ${target} (${other})`;
    }
  }
}

const mayImport = (room: string, other: string): boolean =>
  (ranks.get(room) ?? -1) > (ranks.get(other) ?? 99) || allowed.has(`${room} -> ${other}`);

describe('architecture', () => {
  it('finds the sources', () => expect(files.length).toBeGreaterThan(50));

  it('has no import that goes up or sideways', () => expect([...violations()]).toEqual([]));

  it('lets an action know what all share, and no other action', () => {
    const own = (file: string): string => file.split('/').slice(0, 2).join('/');
    const strangers = files
      .filter(file => file.startsWith('actions/'))
      .flatMap(file =>
        importsOf(file)
          .filter(specifier => specifier.startsWith('.'))
          .map(specifier => path.posix.join(path.posix.dirname(file), specifier))
          .filter(other => other.startsWith('actions/') && ![own(file), 'actions/lib'].includes(own(other)))
          .map(other => `${file} imports ${other}`),
      );
    expect(files.filter(file => file.startsWith('actions/')).length).toBeGreaterThan(15);
    expect(strangers).toEqual([]);
  });

  it('reads the clock in clock.ts alone', () => {
    const readers = ours.filter(file =>
      /Date\.now\(\)|new Date\(\)/.test(readFileSync(path.join(root, file), 'utf8')),
    );
    expect(readers).toEqual(['src/clock.ts']);
  });

  it('parses JSON in json.ts alone', () => {
    const parsers = ours.filter(file => /JSON\.parse\(/.test(readFileSync(path.join(root, file), 'utf8')));
    expect(parsers).toEqual(['src/json.ts']);
  });

  it('offers the virtual card to the demo alone', () => {
    const users = files.filter(
      file =>
        !file.startsWith('signer-cli/demo/') &&
        importsOf(file).some(specifier => specifier.includes('virtual-card')),
    );
    expect(users).toEqual([]);
  });

  it('loads YAML and X.509 where they are needed, never at the start', () => {
    const eager = files.filter(
      file =>
        (roomOf(file) !== 'src/attestation' &&
          /^import (?!type )[^;]*\/attestation\/(verify|chain|certificate)\.ts'/m.test(read(file))) ||
        (roomOf(file) !== 'src/policy' &&
          /^import (?!type )[^;]*\/policy\/(parse|yaml)\.ts'/m.test(read(file))),
    );
    expect(eager).toEqual([]);
  });

  it("loads GitHub's client for those who ask GitHub, never at the start", () => {
    const eager = files.filter(
      file =>
        !file.startsWith('src/forge/github') &&
        !file.startsWith('actions/') &&
        /^(?:import|export) (?!type )[^;]*(?:\/forge\/github(?:\/(?!address|place)[\w-]+)?\.ts|@octokit\/[\w-]+)'/m.test(
          read(file),
        ),
    );
    expect(eager).toEqual([]);
  });

  it('starts no shell', () => {
    const shells = files.filter(file =>
      /shell:\s*true|\bexecSync\b|child_process'\)?.*\bexec\b/.test(
        readFileSync(path.join(root, file), 'utf8'),
      ),
    );
    expect(shells).toEqual([]);
  });
});
