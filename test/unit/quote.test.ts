import { describe, expect, it } from "vitest";
import type { CacheRules } from "../../src/core/cache.ts";
import { parsePrice } from "../../src/core/money.ts";
import { makeQuote } from "../../src/pricing/quote.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { arrivalOf, PAY_TO, routeOf, usdcOn } from "./call.ts";

async function callOf(price: string | undefined, path = "/weather") {
  const offers = [await usdcOn("eip155:8453"), await usdcOn("eip155:84532")];
  const route = { ...routeOf("GET /weather", price === undefined ? {} : { price }), offers };
  return compileMatch([route])(arrivalOf("GET", path));
}

/** A cache whose answers have a price of their own. */
function chargedCache(text: string): CacheRules {
  const charge = parsePrice(text);
  if (!charge) throw new Error(`${text} is not a price`);
  const times = { ttlMs: 0, maxTtlMs: 0, maxStaleMs: 0, waitMs: 0 };
  const names = { methods: new Set(["GET"]), statuses: undefined, vary: [], queryKeys: undefined };
  return { ...times, ...names, maxBytes: 1, colo: false, charge };
}

const quote = makeQuote({ clock: Date.now, secret: "s", complete: async (accepts) => accepts });

describe("a quote", () => {
  it.each([
    ["$0.01", "$0.004", "4000"],
    ["$0.001", "$0.004", undefined],
  ])("at %s has a price of %s for what is kept only where that is less", async (price, charge, amount) => {
    const call = await callOf(price);
    const cached = chargedCache(charge);
    const quoted = await quote({ ...call, route: { ...call.route, cache: cached } });
    const onHit = quoted.kind === "priced" ? quoted.quoted.onHit : undefined;
    expect(onHit && onHit !== "free" ? onHit[0]?.amount : onHit).toBe(amount);
  });

  it("of a free route is free", async () => {
    expect(await quote(await callOf(undefined))).toEqual({ kind: "free" });
  });

  it("names every accepted token, in the order of the configuration, with all a wallet needs to sign", async () => {
    expect(await quote(await callOf("$0.0123"))).toEqual({
      kind: "priced",
      quoted: { terms: [], tier: "" },
      accepts: [
        {
          scheme: "exact",
          network: "eip155:8453",
          asset: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
          amount: "12300",
          payTo: PAY_TO,
          maxTimeoutSeconds: 60,
          extra: { name: "USD Coin", version: "2" },
        },
        {
          scheme: "exact",
          network: "eip155:84532",
          asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
          amount: "12300",
          payTo: PAY_TO,
          maxTimeoutSeconds: 60,
          extra: { name: "USDC", version: "2" },
        },
      ],
    });
  });

  it("of equal calls is equal to the byte, in another isolate too, and the query does not change it", async () => {
    const [first, ...others] = await Promise.all(
      ["/weather", "/weather", "/weather?city=x"].map(async (path) =>
        JSON.stringify(await quote(await callOf("$0.01", path))),
      ),
    );
    expect(others).toEqual([first, first]);
  });

  it("is never below one unit: a price that cannot be said exactly is not offered at all", async () => {
    const call = await callOf("$0.0000001");
    await expect(quote(call)).rejects.toMatchObject({ code: "price_failed" });
  });
});
