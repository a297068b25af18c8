/** Chance that comes again with its seed. */
export interface Random {
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
  /** One of them. Throws where there is none. */
  pick<T>(choices: readonly T[]): T;
  /** All of them, in some order. */
  shuffled<T>(items: Iterable<T>): readonly T[];
}

/** Source of the generator: Melissa O'Neill's study of 32-bit mixers; any one will do that is the same on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    for (const [shift, factor] of MIX) mixed = Math.imul(mixed ^ (mixed >>> shift), factor);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  const between = (from: number, to: number): number => from + (next() % (to - from + 1));
  return {
    between,
    pick: choices => {
      const chosen = choices[between(0, Math.max(0, choices.length - 1))];
      if (chosen === undefined) throw new Error('there is nothing to choose from');
      return chosen;
    },
    shuffled: items => {
      const order = [...items].map(item => ({ item, at: next() }));
      return order.sort((a, b) => a.at - b.at).map(({ item }) => item);
    },
  };
}

const MIX = [
  [16, 0x21f0aaad],
  [15, 0x735a2d97],
] as const;
