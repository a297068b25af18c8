import type { Instant } from '../clock.ts';
import type { Delegations } from '../metadata/delegation.ts';
import type { Document, Targets } from '../metadata/document.ts';
import { type RoleName, TARGETS } from '../metadata/names.ts';
import type { UpdateContext } from './context.ts';
import { type ArtifactSource, artifactPieces, writeArtifact } from './download.ts';
import { ClientError } from './error.ts';
import type { RepositorySource } from './fetcher.ts';
import { type ClientLimits, defaultLimits } from './limits.ts';
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
}

/**
 * One run of the client workflow (TUF section 5). It sees one state of the repository: for a newer one, make another.
 * Every method throws {@link ClientError}, and {@link refresh} happens by itself where it has not yet.
 */
export class Updater {
  readonly #options: UpdaterOptions;
  readonly #context: UpdateContext;
  readonly #loaded = new WeakMap<Delegations, Map<RoleName, Promise<Document<Targets>>>>();
  #refreshed: Promise<TrustedMetadata> | undefined;

  constructor(options: UpdaterOptions) {
    this.#options = options;
    this.#context = {
      metadata: options.source.metadata,
      store: options.store,
      now: options.now,
      limits: { ...defaultLimits, ...options.limits },
    };
  }

  /** TUF 5.2 to 5.6.6: fresh top-level metadata. Once a life; a failure stays. */
  refresh(): Promise<TrustedMetadata> {
    this.#refreshed ??= refreshMetadata(this.#context, this.#options.trustedRoot);
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

  /** TUF 5.7: fetches, checks and writes one artifact below `folder`. Gives the file's path. Throws `TARGET_UNKNOWN`. */
  async download(path: string, folder: string): Promise<string> {
    const info = await this.getTargetInfo(path);
    if (info === undefined) {
      throw new ClientError('TARGET_UNKNOWN', `the repository has no target ${JSON.stringify(path)}`);
    }
    return writeArtifact(artifactPieces(await this.#artifacts(), info), folder, info);
  }

  /** Fetches and checks an artifact without keeping it. */
  async checkArtifact(info: TargetInfo): Promise<void> {
    for await (const piece of artifactPieces(await this.#artifacts(), info)) void piece;
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

  async #load(delegations: Delegations, role: RoleName): Promise<Document<Targets>> {
    const { root, snapshot, targets } = await this.refresh();
    if (delegations === root.signed.delegations && role === TARGETS) return targets;
    return updateTargets(this.#context, root, snapshot, delegations, role);
  }

  async #artifacts(): Promise<ArtifactSource> {
    const { root } = await this.refresh();
    return {
      targets: this.#options.source.targets,
      consistentSnapshot: root.signed.consistentSnapshot === true,
      maxBytes: this.#context.limits.artifactBytes,
    };
  }
}
