/** Steady paid load on a cluster: payers arrive at a fixed rate, whatever the instances are doing. */
import { expect, vi } from "vitest";
import type { Cluster } from "./cluster.ts";
import { presentUntilFinal, type Story } from "./payer.ts";

export type Load = {
  /** Every payer that came, done or not. */
  stories: Story[];
  /** Resolves when that many more payers have been served than now. */
  served: (more: number) => Promise<void>;
  /** Lets no more payers in. */
  stop: () => void;
  /** Resolves when every payer has a final answer. @throws when it takes too long, or a payer fell over */
  settled: (timeoutMs: number) => Promise<void>;
};

/** How long the cluster may take to serve some payers while it is being changed. */
const PROGRESS = { timeout: 45_000, interval: 100 };

export function startLoad(cluster: Cluster, routes: string[], perSecond: number): Load {
  const stories: Story[] = [];
  const open = new Set<unknown>();
  const failures: unknown[] = [];
  const visit = async (route: string) => {
    // Signed on arrival: a payment is valid for a minute, and has to outlast the lease of an instance that dies.
    const story: Story = { payment: await cluster.sign(route), outcomes: [] };
    stories.push(story);
    await presentUntilFinal(cluster.anyUrl, story);
  };
  let arrived = 0;
  const arrive = () => {
    const visiting = visit(routes[arrived++ % routes.length] ?? "/")
      .catch((error: unknown) => failures.push(error))
      .finally(() => open.delete(visiting));
    open.add(visiting);
  };
  const metronome = setInterval(arrive, 1000 / perSecond);
  const stop = () => clearInterval(metronome);
  const countServed = () => stories.filter(isServed).length;
  return {
    stories,
    stop,
    async served(more) {
      const enough = countServed() + more;
      await vi.waitFor(() => expect(countServed()).toBeGreaterThanOrEqual(enough), PROGRESS);
    },
    async settled(timeoutMs) {
      await vi.waitFor(() => expect(open.size).toBe(0), { timeout: timeoutMs, interval: 200 });
      expect(failures).toEqual([]);
    },
  };
}

export function isServed({ outcomes }: Story): boolean {
  return outcomes.at(-1)?.kind === "served";
}
