import type { Instant } from '../clock.ts';
import type { Delegations } from '../metadata/delegation.ts';
import type { Document, Targets } from '../metadata/document.ts';
import { ROOT, type RoleName, SNAPSHOT, TARGETS, TIMESTAMP } from '../metadata/names.ts';
import { cachedMetadata, cachedTargets } from './cached.ts';
import { type ArtifactSource, artifactPieces, writeArtifact } from './download.ts';
import { ClientError } from './error.ts';
import type { Fetcher, RepositorySource } from './fetcher.ts';
import { type ClientLimits, defaultLimits } from './limits.ts';
import { firstSound, withFirst } from './mirrors.ts';
import { requireTargetPath } from './paths.ts';
import { refreshMetadata, type TrustedMetadata, updateTargets } from './refresh.ts';
import { findTarget, type TargetInfo } from './search.ts';
import type { MetadataStore } from './store.ts';

export interface UpdaterOptions {
  readonly source: RepositorySource;
  /** The root that came by another way than this repository: all trust starts here. */
  readonly trustedRoot: Uint8Array;
  readonly store: MetadataStore;
  /** The update start time, the same for the updater's whole life (TUF 5.1). */
  readonly now: Instant;
  readonly limits?: Partial<ClientLimits>;
  /** Metadata from the store alone, checked as ever. */
  readonly fromCache?: boolean;
  /** Takes metadata past its date: {@link Updater.expired} says which. */
  readonly allowExpired?: boolean;
}

/** Before any date that metadata can have. */
const NEVER = Number.NEGATIVE_INFINITY as Instant;

/**
 * One run of the client workflow (TUF section 5). It sees one state of the repository: for a newer one, make another.
 * Every method throws {@link ClientError}, and {@link refresh} happens by itself where it has not yet.
 */
export class Updater {
  readonly #options: UpdaterOptions;
  readonly #context: { readonly store: MetadataStore; readonly limits: ClientLimits; readonly now: Instant };
  readonly #loaded = new WeakMap<Delegations, Map<RoleName, Promise<Document<Targets>>>>();
  readonly #expired = new Map<RoleName, Document>();
  #mirrors: readonly Fetcher[];
  #refreshed: Promise<TrustedMetadata> | undefined;

  constructor(options: UpdaterOptions) {
    this.#options = options;
    this.#mirrors = options.source.metadata;
    this.#context = {
      store: options.store,
      now: options.allowExpired === true ? NEVER : options.now,
      limits: { ...defaultLimits, ...options.limits },
    };
  }

  /** What was taken so far although it is past its date; nothing without `allowExpired`. */
  get expired(): ReadonlyMap<RoleName, Document> {
    return this.#expired;
  }

  /** TUF 5.2 to 5.6.6: fresh top-level metadata. Once a life; a failure stays. */
  refresh(): Promise<TrustedMetadata> {
    this.#refreshed ??= this.#refresh();
    return this.#refreshed;
  }

  /**
   * TUF 5.6.7: what the repository says about a target. `undefined`: no such target. A delegated role that can't be
   * fetched or verified on the way throws, rather than letting a less trusted role answer.
   */
  async getTargetInfo(path: string): Promise<TargetInfo | undefined> {
    const targetPath = requireTargetPath(path);
    const { root } = await this.refresh();
    return findTarget(targetPath, root, this.loadTargets, this.#context.limits.delegations);
  }

  /** As {@link getTargetInfo}. Throws `TARGET_UNKNOWN`. */
  async requireTarget(path: string): Promise<TargetInfo> {
    const info = await this.getTargetInfo(path);
    if (info !== undefined) return info;
    throw new ClientError('TARGET_UNKNOWN', `the repository has no target ${JSON.stringify(path)}`);
  }

  /** TUF 5.7: fetches, checks and writes one artifact below `folder`. Gives the file's path. Throws `TARGET_UNKNOWN`. */
  async download(path: string, folder: string): Promise<string> {
    const info = await this.requireTarget(path);
    return writeArtifact(await this.artifact(info), folder, info);
  }

  /** Fetches and checks an artifact without keeping it. */
  async checkArtifact(info: TargetInfo): Promise<void> {
    await firstSound(await this.artifact(info), async pieces => {
      for await (const piece of pieces()) void piece;
    });
  }

  /** The artifact in checked pieces, once for each mirror. */
  async artifact(info: TargetInfo): Promise<readonly (() => AsyncIterable<Uint8Array>)[]> {
    const { root } = await this.refresh();
    return this.#options.source.targets.map(targets => {
      const source: ArtifactSource = {
        targets,
        consistentSnapshot: root.signed.consistentSnapshot === true,
        maxBytes: this.#context.limits.artifactBytes,
      };
      return () => artifactPieces(source, info);
    });
  }

  /** A role's metadata, verified against the `delegations` that lead to it, whichever others lead to it too. */
  readonly loadTargets = (delegations: Delegations, role: RoleName): Promise<Document<Targets>> => {
    const roles = this.#loaded.get(delegations) ?? new Map<RoleName, Promise<Document<Targets>>>();
    this.#loaded.set(delegations, roles);
    // A failure stays too: a search that meets it again does not ask the network again.
    const targets = roles.get(role) ?? this.#load(delegations, role);
    roles.set(role, targets);
    return targets;
  };

  /** From one mirror as a whole, or from the next: a timestamp of one and a snapshot of another prove nothing together. */
  async #refresh(): Promise<TrustedMetadata> {
    const { trustedRoot, fromCache } = this.#options;
    const metadata =
      fromCache === true
        ? await cachedMetadata(this.#context, trustedRoot)
        : await firstSound(this.#mirrors, async mirror => {
            const refreshed = await refreshMetadata({ ...this.#context, metadata: mirror }, trustedRoot);
            this.#mirrors = withFirst(this.#mirrors, mirror);
            return refreshed;
          });
    this.#noteExpired(ROOT, metadata.root);
    this.#noteExpired(TIMESTAMP, metadata.timestamp);
    this.#noteExpired(SNAPSHOT, metadata.snapshot);
    this.#noteExpired(TARGETS, metadata.targets);
    return metadata;
  }

  async #load(delegations: Delegations, role: RoleName): Promise<Document<Targets>> {
    const { root, snapshot, targets } = await this.refresh();
    if (delegations === root.signed.delegations && role === TARGETS) return targets;
    // The snapshot says which version: any mirror may have it.
    const loaded =
      this.#options.fromCache === true
        ? await cachedTargets(this.#context, snapshot, delegations, role)
        : await firstSound(this.#mirrors, metadata =>
            updateTargets({ ...this.#context, metadata }, root, snapshot, delegations, role),
          );
    this.#noteExpired(role, loaded);
    return loaded;
  }

  #noteExpired(role: RoleName, document: Document): void {
    if (document.signed.expiresAt <= this.#options.now) this.#expired.set(role, document);
  }
}
