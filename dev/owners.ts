/** Whose something is: what an earlier test has begun does not end with it, and is told from a later one's by the names it bears. */

/** The names seen, and which of them are an earlier test's. */
export interface Owners {
  /** True when one of these names is an earlier one's; if not, they are remembered. */
  areEarlier(names: readonly string[]): boolean;
  /** All names seen so far are an earlier one's from now on. */
  disown(): void;
}

/** Nobody seen yet. */
export function createOwners(): Owners {
  const seen = new Set<string>();
  const earlier = new Set<string>();
  return {
    areEarlier: (names) => {
      if (names.some((name) => earlier.has(name))) return true;
      for (const name of names) seen.add(name);
      return false;
    },
    disown: () => {
      for (const name of seen) earlier.add(name);
      seen.clear();
    },
  };
}
