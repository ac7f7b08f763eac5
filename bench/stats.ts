/** Medians, and ratios that are taken within a round before they are summed up. */

/** A median with the range it came from. */
export type Spread = { median: number; min: number; max: number };

/** The middle value, or the mean of the two. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? Number.NaN;
  return (low + high) / 2;
}

/** Median, minimum and maximum. */
export function spread(values: number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** Round by round `values` over `base`: neighbours in time, so that a slow moment hits both. */
export function ratio(values: number[], base: number[]): Spread {
  return spread(values.map((value, round) => value / (base[round] ?? Number.NaN)));
}
