// Measures the command on repositories that it makes itself, beside the peers that can be had. See docs/bench.md.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { jobsOf } from './bench/jobs.mjs';
import { findPeers } from './bench/peers.mjs';
import { canMeasureMemory, median, runCold } from './bench/process.mjs';
import { makeRepository, shapes } from './bench/repositories.mjs';
import { serve } from './bench/site.mjs';
import { table } from './bench/table.mjs';

const HELP = `Usage: npm run bench -- [options]

Measures cold processes of the built command: wall time, peak memory, and the ratio to peers in the same run.

  --only NAME   one repository (tiny, 10000, beside-1000, …), all whose name ends in * (beside-*), or
                the rows whose name holds NAME
  --runs N      cold processes a row (default: 9; half of it for slow rows)
  --quick       one process a row, no peers: does it all still run?
  --patient     tuf-js on 10,000 targets, too: a process of up to two minutes
  --no-peers    without python-tuf, tuf-js and tuf-on-ci-sign
  --dist DIR    measure this build instead of dist/
  --keep        leave the repositories behind and say where
  --json        print JSON
  --help        print this
`;

const root = fileURLToPath(new URL('..', import.meta.url));
const say = text => process.stderr.write(`${text}\n`);

/** Is the build missing, or older than any source? */
function isStale(dist) {
  if (!existsSync(join(dist, 'cli.mjs'))) return true;
  const built = statSync(join(dist, 'cli.mjs')).mtimeMs;
  const sources = ['src', 'signer-cli'].flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true }).map(name => join(root, folder, name)),
  );
  return sources.some(file => file.endsWith('.ts') && statSync(file).mtimeMs > built);
}

function buildOf(options) {
  if (options.dist !== undefined) return options.dist;
  const dist = join(root, 'dist');
  if (isStale(dist)) {
    say('building dist/ …');
    execFileSync(process.execPath, [join(root, 'script/build.mjs'), '--no-types'], { stdio: 'inherit' });
  }
  return dist;
}

/** Memory, where there is a file system in it: disks vary tenfold. */
function scratchFolder() {
  const memory = '/dev/shm';
  const inMemory = existsSync(memory);
  if (!inMemory) say(`no ${memory} here: working in a temporary folder, so that times hold the disk's, too`);
  return mkdtempSync(join(inMemory ? memory : tmpdir(), 'tuf-signer-bench-'));
}

function isWanted(only, shape, name) {
  if (only === undefined) return true;
  if (only.endsWith('*')) return shape.startsWith(only.slice(0, -1));
  return shapes.has(only) ? shape === only : name.includes(only);
}

/** Runs one job as often as is asked for. `met` compares medians. */
async function measure(job, repository, runs, scratch) {
  const count = job.once ? 1 : job.slow ? Math.ceil(runs / 2) : runs;
  const samples = [];
  for (let i = 0; i < count; i++) {
    const sample = await runCold(await job.prepare(repository), scratch);
    // A warm time is taken inside the process, which prints it.
    samples.push(job.isWarm ? { ...sample, seconds: Number(sample.stdout) } : sample);
  }
  const seconds = median(samples.map(sample => sample.seconds));
  const mebibytes = canMeasureMemory ? median(samples.map(sample => sample.mebibytes)) : undefined;
  const { name, target, guide } = job;
  const best = Math.min(...samples.map(sample => sample.seconds));
  return { name, seconds, best, mebibytes, runs: count, target, guide };
}

/** Is a row's target met? One that compares repositories by the best of each, as a busy machine only ever adds. */
function judged(row, rows) {
  const { target, seconds, mebibytes, best, name } = row;
  if (target === undefined) return row;
  if (target.beyond !== undefined) {
    const other = rows.find(row => row.name === target.beyond);
    const isSmall = (mebibytes ?? 0) <= target.mebibytes;
    return other === undefined ? row : { ...row, met: best - other.best <= target.seconds && isSmall };
  }
  if (target.times === undefined) {
    const isSmall = (mebibytes ?? 0) <= (target.mebibytes ?? Number.POSITIVE_INFINITY);
    return { ...row, met: seconds <= (target.seconds ?? Number.POSITIVE_INFINITY) && isSmall };
  }
  const other = rows.find(({ repository, name: what }) => repository === target.than && what === name);
  if (other === undefined) return row;
  const times = best / other.best;
  return { ...row, times, met: times <= target.times };
}

const machine = () => ({
  date: new Date().toISOString().slice(0, 10),
  node: process.versions.node,
  cpu: `${cpus().length} cores of ${cpus()[0]?.model ?? 'unknown make'}`,
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
});

async function main() {
  const { values: options } = parseArgs({
    options: {
      only: { type: 'string' },
      runs: { type: 'string', default: '9' },
      quick: { type: 'boolean', default: false },
      patient: { type: 'boolean', default: false },
      'no-peers': { type: 'boolean', default: false },
      dist: { type: 'string' },
      keep: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (options.help) return void process.stdout.write(HELP);
  const dist = buildOf(options);
  const runs = options.quick ? 1 : Number(options.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs takes a number of processes');
  const scratch = scratchFolder();
  try {
    const peers =
      options.quick || options['no-peers']
        ? {}
        : { ...findPeers(join(root, 'node_modules/.cache/bench'), say), patient: options.patient };
    if (!canMeasureMemory) say('no GNU time here: peak memory is not measured');
    const rows = await measureAll({ dist, runs, scratch, peers, only: options.only });
    if (rows.length === 0) throw new Error(`--only ${options.only} names no row and no repository`);
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ machine: machine(), rows }, undefined, 2)}\n`
        : table(machine(), rows),
    );
  } finally {
    if (options.keep) say(`the repositories are in ${scratch}`);
    else rmSync(scratch, { recursive: true, force: true });
  }
}

async function measureAll({ dist, runs, scratch, peers, only }) {
  const library = await import(pathToFileURL(join(dist, 'index.mjs')));
  const rows = [];
  for (const [shape, contents] of shapes) {
    const jobs = jobsOf(shape, { dist, peers, scratch }).filter(({ name }) => isWanted(only, shape, name));
    if (jobs.length === 0) continue;
    say(`${shape}: making it …`);
    const repository = await makeRepository(library, join(scratch, shape), contents);
    const { url, close } = await serve(repository.site);
    for (const job of jobs) {
      say(`${shape}: ${job.name} …`);
      const measured = await measure(job, { ...repository, url }, runs, scratch);
      const ours = rows.find(row => row.repository === shape && row.name === job.peerOf);
      const row = { repository: shape, ...measured, ratio: ours && measured.seconds / ours.seconds };
      rows.push(judged(row, rows));
    }
    await close();
  }
  return rows;
}

await main();
