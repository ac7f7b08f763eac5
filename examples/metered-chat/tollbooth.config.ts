import { defineConfig } from "tollbooth-edge";

/** A chat that is charged by the token: a buyer signs for the most that a call may cost, and pays for what it has said. */
export default defineConfig({
  wallets: { "base-sepolia": "${PAY_TO}" },
  // `upto`: as much of what was signed for as was used. The facilitator has to know it too.
  accepts: [{ asset: "USDC", network: "base-sepolia", scheme: "upto" }],
  facilitator: "${FACILITATOR_URL}",
  stores: { redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" } },
  upstreams: { models: { url: "${MODELS_URL}", headers: { authorization: "Bearer ${MODELS_KEY}" } } },
  routes: {
    "POST /v1/chat/completions": {
      upstream: "models",
      pricing: {
        model: "usage",
        max: "$0.25",
        // For a million tokens. A model that is neither here nor in the built-in table is refused.
        tokens: { models: { "house-*": { input: "$3", output: "$15" } } },
        base: "$0.001",
      },
      // A stream is cut off when its payment is about to expire: longer than the longest answer, seconds.
      timeout: 900,
      hooks: {
        // Streams report their usage on demand only; unread, they would cost the maximum.
        async onPriceResolved({ request }) {
          const { stream, stream_options } = (await request.json()) as Asked;
          if (!stream || stream_options?.include_usage) return;
          const error = "a stream needs stream_options: { include_usage: true }";
          return { reject: true, status: 400, body: { error } };
        },
      },
    },
  },
});

type Asked = { stream?: unknown; stream_options?: { include_usage?: unknown } };
