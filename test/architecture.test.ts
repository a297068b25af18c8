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

const folders = ['src', 'signer-cli', 'actions'].filter(folder => existsSync(path.join(root, folder)));

const files = folders.flatMap(folder =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && !file.includes('dist/'))
    .map(file => `${folder}/${file.split(path.sep).join('/')}`),
);

const roomOf = (file: string): string | undefined =>
  [...ranks.keys()].find(room => file === room || file.startsWith(`${room}/`));

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

  it('reads the clock in clock.ts alone', () => {
    const readers = files.filter(file =>
      /Date\.now\(\)|new Date\(\)/.test(readFileSync(path.join(root, file), 'utf8')),
    );
    expect(readers).toEqual(['src/clock.ts']);
  });

  it('parses JSON in json.ts alone', () => {
    const parsers = files.filter(file => /JSON\.parse\(/.test(readFileSync(path.join(root, file), 'utf8')));
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

  it('starts no shell', () => {
    const shells = files.filter(file =>
      /shell:\s*true|\bexecSync\b|child_process'\)?.*\bexec\b/.test(
        readFileSync(path.join(root, file), 'utf8'),
      ),
    );
    expect(shells).toEqual([]);
  });
});
