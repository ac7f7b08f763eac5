/** Rates, latencies and processor time, in interleaved rounds: what happens to the machine happens to all variants. */
import type { Lab } from "./lab.ts";
import { Loader, type Round, type Target } from "./load.ts";
import { openPools, probe, urlOf, type Variant } from "./variants.ts";

/** All rounds of one variant. */
export type Measured = { name: string; rounds: Round[] };

/** How long to measure. */
export type Effort = { rounds: number; seconds: number; warmUpSeconds: number };

/** Measures variants against each other, A B C A B C …, after a warm-up that is thrown away. */
export async function measureRates(lab: Lab, variants: Variant[], effort: Effort): Promise<Measured[]> {
  const pools = await openPools(lab, variants);
  const loader = new Loader();
  const measured = variants.map((entry) => ({ entry, rounds: [] as Round[] }));
  for (const entry of variants) {
    await probe(lab, entry, pools.get(entry));
    await loader.burst(target(lab, entry, pools), effort.warmUpSeconds);
  }
  for (let round = 0; round < effort.rounds; round++) {
    for (const { entry, rounds } of measured) {
      rounds.push(await loader.burst(target(lab, entry, pools), effort.seconds));
    }
  }
  return measured.map(({ entry, rounds }) => ({ name: entry.name, rounds }));
}

function target(lab: Lab, entry: Variant, pools: Awaited<ReturnType<typeof openPools>>): Target {
  const { name, status } = entry;
  const { pid } = lab.workers[entry.worker];
  return { name, status, pid, url: urlOf(lab, entry), pool: pools.get(entry) };
}
