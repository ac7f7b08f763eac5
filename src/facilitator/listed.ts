/** Whether the facilitators say that they settle what is sold (x402 v2 spec, section 7.3), for `/ready`. */
import * as z from "zod/mini";
import type { FacilitatorMap } from "../core/compiled.ts";
import { coversNetwork } from "../core/networks.ts";
import type { Finding, Probe } from "../core/ready.ts";
import type { Offer, Route } from "../core/route.ts";
import { ask } from "./ask.ts";

/** Longest wait, ms. */
const PATIENCE_MS = 3000;

const Supported = z.object({
  kinds: z.array(z.looseObject({ scheme: z.string(), network: z.string() })),
});

type Sold = Pick<Offer, "scheme" | "network">;

/** What asks each of them once. */
export function facilitatorProbes(
  routes: Route[],
  { default: fallback, chains, timeoutMs }: FacilitatorMap,
): Probe[] {
  const offers = routes.flatMap(({ price, offers: sold }) => (price === undefined ? [] : sold));
  const soldAt = new Map<string, Map<string, Sold>>();
  for (const { scheme, network } of offers) {
    const url = chains[network] ?? fallback;
    const sold = soldAt.get(url) ?? new Map<string, Sold>();
    soldAt.set(url, sold.set(`${scheme} on ${network}`, { scheme, network }));
  }
  return [...soldAt].map(([url, sold]) => async () => [
    await check(url, [...sold], Math.min(timeoutMs, PATIENCE_MS)),
  ]);
}

async function check(url: string, sold: [name: string, sold: Sold][], timeoutMs: number): Promise<Finding> {
  // What is settled there names it: its URL may hold a key.
  const name = sold.map(([kind]) => kind).join(", ");
  const began = Date.now();
  const found = (condition: Finding["condition"], reason?: string): Finding => ({
    of: "facilitator",
    name,
    condition,
    ms: Date.now() - began,
    ...(reason === undefined ? {} : { reason }),
  });
  try {
    const { status, body } = await ask(`${url}/supported`, timeoutMs);
    if (status >= 500) return found("down", `answers ${status}`);
    const listed = Supported.safeParse(body);
    // Payments do not depend on the list; a facilitator without one may settle all the same.
    if (status !== 200 || !listed.success)
      return found("degraded", `answers ${status}, without a list of kinds`);
    const missing = sold.filter(
      ([, kind]) =>
        !listed.data.kinds.some(
          (one) => one.scheme === kind.scheme && coversNetwork(one.network, kind.network),
        ),
    );
    if (missing.length === 0) return found("ok");
    return found("degraded", `does not list ${missing.map(([kind]) => kind).join(", ")}`);
  } catch (error) {
    return found("down", error instanceof Error ? error.name : "no answer");
  }
}
