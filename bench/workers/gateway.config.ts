import { defineConfig } from "../../src/index.ts";

/** What the benchmark sells: one route for each way a call can go. */
export default defineConfig({
  wallets: { "base-sepolia": "${PAY_TO}" },
  accepts: [{ asset: "USDC", network: "base-sepolia" }],
  // Payments are signed before the run that uses them.
  defaults: { price: "$0.01", timeout: 3600 },
  facilitator: "${FACILITATOR_URL}",
  stores: { redis: { url: "${REDIS_URL}", token: "${REDIS_TOKEN}", prefix: "bench" } },
  upstreams: { api: { url: "${UPSTREAM_URL}" } },
  routes: {
    "GET /free": { upstream: "api", price: "$0" },
    "GET /paid": { upstream: "api" },
    "GET /late": { upstream: "api", settlement: "after-response" },
  },
});
