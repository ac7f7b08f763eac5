/** `tollbooth init --from yaml`: what the original charged is what is charged here, and no field is lost without a word. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { faultsOf, renderChecked } from "../../src/cli/init/check.ts";
import { render } from "../../src/cli/init/draft.ts";
import { carry } from "../../src/cli/init/original/carry.ts";
import { type Ledger, leavesOf } from "../../src/cli/init/original/ledger.ts";

const FOLDER = "test/fixtures/original";
const MODULES = [
  "prices/by-size",
  ...["request", "price", "settled", "response", "error"].map((n) => `hooks/${n}`),
];
const PAYEE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
/** Each leaf of the original's schema (1.1.0), as the file that has them all writes it; lists by their first entry. */
const SCHEMA = `gateway.port gateway.hostname gateway.discovery gateway.metrics.enabled gateway.metrics.path
  gateway.trustProxy.hops gateway.trustProxy.cidrs gateway.cors.allowedOrigins gateway.cors.allowedMethods
  gateway.cors.allowedHeaders gateway.cors.exposedHeaders gateway.cors.credentials gateway.cors.maxAge wallets
  accepts.asset accepts.network defaults.price defaults.timeout defaults.rateLimit.requests defaults.rateLimit.window
  defaults.verificationCache.ttl stores.redis.url stores.redis.prefix stores.redis.options.connectionTimeout
  stores.redis.options.idleTimeout stores.redis.options.autoReconnect stores.redis.options.maxRetries
  stores.redis.options.enableOfflineQueue stores.redis.options.enableAutoPipelining stores.rateLimit.backend
  stores.rateLimit.redis.url stores.rateLimit.redis.prefix stores.rateLimit.redis.options.maxRetries
  stores.verificationCache.backend stores.timeSession.backend stores.timeSession.redis.prefix upstreams.url
  upstreams.headers upstreams.timeout upstreams.openapi upstreams.defaultPrice routes.upstream routes.type routes.path
  routes.price routes.price.fn routes.match.where routes.match.price routes.match.payTo routes.match.payTo.address
  routes.match.payTo.share routes.fallback routes.pricing.model routes.pricing.duration routes.pricing.price
  routes.pricing.price.fn routes.pricing.match.where routes.pricing.match.price routes.pricing.fallback
  routes.accepts.asset routes.accepts.network routes.payTo.address routes.payTo.share routes.hooks.onRequest
  routes.hooks.onPriceResolved routes.hooks.onSettled routes.hooks.onResponse routes.hooks.onError routes.metadata
  routes.facilitator.default routes.facilitator.chains routes.rateLimit.requests routes.rateLimit.window
  routes.verificationCache.ttl routes.models routes.settlement hooks.onRequest hooks.onPriceResolved hooks.onSettled
  hooks.onResponse hooks.onError facilitator.default facilitator.chains settlement.strategy settlement.url
  settlement.module settlement.network settlement.methods.type settlement.methods.secretKey`.split(/\s+/);

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tollbooth-original-"));
  for (const module of MODULES) {
    const path = join(folder, `${module}.ts`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "export default () => { throw new Error('nobody may run this'); };\n");
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Routes = Record<string, Record<string, unknown>>;

async function carried(file: unknown, at = folder) {
  const { draft, ledger } = await carry(file, at);
  const text = await renderChecked(draft, at, {});
  return { text, ledger, config: draft.config, routes: draft.config.routes as Routes };
}

const read = async (name: string): Promise<Record<string, unknown>> =>
  parse(await readFile(join(FOLDER, `${name}.yaml`), "utf8"));

/** A small file, with a route. */
function file(route: unknown, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    wallets: { base: PAYEE },
    accepts: [{ asset: "USDC", network: "base" }],
    upstreams: { api: { url: "https://api.example.com" } },
    routes: { "POST /x": { upstream: "api", ...(route as object) } },
    ...more,
  };
}

const said = (ledger: Ledger, path: string) => ledger.notes.filter((note) => note.path === path);

describe("every field", () => {
  it("the file that is carried over below has every field of the original's schema", async () => {
    const leaves = leavesOf(await read("every-field")).map((path) =>
      path.replace(/^(routes|upstreams)\.[^.]*(?:\.(?=yaml))?/, "$1").replace(/\[\d+\]/g, ""),
    );
    const missing = SCHEMA.filter(
      (field) => !leaves.some((leaf) => leaf === field || leaf.startsWith(`${field}.`)),
    );
    expect(missing).toEqual([]);
  });

  it("is in the new file or in the list: no leaf is lost", async () => {
    const original = await read("every-field");
    const { text, ledger } = await carried(original);
    const valueAt = new Map(leavesOf(original).map((path) => [path, path] as const));
    for (const path of valueAt.keys()) expect([path, ledger.knows(path)]).toEqual([path, true]);
    const noted = (path: string) =>
      ledger.notes.some((note) => note.path !== "" && path.startsWith(note.path));
    // What is said to be carried over is there, by its value.
    for (const [path, value] of scalars(original)) {
      if (noted(path)) continue;
      expect([path, text.includes(shown(value))]).toEqual([path, true]);
    }
  });

  it("holds for files with fields that nobody knows, wherever they are", async () => {
    const names = fc.stringMatching(/^[a-z]{3,8}$/);
    const places = fc.constantFrom(
      "",
      "gateway",
      "defaults",
      "stores",
      "settlement",
      "upstreams.api",
      "routes.POST /x",
    );
    await fc.assert(
      fc.asyncProperty(
        names,
        places,
        fc.oneof(fc.string(), fc.integer(), fc.boolean()),
        async (name, place, value) => {
          const base = file(
            { price: "$0.01" },
            { gateway: {}, defaults: {}, stores: {}, settlement: { strategy: "facilitator" } },
          );
          const holder = place === "" ? base : at(base, place);
          fc.pre(!Object.hasOwn(holder, name));
          holder[name] = value;
          const { ledger } = await carried(base);
          return leavesOf(base).every((path) => ledger.knows(path));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("secrets of the file are in no note", async () => {
    const { ledger } = await carried(await read("every-field"));
    expect(JSON.stringify(ledger.notes)).not.toMatch(/hunter2secret|sk_live_verysecret/);
  });
});

it.each(["local", "test-network", "nanopayments", "several-upstreams"])(
  "the original's example %s becomes a configuration that the gateway takes, with the same routes and prices",
  async (name) => {
    const original = (await read(name)) as { routes: Routes };
    const { routes } = await carried(original);
    expect(Object.keys(routes)).toEqual(Object.keys(original.routes));
    for (const [key, { price, match, fallback, path, upstream }] of Object.entries(original.routes)) {
      expect(routes[key]).toEqual({ upstream, path, ...(match ? { match, fallback } : { price }) });
    }
  },
);

describe("prices are what the original charged", () => {
  it.each([
    ["$0.01", "$0.01", false],
    ["0.01", "$0.01", false],
    [".5", "$0.5", false],
    ["$5", "$0.000005", true],
    ["10000", "$0.01", true],
    ["2500000", "$2.5", true],
    ["$0", "$0", false],
    ["$0.00", "$0", false],
    ["$0.0000005", "$0", true],
    ["$0.0000019", "$0.000001", true],
    ["${PRICE}", "${PRICE}", true],
  ])("%s becomes %s, and whoever may be surprised is told: %s", async (price, becomes, loud) => {
    const { routes, ledger } = await carried(file({ price }));
    expect(routes["POST /x"]?.price).toBe(becomes);
    expect(said(ledger, "routes.POST /x.price").map(({ level }) => level)).toEqual(loud ? ["money"] : []);
  });

  it("a route without a price costs a tenth of a cent, which is written down and said", async () => {
    const { config, ledger } = await carried(file({}));
    expect(config.defaults).toEqual({ price: "$0.001" });
    expect(ledger.notes).toContainEqual(
      expect.objectContaining({ level: "money", what: expect.stringContaining('"POST /x" has no price') }),
    );
  });

  it("DAI, with 18 decimals there, keeps what USDC would lose; a token that is unknown here is said", async () => {
    const accepts = [
      { asset: "DAI", network: "base" },
      { asset: "USDC", network: "base" },
    ];
    const { routes, config, ledger } = await carried(file({ price: "$0.01" }, { accepts }));
    expect([routes["POST /x"]?.price, config.accepts]).toEqual([
      "$0.01",
      [{ asset: "USDC", network: "base" }],
    ]);
    expect(ledger.notes.map(({ path }) => path)).toContain("accepts[0]");
  });

  it.each([
    ["a price that nobody can read", { price: "a lot" }],
    ["a price function that is not there", { price: { fn: "./gone.ts" } }],
    ["a rule with such a price", { match: [{ where: { "body.a": "b" }, price: "?" }], fallback: "$0.02" }],
    ["a model with such a price", { type: "token-based", models: { m: "?" } }],
    ["a rule that fits every call", { match: [{ where: {}, price: "$5.0" }], fallback: "$0.02" }],
    ["a receiver that is none", { price: "$0.01", payTo: "nobody" }],
  ])("%s closes its route: it is never sold at another price or for somebody else", async (_, route) => {
    const open = { "GET /open": { upstream: "api", price: "$0.01" } };
    const base = file(route, { defaults: { price: "$0.001" } });
    const { routes, ledger } = await carried({ ...base, routes: { ...(base.routes as object), ...open } });
    expect(Object.keys(routes)).toEqual(["GET /open"]);
    expect(said(ledger, "routes.POST /x")).toMatchObject([{ level: "money" }]);
  });

  it("a condition that never fitted takes its rule along, so that no rule fits more calls than it did", async () => {
    const match = [
      { where: { "body.a": "b", "cookies.c": "d" }, price: "$0.01" },
      { where: { "body.a": "c" }, price: "$0.02" },
    ];
    const { routes } = await carried(file({ match, fallback: "$0.03" }));
    expect(routes["POST /x"]).toMatchObject({ match: [{ where: { "body.a": "c" } }], fallback: "$0.03" });
  });

  it("models cost what the original's table said, and every other model the route's price", async () => {
    const { routes } = await carried(
      file({ type: "openai-compatible", price: "$0.07", models: { "gpt-4o": "$0.5" } }),
    );
    expect(routes["POST /x"]).toMatchObject({
      type: "token-based",
      fallback: "$0.07",
      models: { "gpt-4o": "$0.5", "gpt-4": "$0.06", "*": "$0.07" },
    });
  });

  it("shares become their first address, which is who was paid, and that is said", async () => {
    const payTo = [
      { address: PAYEE, share: 0.1 },
      { address: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC", share: 0.9 },
    ];
    const { routes, ledger } = await carried(file({ price: "$0.01", payTo }));
    expect(routes["POST /x"]?.payTo).toBe(PAYEE);
    expect(said(ledger, "routes.POST /x.payTo")).toMatchObject([{ level: "money" }]);
  });

  it("a route that was hidden by one above it is said to come to life", async () => {
    const routes = {
      "GET /a/:x": { upstream: "api", price: "$0.5" },
      "GET /a/b": { upstream: "api", price: "$0.1" },
    };
    const { ledger } = await carried(file({}, { routes }));
    expect(said(ledger, "routes.GET /a/b")).toMatchObject([{ level: "money" }]);
  });
});

describe("modules", () => {
  it("become imports of files that are there, each once, and are not run to find that out", async () => {
    const { text, ledger } = await carried(await read("every-field"));
    expect(text).toContain('import bySize from "./prices/by-size.ts";');
    expect(text.match(/import settled from/g)).toHaveLength(1);
    expect(text).toContain("onSettled: settled");
    expect(said(ledger, "routes.POST /fn.price.fn")).toMatchObject([
      { level: "money", what: expect.stringContaining("written for the original") },
    ]);
  });
});

it("a file that holds nothing to be carried over is refused, and nothing is written", async () => {
  await expect(carry({}, folder)).rejects.toThrow("cannot be carried over");
  await expect(carry(file({ price: "?" }), folder)).rejects.toThrow("cannot be carried over");
});

it("whatever is written, the gateway takes", async () => {
  expect(await faultsOf((await carried(await read("every-field"))).config)).toEqual([]);
});

it("docs/migration.md says what becomes of every field", async () => {
  const text = await readFile("docs/migration.md", "utf8");
  const names = new Set(SCHEMA.map((field) => field.split(".").at(-1) ?? ""));
  expect([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
});

function at(value: Record<string, unknown>, place: string): Record<string, unknown> {
  return place.split(".").reduce((inner, key) => inner[key] as Record<string, unknown>, value);
}

/** Every value of a file with its path. */
function scalars(value: unknown, path = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) =>
    scalars(inner, Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key),
  );
}

function shown(value: unknown): string {
  return String(value)
    .replace(/^openai-compatible$/, "token-based")
    .replace("${ API-KEY }", "${API_KEY}");
}

it("a secret that stands in the file is told, so that it does not go where the configuration goes", async () => {
  const file = await read("local");
  const upstreams = {
    api: {
      url: "https://a.example",
      headers: { authorization: "Bearer sk-1", "x-plain": "1", "x-key": "${KEY}" },
    },
  };
  const stores = { redis: { url: "rediss://default:secret@eu1.upstash.io:6379" } };
  const routes = { "GET /a": { upstream: "api", price: "0.01" } };
  const { ledger } = await carried({ ...file, upstreams, stores, routes });
  const clear = ledger.notes.filter(({ what }) => what.startsWith("is a secret")).map(({ path }) => path);
  expect(clear.sort()).toEqual(["stores.redis.url", "upstreams.api.headers.authorization"]);
});

it.each(["for", "let", "this", "of-all", "default"])(
  "a module that is called %s is imported by a name that can be one",
  async (name) => {
    await writeFile(join(folder, `${name}.ts`), "export default 1;\n");
    const file = await read("local");
    const { text } = await carried({ ...file, hooks: { onRequest: `${name}.ts` } });
    expect(text).toContain(`from "./${name}.ts";`);
  },
);

it("a field called __proto__ is a field like others, and no ancestor of them", async () => {
  const config = Object.fromEntries([
    ["__proto__", { a: 1 }],
    ["b", "c"],
  ]);
  expect(render({ head: [], imports: [], config, comments: new Map() })).toContain('["__proto__"]: { a: 1 }');
});
