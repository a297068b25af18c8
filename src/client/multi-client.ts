import { jsonEqual } from '../json.ts';
import type { Client } from './client.ts';
import type { Progress } from './download.ts';
import type { Downloaded } from './download-target.ts';
import { ClientError, isSourcesFault } from './error.ts';
import { matchesGlob } from './glob.ts';
import { firstSound } from './mirrors.ts';
import type { Mapping, RepositoryMap } from './repository-map.ts';
import type { TargetInfo } from './search.ts';

/** What enough repositories say of a target, and which ones. */
export interface Consensus {
  readonly info: TargetInfo;
  /** In the order of the mapping. */
  readonly repositories: readonly string[];
}

/**
 * Several repositories behind one map file (TAP 4). A target is what a threshold of them say it is: the same length and the
 * same hashes. Where one can't be asked and its word could have counted, that is an error, and no later mapping is asked:
 * else whoever cuts a line would choose who is trusted.
 */
export class MultiClient {
  readonly #map: RepositoryMap;
  readonly #clients: ReadonlyMap<string, Client>;

  /** A client for each repository of the map, each with a store and a root of its own. */
  constructor(map: RepositoryMap, clients: ReadonlyMap<string, Client>) {
    this.#map = map;
    this.#clients = clients;
  }

  /** `undefined`: no mapping has it. Throws {@link ClientError} `NO_CONSENSUS`, and what a client throws. */
  async getTargetInfo(path: string): Promise<Consensus | undefined> {
    for (const mapping of this.#map.mapping) {
      if (!mapping.paths.some(pattern => matchesGlob(pattern, path))) continue;
      const votes = await this.#ask(mapping, path);
      if (votes.consensus !== undefined) return votes.consensus;
      if (!mapping.terminating) continue;
      if (votes.signed === 0) return undefined;
      throw new ClientError(
        'NO_CONSENSUS',
        `${votes.signed} of ${mapping.repositories.join(', ')} list ${JSON.stringify(path)}, and not ${mapping.threshold} of them say the same of it`,
      );
    }
    return undefined;
  }

  /** As {@link Client.download}, from whichever of the repositories that agree has the artifact. */
  async download(path: string, folder: string, progress?: Progress): Promise<Downloaded> {
    const consensus = await this.getTargetInfo(path);
    if (consensus === undefined) {
      throw new ClientError(
        'TARGET_UNKNOWN',
        `no repository of the map has a target ${JSON.stringify(path)}`,
      );
    }
    return await firstSound(consensus.repositories, name =>
      this.#client(name).download(consensus.info, folder, progress),
    );
  }

  /** Asks one after the other until enough agree. */
  async #ask(
    { repositories, threshold }: Mapping,
    path: string,
  ): Promise<{ readonly consensus: Consensus | undefined; readonly signed: number }> {
    const groups: { readonly info: TargetInfo; readonly names: string[] }[] = [];
    const failures: ClientError[] = [];
    for (const name of repositories) {
      let info: TargetInfo | undefined;
      try {
        info = await this.#client(name).getTargetInfo(path);
      } catch (error) {
        if (!isSourcesFault(error)) throw error;
        failures.push(new ClientError(error.code, `${name}: ${error.message}`, { cause: error }));
      }
      if (info === undefined) continue;
      const answer = info;
      let group = groups.find(known => isSame(known.info, answer));
      if (group === undefined) groups.push((group = { info: answer, names: [] }));
      group.names.push(name);
      if (group.names.length >= threshold) {
        return { consensus: { info: answer, repositories: group.names }, signed: group.names.length };
      }
    }
    const most = Math.max(0, ...groups.map(({ names }) => names.length));
    const [failure] = failures;
    if (failure !== undefined && most + failures.length >= threshold) throw failure;
    return { consensus: undefined, signed: groups.reduce((sum, { names }) => sum + names.length, 0) };
  }

  #client(name: string): Client {
    const client = this.#clients.get(name);
    if (client !== undefined) return client;
    throw new ClientError('MALFORMED', `there is no client for the repository ${JSON.stringify(name)}`);
  }
}

/** What is custom to a repository may differ. */
const isSame = (a: TargetInfo, b: TargetInfo): boolean =>
  a.file.length === b.file.length && jsonEqual(a.file.hashes, b.file.hashes);
