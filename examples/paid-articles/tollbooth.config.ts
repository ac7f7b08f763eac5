import { defineConfig } from "tollbooth-edge";

/** A magazine: whoever comes by may read the list and the first lines, and pays for the rest, article by article. */
export default defineConfig({
  wallets: { "base-sepolia": "${PAY_TO}" },
  accepts: [{ asset: "USDC", network: "base-sepolia" }],
  facilitator: "${FACILITATOR_URL}",
  stores: { redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" } },
  upstreams: { magazine: { url: "${MAGAZINE_URL}" } },
  // An article that is not there costs nothing: the money moves once the magazine has answered.
  defaults: { settlement: "after-response" },
  routes: {
    "GET /articles": { upstream: "magazine", price: "$0" },
    "GET /articles/:year/:slug/preview": { upstream: "magazine", price: "$0" },
    // Everything below, pictures included.
    "GET /articles/*": { upstream: "magazine", price: "$0.05" },
    // The more exact route wins: the archive is cheaper, whatever the order here.
    "GET /articles/archive/*": { upstream: "magazine", price: "$0.01" },
  },
});
