import { defineConfig } from "../../src/index.ts";

const nothing = () => undefined;
/** All five, and none has anything to say. */
const SILENT = {
  onRequest: nothing,
  onPriceResolved: nothing,
  onSettled: nothing,
  onResponse: nothing,
  onError: nothing,
};
/** Nothing ends within a measurement. */
const CACHE = { ttl: "1h", maxBytes: 5_242_880 };
const usdc = { asset: "USDC", network: "base-sepolia" } as const;

/** What is sold for `npm run bench -- --only ways`: one route for each way to charge that is measured. */
export default defineConfig({
  wallets: { "base-sepolia": "${PAY_TO}" },
  accepts: [usdc, { ...usdc, scheme: "upto" }],
  defaults: { price: "$0.01", timeout: 3600 },
  facilitator: "${FACILITATOR_URL}",
  stores: { redis: { url: "${REDIS_URL}", token: "${REDIS_TOKEN}", prefix: "bench" } },
  upstreams: { api: { url: "${UPSTREAM_URL}" } },
  routes: {
    "POST /free/chat": { upstream: "api", path: "/chat", price: "$0" },
    "POST /metered/chat": {
      upstream: "api",
      path: "/chat",
      pricing: { model: "usage", max: "$1", tokens: { input: "$3", output: "$15" } },
    },
    "GET /credits": {
      upstream: "api",
      path: "/weather",
      pricing: { model: "credits", calls: 1000, group: "all" },
    },
    "GET /credits/fail": {
      upstream: "api",
      path: "/fail",
      pricing: { model: "credits", calls: 1000, group: "all" },
    },
    "GET /body/*": { upstream: "api", price: "$0" },
    "GET /kept/*": { upstream: "api", path: "/*", price: "$0", cache: CACHE },
    "GET /sold/*": { upstream: "api", path: "/*", cache: CACHE },
    "GET /flat": { upstream: "api", path: "/weather" },
    "GET /hooks/silent": { upstream: "api", path: "/weather", hooks: SILENT },
    "GET /hooks/free": { upstream: "api", path: "/weather", price: "$0", hooks: SILENT },
    "GET /hooks/store": {
      upstream: "api",
      path: "/weather",
      hooks: {
        ...SILENT,
        onRequest: async ({ store }) => void (await store.increment("calls", 1, { ttlSeconds: 3600 })),
      },
    },
    "GET /hooks/refund": {
      upstream: "api",
      path: "/weather",
      hooks: { ...SILENT, onResponse: () => ({ refund: { reason: "sorry" } }) },
    },
  },
});
