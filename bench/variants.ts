/** The ways a call can go that are measured, and one honest call of each before anything is. */
import type { WorkerName } from "./bundles.ts";
import type { Lab } from "./lab.ts";
import { PaymentPool } from "./payments.ts";

/** One way a call can go. */
export type Variant = { name: string; worker: WorkerName; path: string; status: number; paid: boolean };

const variant = (name: string, worker: WorkerName, path: string, status: number, paid: boolean): Variant => ({
  name,
  worker,
  path,
  status,
  paid,
});

/** Free routes: nothing but the proxying. */
export const FREE: Variant[] = [
  variant("proxy", "proxy", "/free", 200, false),
  variant("sdk", "sdk", "/free", 200, false),
  variant("gateway", "gateway", "/free", 200, false),
];

/** Calls without a payment, against a worker that answers a constant. */
export const UNPAID: Variant[] = [
  variant("proxy, constant 402", "proxy", "/static-402", 402, false),
  variant("sdk", "sdk", "/paid", 402, false),
  variant("gateway", "gateway", "/paid", 402, false),
];

/** Paid calls, against a proxy that charges nothing. The SDK comes with its default flow and with `upfront`. */
export const PAID: Variant[] = [
  variant("proxy, unpaid", "proxy", "/free", 200, false),
  variant("sdk", "sdk", "/paid", 200, true),
  variant("sdk, upfront", "sdk", "/upfront", 200, true),
  variant("gateway, before-response", "gateway", "/paid", 200, true),
  variant("gateway, after-response", "gateway", "/late", 200, true),
];

/** Where a variant is called. */
export function urlOf(lab: Lab, { worker, path }: Variant): string {
  return lab.workers[worker].url + path;
}

/** A pool of payments for every paid variant, signed for what its own 402 asks. */
export async function openPools(lab: Lab, variants: Variant[]): Promise<Map<Variant, PaymentPool>> {
  const pools = new Map<Variant, PaymentPool>();
  for (const entry of variants) if (entry.paid) pools.set(entry, await PaymentPool.open(urlOf(lab, entry)));
  return pools;
}

/** Makes one call. @throws when the answer is not what the variant stands for: then its numbers would mean nothing */
export async function probe(lab: Lab, entry: Variant, pool: PaymentPool | undefined): Promise<void> {
  const headers: Record<string, string> = pool ? { "payment-signature": await pool.next() } : {};
  const response = await fetch(urlOf(lab, entry), { headers });
  const body = await response.text();
  const receipt = response.headers.has("payment-response");
  if (response.status !== entry.status || receipt !== entry.paid)
    throw new Error(`${entry.name} answered ${response.status} (receipt: ${receipt}): ${body.slice(0, 300)}`);
}
