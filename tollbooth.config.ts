import { defineConfig } from "./src/index.ts";

/**
 * What is sold here, and for how much. Edit this file, then `npm run deploy:cloudflare` or `npm run deploy:vercel`.
 * `${NAME}` comes from the platform's environment; `npm run dev` sets all of these for the local stack.
 */
export default defineConfig({
  wallets: { "base-sepolia": "${PAY_TO}" },
  accepts: [
    { asset: "USDC", network: "base-sepolia" },
    // For what is charged by use.
    { asset: "USDC", network: "base-sepolia", scheme: "upto" },
  ],
  facilitator: "${FACILITATOR_URL}",
  // Tells what became of a payment whose settlement was not seen to end.
  rpc: { "base-sepolia": "${RPC_URL}" },
  stores: { redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" } },

  upstreams: { demo: { url: "${UPSTREAM_URL}" } },

  routes: {
    "GET /free": { upstream: "demo", price: "$0", rateLimit: { requests: 120, window: "1m" } },
    "GET /weather": { upstream: "demo", price: "$0.01" },
    "GET /data/:id": { upstream: "demo", price: "$0.05" },
    "POST /echo": { upstream: "demo", price: "$0.02", settlement: "after-response" },
    // Paid once, open for a quarter of an hour.
    "GET /forecast": {
      upstream: "demo",
      path: "/weather",
      price: "$0.10",
      pricing: { model: "time", duration: "15m" },
    },
    // By what is asked for; whatever fits no rule costs as much as the dearest.
    "POST /v1/messages": {
      upstream: "demo",
      match: [{ where: { "body.model": "small-*" }, price: "$0.002" }],
      fallback: "$0.02",
      settlement: "after-response",
    },
    // By the tokens that the answer reports, at most ten cents.
    "POST /v1/chat/completions": {
      upstream: "demo",
      pricing: { model: "usage", max: "$0.10", tokens: { input: "$3", output: "$15" } },
    },
    "GET /events": { upstream: "demo", price: "$0.001" },
  },
});
