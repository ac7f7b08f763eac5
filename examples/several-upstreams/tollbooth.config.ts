import { defineConfig } from "tollbooth-edge";

/** Two APIs under one address: one that is given away, and one that is resold with a key that buyers never see. */
export default defineConfig({
  wallets: { "base-sepolia": "${PAY_TO}" },
  accepts: [{ asset: "USDC", network: "base-sepolia" }],
  facilitator: "${FACILITATOR_URL}",
  stores: { redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" } },
  upstreams: {
    weather: { url: "${WEATHER_URL}", headers: { "x-client": "tollbooth" } },
    // Set over whatever the client sends, and sent to this upstream only.
    maps: { url: "${MAPS_URL}", headers: { authorization: "Bearer ${MAPS_KEY}" }, timeout: 20 },
  },
  routes: {
    "GET /weather/:city": { upstream: "weather", price: "$0", rateLimit: { requests: 60, window: "1m" } },
    "GET /maps/tiles/*": { upstream: "maps", path: "/v2/tiles/*", price: "$0.002" },
    "POST /maps/route": { upstream: "maps", path: "/v2/route", price: "$0.03", settlement: "after-response" },
  },
});
