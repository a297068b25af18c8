/** Who waits for a group or has it. */
export interface Holder {
  cancel(): void;
}

interface Group {
  running: Holder | undefined;
  pending: { readonly holder: Holder; readonly go: (granted: boolean) => void } | undefined;
}

/**
 * Groups of `concurrency:`: one runs, one waits; whoever comes next takes the place of the one that waits, which is
 * cancelled. Source: workflow syntax, "concurrency".
 */
export class ConcurrencyGroups {
  readonly #groups = new Map<string, Group>();

  /** Resolves to false where the holder lost its place while it waited. */
  acquire(name: string, holder: Holder, cancelInProgress: boolean): Promise<boolean> {
    // Names do not tell upper from lower case.
    const key = name.toLowerCase();
    const group = this.#groups.get(key) ?? { running: undefined, pending: undefined };
    this.#groups.set(key, group);
    if (group.running === undefined) {
      group.running = holder;
      return Promise.resolve(true);
    }
    group.pending?.go(false);
    if (cancelInProgress) group.running.cancel();
    return new Promise(go => {
      group.pending = { holder, go };
    });
  }

  release(name: string, holder: Holder): void {
    const group = this.#groups.get(name.toLowerCase());
    if (group === undefined) return;
    if (group.pending?.holder === holder) group.pending = undefined;
    if (group.running !== holder) return;
    const { pending } = group;
    group.running = pending?.holder;
    group.pending = undefined;
    pending?.go(true);
  }

  /** Takes a holder that waits out of the queue. */
  withdraw(holder: Holder): void {
    for (const group of this.#groups.values()) {
      if (group.pending?.holder !== holder) continue;
      group.pending.go(false);
      group.pending = undefined;
    }
  }
}
