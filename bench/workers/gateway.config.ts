import { defineConfig } from "../../src/index.ts";

/** Never used up. */
const LIMITS = [
  { name: "second", requests: 1_000_000, window: "1s" },
  { name: "day", requests: 100_000_000, window: "1d" },
];

/** What the benchmark sells: one route for each way a call can go. */
export default defineConfig(({ LEDGER, METRICS, ADMIN_TOKEN, PREFIX }) => ({
  gateway: {
    ...(LEDGER === "off" ? { ledger: false } : {}),
    ...(METRICS === "on" ? { metrics: true } : {}),
    ...(ADMIN_TOKEN ? { admin: { token: "${ADMIN_TOKEN}" } } : {}),
  },
  wallets: { "base-sepolia": "${PAY_TO}" },
  accepts: [{ asset: "USDC", network: "base-sepolia" }],
  // Payments are signed before the run that uses them.
  defaults: { price: "$0.01", timeout: 3600 },
  facilitator: "${FACILITATOR_URL}",
  stores: { redis: { url: "${REDIS_URL}", token: "${REDIS_TOKEN}", prefix: String(PREFIX ?? "bench") } },
  upstreams: { api: { url: "${UPSTREAM_URL}" } },
  routes: {
    "GET /free": { upstream: "api", price: "$0" },
    "GET /limited": { upstream: "api", path: "/free", price: "$0", rateLimit: LIMITS },
    "GET /timed": { upstream: "api", path: "/free", pricing: { model: "time", duration: "1d" } },
    "GET /everything": { upstream: "api", path: "/free", rateLimit: LIMITS, keepAnswer: true },
    "GET /paid": { upstream: "api" },
    "GET /late": { upstream: "api", settlement: "after-response" },
  },
}));
