import { describe, expect, it } from "vitest";
import { makeQuote } from "../../src/pricing/quote.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { arrivalOf, PAY_TO, routeOf, usdcOn } from "./call.ts";

async function callOf(price: string | undefined, path = "/weather") {
  const offers = [await usdcOn("eip155:8453"), await usdcOn("eip155:84532")];
  const route = { ...routeOf("GET /weather", price === undefined ? {} : { price }), offers };
  return compileMatch([route])(arrivalOf("GET", path));
}

const quote = makeQuote({ clock: Date.now, secret: "s", complete: async (accepts) => accepts });

describe("a quote", () => {
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
