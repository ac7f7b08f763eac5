/** The watcher's part in a payment: what has moved, and how it ended, which may be long after the answer's head. */
import type { Call, Claim } from "../core/call.ts";
import type { Receipt } from "../core/x402.ts";
import { inDollars, inMicroDollars } from "./dollars.ts";
import { quietly } from "./quietly.ts";
import type { Watching } from "./watch.ts";

/** Hears the words that the claim hears, and counts them on the way. */
export function watchClaim(
  call: Call,
  claim: Claim,
  { sheet, tally, flush }: Pick<Watching, "sheet" | "tally" | "flush">,
): void {
  const { settled, delivered, broken, abandoned } = claim;
  const { route } = call;
  const stage = (name: string) => tally.count("payment_stages_total", { route: route.key, stage: name });
  let over = false;
  sheet.transaction = claim.receipt?.transaction;
  if (route.goodMs > 0) {
    tally.count(claim.verified ? "cache_hits_total" : "cache_misses_total", { route: route.key });
  }
  const last = (name: "delivered" | "owed") =>
    quietly(() => {
      if (claim.receipt && !over) stage(name);
      over = true;
      call.waitUntil(flush());
    });
  const moved = (receipt: Receipt, isNew: boolean) => {
    const { requirements } = claim.payment;
    const paid = { ...requirements, amount: receipt.amount ?? requirements.amount };
    sheet.transaction = receipt.transaction;
    sheet.payer ??= receipt.payer;
    sheet.price = inDollars(route, paid);
    if (!isNew) return;
    stage("settled");
    tally.count("payments_total", { route: route.key, outcome: "success" });
    tally.count("revenue_usd_total", { route: route.key }, inMicroDollars(route, paid));
  };
  claim.settled = (receipt) => {
    const isNew = !claim.receipt;
    settled(receipt);
    quietly(() => moved(receipt, isNew));
  };
  claim.delivered = (answer) => {
    last("delivered");
    delivered(answer);
  };
  claim.broken = () => {
    last("owed");
    broken();
  };
  claim.abandoned = () => {
    last("owed");
    abandoned();
  };
}
