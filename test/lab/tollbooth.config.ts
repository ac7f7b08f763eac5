import { defineConfig } from "../../src/index.ts";

/** One answer, sold both ways and by the byte, by a gateway that may ask the chain; `TIMEOUT` is how patient it is, seconds, `VALID_SECONDS` how long a payment may be valid. */
export default defineConfig(({ TIMEOUT, RPC_URL, VALID_SECONDS }) => ({
  gateway: {
    timeouts: { redis: Number(TIMEOUT), facilitator: Number(TIMEOUT), upstream: Number(TIMEOUT) },
  },
  ...(VALID_SECONDS ? { defaults: { timeout: Number(VALID_SECONDS) } } : {}),
  wallets: { "base-sepolia": "${PAY_TO}" },
  accepts: [
    { asset: "USDC", network: "base-sepolia" },
    { asset: "USDC", network: "base-sepolia", scheme: "upto" },
  ],
  facilitator: "${FACILITATOR_URL}",
  stores: { redis: { url: "${REDIS_URL}", token: "${REDIS_TOKEN}", prefix: "test" } },
  ...(RPC_URL ? { rpc: { "base-sepolia": String(RPC_URL) } } : {}),
  upstreams: { demo: { url: "${UPSTREAM_URL}" } },
  routes: {
    "GET /weather": { upstream: "demo", price: "$0.01" },
    "GET /metered/weather": {
      upstream: "demo",
      path: "/weather.txt",
      pricing: { model: "usage", max: "$0.01", bytes: { price: "$0.0001", per: 1 } },
    },
    "GET /late/weather": { upstream: "demo", path: "/weather", price: "$0.01", settlement: "after-response" },
  },
}));
