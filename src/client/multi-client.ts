import { jsonEqual } from '../json.ts';
import type { Client } from './client.ts';
import type { Progress } from './download.ts';
import type { Downloaded } from './download-target.ts';
import { ClientError, isSourcesFault } from './error.ts';
import { matchesGlob } from './glob.ts';
import { firstSound, mostTelling } from './mirrors.ts';
import type { Mapping, RepositoryMap } from './repository-map.ts';
import type { TargetInfo } from './search.ts';

/** What enough repositories say of a target, and which ones. */
export interface Consensus {
  readonly info: TargetInfo;
  /** In the order of the mapping. */
  readonly repositories: readonly string[];
}

/** What the repositories of one mapping said. */
interface Votes {
  readonly consensus: Consensus | undefined;
  /** Repositories that list the target. */
  readonly listing: number;
  /** By name, what could not be asked or did not verify. */
  readonly failures: ReadonlyMap<string, ClientError>;
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

  /**
   * `undefined`: no mapping has it, and every repository that was to be asked said so. Throws {@link ClientError}
   * `NO_CONSENSUS`, and what a client throws: what one that can't be asked has is not known.
   */
  async getTargetInfo(path: string): Promise<Consensus | undefined> {
    const unheard = new Map<string, ClientError>();
    for (const mapping of this.#map.mapping) {
      if (!mapping.paths.some(pattern => matchesGlob(pattern, path))) continue;
      const { consensus, listing, failures } = await this.#ask(mapping, path);
      if (consensus !== undefined) return consensus;
      for (const [name, failure] of failures) unheard.set(name, failure);
      if (!mapping.terminating) continue;
      if (listing === 0) break;
      throw new ClientError(
        'NO_CONSENSUS',
        `${listing} of ${mapping.repositories.join(', ')} list ${JSON.stringify(path)}, and not ${mapping.threshold} of them say the same of it${unheard.size === 0 ? '' : ` (${reasonsOf(unheard)})`}`,
      );
    }
    if (unheard.size > 0) throw notHeard(path, unheard);
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
  async #ask({ repositories, threshold }: Mapping, path: string): Promise<Votes> {
    const groups: { readonly info: TargetInfo; readonly names: string[] }[] = [];
    const failures = new Map<string, ClientError>();
    for (const name of repositories) {
      let info: TargetInfo | undefined;
      try {
        info = await this.#client(name).getTargetInfo(path);
      } catch (error) {
        if (!isSourcesFault(error)) throw error;
        failures.set(name, error);
      }
      if (info === undefined) continue;
      const answer = info;
      let group = groups.find(known => isSame(known.info, answer));
      if (group === undefined) groups.push((group = { info: answer, names: [] }));
      group.names.push(name);
      if (group.names.length >= threshold) {
        const consensus = { info: answer, repositories: group.names };
        return { consensus, listing: group.names.length, failures };
      }
    }
    const most = Math.max(0, ...groups.map(({ names }) => names.length));
    // Their word could have made the quorum.
    if (failures.size > 0 && most + failures.size >= threshold) throw notHeard(path, failures);
    const listing = groups.reduce((sum, { names }) => sum + names.length, 0);
    return { consensus: undefined, listing, failures };
  }

  #client(name: string): Client {
    const client = this.#clients.get(name);
    if (client !== undefined) return client;
    throw new ClientError('MALFORMED', `there is no client for the repository ${JSON.stringify(name)}`);
  }
}

function notHeard(path: string, failures: ReadonlyMap<string, ClientError>): ClientError {
  const errors = [...failures.values()];
  return new ClientError(
    mostTelling(errors).code,
    `whether the map has a target ${JSON.stringify(path)} is not known: ${reasonsOf(failures)}`,
    { cause: errors.length === 1 ? errors[0] : new AggregateError(errors) },
  );
}

const reasonsOf = (failures: ReadonlyMap<string, ClientError>): string =>
  [...failures].map(([name, { message }]) => `${name} did not say: ${message}`).join('; ');

/** What is custom to a repository may differ. */
const isSame = (a: TargetInfo, b: TargetInfo): boolean =>
  a.file.length === b.file.length && jsonEqual(a.file.hashes, b.file.hashes);
