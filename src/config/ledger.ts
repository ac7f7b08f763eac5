/** `gateway.ledger`: for how long receipts are kept, which is beside the payment records. */
import type { Compiled } from "../core/compiled.ts";
import type { Fault } from "./faults.ts";
import { checkDuration } from "./limits.ts";
import type { RawConfig } from "./schema.ts";

const DEFAULT = "90d";
/** Ten years: as long as books are asked for. */
const LONGEST_MS = 3660 * 86_400_000;

/** The stores, with the ledger where it is kept. */
export function checkLedger(
  { gateway }: RawConfig,
  stores: Compiled["stores"],
  faults: Fault[],
): Compiled["stores"] {
  const { ledger = {} } = gateway ?? {};
  if (ledger === false) return stores;
  const path = "gateway.ledger.retention";
  const ledgerMs = checkDuration(ledger.retention ?? DEFAULT, path, LONGEST_MS, faults);
  const { verificationCache } = stores;
  return { ...stores, verificationCache: verificationCache && { ...verificationCache, ledgerMs } };
}
