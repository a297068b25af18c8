// Mutation tests: `node script/mutation/run.mjs [ROOM…]`, all rooms unless told. A room is run anew where its files or
// tests have changed since; `MUTATION_STRINGS=1` mutates texts too, `MUTATION_WORKERS=1` takes one core.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { rooms } from './rooms.mjs';

/** Percent of mutants that some test has to notice, over all rooms. */
const LEAST = 85;
const wanted = process.argv.slice(2);
const unknown = wanted.filter(name => !rooms.some(room => room.name === name));
if (unknown.length > 0)
  throw new Error(`no room ${unknown.join(', ')}: ${rooms.map(room => room.name).join(', ')}`);

for (const { name } of rooms) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { status } = spawnSync(
    'npx',
    ['--no-install', 'stryker', 'run', 'script/mutation/stryker.config.mjs'],
    {
      stdio: 'inherit',
      env: { ...process.env, MUTATION_ROOM: name },
    },
  );
  if (status !== 0) process.exit(status ?? 1);
}

const files = rooms
  .map(({ name }) => `.mutation/${name}/report.json`)
  .filter(path => existsSync(path))
  .flatMap(path => Object.entries(JSON.parse(readFileSync(path, 'utf8')).files))
  .sort(([a], [b]) => (a < b ? -1 : 1));
const noticed = { Killed: true, Timeout: true, Survived: false, NoCoverage: false };
const survivors = [];
let [all, good] = [0, 0];
for (const [path, { mutants, source }] of files) {
  const counted = mutants.filter(({ status }) => status in noticed);
  const killed = counted.filter(({ status }) => noticed[status]).length;
  all += counted.length;
  good += killed;
  console.log(`${percent(killed, counted.length).padStart(6)}  ${killed}/${counted.length}  ${path}`);
  const lines = source.split('\n');
  for (const { location, mutatorName, replacement = '', status } of counted) {
    if (noticed[status]) continue;
    const { start, end } = location;
    const was = lines[start.line - 1].slice(
      start.column - 1,
      start.line === end.line ? end.column - 1 : undefined,
    );
    const now = replacement.replaceAll(/\s+/g, ' ').slice(0, 80);
    survivors.push(`${path}:${start.line}:${start.column} ${mutatorName}: ${was} -> ${now}`);
  }
}
console.log(`${percent(good, all).padStart(6)}  ${good}/${all}  all; survivors: .mutation/survivors.txt`);
writeFileSync('.mutation/survivors.txt', survivors.map(line => `${line}\n`).join(''));
if (good < all * (LEAST / 100)) process.exitCode = 1;

function percent(part, whole) {
  return whole === 0 ? '-' : ((100 * part) / whole).toFixed(1);
}
