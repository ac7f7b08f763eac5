import { defineConfig } from "tollbooth-edge";

/** A forecast at two addresses, from an upstream that only this gateway can ask. */
export default defineConfig({
  wallets: { "base-sepolia": "${PAY_TO}" },
  accepts: [{ asset: "USDC", network: "base-sepolia" }],
  facilitator: "${FACILITATOR_URL}",
  // For the cron: it asks what became of payments whose settlement was not seen to end.
  rpc: { "base-sepolia": "${RPC_URL}" },
  stores: {
    redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}", prefix: "weather" },
  },
  upstreams: { api: { service: "API" } },
  routes: {
    "GET /forecast/:city": { upstream: "api", price: "$0.01" },
    // The same under www.example.com/paid/.
    "GET /paid/forecast/:city": { upstream: "api", path: "/forecast/${params.city}", price: "$0.01" },
    "GET /cities": { upstream: "api", price: "$0" },
  },
});
