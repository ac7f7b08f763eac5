/** `${NAME}` in the configuration: filled in once, and a missing one is one fault. */
import { describe, expect, it } from "vitest";
import { defineConfig } from "../../src/config/define.ts";
import { load } from "../../src/config/load.ts";
import { type Change, faultsOf, loadWith, onRoute, recordsOf } from "./valid.ts";

describe("the platform's variables", () => {
  it("fill any string at any depth, and leave the router's own references alone", async () => {
    const compiled = await loadWith(
      (config) => {
        config.upstreams = {
          api: { url: "https://${HOST}/v1", headers: { authorization: "Bearer ${KEY}" } },
        };
        config.routes = {
          "GET /w/:city": { upstream: "api", price: "${PRICE}", path: "/${V}/${params.city}" },
        };
        config.stores = { redis: { url: "https://redis.example", token: "${A}${B}" } };
      },
      { HOST: "api.example", KEY: "k", PRICE: "$2", V: "v2", A: "a", B: "$&" },
    );
    expect(recordsOf(compiled)?.token).toBe("a$&");
    expect(compiled.routes[0]).toMatchObject({
      path: "/v2/${params.city}",
      price: { digits: 2n, scale: 0 },
      upstream: {
        base: new URL("https://api.example/v1"),
        targets: [{ headers: { authorization: "Bearer k" } }],
      },
    });
  });

  it("reach a configuration that is a function", async () => {
    const config = defineConfig(({ STAGE }) => ({
      upstreams: { api: { url: `https://${String(STAGE)}.example` } },
      routes: { "GET /a": { upstream: "api", price: "$0" } },
    }));
    expect((await load(config, { STAGE: "test" })).routes[0]?.upstream.base.host).toBe("test.example");
  });

  it("are not filled in twice: a value that looks like a reference stays as it is", async () => {
    const compiled = await loadWith(
      (config) => {
        config.stores = { redis: { url: "https://redis.example", token: "${A}" } };
      },
      { A: "${B}", B: "b" },
    );
    expect(recordsOf(compiled)?.token).toBe("${B}");
  });

  it.each([
    [(config) => Object.assign(config.wallets ?? {}, { base: "${PAY_TO}" }), "wallets.base", "PAY_TO"],
    [onRoute({ price: "${PRICE}" }), "routes.GET /weather.price", "PRICE"],
    [
      (config) => Object.assign(config.upstreams.api ?? {}, { url: "https://${HOST}/v1" }),
      "upstreams.api.url",
      "HOST",
    ],
    [(config) => Object.assign(config, { facilitator: "${FAC}" }), "facilitator", "FAC"],
    [
      (config) => Object.assign(config.stores ?? {}, { redis: { url: "${R}", token: "t" } }),
      "stores.redis.url",
      "R",
    ],
    [
      (config) => Object.assign(config.stores ?? {}, { redis: { url: "https://r", token: "${T}" } }),
      "stores.redis.token",
      "T",
    ],
  ] satisfies [Change, string, string][])(
    "missing: one fault, that names the field and the variable",
    async (change, path, name) => {
      const expected = {
        kind: "env",
        path,
        message: `the variable ${name} is not set`,
        fix: `set ${name} in the platform's environment`,
      };
      expect(await faultsOf(change)).toEqual([expected]);
      // Empty is what platforms hand out for a secret that was declared and never given.
      expect(await faultsOf(change, { [name]: "" })).toEqual([expected]);
      expect(await faultsOf(change, { [name]: 7 })).toEqual([expected]);
    },
  );
});
