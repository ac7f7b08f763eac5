/** Faults of wallets, tokens, networks, facilitators and the store: what would cost money or lose it. */
import { describe, expect, it } from "vitest";
import { expectFault, faultsOf, type Row, set, WALLET } from "./valid.ts";

const ADDRESS = [
  "wallets.base",
  "is not an address that can receive money",
  "write 0x and 40 hexadecimal digits; mixed case must be a valid checksum",
] as const;
/** Circle's mint of USDC: any account will do. */
const SOLANA = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
const redis = (url: string) => set({ stores: { redis: { url, token: "t" } } });

describe("the money", () => {
  it.each([
    ["too short", "0x12"],
    ["without 0x", WALLET.slice(2)],
    ["with a wrong checksum", WALLET.replace("3C44", "3c44")],
    ["that is zero", `0x${"0".repeat(40)}`],
    ["that is a name", "seller.eth"],
  ])("an address %s", (_, address) => expectFault([set({ wallets: { base: address } }), ...ADDRESS]));

  it.each<Row>([
    [
      set({ accepts: [{ asset: "USDC", network: "base-sepola" }] }),
      "accepts[0].network",
      'unknown network "base-sepola"',
      'did you mean "base-sepolia"?',
    ],
    [
      set({ wallets: { base: WALLET, "base-sepola": WALLET } }),
      "wallets.base-sepola",
      'unknown network "base-sepola"',
      'did you mean "base-sepolia"?',
    ],
    [
      set({ facilitator: { default: "https://f.example", chains: { "base-sepola": "https://g.example" } } }),
      "facilitator.chains.base-sepola",
      'unknown network "base-sepola"',
      'did you mean "base-sepolia"?',
    ],
    [
      set({ accepts: [{ asset: "DOGE", network: "base" }] }),
      "accepts[0].asset",
      "DOGE is not known on base",
      "USDC is on most networks",
    ],
    [
      set({
        wallets: { megaeth: WALLET },
        accepts: [{ asset: "MegaUSD", network: "megaeth", transfer: "eip3009" }],
      }),
      "accepts[0].transfer",
      "MegaUSD on megaeth cannot be paid with EIP-3009",
      'leave it out, or write "permit2"',
    ],
    [
      set({ accepts: [{ asset: "USDC", network: "base", scheme: "upto", transfer: "eip3009" }] }),
      "accepts[0].transfer",
      "upto takes Permit2",
      'leave it out, or write "permit2"',
    ],
    [
      set({ wallets: { solana: SOLANA }, accepts: [{ asset: "USDC", network: "solana", scheme: "upto" }] }),
      "accepts[0].scheme",
      "upto is not known on solana",
      'leave it out, or write "exact"',
    ],
    [
      set({
        wallets: { solana: SOLANA },
        accepts: [{ asset: "USDC", network: "solana", transfer: "permit2" }],
      }),
      "accepts[0].transfer",
      "solana knows neither EIP-3009 nor Permit2",
      "leave it out",
    ],
    [
      set({ wallets: { solana: SOLANA }, accepts: [{ asset: "EURC", network: "solana" }] }),
      "accepts[0].asset",
      "EURC is not known on solana",
      "USDC is known there",
    ],
    [
      ({ wallets = {} }) => Object.assign(wallets, { solana: WALLET }),
      "wallets.solana",
      "is not an address that can receive money",
      "write the account in base58: 32 bytes",
    ],
    [
      set({ rpc: { "solana-devnet": "https://api.devnet.solana.com" } }),
      "rpc.solana-devnet",
      "is not asked: Solana's payments are the facilitator's to know",
      "leave it out",
    ],
    [
      ({ accepts = [] }) => accepts.push({ asset: "USDC", network: "base-sepolia" }),
      "wallets",
      "no address for base-sepolia",
      'add "base-sepolia": "0x…"',
    ],
    [
      set({ wallets: { base: WALLET, "eip155:8453": WALLET } }),
      "wallets.eip155:8453",
      "is a second address for eip155:8453",
      "keep one of them",
    ],
    [
      set({ accepts: [] }),
      "accepts",
      '"GET /weather" has a price, but nothing is accepted',
      'add { asset: "USDC", network: "base" }',
    ],
    [
      set({ stores: undefined }),
      "stores",
      '"GET /weather" has a price, and payments need a store',
      'add redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" }',
    ],
    ...[undefined, {}, { chains: { "base-sepolia": "https://f.example" } }].map(
      (facilitator): Row => [
        set({ facilitator }),
        "facilitator",
        "nobody settles payments on base",
        'write facilitator: "https://…"; https://x402.org/facilitator serves test networks',
      ],
    ),
  ])("%#: %2$s", (...row) => expectFault(row));
});

describe("a URL that payments and tokens travel to", () => {
  const REASONS: [url: string, message: string, fix: string][] = [
    [
      "http://out.example",
      "plain HTTP would show payments and tokens on the way",
      "use https://, or a loopback address",
    ],
    [
      "http://10.0.0.1",
      "plain HTTP would show payments and tokens on the way",
      "use https://, or a loopback address",
    ],
    [
      "http://127.0.0.1.out.example",
      "plain HTTP would show payments and tokens on the way",
      "use https://, or a loopback address",
    ],
    ["https://user:pass@out.example", "credentials do not belong in the URL", "use headers or a token"],
    ["out.example", '"out.example" is not a URL', "write it with its scheme: https://…"],
    ["https://out.example?a=1", "a base URL has no query and no fragment", "leave them out"],
    ["https://out.example#a", "a base URL has no query and no fragment", "leave them out"],
  ];
  it.each(REASONS)("%s: %s", async (url, message, fix) => {
    await expectFault([redis(url), "stores.redis.url", message, fix]);
    await expectFault([set({ facilitator: url }), "facilitator", message, fix]);
    await expectFault([set({ facilitator: { default: url } }), "facilitator.default", message, fix]);
    const chains = { base: url };
    await expectFault([set({ facilitator: { chains } }), "facilitator.chains.base", message, fix]);
  });

  it.each(["redis", "rediss"])(
    "%s:// is not reached from the edge, and the way out is named",
    async (scheme) => {
      const url = `${scheme}://out.example:6379`;
      const [fault, ...others] = await faultsOf(redis(url));
      expect(others).toEqual([]);
      expect(fault).toMatchObject({
        path: "stores.redis.url",
        fix: expect.stringContaining("tollbooth redis-bridge"),
      });
      expect(fault?.message).toContain("over TCP");
      const message = `${scheme}:// cannot be reached from the edge`;
      await expectFault([set({ facilitator: url }), "facilitator", message, "use an https:// URL"]);
    },
  );

  it("needs a key prefix of plain characters", () =>
    expectFault([
      set({ stores: { redis: { url: "https://r.example", token: "t", prefix: "a b*" } } }),
      "stores.redis.prefix",
      '"a b*" is not a key prefix',
      "use letters, digits and . : _ -",
    ]));
});
