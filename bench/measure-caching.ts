/** "The response cache", which has a laboratory of its own. */
import { countKept, measureKept } from "./caching.ts";
import { measureBodies } from "./caching-cpu.ts";
import type { Caching } from "./caching-tables.ts";
import { startWays } from "./ways.ts";

/** How much to measure: rounds, calls for each wait, and bytes of bodies for each variant in a round. */
export type CachingEffort = { rounds: number; calls: number; bodies: number };

type Measured = Omit<Caching, "machine">;

/** Measures all of it and says each part as soon as it is there. */
export async function measureCaching(
  effort: CachingEffort,
  say: (measured: Measured) => void,
): Promise<Measured> {
  const all: Measured = {};
  const add = (measured: Measured) => say(Object.assign(all, measured) && measured);
  const lab = await startWays();
  try {
    add({ counts: await countKept(lab) });
    add({ waits: await measureKept(lab, effort.calls) });
    add({ bodies: await measureBodies(lab, effort) });
  } finally {
    await lab.stop();
  }
  return all;
}
