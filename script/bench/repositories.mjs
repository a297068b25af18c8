// Makes the repositories that are measured: git objects alone, no file is checked out. Names, contents, versions and
// dates of commits are always the same; keys, and with them keyids and signatures, are new each time.
import { execFileSync, spawn } from 'node:child_process';
import { createCipheriv, createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from './process.mjs';

/**
 * A repository in the format of tuf-on-ci: `artifacts` files of role targets, of `size` bytes where that is said; or delegated `roles`, each with so many in
 * a folder of its own; or `bins` that share `artifacts` out by the hashes of their paths, signed by people or by an `online` key; root may have
 * had `roots` versions. Its signing events: `changed`
 * (one artifact, of the last role, is another file), `waiting` (the metadata says so, and one of two signatures is
 * there), `signed` (both are).
 */
export const shapes = new Map([
  ['tiny', { artifacts: 3 }],
  ['10000', { artifacts: 10_000 }],
  ['100000', { artifacts: 100_000 }],
  ['roles', { roles: evenly(200, 10) }],
  ['beside-1000', { roles: new Map([['bulk', 1_000]]).set('tools', 10) }],
  ['beside-100000', { roles: new Map([['bulk', 100_000]]).set('tools', 10) }],
  ['roles-2000', { roles: evenly(2_000, 2) }],
  ['bins-16384', { artifacts: 20_000, bins: 16_384 }],
  ['online-bins-16384', { artifacts: 20_000, bins: 16_384, online: true }],
  ['roots-500', { artifacts: 3, roots: 500 }],
  ['publish-100000', { roles: evenly(25, 4_000) }],
  ['publish-large', { artifacts: 30, size: 8 * 1024 * 1024 }],
]);

function evenly(roles, artifacts) {
  return new Map(Array.from({ length: roles }, (_, i) => [`role-${String(i).padStart(4, '0')}`, artifacts]));
}

/** Always the same for a number; of `size` bytes that git can't pack where one is asked for. */
function contentOf(i, size) {
  if (size === undefined) return `artifact ${i}\n`;
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, i + 1), Buffer.alloc(16));
  return cipher.update(Buffer.alloc((size / 4) * 3)).toString('base64');
}

const DAY_MS = 86_400_000;
const COMMITTER = 'committer Bench <bench@example.org> 1767225600 +0000';
const PEOPLE = ['@alice', '@bob', '@carol'];
const THRESHOLD = 2;

/** Makes `shape` below `folder`: `remote.git`, its `clone`, and `keys/`. Gives what a measurement has to know of it. */
export async function makeRepository(library, folder, shape) {
  const world = new World(library, shape);
  mkdirSync(join(folder, 'keys'), { recursive: true });
  for (const [name, { privateKey }] of world.keys) {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(join(folder, 'keys', `${name.replace('@', '')}.pem`), pem, { mode: 0o600 });
  }
  const remote = join(folder, 'remote.git');
  git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', remote);
  await fastImport(remote, world.artifacts());
  await fastImport(remote, world.commits(makeTree(remote, world.files)));
  const clone = join(folder, 'clone');
  git(folder, 'clone', '--quiet', '--no-checkout', remote, clone);
  for (const [name, value] of [
    ['user.name', 'Alice'],
    ['user.email', 'alice@example.org'],
    ['tuf-signer.user', '@alice'],
  ]) {
    git(clone, 'config', name, value);
  }
  return { folder, clone, keys: join(folder, 'keys'), site: world.site(), target: world.changedPath };
}

class World {
  constructor(library, shape) {
    this.library = library;
    this.keys = new Map(
      [...PEOPLE, 'online'].map(name => [name, generateKeyPairSync('ec', { namedCurve: 'P-256' })]),
    );
    this.keyObjects = new Map(
      [...this.keys].map(([name, { publicKey }]) => this.#keyObject(name, publicKey)),
    );
    const { delegations, paths } = laidOut(shape);
    this.roots = shape.roots ?? 1;
    this.delegates = shape.online === true ? ['online'] : PEOPLE;
    this.delegatesThreshold = Math.min(THRESHOLD, this.delegates.length);
    this.delegations = delegations;
    this.roles = [...delegations.keys()];
    this.files = new Map([...paths.values()].flat().map((path, i) => [path, contentOf(i, shape.size)]));
    this.paths = paths;
    this.changedRole = [...paths].findLast(([, own]) => own.length > 0)[0];
    const own = paths.get(this.changedRole);
    this.changedPath = own[Math.floor(own.length / 2)];
    this.now = Date.now();
    const names = ['root', 'targets', ...this.roles, 'snapshot', 'timestamp'];
    this.first = new Map(
      names.map(role => [role, this.#signed(role, role === 'root' ? this.roots : 1, this.files)]),
    );
  }

  /** The blobs below `targets/`, as a stream for `git fast-import`. */
  *artifacts() {
    for (const content of this.files.values()) yield `blob\ndata ${content.length}\n${content}\n`;
  }

  /** The branches, as a stream for `git fast-import`; `targets` is the tree of what {@link artifacts} gives. */
  *commits(targets) {
    yield* this.#commit('main', undefined, this.#metadata());
    yield `M 040000 ${targets} targets\n`;
    const changed = new Map([[this.changedPath, 'another artifact\n']]);
    yield* this.#commit(
      'sign/changed',
      'main',
      new Map([[`targets/${this.changedPath}`, 'another artifact\n']]),
    );
    const next = this.#signed(this.changedRole, 2, new Map([...this.files, ...changed]));
    const file = `metadata/${this.changedRole}.json`;
    for (const [name, signers] of [
      ['waiting', ['@bob']],
      ['signed', ['@alice', '@bob', 'online']],
    ]) {
      yield* this.#commit(
        `sign/${name}`,
        'sign/changed',
        new Map([[file, this.#document(next, this.delegates, signers)]]),
      );
    }
  }

  /** What main publishes, by path: all metadata, and the one artifact that a client is to fetch. */
  site() {
    const { changedPath: path, files } = this;
    const [name, ...folders] = path.split('/').toReversed();
    const digest = sha256(files.get(path));
    const site = new Map([
      [`targets/${[...folders.toReversed(), `${digest}.${name}`].join('/')}`, files.get(path)],
    ]);
    for (const [file, bytes] of this.#metadata()) {
      if (file.includes('root_history')) continue;
      const role = file.replace('metadata/', '');
      site.set(role === 'timestamp.json' ? role : `1.${role}`, bytes);
    }
    return site;
  }

  #metadata() {
    this.metadata ??= new Map(
      [...this.first].map(([role, signed]) => {
        const online = role === 'snapshot' || role === 'timestamp';
        const own = online ? ['online'] : this.delegations.has(role) ? this.delegates : PEOPLE;
        const document = this.#document(signed, own, own.slice(0, THRESHOLD));
        return [`metadata/${role}.json`, document];
      }),
    );
    const history = version => `metadata/root_history/${version}.root.json`;
    for (let version = 1; version < this.roots; version++) {
      if (this.metadata.has(history(version))) continue;
      const signed = this.#signed('root', version, this.files);
      this.metadata.set(history(version), this.#document(signed, PEOPLE, PEOPLE.slice(0, THRESHOLD)));
    }
    return this.metadata.set(history(this.roots), this.metadata.get('metadata/root.json'));
  }

  #keyObject(name, publicKey) {
    const key = {
      keytype: 'ecdsa',
      keyval: { public: publicKey.export({ type: 'spki', format: 'pem' }) },
      scheme: 'ecdsa-sha2-nistp256',
      ...(name === 'online'
        ? { 'x-tuf-on-ci-online-uri': 'file:online.pem' }
        : { 'x-tuf-on-ci-keyowner': name }),
    };
    return [name, { keyid: this.library.computeKeyid(key), key }];
  }

  #signed(role, version, files) {
    const common = { spec_version: '1.0.31', version, expires: this.#expires(365) };
    const periods = { 'x-tuf-on-ci-expiry-period': 365, 'x-tuf-on-ci-signing-period': 60 };
    switch (role) {
      case 'root':
        return {
          _type: 'root',
          consistent_snapshot: true,
          ...this.#rootDelegations(periods),
          ...common,
          ...periods,
        };
      case 'snapshot':
        return { _type: 'snapshot', meta: listed(['targets', ...this.roles]), ...common };
      case 'timestamp':
        return { _type: 'timestamp', meta: listed(['snapshot']), ...common, expires: this.#expires(7) };
      default:
        return { _type: 'targets', ...this.#content(role, files), ...common, ...periods };
    }
  }

  #rootDelegations(periods) {
    const people = { keyids: this.#keyids(PEOPLE), threshold: THRESHOLD };
    const online = { keyids: this.#keyids(['online']), threshold: 1, ...periods };
    const timestamp = { ...online, 'x-tuf-on-ci-expiry-period': 7, 'x-tuf-on-ci-signing-period': 4 };
    return {
      keys: this.#keyMap([...PEOPLE, 'online']),
      roles: { root: people, targets: people, snapshot: online, timestamp },
    };
  }

  #content(role, files) {
    const targets = Object.fromEntries(
      (this.paths.get(role) ?? []).map(path => {
        const content = files.get(path);
        return [path, { hashes: { sha256: sha256(content) }, length: content.length }];
      }),
    );
    if (this.roles.length === 0 || role !== 'targets') return { targets };
    const delegated = [...this.delegations].map(([name, by]) => ({
      keyids: this.#keyids(this.delegates),
      name,
      ...by,
      terminating: true,
      threshold: this.delegatesThreshold,
    }));
    return { targets, delegations: { keys: this.#keyMap(this.delegates), roles: delegated } };
  }

  #document(signed, eligible, signers) {
    const payload = this.library.canonicalJson(signed);
    const signatures = eligible.map(name => ({
      keyid: this.keyObjects.get(name).keyid,
      sig: signers.includes(name)
        ? sign('sha256', payload, this.keys.get(name).privateKey).toString('hex')
        : '',
    }));
    return Buffer.from(this.library.serializeJson({ signatures, signed }));
  }

  #keyids = names => names.map(name => this.keyObjects.get(name).keyid);
  #keyMap = names =>
    Object.fromEntries(names.map(name => this.keyObjects.get(name)).map(({ keyid, key }) => [keyid, key]));
  #expires = days => `${new Date(this.now + days * DAY_MS).toISOString().slice(0, 19)}Z`;

  *#commit(branch, from, files) {
    yield `commit refs/heads/${branch}\n${COMMITTER}\ndata ${branch.length}\n${branch}\n`;
    if (from !== undefined) yield `from refs/heads/${from}\n`;
    for (const [path, content] of files) {
      const bytes = Buffer.from(content);
      yield `M 100644 inline ${path}\ndata ${bytes.length}\n`;
      yield bytes;
      yield '\n';
    }
  }
}

/** Who is delegated what, and the paths of each role, `targets` among them. */
function laidOut({ artifacts = 0, roles = new Map(), bins = 0 }) {
  const name = index => `artifact-${String(index).padStart(6, '0')}.txt`;
  const names = Array.from({ length: artifacts }, (_, i) => name(i));
  if (bins > 0) return binned(names, bins);
  const delegations = new Map(
    [...roles.keys()].map(role => [
      role,
      { paths: ['*', '*/*', '*/*/*', '*/*/*/*'].map(pattern => `${role}/${pattern}`) },
    ]),
  );
  const paths = [...roles].map(([role, count]) => [
    role,
    Array.from({ length: count }, (_, i) => `${role}/${name(i)}`),
  ]);
  return { delegations, paths: new Map([['targets', names], ...paths]) };
}

/** A power of two of them, each with the 16-bit prefixes that fall to it. */
function binned(names, bins) {
  const each = 65_536 / bins;
  const hex = number => number.toString(16).padStart(4, '0');
  const roles = Array.from({ length: bins }, (_, i) => `bin-${hex(i)}`);
  const delegations = new Map(
    roles.map((role, i) => [
      role,
      { path_hash_prefixes: Array.from({ length: each }, (_, j) => hex(i * each + j)) },
    ]),
  );
  const paths = new Map(['targets', ...roles].map(role => [role, []]));
  for (const name of names) {
    paths.get(roles[Math.floor(Number.parseInt(sha256(name).slice(0, 4), 16) / each)]).push(name);
  }
  return { delegations, paths };
}

const listed = roles => Object.fromEntries(roles.map(role => [`${role}.json`, { version: 1 }]));
/** Bytes in one write: one for each file would take half a minute. */
const CHUNK = 1 << 20;
const hash = (algorithm, content) => createHash(algorithm).update(content).digest('hex');
const sha256 = content => hash('sha256', content);

/** The tree of `files`, at most one folder deep. Made apart, as fast-import searches a folder from its start for each. */
function makeTree(repository, files) {
  const folders = new Map();
  for (const [path, content] of files) {
    const [name, folder = ''] = path.split('/').toReversed();
    const line = `100644 blob ${hash('sha1', `blob ${content.length}\0${content}`)}\t${name}`;
    if (folders.has(folder)) folders.get(folder).push(line);
    else folders.set(folder, [line]);
  }
  const top = folders.get('') ?? [];
  folders.delete('');
  const trees = mktree(repository, [...folders.values()]);
  return mktree(repository, [
    [...top, ...[...folders.keys()].map((name, i) => `040000 tree ${trees[i]}\t${name}`)],
  ])[0];
}

const mktree = (repository, trees) =>
  execFileSync('git', ['mktree', '--batch'], {
    cwd: repository,
    input: trees.map(lines => `${lines.join('\n')}\n`).join('\n'),
    encoding: 'utf8',
    maxBuffer: CHUNK,
  }).split('\n');

async function fastImport(repository, stream) {
  const child = spawn('git', ['fast-import', '--quiet', '--done', '--depth=0'], {
    cwd: repository,
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code =>
      code === 0 ? resolve() : reject(new Error(`git fast-import ended with ${code}`)),
    );
  });
  let [pieces, size] = [[], 0];
  for (const piece of stream) {
    size += pieces.push(Buffer.from(piece)) && piece.length;
    if (size < CHUNK) continue;
    if (!child.stdin.write(Buffer.concat(pieces)))
      await new Promise(resolve => child.stdin.once('drain', resolve));
    [pieces, size] = [[], 0];
  }
  child.stdin.end(Buffer.concat([...pieces, Buffer.from('done\n')]));
  await ended;
}
