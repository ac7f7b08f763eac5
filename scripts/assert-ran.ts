/** Fails unless every suite that needs real parts ran and skipped nothing: `assert-ran.ts REPORT.json`. */
import { readFile } from "node:fs/promises";
import { relative } from "node:path";

type Report = {
  numPendingTests: number;
  numTodoTests: number;
  testResults: { name: string; assertionResults: { status: string }[] }[];
};

/** Suites that prove nothing when they do not run. */
const REQUIRED = [
  "test/bridge/wire.test.ts",
  "test/bridge/sentinel.test.ts",
  "test/selfhost.test.ts",
  "test/cli/compose.test.ts",
  "test/stack/browser.test.ts",
  "test/stack/dashboard.test.ts",
  "test/stack/doubt.test.ts",
  "test/stack/paywall.test.ts",
  "test/crash/node.test.ts",
  "test/crash/workerd.test.ts",
  "test/faults/store.test.ts",
  "test/faults/chain.test.ts",
  "test/cluster/caching.test.ts",
  "test/cluster/duplicates.test.ts",
  "test/cluster/rolling.test.ts",
  "test/cluster/limits.test.ts",
  "test/cluster/sessions.test.ts",
  "test/cluster/credits.test.ts",
  "test/cluster/stopping.test.ts",
  "test/cluster/targets.test.ts",
  "test/crash/metered.test.ts",
  "test/examples/ai-reseller.test.ts",
  "test/examples/deployed-worker.test.ts",
  "test/examples/metered-chat.test.ts",
  "test/examples/paid-articles.test.ts",
  "test/examples/several-upstreams.test.ts",
  "test/examples/video.test.ts",
  "test/flows/health.test.ts",
  "test/flows/metered.test.ts",
  "test/flows/metrics.test.ts",
  "test/flows/targets.test.ts",
  "test/memory.test.ts",
  "test/stack/permits.test.ts",
  "test/stack/ways.test.ts",
  "test/stack/reconcile.test.ts",
  "test/store/cache.test.ts",
  "test/store/cache.property.test.ts",
  "test/store/ledger.property.test.ts",
  "test/store/ledger.test.ts",
  "test/store/payments.test.ts",
  "test/store/tally.test.ts",
  "test/store/record.property.test.ts",
  "test/runtime/colo.test.ts",
  "test/runtime/workerd.test.ts",
  "test/runtime/edge.test.ts",
  "test/runtime/node.test.ts",
  "test/stack/pay.test.ts",
  "test/dev/pay.test.ts",
  "test/package.test.ts",
  "test/vercel.test.ts",
];

const [, , path = ""] = process.argv;
const report: Report = JSON.parse(await readFile(path, "utf8"));
const passed = new Map(
  report.testResults.map(({ name, assertionResults }) => [
    relative(process.cwd(), name),
    assertionResults.filter(({ status }) => status === "passed").length,
  ]),
);
const missing = REQUIRED.filter((suite) => !passed.get(suite));
const skipped = report.numPendingTests + report.numTodoTests;
if (missing.length > 0 || skipped > 0) {
  console.error(`Suites that did not run: ${missing.join(", ") || "none"}; tests skipped: ${skipped}`);
  process.exit(1);
}
console.error(`All ${REQUIRED.length} suites that need real parts ran.`);
