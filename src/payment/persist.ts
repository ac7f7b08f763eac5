/** Writing a payment's record in the background: retried while the store is away, never thrown. */

import type { Emit } from "../core/events.ts";
import type { ChangeBy, PaymentChange, PaymentStore } from "../core/ports.ts";
import { RETRY_DELAYS_MS, retry } from "../core/retry.ts";

/** Writes one change. `refused`: the claim is no longer ours. `failed`: the store stayed away. */
export type Persist = (
  by: ChangeBy,
  change: PaymentChange,
  /** Waits before it is tried again, ms. */
  retryDelays?: readonly number[],
) => Promise<"written" | "refused" | "failed">;

/** Makes the writer. */
export function makePersist(store: PaymentStore, emit: Emit): Persist {
  return async function persist(by, change, retryDelays = RETRY_DELAYS_MS) {
    const about = { spend: by.spend, to: change.to };
    const written = await retry(
      () => store.change(by, change),
      [0, ...retryDelays],
      (error) => emit({ event: "record_write_failed", level: "error", ...about, error: String(error) }),
    );
    if (written === undefined) return "failed";
    if (!written) emit({ event: "record_write_refused", level: "warn", ...about });
    return written ? "written" : "refused";
  };
}
