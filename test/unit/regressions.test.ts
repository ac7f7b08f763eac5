/** Each of these was a defect once. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { rpcChain } from "../../src/chain/rpc.ts";
import type { Claim } from "../../src/core/call.ts";
import type { Settlement } from "../../src/core/ports.ts";
import { parseSettlement } from "../../src/facilitator/outcome.ts";
import { makePrivate } from "../../src/proxy/headers.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { makeResolve } from "../../src/settlement/resolve.ts";
import { makeCashier } from "../../src/settlement/settle.ts";
import { faultsOf, onRoute } from "../config/valid.ts";
import { arrivalOf, codeOf, paymentOf, REQUIREMENTS, routeOf } from "./call.ts";

function claimInDoubt(words: string[]): Claim {
  const note = (word: string) => () => void words.push(word);
  return {
    payment: paymentOf(),
    inDoubtSince: 0,
    repeated: true,
    receipt: undefined,
    lost: new AbortController().signal,
    verified: false,
    answer: undefined,
    due: undefined,
    tallies: () => undefined,
    charges: async () => true,
    owes: () => undefined,
    keep: () => undefined,
    settled: note("settled"),
    unknown: note("unknown"),
    failed: note("failed"),
    delivered: note("delivered"),
    abandoned: note("abandoned"),
    broken: note("broken"),
  };
}

describe("stays mended", () => {
  it.each([
    "insufficient_funds",
    "invalid_exact_evm_payload_authorization_valid_before",
    "invalid_exact_evm_insufficient_balance",
  ])(
    "in doubt, without an RPC: a facilitator that now says %s proves nothing, the first try may have paid",
    async (reason) => {
      const words: string[] = [];
      const verify = async () => ({ valid: true }) as const;
      const settle = async (): Promise<Settlement> => ({ kind: "failed", reason });
      const resolve = makeResolve(
        { lookUp: async () => ({ kind: "unavailable" }) },
        makeCashier({ verify, settle }),
      );
      const call = compileMatch([routeOf("GET /a")])(arrivalOf("GET", "/a"));
      await expect(resolve(call, claimInDoubt(words), [REQUIREMENTS])).rejects.toMatchObject({
        code: "payment_outcome_unknown",
      });
      expect(words).toEqual(["unknown"]);
    },
  );

  it("'dead' is told of one block: the state is asked at the block whose time was read", async () => {
    const asked: unknown[] = [];
    const node = createServer(async (request, response) => {
      let text = "";
      for await (const chunk of request) text += chunk;
      const { method, params } = JSON.parse(text);
      asked.push([method, params.at(-1)]);
      response.end(
        JSON.stringify({
          result: method === "eth_call" ? `0x${"0".repeat(64)}` : { number: "0x64", timestamp: "0x7fffffff" },
        }),
      );
    });
    await new Promise<void>((done) => node.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(node.address() as AddressInfo).port}`;
    await rpcChain({ [REQUIREMENTS.network]: url }, 1000, () => undefined).lookUp(paymentOf(), 0);
    node.close();
    expect(asked[1]).toEqual(["eth_call", "0x64"]);
  });

  it.each(["invalid_exact_evm_transaction_simulation_failed", "invalid_exact_evm_eip3009_not_supported"])(
    "%s is what the facilitator says when its own look at the authorization failed",
    (errorReason) => {
      expect(parseSettlement(paymentOf(), 200, { success: false, errorReason, transaction: "" }).kind).toBe(
        "unknown",
      );
    },
  );

  it("what * matched cannot become a second query parameter", async () => {
    const [fault] = await faultsOf(onRoute({ path: "/s?path=*" }));
    expect(fault).toMatchObject({ path: "routes.GET /weather.path", message: "has a * in its query" });
  });

  it("/a is refused where /a/* costs more than what /a matches", () => {
    const match = compileMatch([routeOf("GET /*", { price: "$0.01" }), routeOf("GET /a/*", { price: "$5" })]);
    for (const path of ["/a", "/A"])
      expect(codeOf(() => match(arrivalOf("GET", path)))).toBe("path_not_canonical");
  });

  it("case is folded in escaped letters too", () => {
    const match = compileMatch([
      routeOf("GET /:p", { price: "$0.01" }),
      routeOf("GET /été", { price: "$5" }),
    ]);
    expect(codeOf(() => match(arrivalOf("GET", "/%C3%89t%C3%A9")))).toBe("path_not_canonical");
  });

  it("a quoted list of private= goes as a whole", () => {
    const headers = new Headers({ "cache-control": 'private="set-cookie, x-foo", max-age=1' });
    makePrivate(headers);
    expect(headers.get("cache-control")).toBe("private, max-age=1");
  });

  it("a fault in the only priced route does not hide that there is no store", async () => {
    const faults = await faultsOf((config) => {
      onRoute({ upstream: "nope" })(config);
      delete config.stores;
    });
    expect(faults.map(({ path }) => path).sort()).toEqual(["routes.GET /weather.upstream", "stores"]);
  });

  it.each([
    [
      "accepts[0].network",
      (config) => Object.assign(config, { accepts: [{ asset: "USDC", network: "${X}" }] }),
    ],
    [
      "accepts[0].asset",
      (config) => Object.assign(config, { accepts: [{ asset: "${X}", network: "base" }] }),
    ],
    ["routes.GET /weather.upstream", onRoute({ upstream: "${X}" })],
    ["routes.GET /weather.path", onRoute({ path: "${X}" })],
    [
      "stores.redis.prefix",
      (config) =>
        Object.assign(config.stores ?? {}, {
          redis: { url: "https://r.example", token: "t", prefix: "${X}" },
        }),
    ],
  ] satisfies [string, Parameters<typeof faultsOf>[0]][])(
    "an unset variable in %s is one fault",
    async (path, change) => {
      expect((await faultsOf(change)).map((fault) => [fault.kind, fault.path])).toEqual([["env", path]]);
    },
  );

  it("an item of a list has one path, whichever check found the fault", async () => {
    const [fault] = await faultsOf((config) => Object.assign(config.accepts?.[0] ?? {}, { aset: "x" }));
    expect(fault?.path).toBe("accepts[0].aset");
  });
});
