/** The configuration as it is now: what is fetched adds to it, and undoes nothing. */
import { expect, it } from "vitest";
import type { Arrival } from "../../src/core/arrival.ts";
import { GatewayError } from "../../src/core/errors.ts";
import type { Event } from "../../src/core/events.ts";
import { makeCurrent } from "../../src/current.ts";
import { connect } from "../../src/stores/redis.ts";
import { specStore } from "../../src/stores/specs.ts";
import { describeBackends, type Harness } from "../bridge/backends.ts";

const SPEC = "https://api.example/spec.json";
const env = {};

function currentOf({ redis }: Harness, accepts = true) {
  const told: Event[] = [];
  const current = makeCurrent(
    () => ({
      gateway: { ledger: false },
      upstreams: { api: { url: "https://api.example", openapi: SPEC, defaultPrice: "$0.01" } },
      routes: { "GET /free": { upstream: "api", price: "$0" } },
      stores: { redis: { url: redis.url, token: redis.token, prefix: "test" } },
      ...(accepts
        ? {
            accepts: [{ asset: "USDC", network: "base-sepolia" }],
            wallets: { "base-sepolia": "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC" },
            facilitator: "https://facilitator.example",
          }
        : {}),
    }),
    undefined,
    (event) => void told.push(event),
  );
  return { current, told };
}

const arrivalAt = (path: string): Arrival => ({
  request: new Request(`https://gateway.example${path}`),
  rawPath: path,
  clientAddress: undefined,
  waitUntil: (work) => void work.catch(() => undefined),
});
const known = ({ redis }: Harness, ...paths: string[]) => {
  const operations = paths.map((path) => [path, { get: { responses: { 200: { description: "ok" } } } }]);
  const text = JSON.stringify({ openapi: "3.1.0", info: {}, paths: Object.fromEntries(operations) });
  const store = specStore(
    connect({ url: redis.url, token: redis.token, prefix: "test", timeoutMs: 2000 }),
    "test",
  );
  return store.keep(SPEC, "v1", text);
};

describeBackends("what is fetched", { strict: true }, (of) => {
  it.each([
    "upstream_unreachable",
    "rate_limited",
    "store_unavailable",
    "payment_required",
    "payment_settlement_failed",
  ] as const)(
    "a call that ended with %s is not made a second time while something is not known yet",
    async (code) => {
      await known(of, "/told");
      const { current } = currentOf(of);
      let calls = 0;
      const work = async () => {
        calls += 1;
        throw new GatewayError(code);
      };
      await expect(current.answer(env, arrivalAt("/free"), work)).rejects.toThrow(code);
      expect([calls, of.faults.requestCount]).toEqual([1, 1]);
    },
  );

  it("a call that no route is known for is made once more, with what is known then", async () => {
    await known(of, "/told");
    const { current } = currentOf(of);
    const seen: string[][] = [];
    const answer = await current.answer(env, arrivalAt("/told"), async ({ loaded }) => {
      seen.push(loaded.routes.map(({ key }) => key));
      if (seen.length === 1) throw new GatewayError("route_not_found");
      return new Response("sold");
    });
    expect(await answer.text()).toBe("sold");
    expect(seen).toEqual([["GET /free"], ["GET /free", "GET /told"]]);
  });

  it("a description that does not go with the configuration leaves what was sold until then", async () => {
    await known(of, "/told");
    const { current, told } = currentOf(of, false);
    const unknown = async () => {
      throw new GatewayError("route_not_found");
    };
    await expect(current.answer(env, arrivalAt("/told"), unknown)).rejects.toThrow("route_not_found");
    expect(told).toMatchObject([{ event: "openapi_refused", level: "error" }]);
    const { loaded } = await current.of(env);
    expect(loaded.routes.map(({ key }) => key)).toEqual(["GET /free"]);
    // And it is not tried with every call.
    expect(told).toHaveLength(1);
  });
});
