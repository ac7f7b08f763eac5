/** How long payments must stay valid, so that they can still be settled at their time. */
import type { Route, SettlementTiming } from "../core/route.ts";
import type { Fault } from "./faults.ts";

/** Facilitators want this long to settle, seconds. */
const SETTLE_SECONDS = 6;
/** What a client may take between reading the price and presenting the payment, at the very least, seconds. */
const CLIENT_SECONDS = 10;
/** What is charged at the end of a stream leaves time for the stream, and for a cron that charges what failed then. */
const METERED_SECONDS = 900;

/**
 * A payment must still be good when it is settled: under `after-response`, that is after the call has been served, which
 * takes `servingMs` at most, waiting for another call included; one that `streams` before it is charged is cut off when its payment has little time left.
 */
export function checkTiming(
  timeout: number | undefined,
  settlement: SettlementTiming,
  { servingMs, streams }: { servingMs: number; streams: boolean },
  path: string,
  faults: Fault[],
): Pick<Route, "timeoutSeconds" | "settleMarginSeconds"> {
  const serving = settlement === "after-response" ? Math.ceil(servingMs / 1000) : 0;
  const settleMarginSeconds = serving + SETTLE_SECONDS;
  const least = settleMarginSeconds + CLIENT_SECONDS;
  if (timeout !== undefined && timeout < least) {
    const fix = `write at least ${least}${serving ? ", or give the upstream less time" : ""}`;
    faults.push({ path, message: `a payment would expire before it can be settled`, fix });
  }
  return {
    settleMarginSeconds,
    timeoutSeconds: timeout ?? Math.max(streams ? METERED_SECONDS : 60, least + 20),
  };
}
