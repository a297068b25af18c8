/** What goes wrong with one command. */
export type Fault =
  /** The card answers this status word, and does nothing. */
  | { readonly kind: 'status'; readonly sw: number }
  /** The card answers these bytes, status word and all, and does nothing. */
  | { readonly kind: 'reply'; readonly bytes: Uint8Array }
  /** The card does what it is told; of its reply (status word included) so many bytes arrive. */
  | { readonly kind: 'truncate'; readonly length: number }
  /** The card takes so long, then does what it is told. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The card never answers, and does nothing. */
  | { readonly kind: 'silence' }
  /** The card is pulled out of its reader, before or after it did what it is told; no reply arrives either way. */
  | { readonly kind: 'pull'; readonly when?: 'before' | 'after' };

/** Which commands a fault befalls; all that is given has to be equal. */
export interface FaultRule {
  readonly fault: Fault;
  readonly ins?: number;
  readonly p1?: number;
  readonly p2?: number;
  /** Commands that match, but are spared, before the first; 0 by default. */
  readonly skip?: number;
  /** Commands that it befalls; 1 by default, `Infinity` for all. */
  readonly times?: number;
}

/** What comes of a command in a reader: a reply, or why there is none. */
export type CardAnswer = Uint8Array | 'pulled' | 'silence';

/** The faults that a card is to have. Empty on a new card. */
export class FaultPlan {
  #rules: { readonly rule: FaultRule; seen: number }[] = [];

  add(...rules: readonly FaultRule[]): void {
    this.#rules.push(...rules.map(rule => ({ rule, seen: 0 })));
  }

  clear(): void {
    this.#rules = [];
  }

  /** The fault that befalls this command; the first rule counts. */
  take(apdu: Uint8Array): Fault | undefined {
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (!matches(rule, apdu)) continue;
      const at = entry.seen - (rule.skip ?? 0);
      entry.seen += 1;
      if (at >= 0 && at < (rule.times ?? 1)) return rule.fault;
    }
    return undefined;
  }
}

const matches = ({ ins, p1, p2 }: FaultRule, apdu: Uint8Array): boolean =>
  [ins, p1, p2].every((wanted, index) => wanted === undefined || wanted === apdu[index + 1]);
