/** What operators look at: receipts and counts, by a connection of their own. */
import type { RedisConnection } from "../core/compiled.ts";
import type { Ledger } from "../core/ledger.ts";
import type { RunScripts, StatsStore } from "../core/stores.ts";
import { together } from "./batch.ts";
import { openLedger } from "./ledger.ts";
import { connect } from "./redis.ts";
import { statsStore } from "./stats.ts";
import type { RidingTally } from "./tally.ts";

/** An operator waits longer than a call does, ms: sums over many days take their time. */
const PATIENCE_MS = 10_000;

/** For one look: what is asked at one time is one request. */
export type Look = { ledger: Ledger; over: StatsStore["over"] };

/** Makes what opens it; makes no request. `at`: where the ledger is, and where the counts are; `nobody` answers for none. */
export function makeLook(
  at: { books: RedisConnection | undefined; counts: RedisConnection | undefined },
  nobody: RunScripts,
  tally: RidingTally,
): () => Look {
  const patient = (connection: RedisConnection | undefined): RunScripts =>
    connection ? connect({ ...connection, timeoutMs: Math.max(connection.timeoutMs, PATIENCE_MS) }) : nobody;
  const books = patient(at.books);
  const counts = at.counts === at.books ? books : patient(at.counts);
  return () => {
    const run = together(books);
    return {
      ledger: openLedger(run, at.books?.prefix ?? ""),
      over: statsStore(counts === books ? run : counts, tally, at.counts?.prefix ?? "").over,
    };
  };
}
