import { type Clock, type Instant, systemClock } from '../clock.ts';
import type { Document } from '../metadata/document.ts';
import type { RoleName } from '../metadata/names.ts';
import type { ArtifactCache } from './artifact-cache.ts';
import { readAge, writeChecked } from './checked.ts';
import type { Progress } from './download.ts';
import { type Downloaded, downloadTarget } from './download-target.ts';
import { ClientError, isSourcesFault } from './error.ts';
import type { RepositorySource } from './fetcher.ts';
import { type ClientLimits, defaultLimits } from './limits.ts';
import { type Listing, listTargets } from './list.ts';
import { requireTargetPath } from './paths.ts';
import type { TrustedMetadata } from './refresh.ts';
import type { TargetInfo } from './search.ts';
import type { MetadataStore } from './store.ts';
import { Updater } from './updater.ts';

/**
 * How up to date a client has to be.
 * - `online`, the specification's: asks the repository each time.
 * - `cached`: asks only where the cached metadata lacks something, is past its date, or was last compared with the
 *   repository longer than `maxAgeMs` ago. Meanwhile it does not hear of newer versions, withdrawn ones and new keys.
 * - `offline`: never asks.
 */
export type ClientPolicy =
  | { readonly kind: 'online' }
  | { readonly kind: 'cached'; readonly maxAgeMs: number }
  | { readonly kind: 'offline' };

export type ClientWarning =
  /** Metadata that is past its date was taken, as `allowExpired` says. */
  | { readonly kind: 'expired'; readonly role: RoleName; readonly document: Document }
  /** The cache was not enough, so the network was asked after all. */
  | { readonly kind: 'went-online'; readonly reason: string }
  /** An artifact was written, but could not be kept in the cache as well. */
  | { readonly kind: 'not-kept'; readonly reason: ClientError };

export interface ClientOptions {
  /** The root that came by another way than this repository: all trust starts here. */
  readonly trustedRoot: Uint8Array;
  readonly source: RepositorySource;
  readonly store: MetadataStore;
  /** Where artifacts are kept. Nowhere by default: then each is fetched where it does not lie in place already. */
  readonly artifacts?: ArtifactCache;
  readonly policy?: ClientPolicy;
  /** For `offline`, and for a source that can't become newer: takes metadata past its date, with a warning. */
  readonly allowExpired?: boolean;
  readonly clock?: Clock;
  readonly limits?: Partial<ClientLimits>;
  readonly warn?: (warning: ClientWarning) => void;
  /** Ends a download that is under way when aborted, and leaves nothing of it: `ABORTED`. A fetcher has its own. */
  readonly signal?: AbortSignal;
}

interface Run {
  readonly updater: Updater;
  readonly startedAt: Instant;
  isRemembered: boolean;
}

/**
 * A TUF client with a cache and a policy. Each {@link refresh} starts a new run of the client workflow (TUF section 5);
 * everything else belongs to the run that is under way, or starts one. All methods throw {@link ClientError}.
 */
export class Client {
  readonly #options: ClientOptions;
  readonly #clock: Clock;
  readonly #warned = new Set<Document>();
  /** The run under way, and its start; another one of the cache alone. */
  #current: Run | undefined;
  #cached: Updater | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Verified top-level metadata, from the repository or the cache as the policy says. */
  refresh(): Promise<TrustedMetadata> {
    this.#current = undefined;
    this.#cached = undefined;
    return this.#run(updater => updater.refresh());
  }

  /** What the repository says about a target; `undefined` where it has none of that path. */
  async getTargetInfo(path: string): Promise<TargetInfo | undefined> {
    requireTargetPath(path);
    try {
      return await this.#run(updater => updater.requireTarget(path));
    } catch (error) {
      if (error instanceof ClientError && error.code === 'TARGET_UNKNOWN') return undefined;
      throw error;
    }
  }

  /**
   * Writes an artifact below `folder` under its target path: whole and verified, or not at all. Nothing is fetched where
   * it lies there already, or in the cache. A `TargetInfo` says what it is, without another search. Throws `TARGET_UNKNOWN`.
   */
  async download(target: string | TargetInfo, folder: string, progress?: Progress): Promise<Downloaded> {
    requireTargetPath(typeof target === 'string' ? target : target.path);
    return await this.#run(async updater => {
      const info = typeof target === 'string' ? await updater.requireTarget(target) : target;
      return await downloadTarget(info, folder, {
        sources: await this.#sources(updater, info),
        cache: this.#options.artifacts,
        progress,
        signal: this.#options.signal,
        notKept: reason => this.#warn({ kind: 'not-kept', reason }),
      });
    });
  }

  /** Every target that a client finds, in the order of their paths; and the roles that can't be had. */
  list(isWanted: (path: string) => boolean = () => true): Promise<Listing> {
    const limits = { ...defaultLimits, ...this.#options.limits };
    return this.#run(async updater => {
      const listing = await listTargets(updater, limits.delegations, isWanted);
      const [first] = listing.missing.values();
      // The cache is not enough: the repository may have the role.
      if (first !== undefined && updater === this.#cached) throw first;
      return listing;
    });
  }

  /** What another way of downloading needs: the artifact's pieces, checked as they come, once for each mirror. */
  #sources(updater: Updater, info: TargetInfo): Promise<readonly (() => AsyncIterable<Uint8Array>)[]> {
    return this.#policy.kind === 'offline' ? Promise.resolve([]) : updater.artifact(info);
  }

  get #policy(): ClientPolicy {
    return this.#options.policy ?? { kind: 'online' };
  }

  async #run<T>(work: (updater: Updater) => Promise<T>): Promise<T> {
    const policy = this.#policy;
    if (this.#current === undefined && policy.kind === 'cached') {
      const fromCache = await this.#attempt(policy.maxAgeMs, work);
      if (fromCache !== undefined) return fromCache.value;
    }
    const run = (this.#current ??= this.#start(policy.kind === 'offline'));
    try {
      await run.updater.refresh();
    } catch (error) {
      // The next call may find the network again.
      this.#current = undefined;
      throw error;
    }
    if (policy.kind !== 'offline') await this.#remember(run);
    return await this.#work(run.updater, work);
  }

  /** Tries the cache. `undefined`: the repository has to be asked. */
  async #attempt<T>(
    maxAgeMs: number,
    work: (updater: Updater) => Promise<T>,
  ): Promise<{ readonly value: T } | undefined> {
    try {
      this.#cached ??= this.#start(true).updater;
      const { timestamp } = await this.#cached.refresh();
      const age = await readAge(this.#options.store, timestamp.bytes, this.#clock.now());
      if (maxAgeMs !== Number.POSITIVE_INFINITY && (age === undefined || age > maxAgeMs)) return undefined;
      return { value: await this.#work(this.#cached, work) };
    } catch (error) {
      // What the network said of an artifact, it would say again.
      if (!isSourcesFault(error) || error.code === 'TRANSPORT') throw error;
      this.#warn({ kind: 'went-online', reason: error.message });
      return undefined;
    }
  }

  async #work<T>(updater: Updater, work: (updater: Updater) => Promise<T>): Promise<T> {
    try {
      return await work(updater);
    } finally {
      for (const [role, document] of updater.expired) {
        if (!this.#warned.has(document)) this.#warn({ kind: 'expired', role, document });
        this.#warned.add(document);
      }
    }
  }

  /** For clients that do not ask each time. */
  async #remember(run: Run): Promise<void> {
    const { timestamp } = await run.updater.refresh();
    // A source that can't become newer says nothing of how the repository is now.
    if (this.#options.allowExpired === true || run.isRemembered) return;
    await writeChecked(this.#options.store, timestamp.bytes, run.startedAt);
    run.isRemembered = true;
  }

  #start(fromCache: boolean): Run {
    const { source, trustedRoot, store, limits, allowExpired } = this.#options;
    const now = this.#clock.now();
    const updater = new Updater({
      source,
      trustedRoot,
      store,
      now,
      fromCache,
      allowExpired: allowExpired === true,
      ...(limits === undefined ? {} : { limits }),
    });
    return { updater, startedAt: now, isRemembered: false };
  }

  #warn(warning: ClientWarning): void {
    this.#options.warn?.(warning);
  }
}
