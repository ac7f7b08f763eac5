/** The gateway as a library: a Worker of your own that adds a route of its own next to it. */
import { Hono } from "hono";
import { createTollbooth, defineConfig } from "tollbooth-edge";
import { cloudflare, workerHandler } from "tollbooth-edge/cloudflare";

export const config = defineConfig({
  wallets: { base: "${PAY_TO}" },
  accepts: [{ asset: "USDC", network: "base" }],
  facilitator: "${FACILITATOR_URL}",
  stores: { redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" } },
  upstreams: { articles: { url: "https://articles.example.com" } },
  routes: {
    "GET /articles": { upstream: "articles", price: "$0" },
    "GET /articles/:slug": { upstream: "articles", price: "$0.05", settlement: "after-response" },
  },
});

const tollbooth = createTollbooth(config, { platform: cloudflare });
const app = new Hono();
app.get("/", (c) => c.text("Articles, five cents each: GET /articles"));
app.route("/", tollbooth);

// `scheduled` looks into payments that nobody has brought to an end; it wants a cron trigger in wrangler.toml.
export default { ...workerHandler(tollbooth), fetch: app.fetch };
