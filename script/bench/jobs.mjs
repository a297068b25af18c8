// What is measured on each repository: one row of the table is one job.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { git, runCold } from './process.mjs';

const here = name => fileURLToPath(new URL(name, import.meta.url));

/** Seconds, MiB, or how many times as long as in another repository, that issues 2, 6 and 7 (the client) ask for. */
const TARGETS = {
  tiny: { status: { seconds: 0.12 }, bins: { seconds: 3 }, client: { seconds: 0.15 } },
  10000: { status: { seconds: 0.2 } },
  100000: { status: { seconds: 0.75, mebibytes: 250 }, update: { seconds: 1 }, client: { seconds: 0.6 } },
  roles: { status: { seconds: 0.15 } },
  'beside-100000': { following: { times: 1.3, than: 'beside-1000' } },
  'roles-2000': { following: { seconds: 2 }, delegate: { seconds: 0.5 } },
  'bins-16384': { following: { seconds: 2 } },
  'online-bins-16384': { following: { seconds: 2 }, update: { seconds: 1 }, online: { seconds: 1 } },
  'publish-100000': {
    build: { seconds: 3, beyond: 'copying of the site, by cp', mebibytes: 250 },
    unchanged: { seconds: 1 },
  },
};

/** What is here for the cost of a change beside much that does not change: of the rest of the rows, nothing new. */
const BESIDE = new Set([
  'beside-1000',
  'beside-100000',
  'roles-2000',
  'bins-16384',
  'online-bins-16384',
  'roots-500',
]);

/** Seconds of tuf-on-ci 0.20.0, measured once on a like machine without the SDKs that it loads there. Only a guide. */
const GUIDE = {
  tiny: { status: 0.16, update: 0.18, sign: 0.19 },
  10000: { status: 0.61, update: 1.16, sign: 0.78 },
  100000: { status: 5.0, update: 10.3, sign: 7.2 },
  roles: { status: 0.19, update: 0.26, sign: 0.28 },
};

/** `prepare` brings the repository into the state that one run needs, untimed, and says what to run. */
export function jobsOf(shape, { dist, peers, scratch }) {
  const [target, guide] = [TARGETS[shape] ?? {}, GUIDE[shape] ?? {}];
  const cli = (clone, keys, ...args) => ({
    command: process.execPath,
    args: [join(dist, 'cli.mjs'), ...args, '--repo', clone],
    env: { TUF_SIGNER_KEYS: keys },
  });
  const status = ({ clone, keys }) => cli(clone, keys, 'status', '--event', 'origin/sign/signed');
  const memory = ({ clone }) => join(clone, '.git/tuf-signer');
  const jobs = [
    {
      name: 'status, first in a clone',
      target: target.status,
      guide: guide.status,
      slow: shape === '100000' || BESIDE.has(shape),
      prepare: repository => {
        rmSync(memory(repository), { recursive: true, force: true });
        return status(repository);
      },
    },
    {
      name: 'status, following',
      target: target.following ?? target.status,
      guide: guide.status,
      prepare: async repository => {
        if (!existsSync(memory(repository))) await runCold(status(repository), scratch);
        return status(repository);
      },
    },
    {
      name: 'update-targets, one changed, and push',
      target: target.update,
      guide: guide.update,
      slow: shape === '100000',
      prepare: async repository => {
        const { clone, keys } = await copyOf(repository, status, scratch);
        return cli(clone, keys, 'update-targets', 'sign/changed');
      },
    },
    {
      name: 'sign with a key file, and push',
      guide: guide.sign,
      slow: shape === '100000',
      prepare: async repository => {
        const { clone, keys } = await copyOf(repository, status, scratch);
        return trusting(clone, cli(clone, keys, 'sign', 'sign/waiting', '--yes', '--key', 'file:alice.pem'));
      },
    },
  ];
  if (shape.startsWith('publish-')) return publishJobs(target, cli);
  const delegate = (name, target, ...terms) => ({
    name,
    target,
    prepare: async repository => {
      const { clone, keys } = await copyOf(repository, status, scratch);
      return cli(clone, keys, 'delegate', 'sign/delegation', ...terms, '--yes', '--key', 'file:alice.pem');
    },
  });
  if (BESIDE.has(shape)) {
    const own = jobs.slice(0, 2);
    if (shape === 'roles-2000')
      own.push(delegate('delegate, a threshold, and push', target.delegate, 'role-0007', '--threshold', '1'));
    if (shape === 'online-bins-16384') own.push(jobs[2], onlineJob(target.online, status, scratch));
    return own;
  }
  if (shape === 'tiny') {
    const bins = ['targets', '--bins', '16384', '--online-key', 'file:online.pem'];
    jobs.push(
      delegate('delegate --bins 16384', target.bins, ...bins),
      delegate('delegate --bins 16384 --succinct', target.bins, ...bins, '--succinct'),
      ...cardJobs(status, scratch),
    );
  }
  // Larger than clients accept by default, which `verify` then says, too.
  if (shape !== '100000') {
    jobs.push({
      name: 'verify main',
      prepare: ({ clone, keys }) => cli(clone, keys, 'verify', '--rev', 'origin/main'),
    });
  }
  if (shape !== 'roles') jobs.push(...clientJobs(shape, dist, peers, target.client, scratch));
  if (shape === 'tiny') {
    jobs.push({
      name: 'start-up: tuf-signer --help',
      prepare: () => ({ command: process.execPath, args: [join(dist, 'cli.mjs'), '--help'] }),
    });
    if (peers.incumbent !== undefined) {
      jobs.push({
        name: 'start-up: tuf-on-ci-sign --help',
        peerOf: 'start-up: tuf-signer --help',
        prepare: () => ({ command: peers.incumbent, args: ['--help'] }),
      });
    }
  }
  return jobs;
}

/** What the action does in an event whose metadata says what its files are. */
function onlineJob(target, status, scratch) {
  return {
    name: 'sign one bin online, and push',
    target,
    prepare: async repository => {
      const { clone, keys } = await copyOf(repository, status, scratch);
      const env = { TUF_SIGNER_KEYS: keys };
      return {
        command: process.execPath,
        args: [bundled('online-targets'), clone, 'sign/waiting'],
        env,
      };
    },
  };
}

/** What a small machine tells Node: V8 takes more only because it is there. */
const SMALL_HEAP = '--max-old-space-size=140 --max-semi-space-size=4';

/** Issue 7: a first build, beside a plain copy of as many files, also in a small heap, and one that changes nothing. */
function publishJobs(target, cli) {
  const build = ({ clone, keys, folder }) => cli(clone, keys, 'build', '--out', join(folder, 'site'));
  const gone = (folder, name) => rmSync(join(folder, name), { recursive: true, force: true });
  const anew = repository => {
    for (const name of ['site', 'copied']) gone(repository.folder, name);
    return build(repository);
  };
  return [
    {
      name: 'build, unchanged',
      target: target.unchanged,
      slow: true,
      prepare: async repository => {
        if (!existsSync(join(repository.folder, 'site'))) await runCold(build(repository), repository.folder);
        return build(repository);
      },
    },
    {
      name: 'copying of the site, by cp',
      slow: true,
      prepare: ({ folder }) => {
        gone(folder, 'copied');
        return { command: 'cp', args: ['-r', join(folder, 'site'), join(folder, 'copied')] };
      },
    },
    { name: 'build, first', target: target.build, slow: true, prepare: anew },
    {
      name: 'build, first, in a heap of 140 MiB',
      target: target.build && { mebibytes: target.build.mebibytes },
      slow: true,
      prepare: repository => {
        const { env, ...rest } = anew(repository);
        return { ...rest, env: { ...env, NODE_OPTIONS: SMALL_HEAP } };
      },
    },
  ];
}

/** For a person whose machine knows nothing yet, and who has the root from elsewhere. */
function trusting(clone, { args, env, ...rest }) {
  const root = join(clone, '.git/trusted-root.json');
  writeFileSync(root, git(clone, 'show', 'origin/main:metadata/root.json'));
  return {
    ...rest,
    args: [...args, '--trusted-root', root],
    env: { ...env, TUF_SIGNER_CONFIG: join(clone, '.git/tuf-signer-config') },
  };
}

/** A virtual card in the command's own process: issue 3 asks for these. */
function cardJobs(status, scratch) {
  const command = (repository, ...args) => ({
    command: process.execPath,
    args: [bundled('card-cli'), join(repository.keys, 'alice.pem'), ...args, '--repo', repository.clone],
    env: { TUF_SIGNER_PIN: '123456' },
  });
  return [
    {
      name: 'sign with a card in process, and push',
      target: { seconds: 0.4 },
      prepare: async repository => {
        const { clone, keys } = await copyOf(repository, status, scratch);
        return trusting(clone, command({ clone, keys }, 'sign', 'sign/waiting', '--yes'));
      },
    },
    {
      name: 'key list, one card in process',
      target: { seconds: 0.3 },
      prepare: repository => command(repository, 'key', 'list'),
    },
    {
      name: "a signature's host side, warm",
      target: { seconds: 0.02 },
      isWarm: true,
      prepare: ({ keys }) => ({
        command: process.execPath,
        args: [bundled('card-signature'), join(keys, 'alice.pem')],
      }),
    },
  ];
}

/** One of the programs beside this file, below the project's top: the command looks for its package.json there. */
function bundled(name) {
  const outfile = here(`../../.bench/${name}.mjs`);
  buildSync({
    entryPoints: [here(`./${name}.ts`)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['pcsc-mini'],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return outfile;
}

const CLIENT = 'client, refresh and one download';

function clientJobs(shape, dist, { python, tufJs, patient }, target, scratch) {
  const job = (name, command, args) => ({
    name,
    peerOf: name === CLIENT ? undefined : CLIENT,
    prepare: ({ folder, site, url, target }) => {
      const home = join(folder, 'client');
      rmSync(home, { recursive: true, force: true });
      for (const below of ['metadata', 'targets']) mkdirSync(join(home, below), { recursive: true });
      writeFileSync(join(home, 'metadata/root.json'), site.get('1.root.json'));
      return { command, args: [...args, url, home, target] };
    },
  });
  return [
    ourClient(dist, target, scratch),
    ...(python === undefined ? [] : [job(`${CLIENT}: python-tuf`, python, [here('client-python-tuf.py')])]),
    // Quadratic: half a minute to two minutes for 10,000 targets, once is enough.
    ...(tufJs && (shape === 'tiny' || (shape === '10000' && patient))
      ? [
          {
            ...job(`${CLIENT}: tuf-js`, process.execPath, [here('client-tuf-js.mjs')]),
            once: shape !== 'tiny',
          },
        ]
      : []),
  ];
}

/** The command itself; its root is pinned before. 100,000 targets in one role are more than it takes unasked. */
function ourClient(dist, target, scratch) {
  const cli = (...args) => ({ command: process.execPath, args: [join(dist, 'cli.mjs'), 'client', ...args] });
  return {
    name: CLIENT,
    target,
    prepare: async ({ folder, site, url, target: path }) => {
      const home = join(folder, 'client');
      rmSync(home, { recursive: true, force: true });
      mkdirSync(home, { recursive: true });
      writeFileSync(join(home, 'root.json'), site.get('1.root.json'));
      const dir = ['--dir', join(home, 'tuf')];
      await runCold(cli('init', join(home, 'root.json'), '--metadata-url', url, ...dir), scratch);
      return cli('download', path, '--out', join(home, 'targets'), '--max-targets-bytes', '67108864', ...dir);
    },
  };
}

/** A copy that may be pushed from and to, with main verified before, as in the clone of somebody who works with it. */
async function copyOf(repository, status, scratch) {
  if (!existsSync(join(repository.clone, '.git/tuf-signer'))) await runCold(status(repository), scratch);
  const copy = join(repository.folder, 'copy');
  rmSync(copy, { recursive: true, force: true });
  for (const name of ['remote.git', 'clone'])
    cpSync(join(repository.folder, name), join(copy, name), { recursive: true });
  const clone = join(copy, 'clone');
  git(clone, 'remote', 'set-url', 'origin', join(copy, 'remote.git'));
  return { ...repository, clone };
}
