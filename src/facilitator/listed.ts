/** Whether the facilitators say that they settle what is sold (x402 v2 spec, section 7.3), for `/ready`. */
import * as z from "zod/mini";
import type { Compiled } from "../core/compiled.ts";
import { coversNetwork } from "../core/networks.ts";
import type { Finding, Probe } from "../core/ready.ts";
import { nameOf, type Sold, soldByFacilitator } from "../core/sold.ts";
import { ask } from "./ask.ts";

/** Longest wait, ms. */
const PATIENCE_MS = 3000;

const Supported = z.object({
  kinds: z.array(z.looseObject({ scheme: z.string(), network: z.string() })),
});

/** What asks each of them once. */
export function facilitatorProbes(config: Pick<Compiled, "routes" | "facilitator">): Probe[] {
  const timeoutMs = Math.min(config.facilitator.timeoutMs, PATIENCE_MS);
  return soldByFacilitator(config).map(([url, sold]) => async () => [await check(url, sold, timeoutMs)]);
}

async function check(url: string, sold: Sold[], timeoutMs: number): Promise<Finding> {
  // What is settled there names it: its URL may hold a key.
  const name = sold.map(nameOf).join(", ");
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
      ({ scheme, network }) =>
        !listed.data.kinds.some((one) => one.scheme === scheme && coversNetwork(one.network, network)),
    );
    if (missing.length === 0) return found("ok");
    return found("degraded", `does not list ${missing.map(nameOf).join(", ")}`);
  } catch (error) {
    return found("down", error instanceof Error ? error.name : "no answer");
  }
}
