import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { load } from "../../src/config/load.ts";
import { type Change, expectFault, faultsOf, loadWith, onRoute, type Row, set, valid } from "./valid.ts";

const PETSTORE = readFileSync("test/fixtures/specs/petstore.json", "utf8");
/** Of the processor, not of the clock, and of a machine with much else to do; microseconds. */
const A_SECOND = 3_000_000;
const answers = { responses: { 200: { description: "ok" } } };
const spec = (paths: object, more: object = {}) => ({
  openapi: "3.1.0",
  info: { title: "t", version: "1" },
  paths,
  ...more,
});
/** Gives the one upstream a description. */
const described =
  (openapi: unknown, more: object = { defaultPrice: "$0.02" }): Change =>
  ({ upstreams }) =>
    Object.assign(upstreams.api ?? {}, { openapi, ...more });
const at = "upstreams.api.openapi";

describe("a description", () => {
  it("makes its operations routes at the upstream's price, and what is internal no route", async () => {
    const { routes } = await loadWith(described(JSON.parse(PETSTORE)));
    expect(routes.map(({ key, price }) => [key, price])).toEqual([
      ["GET /weather", { digits: 1n, scale: 2 }],
      ["GET /pets", { digits: 2n, scale: 2 }],
      ["POST /pets", { digits: 2n, scale: 2 }],
      ["GET /pets/:pet_id", { digits: 2n, scale: 2 }],
    ]);
  });

  it("gives way to what is written, whatever its parameters are called, and by whatever method", async () => {
    const { routes } = await loadWith((config) => {
      described(JSON.parse(PETSTORE))(config);
      config.routes["GET /pets/:id"] = { upstream: "api", price: "$1" };
      config.routes["* /pets"] = { upstream: "api", price: "$3" };
    });
    expect(routes.map(({ key }) => key)).toEqual(["GET /weather", "GET /pets/:id", "* /pets"]);
    expect(routes.map(({ operation }) => operation?.template)).toEqual([
      undefined,
      "/pets/{pet-id}",
      undefined,
    ]);
  });

  it("takes its price from defaults.price where it has none", async () => {
    const { routes } = await loadWith((config) => {
      described(spec({ "/a": { get: answers } }), {})(config);
      config.defaults = { price: "$0.07" };
    });
    expect(routes[1]?.price).toEqual({ digits: 7n, scale: 2 });
  });

  it("is not looked through for variables: what is in it is not of the seller's writing", async () => {
    const { routes } = await loadWith(
      described(spec({ "/a": { get: { ...answers, summary: "${SECRET}" } } })),
    );
    expect(routes[1]?.key).toBe("GET /a");
  });

  it("does not take the gateway's own paths, unless it shows nothing", async () => {
    const own = described(spec({ "/llms.txt": { get: answers } }));
    const keysOf = async (change: Change) => (await loadWith(change)).routes.map(({ key }) => key);
    expect(await keysOf(own)).not.toContain("GET /llms.txt");
    const off: Change = (config) => {
      own(config);
      config.gateway = { discovery: false };
    };
    expect(await keysOf(off)).toContain("GET /llms.txt");
  });

  it("that does not fit what is sold is a fault, with the operation that it is about", async () => {
    const faults = await faultsOf(
      described(
        spec({ "/f/{a}.{b}": { get: answers }, "/a//b": { post: answers }, "/x;y": { put: answers } }),
      ),
    );
    expect(faults.map(({ path }) => path)).toEqual([
      `${at}.GET /f/{a}.{b}`,
      `${at}.POST /a//b`,
      `${at}.PUT /x;y`,
    ]);
  });

  it.each([
    ["nothing", {}, /is not OpenAPI 3.0 or 3.1/],
    ["Swagger", { swagger: "2.0", paths: {} }, /is Swagger 2.0: convert it/],
    ["3.2", spec({}, { openapi: "3.2.0" }), /is not OpenAPI 3.0 or 3.1, but "3.2.0"/],
    ["paths that are a list", spec([]), /paths that are no object/],
    [
      "100,000 paths",
      spec(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`/${i}`, {}]))),
      /more than 2000 paths/,
    ],
    [
      "10 MB",
      spec({}, { "x-a": Array.from({ length: 200 }, () => "x".repeat(50_000)) }),
      /more than 2000000 bytes/,
    ],
    ["a text of a megabyte", spec({}, { "x-a": "x".repeat(1_000_000) }), /a text of more than 100000/],
    [
      "a reference to another place",
      spec({ "/a": { $ref: "https://evil.example/a.json" } }),
      /outside of it/,
    ],
    ["a reference to a file", spec({ "/a": { get: { $ref: "./a.json#/x" } } }), /outside of it/],
    [
      "another base for references",
      spec({}, { components: { schemas: { A: { $id: "https://evil.example" } } } }),
      /outside of it/,
    ],
    ["a prototype", spec({}, JSON.parse('{"x-a":{"__proto__":{"polluted":true}}}')), /has a key "__proto__"/],
    ["great depth", spec({}, { "x-a": deep(200) }), /nested more than 64 deep/],
    ["itself in it", circle(), /nested more than 64 deep, or holds itself/],
  ])("with %s is refused", async (_, openapi, message) => {
    const began = process.cpuUsage();
    const [fault, ...others] = await faultsOf(described(openapi));
    expect(fault).toEqual({ path: at, message: expect.stringMatching(message) });
    expect(others).toEqual([]);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    expect(process.cpuUsage(began).user).toBeLessThan(A_SECOND);
  });

  it("may refer to itself, which is how trees are described", async () => {
    const Tree = { type: "object", properties: { left: { $ref: "#/components/schemas/Tree" } } };
    const body = { content: { "application/json": { schema: { $ref: "#/components/schemas/Tree" } } } };
    const { routes } = await loadWith(
      described(
        spec({ "/a": { post: { ...answers, requestBody: body } } }, { components: { schemas: { Tree } } }),
      ),
    );
    expect(routes[1]?.key).toBe("POST /a");
  });

  it("whose references go in a circle has no such operation", async () => {
    const { routes } = await loadWith(
      described(spec({ "/a": { $ref: "#/paths/~1b" }, "/b": { $ref: "#/paths/~1a" } })),
    );
    expect(routes).toHaveLength(1);
  });

  it("of 2000 paths is loaded within a second of the processor, or three of a busy one", async () => {
    const paths = Object.fromEntries(
      Array.from({ length: 2000 }, (_, i) => [`/p${i}/{id}`, { get: answers, post: answers }]),
    );
    const began = process.cpuUsage();
    expect((await loadWith(described(spec(paths)))).routes).toHaveLength(4001);
    expect(process.cpuUsage(began).user).toBeLessThan(A_SECOND);
  });
});

describe("faults", () => {
  it.each<Row>([
    [
      described("./petstore.yaml"),
      at,
      '"./petstore.yaml" is a file, and was not made part of what runs here',
      "run `tollbooth specs` before it is bundled, or import the JSON and write openapi: spec",
    ],
    [
      described(spec({}), {}),
      "upstreams.api.defaultPrice",
      "is required: what is in openapi has no price, and there is no defaults.price",
      'write "$0.01", or "$0" for free',
    ],
    [
      described("http://plain.example/spec.json"),
      at,
      "plain HTTP would show payments and tokens on the way",
      "use https://, or a loopback address",
    ],
    [
      ({ upstreams }) => Object.assign(upstreams.api ?? {}, { defaultPrice: "$1" }),
      "upstreams.api.defaultPrice",
      "is for the operations of openapi",
      "add openapi, or write it as the price of routes",
    ],
    [
      (config) => {
        config.upstreams.b = {
          url: "https://b.example",
          openapi: spec({ "/a/{y}": { get: answers } }),
          defaultPrice: "$1",
        };
        described(spec({ "/a/{x}": { get: answers } }))(config);
      },
      "upstreams.b.openapi.GET /a/:y",
      'matches the same calls as "GET /a/:x"',
      "write a route for it, or mark it as x-internal",
    ],
    [
      onRoute({ metadata: { bodyType: "json" } }),
      "routes.GET /weather.metadata.bodyType",
      "is about a body, and there is none",
      "leave it out",
    ],
    [
      onRoute({ metadata: { iconUrl: "icon.png" } }),
      "routes.GET /weather.metadata.iconUrl",
      '"icon.png" is not a URL',
      'write "https://…"',
    ],
  ])("row %#", (...row) => expectFault(row));

  it("a URL needs a store", async () => {
    const faults = await faultsOf((config) => {
      described("https://api.example/spec.json")(config);
      Object.assign(config, { routes: {}, stores: undefined });
    });
    expect(faults.map(({ path, message }) => [path, message])).toEqual([
      [at, "what is fetched is kept in a store, and there is none"],
    ]);
  });

  it.each([
    { hiden: true },
    { tags: ["x".repeat(33)] },
    { tags: Array(6).fill("x") },
    { serviceName: "é" },
    { mimeType: "json" },
  ])("metadata %j is refused", async (metadata) =>
    expect(await faultsOf(onRoute({ metadata }))).toHaveLength(1),
  );

  it.each([{ discovery: "yes" }, { discovery: { titel: "x" } }])("gateway %j is refused", async (gateway) => {
    expect(await faultsOf(set({ gateway }))).toHaveLength(1);
  });
});

describe("a description at a URL", () => {
  const URL = "https://api.example/spec.json";
  const loadKnowing = (document: unknown, change: Change = () => undefined) => {
    const config = valid();
    described(URL)(config);
    change(config);
    return load(() => config, {}, { urls: { [URL]: document } });
  };

  it("is not needed to load, and what is written is there without it", async () => {
    const { routes, specUrls, isComplete } = await loadWith(described(URL));
    expect([routes.map(({ key }) => key), specUrls, isComplete]).toEqual([["GET /weather"], [URL], false]);
  });

  it("is sold as far as it can be: what is wrong with it is left out, and no fault", async () => {
    const paths = { "/a": { get: answers }, "/b//c": { get: answers }, "/weather": { get: answers } };
    const { routes, leftOut, isComplete } = await loadKnowing(spec(paths));
    expect(routes.map(({ key }) => key)).toEqual(["GET /weather", "GET /a"]);
    expect(leftOut.map(({ operation }) => operation)).toEqual(["GET /b//c"]);
    expect(isComplete).toBe(true);
  });

  it.each([
    ["GET /pets/*", "/pets/gold"],
    ["GET /pets/*", "/pets/{id}/toys"],
    ["* /pets/*", "/pets/{id}"],
    ["GET /:shop/report", "/acme/{any}"],
    ["GET /pets/:id/toys", "/pets/{id}/{thing}", "/pets/gold/{thing}"],
    ["GET /*", "/pets"],
  ])(
    "takes no call from a written %s: neither its price nor where it goes is for others to say",
    async (key, ...paths) => {
      const taking = paths.at(-1) ?? "";
      const document = spec(Object.fromEntries(paths.map((path) => [path, { get: answers }])));
      const { routes, leftOut } = await loadKnowing(document, (config) => {
        config.routes = { [key]: { upstream: "api", price: "$1" } };
      });
      expect(leftOut).toEqual([{ operation: expect.any(String), reason: `would take calls from "${key}"` }]);
      expect(leftOut[0]?.operation.replace(/:(\w+)/g, "{$1}")).toBe(`GET ${taking}`);
      expect(routes).toHaveLength(paths.length);
    },
  );

  it("goes beside what is written where no call is taken from it", async () => {
    const paths = ["/pets/{id}", "/pets", "/{a}/{b}", "/a/b/c"];
    const { routes, leftOut } = await loadKnowing(
      spec(Object.fromEntries(paths.map((path) => [path, { get: answers }]))),
      (config) => {
        config.routes = {
          "GET /pets/gold": { upstream: "api", price: "$1" },
          "POST /pets/*": { upstream: "api", price: "$1" },
          "GET /a/b/c/*": { upstream: "api", price: "$1" },
        };
      },
    );
    expect([leftOut, routes.length]).toEqual([[], 7]);
  });

  it("takes no call from another upstream's description that is part of the configuration", async () => {
    const { routes, leftOut } = await loadKnowing(spec({ "/b/gold": { get: answers } }), (config) => {
      config.upstreams.b = {
        url: "https://b.example",
        openapi: spec({ "/b/{id}": { get: answers } }),
        defaultPrice: "$1",
      };
    });
    expect(routes.map(({ key }) => key)).toEqual(["GET /weather", "GET /b/:id"]);
    expect(leftOut).toHaveLength(1);
  });

  it("that has the metrics' path in it is sold all the same, without that one", async () => {
    const { routes, leftOut, observing } = await loadKnowing(
      spec({ "/metrics": { get: answers }, "/health": { get: answers }, "/a": { get: answers } }),
      (config) => {
        config.gateway = { metrics: true };
      },
    );
    expect(routes.map(({ key }) => key)).toEqual(["GET /weather", "GET /a"]);
    expect(leftOut.map(({ operation }) => operation)).toEqual(["GET /health", "GET /metrics"]);
    expect(observing.metrics?.path).toBe("/metrics");
  });

  it("puts no key into the store with every payment that is longer than any path needs", async () => {
    const long = spec({ [`/{${"a".repeat(2000)}}`]: { get: answers }, "/a": { get: answers } });
    const { routes, leftOut } = await loadKnowing(long);
    expect(routes.map(({ key }) => key)).toEqual(["GET /weather", "GET /a"]);
    expect(leftOut.map(({ reason }) => reason)).toEqual(["is longer than 1024 characters"]);
  });

  it("that cannot be used changes nothing", async () => {
    const { routes, leftOut } = await loadKnowing({ swagger: "2.0" });
    expect(routes).toHaveLength(1);
    expect(leftOut).toEqual([{ operation: URL, reason: "is Swagger 2.0: convert it to OpenAPI 3" }]);
  });

  it("does not hide a fault of the configuration itself", async () => {
    const broken = loadKnowing(spec({ "/b//c": { get: answers } }), (config) => {
      config.routes["GET /x"] = { upstream: "nobody", price: "$1" };
    });
    await expect(broken).rejects.toThrow(/unknown upstream "nobody"/);
  });
});

function deep(levels: number): object {
  let value: object = {};
  for (let i = 0; i < levels; i++) value = { a: value };
  return value;
}

function circle(): object {
  const paths: Record<string, unknown> = {};
  paths["/a"] = { get: { ...answers, again: paths } };
  return spec(paths);
}
