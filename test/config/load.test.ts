/** What a right configuration becomes. */
import { describe, expect, it } from "vitest";
import { load } from "../../src/config/load.ts";
import { type Change, loadWith, onRoute, recordsOf, valid, WALLET } from "./valid.ts";

const USDC_ON_BASE = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
const SOLANA_WALLET = "So11111111111111111111111111111111111111112";
const unchanged: Change = () => undefined;

describe("a right configuration", () => {
  it("needs no more than a wallet, a token, a facilitator, an upstream, a route and a store", async () => {
    const compiled = await loadWith(unchanged);
    expect(recordsOf(compiled)).toEqual({
      url: "https://redis.example",
      token: "t",
      prefix: "tollbooth",
      timeoutMs: 2000,
      ledgerMs: 90 * 86_400_000,
    });
    expect(compiled).toMatchObject({
      routes: [
        {
          key: "GET /weather",
          method: "GET",
          pattern: "/weather",
          upstream: {
            name: "api",
            base: new URL("https://api.example"),
            targets: [{ base: new URL("https://api.example"), headers: {}, service: undefined }],
            cookies: false,
            timeoutMs: 60_000,
          },
          path: undefined,
          price: { digits: 1n, scale: 2 },
          offers: [
            {
              network: "eip155:8453",
              asset: { address: USDC_ON_BASE, decimals: 6, name: "USD Coin", version: "2" },
              payTo: WALLET,
            },
          ],
          settlement: "before-response",
          timeoutSeconds: 60,
          settleMarginSeconds: 6,
        },
      ],
      facilitator: { default: "https://facilitator.example", chains: {}, timeoutMs: 20_000 },
    });
  });

  it.each<[accept: Record<string, unknown>, offer: Record<string, unknown>]>([
    [{ network: "base" }, { scheme: "exact", network: "eip155:8453", transfer: "eip3009" }],
    [
      { network: "base", transfer: "permit2" },
      { scheme: "exact", transfer: "permit2", payTo: WALLET },
    ],
    // A token that knows no EIP-3009.
    [
      { network: "megaeth", asset: "MegaUSD" },
      { scheme: "exact", network: "eip155:4326", transfer: "permit2" },
    ],
    [
      { network: "solana" },
      {
        scheme: "exact",
        network: "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp",
        transfer: "transaction",
        payTo: SOLANA_WALLET,
        asset: { address: "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", decimals: 6 },
      },
    ],
    [
      { network: "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1" },
      { asset: { address: "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU" } },
    ],
  ])("accepts %j as %j", async (accept, offer) => {
    const wallets = { base: WALLET, megaeth: WALLET, solana: SOLANA_WALLET, "solana-devnet": SOLANA_WALLET };
    const change: Change = (config) =>
      Object.assign(config, { wallets, accepts: [{ asset: "USDC", ...accept }] });
    expect((await loadWith(change)).routes[0]?.offers).toMatchObject([offer]);
  });

  it("needs nothing of money when every route is free", async () => {
    const compiled = await load(
      () => ({ upstreams: valid().upstreams, routes: { "* /*": { upstream: "api", price: "$0" } } }),
      {},
    );
    expect(compiled.routes.map(({ price, offers }) => [price, offers])).toEqual([[undefined, []]]);
    expect(recordsOf(compiled)).toBeUndefined();
  });

  it("is not changed by being loaded, and loads to the same again", async () => {
    const config = valid();
    const first = await load(() => config, {});
    expect(config).toEqual(valid());
    expect(await load(() => config, {})).toEqual(first);
  });
});

describe("a price", () => {
  it.each([
    ["$0.01", { digits: 1n, scale: 2 }],
    ["0.01", { digits: 1n, scale: 2 }],
    [" $0.01 ", { digits: 1n, scale: 2 }],
    ["$1", { digits: 1n, scale: 0 }],
    ["$0.000001", { digits: 1n, scale: 6 }],
    ["$0.0100000", { digits: 100_000n, scale: 7 }],
    ["$0", undefined],
    ["$0.00", undefined],
    ["0", undefined],
  ])("%j is read exactly, zero as free", async (price, expected) => {
    expect((await loadWith(onRoute({ price }))).routes[0]?.price).toEqual(expected);
  });

  it("comes from the defaults where a route has none, and a route's own wins", async () => {
    const { routes } = await loadWith((config) => {
      config.defaults = { price: "$2", timeout: 90, settlement: "after-response" };
      config.routes = {
        "GET /default": { upstream: "api" },
        "GET /own": { upstream: "api", price: "$3", timeout: 30, settlement: "before-response" },
      };
    });
    expect(
      routes.map(({ price, timeoutSeconds, settlement }) => [price?.digits, timeoutSeconds, settlement]),
    ).toEqual([
      [2n, 90, "after-response"],
      [3n, 30, "before-response"],
    ]);
  });
});

describe("a network", () => {
  it.each([
    ["base", "eip155:8453"],
    ["eip155:8453", "base"],
  ])("may be called %s for the wallet and %s for the token", async (wallet, accepted) => {
    const { routes } = await loadWith((config) => {
      config.wallets = { [wallet]: WALLET };
      config.accepts = [{ asset: "USDC", network: accepted }];
    });
    expect(routes[0]?.offers).toMatchObject([{ network: "eip155:8453", payTo: WALLET }]);
  });

  it("is offered in the order of the configuration, because clients take the first they can pay", async () => {
    const { routes } = await loadWith((config) => {
      config.wallets = { base: WALLET, "base-sepolia": WALLET };
      config.accepts = ["base-sepolia", "base"].map((network) => ({ asset: "USDC", network }));
    });
    expect(routes[0]?.offers.map(({ network }) => network)).toEqual(["eip155:84532", "eip155:8453"]);
  });

  it.each(["base", "eip155:8453"])(
    "has a facilitator of its own under %s, without a default",
    async (network) => {
      const { facilitator } = await loadWith((config) => {
        config.facilitator = { chains: { [network]: "https://own.example/x402/" } };
      });
      expect(facilitator).toMatchObject({
        default: "",
        chains: { "eip155:8453": "https://own.example/x402" },
      });
    },
  );

  it("without a facilitator of its own is settled by the default", async () => {
    const { facilitator } = await loadWith((config) => {
      config.facilitator = {
        default: "https://all.example/",
        chains: { "base-sepolia": "https://own.example" },
      };
    });
    expect(facilitator).toMatchObject({
      default: "https://all.example",
      chains: { "eip155:84532": "https://own.example" },
    });
  });
});

describe("a URL", () => {
  it.each(["http://127.0.0.1:8079", "http://127.9.9.9", "http://localhost:8079", "http://[::1]:8079"])(
    "%s needs no TLS: it does not leave this machine",
    async (url) => {
      const compiled = await loadWith((config) => {
        config.stores = { redis: { url, token: "t" } };
        config.facilitator = url;
      });
      expect([recordsOf(compiled)?.url, compiled.facilitator.default]).toEqual([url, url]);
    },
  );

  it("loses its trailing slashes and keeps its path", async () => {
    const compiled = await loadWith((config) => {
      config.upstreams = { api: { url: "http://api.internal:81/v1//" } };
      config.stores = { redis: { url: "https://redis.example/", token: "t" } };
      config.facilitator = "https://facilitator.example/base/";
    });
    expect(compiled.routes[0]?.upstream.base.href).toBe("http://api.internal:81/v1");
    expect([recordsOf(compiled)?.url, compiled.facilitator.default]).toEqual([
      "https://redis.example",
      "https://facilitator.example/base",
    ]);
  });
});
