/** Writing a payment's record in the background: retried while the store is away, never thrown. */
import type { ChangeBy, Emit, PaymentChange, PaymentStore } from "../core/ports.ts";

/** Waits before a write is tried again, ms. */
const RETRY_DELAYS_MS = [100, 500, 2000, 5000];

/** Writes one change. `refused`: the claim is no longer ours. `failed`: the store stayed away. */
export type Persist = (
  by: ChangeBy,
  change: PaymentChange,
  /** Waits before it is tried again, ms. */
  retryDelays?: number[],
) => Promise<"written" | "refused" | "failed">;

/** Makes the writer. */
export function makePersist(store: PaymentStore, emit: Emit): Persist {
  return async function persist(by, change, retryDelays = RETRY_DELAYS_MS) {
    const about = { spend: by.spend, to: change.to };
    for (const delay of [0, ...retryDelays]) {
      try {
        if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
        if (await store.change(by, change)) return "written";
        emit({ event: "record_write_refused", level: "warn", ...about });
        return "refused";
      } catch (error) {
        emit({ event: "record_write_failed", level: "error", ...about, error: String(error) });
      }
    }
    return "failed";
  };
}
