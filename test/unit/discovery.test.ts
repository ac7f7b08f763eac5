import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Validator } from "@seriousme/openapi-schema-validator";
import { validateDiscoveryExtension } from "@x402/extensions/bazaar";
import { describe, expect, it } from "vitest";
import { bazaarOf, resourceOf } from "../../src/core/bazaar.ts";
import type { Event } from "../../src/core/events.ts";
import type { Json } from "../../src/core/openapi.ts";
import type { SpecStore } from "../../src/core/specs.ts";
import { makeDiscover } from "../../src/discovery/discover.ts";
import { makeSpecs } from "../../src/specs/specs.ts";
import { type Change, loadWith } from "../config/valid.ts";
import { arrivalOf, routeOf } from "./call.ts";

const petstore = () => JSON.parse(readFileSync("test/fixtures/specs/petstore.json", "utf8"));
const ok = { 200: { description: "ok" } };

async function shown(change: Change, path: string): Promise<string> {
  const discover = makeDiscover(await loadWith(change), (arrival) => arrival);
  const answer = await discover(arrivalOf("GET", path));
  return (await answer?.text()) ?? "";
}

async function describedBy(change: Change): Promise<Record<string, Record<string, Json>>> {
  const described = JSON.parse(await shown(change, "/.well-known/openapi.json"));
  expect(await new Validator().validate(structuredClone(described))).toEqual({ valid: true });
  return described;
}

describe("documents", () => {
  const paths = ["/.well-known/openapi.json", "/.well-known/x402", "/llms.txt"];

  it.each(paths)("%s is written once: a client's choice of hosts takes no work to speak of", async (path) => {
    const loaded = await loadWith(() => undefined);
    let reads = 0;
    const routes = loaded.routes.map((route) => ({
      ...route,
      get pattern() {
        reads++;
        return route.pattern;
      },
    }));
    const discover = makeDiscover({ ...loaded, routes }, (arrival) => arrival);
    const ask = (host: string) =>
      discover({ ...arrivalOf("GET", path), request: new Request(`https://${host}${path}`) });
    const first = await (await ask("one.example"))?.text();
    const before = reads;
    const second = await (await ask("two.example:8443"))?.text();
    expect(reads).toBe(before);
    expect(second).toBe(first?.replaceAll("one.example", "two.example:8443"));
    expect(second).toContain("https://two.example:8443");
  });

  it.each(paths)("%s is not broken open by a host that no host is", async (path) => {
    const discover = makeDiscover(await loadWith(() => undefined), (arrival) => arrival);
    const request = new Request(`https://a"},{"b)(c${path}`);
    const text = (await (await discover({ ...arrivalOf("GET", path), request }))?.text()) ?? "";
    expect(text).toContain("https://abc");
    if (path !== "/llms.txt") expect(() => JSON.parse(text)).not.toThrow();
  });

  it.each(paths)(
    "%s is kept by no shared cache where a proxy has said the host, which is not in its key",
    async (path) => {
      const loaded = await loadWith(() => undefined);
      const told = makeDiscover(loaded, (arrival) => ({ ...arrival, origin: "https://evil.example" }));
      const answer = await told(arrivalOf("GET", path));
      expect(answer?.headers.get("cache-control")).toBe("private, max-age=300");
      const own = await makeDiscover(loaded, (arrival) => arrival)(arrivalOf("GET", path));
      expect(own?.headers.get("cache-control")).toBe("public, max-age=300");
    },
  );

  it("a path of a description cannot end its link in llms.txt, and begin another", async () => {
    const get = { responses: ok };
    const openapi = { openapi: "3.1.0", paths: { "/x](mailto:a@b.c)[`<b>": { get } } };
    const text = await shown(
      ({ upstreams }) => Object.assign(upstreams.api ?? {}, { openapi, defaultPrice: "$1" }),
      "/llms.txt",
    );
    expect(text).toContain("/x%5D%28mailto:a@b.c%29%5B%60%3Cb%3E)");
    expect(text).not.toContain("](mailto");
  });
});

describe("openapi.json", () => {
  it("keeps components of the same name apart, each with what its own upstream means by it", async () => {
    const other = petstore();
    other.components.schemas.Pet = { type: "string", enum: ["other"] };
    other.paths = { "/others": other.paths["/pets"] };
    const { components, paths } = await describedBy((config) => {
      const more = { url: "https://b.example", defaultPrice: "$1" };
      config.upstreams = {
        a: { ...more, openapi: petstore() },
        "b c": { ...more, openapi: other },
        api: { url: "https://api.example" },
      };
    });
    const schemas = (components?.schemas ?? {}) as Record<string, Json>;
    expect(schemas.Pet?.type).toBe("object");
    expect(schemas.b_c_Pet).toEqual({ type: "string", enum: ["other"] });
    expect(JSON.stringify(paths?.["/others"])).toContain("#/components/schemas/b_c_Pet");
    expect(JSON.stringify(paths?.["/pets"])).not.toContain("b_c_");
    expect([paths?.["/pets"]?.get, paths?.["/others"]?.get]).toMatchObject([
      { operationId: "listPets" },
      { operationId: "b c_listPets" },
    ]);
  });

  it("says a schema of 3.0 in the words of 3.1, and takes a property for what it is, whatever it is called", async () => {
    const { components } = await describedBy(({ upstreams }) =>
      Object.assign(upstreams.api ?? {}, { openapi: petstore(), defaultPrice: "$1" }),
    );
    const { NewPet, Pet, Failure } = (components?.schemas ?? {}) as Record<string, { properties: Json }>;
    expect(NewPet?.properties.example).toEqual({ type: ["string", "null"], enum: ["a", "b", null] });
    expect(NewPet?.properties).toHaveProperty("x-color");
    expect(Failure?.properties.message).toEqual({ type: ["string", "null"] });
    expect(Pet?.properties.friend).toEqual({
      anyOf: [{ allOf: [{ $ref: "#/components/schemas/Pet" }] }, { type: "null" }],
    });
  });

  it("takes the paths that differ in the names of parameters for one, and their parameters with them", async () => {
    const { paths } = await describedBy((config) => {
      config.routes = {
        "GET /a/:x/*": { upstream: "api", price: "$1" },
        "POST /a/:y/*": { upstream: "api", price: "$0" },
        "* /b/:rest/*": { upstream: "api", price: "$1" },
      };
    });
    expect(Object.keys(paths ?? {})).toEqual(["/a/{x}/{rest}", "/b/{rest}/{rest_}"]);
    const { parameters } = (paths?.["/a/{x}/{rest}"]?.post ?? {}) as { parameters: Json[] };
    expect(parameters.map(({ name }) => name)).toEqual(["x", "rest"]);
  });

  it("shows what a hidden operation refers to nowhere", async () => {
    const text = await shown((config) => {
      Object.assign(config.upstreams.api ?? {}, { openapi: petstore(), defaultPrice: "$1" });
      for (const key of ["GET /pets", "POST /pets", "GET /pets/:id"])
        config.routes[key] = { upstream: "api", price: "$1", metadata: { hidden: true } };
    }, "/.well-known/openapi.json");
    expect(text).not.toMatch(/pets|Pet|Failure/);
  });

  const referring = (refs: string[], document: Json) => {
    const content = { "application/json": { schema: { anyOf: refs.map(($ref) => ({ $ref })) } } };
    const get = { responses: { 200: { description: "ok", content } } };
    const openapi = { openapi: "3.1.0", ...document, paths: { "/a": { get }, ...Object(document.paths) } };
    return describedBy(({ upstreams }) =>
      Object.assign(upstreams.api ?? {}, { openapi, defaultPrice: "$1" }),
    );
  };

  it("cannot be made to write into what all objects have in common, whatever a component's kind is called", async () => {
    const own = Object.getOwnPropertyNames(Object.prototype).filter(
      (name) => !/^(?:constructor|__proto__)$/.test(name),
    );
    const components = Object.fromEntries(own.map((name) => [name, { call: { type: "string" } }]));
    const described = await referring(
      own.map((name) => `#/components/${name}/call`),
      { components },
    );
    expect(own.filter((name) => Object.hasOwn(Reflect.get(Object.prototype, name), "call"))).toEqual([]);
    expect(JSON.stringify(described.paths)).toContain("#/components/schemas/api_call_2");
  });

  it("publishes what a reference into the middle of something leads to as what it is, under a name of its own", async () => {
    const { components, paths } = await referring(
      [
        "#/components/schemas/Pet/properties/headers/items",
        "#/paths/~1b/get/responses/200/content/x~1y/schema",
      ],
      {
        components: {
          schemas: { Pet: { properties: { headers: { items: { type: "string" } } } } },
          securitySchemes: { key: { type: "http", scheme: "basic" } },
        },
        paths: {
          "/b": {
            get: {
              parameters: [{ $ref: "#/paths/~1c/get/parameters/0" }],
              responses: { 200: { description: "b", content: { "x/y": { schema: { type: "number" } } } } },
            },
          },
          "/c": {
            get: {
              "x-internal": true,
              parameters: [{ name: "q", in: "query", schema: { $ref: "#/components/securitySchemes/key" } }],
              responses: ok,
            },
          },
        },
      },
    );
    expect(components?.schemas).toMatchObject({ items: { type: "string" }, schema: { type: "number" } });
    expect(JSON.stringify(paths?.["/a"])).toContain('"#/components/schemas/schema"');
    expect(JSON.stringify(paths?.["/b"])).toContain('"name":"q"');
    expect(JSON.stringify(components)).not.toContain("basic");
  });

  it("follows a reference that leads nowhere to nothing", async () => {
    const content = { "application/json": { schema: { $ref: "#/components/schemas/Gone" } } };
    const get = { responses: { 200: { description: "ok", content } } };
    const { paths } = await describedBy(({ upstreams }) =>
      Object.assign(upstreams.api ?? {}, {
        openapi: { openapi: "3.1.0", paths: { "/a": { get } } },
        defaultPrice: "$1",
      }),
    );
    expect(JSON.stringify(paths?.["/a"]?.get)).toContain('"application/json":{"schema":{}}');
  });
});

describe("prices", () => {
  const rows: [route: Record<string, unknown>, pricing: Json][] = [
    [{ price: "$0.5" }, { type: "static", model: "request", defaultPrice: "$0.50" }],
    [{ price: "0.1 USDC" }, { type: "static", model: "request", defaultPrice: "0.10 USDC" }],
    [
      { match: [{ where: { "headers.x-secret": "vip" }, price: "$2" }], fallback: "$1" },
      { type: "match", model: "request", defaultPrice: "$1", maxPrice: "$2" },
    ],
    [{ price: () => "$1" }, { type: "dynamic", model: "request" }],
    [{ type: "token-based" }, { type: "token-based", model: "request" }],
    [
      { price: "$1", pricing: { model: "time", duration: "90m" } },
      { type: "static", model: "time", duration: "90m", defaultPrice: "$1" },
    ],
    [
      { price: "$1", pricing: { model: "credits", calls: 5, ttl: "2d" } },
      { type: "static", model: "credits", duration: "2d", calls: 5, defaultPrice: "$1" },
    ],
  ];
  it.each(rows)("of %j are told as they are, and not what they depend on", async (route, pricing) => {
    const change: Change = (config) => {
      config.routes = { "POST /a": { upstream: "api", ...route } };
    };
    const text = await shown(change, "/.well-known/x402");
    expect(JSON.parse(text).endpoints[0].pricing).toEqual(pricing);
    for (const path of ["/.well-known/x402", "/.well-known/openapi.json", "/llms.txt"])
      expect(await shown(change, path)).not.toMatch(/secret|vip/);
  });
});

describe("the metadata of a 402", () => {
  const told = (
    metadata: object,
    method = "GET",
    key = `${method} /a/:id`,
    params: Record<string, string> = { id: "1" },
  ) => {
    const { request } = arrivalOf(method, "/a/1");
    const route = { ...routeOf(key, { price: "$1" }), metadata, hidden: false };
    return { request, route, params, url: new URL("https://gateway.example/a/1") };
  };

  it.each([
    ["an answer", { output: { example: "x".repeat(5000) }, input: { a: 1 } }, { queryParams: { a: 1 } }],
    ["a schema", { inputSchema: { description: "x".repeat(5000) }, input: { a: "x".repeat(1500) } }, {}],
  ])("is never more than 2,048 characters: %s that is too long is left out", (_, metadata, left) => {
    const extension = bazaarOf(told(metadata));
    expect(JSON.stringify(extension).length).toBeLessThanOrEqual(2048);
    expect(extension?.info).toEqual({
      input: { type: "http", method: "GET", pathParams: { id: "1" }, ...left },
    });
    expect(validateDiscoveryExtension(extension as never)).toEqual({ valid: true });
  });

  it("cannot be made longer by what a client writes into the path", () => {
    const extension = bazaarOf(told({}, "GET", "GET /a/:id", { id: "x".repeat(8000) }));
    expect(JSON.stringify(extension).length).toBeLessThan(1000);
  });

  it("of a wildcard is that of the official server: the rest of the path is var1", () => {
    const extension = bazaarOf(told({}, "POST", "POST /a/*", { "*": "b/c" }));
    expect(extension?.routeTemplate).toBe("/a/:var1");
    expect(extension?.info).toEqual({
      input: { type: "http", method: "POST", bodyType: "json", pathParams: { var1: "b/c" } },
    });
    expect(validateDiscoveryExtension(extension as never)).toEqual({ valid: true });
  });

  it("is not written anew for every call where an upstream's example is a megabyte", () => {
    const { route, ...call } = told({ output: { example: Array(20).fill("x".repeat(99_000)) } });
    bazaarOf({ ...call, route });
    const began = process.cpuUsage();
    for (let i = 0; i < 1000; i++) bazaarOf({ ...call, route });
    // Of the processor; microseconds. Written every time, it is more than a second.
    expect(process.cpuUsage(began).user).toBeLessThan(500_000);
  });

  it("is not there for routes of which nothing is told, and the resource is as it was", () => {
    const call = { ...told({}), route: routeOf("GET /a/:id", { price: "$1" }) };
    expect(bazaarOf(call)).toBeUndefined();
    expect(resourceOf(call)).toEqual({ url: "https://gateway.example/a/1" });
  });

  it("is not looked through with every call for what is too long for it", () => {
    let written = 0;
    const example = {
      toJSON: () => {
        written++;
        return "x".repeat(5000);
      },
    };
    const call = told({ output: { example } });
    bazaarOf(call);
    const before = written;
    expect(bazaarOf(call)).not.toHaveProperty("info.output");
    expect(written).toBe(before);
  });

  it("cuts a description off after 300 characters", () => {
    expect(resourceOf(told({ description: "x".repeat(2000) })).description).toHaveLength(300);
  });
});

describe("a description that is fetched", () => {
  const document = (path: string) =>
    JSON.stringify({ openapi: "3.1.0", paths: { [path]: { get: { responses: ok } } } });

  it("is used while a newer one is fetched, and goes on being used when that fails", async () => {
    let answer = { status: 200, body: document("/one") };
    let asked = 0;
    const server = createServer((_, res) => {
      asked++;
      res.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/spec.json`;
    let kept: { version: string; text: string } | undefined;
    let now = 0;
    const store: SpecStore = {
      look: async ([one]) => [
        {
          version: kept?.version ?? "",
          text: kept && kept.version !== one?.known ? kept.text : undefined,
          isDue: true,
        },
      ],
      async keep(_, version, text) {
        kept = { version, text };
      },
    };
    const events: Event[] = [];
    const work: Promise<unknown>[] = [];
    const waitUntil = (promise: Promise<unknown>) => void work.push(promise);
    const check = (found: unknown) => (JSON.stringify(found).includes("/bad") ? "is bad" : undefined);
    const specs = makeSpecs({
      urls: [url],
      store,
      check,
      emit: (event) => events.push(event),
      clock: () => now,
    });
    const look = async () => {
      now += 60_000;
      await specs.look(waitUntil);
      const before = JSON.stringify(specs.known());
      while (work.length > 0) await work.pop();
      return before;
    };
    try {
      expect([await look(), specs.isMissing(), specs.revision()]).toEqual(["{}", false, 1]);
      answer = { status: 200, body: document("/two") };
      expect(await look()).toContain("/one");
      expect([specs.revision(), JSON.stringify(specs.known())]).toEqual([2, expect.stringContaining("/two")]);
      for (const broken of [
        { status: 500, body: "" },
        { status: 200, body: "{" },
        { status: 200, body: document("/bad") },
      ]) {
        answer = broken;
        await look();
        expect([specs.revision(), kept?.text]).toEqual([2, expect.stringContaining("/two")]);
      }
      expect(events.map(({ event }) => event)).toEqual(Array(3).fill("openapi_failed"));
      const before = asked;
      await specs.look(waitUntil);
      specs.refresh(waitUntil);
      expect([asked, work]).toEqual([before, []]);
    } finally {
      server.close();
    }
  });
});
