import { defineConfig } from "tollbooth-edge";

/** A video that is paid for once and watched for an hour, with all the seeking that players do. */
export default defineConfig({
  wallets: { "base-sepolia": "${PAY_TO}" },
  accepts: [{ asset: "USDC", network: "base-sepolia" }],
  facilitator: "${FACILITATOR_URL}",
  stores: { redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" } },
  upstreams: { videos: { url: "${VIDEOS_URL}" } },
  routes: {
    // The poster is for everybody.
    "GET /posters/:name": { upstream: "videos", price: "$0" },
    // A player asks for many small ranges of one file: what is sold is the time, not the request.
    "GET /videos/:name": {
      upstream: "videos",
      price: "$0.25",
      pricing: { model: "time", duration: "1h" },
      // Enough for a player, too little for somebody who shares the token.
      rateLimit: { requests: 600, window: "1m" },
    },
  },
});
