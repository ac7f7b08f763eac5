/** A facilitator whose requests are counted and timed. */
import type { Clock } from "../core/events.ts";
import type { Tally } from "../core/metrics.ts";
import type { Facilitator, Settlement } from "../core/ports.ts";

/** How the original calls the one way in which this gateway settles. */
const STRATEGY = { strategy: "facilitator" };

/** The same facilitator. */
export function timed({ verify, settle }: Facilitator, tally: Tally, clock: Clock): Facilitator {
  const asked = (endpoint: "verify" | "settle", outcome: string, began: number) => {
    tally.count("facilitator_requests_total", { endpoint, outcome });
    tally.time("facilitator_request_duration_seconds", { endpoint }, clock() - began);
  };
  return {
    async verify(payment) {
      const began = clock();
      let outcome = "unavailable";
      try {
        const verdict = await verify(payment);
        outcome = verdict.valid ? "valid" : "invalid";
        return verdict;
      } finally {
        asked("verify", outcome, began);
      }
    },
    async settle(payment, amount) {
      const began = clock();
      const settlement = await settle(payment, amount);
      asked("settle", settlement.kind, began);
      tally.count("settlements_total", { ...STRATEGY, outcome: outcomeOf(settlement) });
      tally.time("settlement_duration_seconds", STRATEGY, clock() - began);
      return settlement;
    },
  };
}

function outcomeOf({ kind }: Settlement): "success" | "failure" | "unknown" {
  if (kind === "settled") return "success";
  return kind === "unknown" ? "unknown" : "failure";
}
