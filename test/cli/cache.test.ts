/** `tollbooth cache purge`, in front of a real store. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { keysOf } from "../../src/caching/key.ts";
import { purgeCache } from "../../src/cli/cache.ts";
import { load } from "../../src/config/load.ts";
import type { Compiled } from "../../src/core/compiled.ts";
import type { Lookup } from "../../src/core/kept.ts";
import { openStores } from "../../src/stores/stores.ts";
import { valid } from "../config/valid.ts";

let redis: RunningRedis;
let compiled: Compiled;
beforeAll(async () => {
  redis = await startRedis({ strict: true });
  const stores = { redis: { url: redis.url, token: redis.token } };
  const routes = { "GET /weather": { upstream: "api", price: "$0.01", cache: { ttl: "1m" } } };
  compiled = await load(() => ({ ...valid(), routes, stores }), {});
});
afterAll(() => redis?.close());

const URL_KEPT = "https://shop.example/weather?city=Lisbon";
const lookup: Lookup = {
  key: keysOf(new URL(URL_KEPT), { queryKeys: undefined })[1] ?? "",
  selecting: [],
  tags: ["*", "r:GET /weather"],
  owner: "me",
  leaseMs: 1000,
  anew: false,
  inline: undefined,
};

it.each([
  ["--url", { url: [URL_KEPT] }],
  ["--route", { route: ["GET /weather"] }],
  ["--tag", { tag: ["rain"] }],
  ["--all", { all: true }],
])("%s: what is kept is not found any more", async (_, options) => {
  const { cache } = openStores(compiled.stores);
  const lifetime = { age: 0, fresh: 60, whileRevalidate: 0, ifError: 0, strict: false };
  const keep = async () => {
    const { variant, now } = await cache.lookAgain(lookup);
    return cache.keep({
      ...{
        key: lookup.key,
        selecting: [],
        owner: "me",
        variant,
        since: now,
        freshMs: 60_000,
        keepMs: 60_000,
      },
      ...{ vary: [], tags: [...lookup.tags, "t:rain"], version: "v1", body: "kept" },
      entry: { status: 200, headers: [], encoding: "text", size: 4, lifetime, shared: true },
    });
  };
  // What was asked for in the millisecond of the last row's purge is not kept.
  await expect.poll(keep, { interval: 1 }).toBe(true);
  expect((await cache.lookAgain(lookup)).kept?.body).toBe("kept");
  await purgeCache(compiled, options);
  expect((await cache.lookAgain(lookup)).kept).toBeUndefined();
});

it("what nothing is kept under is told, and so is a wish for nothing", async () => {
  await expect(purgeCache(compiled, {})).rejects.toThrow("Name --all, --route, --url or --tag.");
  await expect(purgeCache(compiled, { route: ["GET /none"] })).rejects.toThrow(
    'No route "GET /none" has a cache.',
  );
  await expect(purgeCache(compiled, { url: ["https://shop.example/nowhere"] })).rejects.toThrow(
    'No route with a cache serves "https://shop.example/nowhere".',
  );
});
