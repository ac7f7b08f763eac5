import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { validateDiscoveryExtension, validateDiscoveryExtensionSpec } from "@x402/extensions/bazaar";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Runtime } from "../../dev/bundle.ts";
import type { Gateway } from "../../dev/gateways/process.ts";
import { startGateway } from "../../dev/gateways/start.ts";
import { askedOf } from "../fixtures/asked.ts";
import { decode, type Requirements, sign } from "../fixtures/sign.ts";
import { BUNDLES, type World } from "../fixtures/world.ts";

const PETSTORE = readFileSync("test/fixtures/specs/petstore.json", "utf8");
const PATHS = ["/.well-known/x402", "/.well-known/openapi.json", "/llms.txt"];

type Operation = Record<string, unknown> & { responses: Record<string, unknown> };
type Described = { openapi: string; servers: unknown; paths: Record<string, Record<string, Operation>> };

/** What the gateway shows of itself. */
export function discoveryTests(world: () => World, runtime: Runtime): void {
  let gateway: Gateway | undefined;
  const start = (vars: Record<string, string>) =>
    startGateway({ runtime, directory: BUNDLES, vars: { ...world().vars, ...vars } });
  beforeAll(async () => {
    gateway = await start({
      SPEC: PETSTORE,
      CORS: JSON.stringify({ allowedOrigins: ["https://app.example"] }),
    });
  });
  afterAll(() => gateway?.stop());
  const ask = (path: string, init?: RequestInit) => fetch(`${gateway?.url}${path}`, init);
  const nobodyWasAsked = () => {
    const { redis, facilitator, upstream } = world();
    expect([...askedOf(redis), facilitator.counts.supported, upstream.requests.length]).toEqual([0, 0]);
  };

  describe.each(PATHS)("%s", (path) => {
    it("is told to everybody without asking anybody, from every origin, and again only when it has changed", async () => {
      const { status, headers } = await ask(path, { headers: { origin: "https://anywhere.example" } });
      expect([status, headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
      expect(headers.get("cache-control")).toBe("public, max-age=300");
      const etag = headers.get("etag") ?? "";
      const again = await ask(path, { headers: { "if-none-match": `"other", W/${etag}` } });
      expect([again.status, await again.text()]).toEqual([304, ""]);
      const head = await ask(path, { method: "HEAD" });
      expect([head.status, head.headers.get("etag"), await head.text()]).toEqual([200, etag, ""]);
      expect((await ask(path, { method: "POST" })).status).toBe(405);
      nobodyWasAsked();
    });

    it("says neither where upstreams are nor what they are sent, and nothing of hidden routes", async () => {
      const text = await (await ask(path)).text();
      expect(text).toContain("/listed/");
      const { UPSTREAM_URL = "", REDIS_URL = "", REDIS_TOKEN = "", FACILITATOR_URL = "" } = world().vars;
      for (const secret of [
        UPSTREAM_URL,
        REDIS_URL,
        REDIS_TOKEN,
        FACILITATOR_URL,
        "secret",
        "internal",
        "unlisted",
      ])
        expect(text).not.toContain(secret);
      expect(text).not.toMatch(/audit|deletePet|lambda|upstream-key/i);
    });
  });

  it("openapi.json is a valid description in 3.1 that names this gateway as the server, with prices", async () => {
    const described = (await (await ask(PATHS[1] ?? "")).json()) as Described;
    expect(await new Validator().validate(described)).toEqual({ valid: true });
    expect([described.openapi, described.servers]).toEqual(["3.1.0", [{ url: gateway?.url }]]);
    expect(Object.keys(described.paths["/pets"] ?? {})).toEqual(["get", "post"]);
    expect(described.paths["/pets/{pet_id}"]?.get).toMatchObject({
      operationId: "getPet",
      "x-x402-price": "$0.02",
      "x-x402-pricing-type": "static",
      parameters: [{ name: "pet_id", in: "path", required: true, schema: { type: "integer" } }],
    });
    expect(described.paths["/weather"]?.get?.responses).toHaveProperty("402");
    expect(described.paths["/free"]?.get?.responses).not.toHaveProperty("402");
  });

  it("every operation of a description is sold at the upstream's price, and forwarded to its path", async () => {
    const { facilitator, upstream } = world();
    upstream.script.set("/v3/pets/7", () => ({ body: "Rex" }));
    const unpaid = await ask("/pets/7");
    expect(unpaid.status).toBe(402);
    const { accepts } = decode(unpaid.headers.get("payment-required")) as { accepts: [Requirements] };
    expect(accepts[0].amount).toBe("20000");
    const paid = await ask("/pets/7", { headers: { "payment-signature": await sign(accepts[0]) } });
    expect([paid.status, await paid.text()]).toEqual([200, "Rex"]);
    expect(facilitator.counts.settle).toBe(1);
    expect(upstream.requests.at(-1)?.headers["x-upstream-key"]).toBe("secret-upstream-key");
    for (const [method, path, status] of [
      ["DELETE", "/pets/7", 405],
      ["GET", "/audit", 404],
    ] as const)
      expect((await ask(path, { method })).status).toBe(status);
  });

  it.each(["/listed/bern", "/pets", "/pets/7"])(
    "the 402 of %s is one that catalogues of facilitators take",
    async (path) => {
      const { headers, status } = await ask(path);
      expect(status).toBe(402);
      const header = headers.get("payment-required") ?? "";
      // A quarter of what most servers take of all headers together.
      expect(header.length).toBeLessThan(4096);
      const { extensions, accepts, resource } = decode(header) as Record<string, Record<string, never>>;
      const extension = extensions?.bazaar ?? ({} as never);
      expect(validateDiscoveryExtensionSpec(extension)).toEqual({ valid: true });
      expect(validateDiscoveryExtension(extension)).toEqual({ valid: true });
      expect(Object.keys(accepts?.[0] ?? {}).sort()).toEqual(
        "amount asset extra maxTimeoutSeconds network payTo scheme".split(" "),
      );
      if (path !== "/listed/bern") return;
      expect(resource).toEqual({
        url: `${gateway?.url}${path}`,
        description: "The weather of a city",
        mimeType: "application/json",
        serviceName: "Weather",
        tags: ["weather"],
      });
      expect(extension).toMatchObject({
        routeTemplate: "/listed/:id",
        info: {
          input: { type: "http", method: "GET", queryParams: { days: 3 }, pathParams: { id: "bern" } },
          output: { type: "json", example: { city: "Bern", temperature: 7 } },
        },
      });
    },
  );

  it("clients of version 1 are told the same in their own words, and pay", async () => {
    const body = (await (await ask("/listed/bern")).json()) as { accepts: Record<string, unknown>[] };
    expect(body.accepts[0]).toMatchObject({
      description: "The weather of a city",
      outputSchema: { input: { type: "http", method: "GET", discoverable: true }, output: { city: "Bern" } },
    });
    const unlisted = await ask("/unlisted");
    expect(JSON.stringify(decode(unlisted.headers.get("payment-required")))).not.toContain("bazaar");
  });

  it("the facilitator is told what the catalogue needs, in our words and not in the client's", async () => {
    const { facilitator } = world();
    const sent: { paymentPayload: Record<string, unknown> }[] = [];
    facilitator.on.settle = (body) => {
      sent.push(body as never);
      const { from, nonce } = body.paymentPayload.payload.authorization;
      return { json: { success: true, transaction: nonce, network: "eip155:84532", payer: from } };
    };
    const { pay, gateway } = world();
    const lie = { resource: { url: "https://evil.example" }, extensions: { bazaar: { info: "lie" } } };
    expect((await pay("/listed/bern", {}, { top: lie })).status).toBe(200);
    expect((await pay("/weather", {}, { top: lie })).status).toBe(200);
    expect(sent[0]?.paymentPayload).toMatchObject({
      resource: { url: `${gateway.url}/listed/bern`, description: "The weather of a city" },
      extensions: { bazaar: { routeTemplate: "/listed/:id" } },
    });
    expect(Object.keys(sent[1]?.paymentPayload ?? {})).toEqual(["x402Version", "accepted", "payload"]);
  });

  describe("a description that is fetched", () => {
    const SPEC_PATH = "/spec.json";
    const minimal = (...paths: string[]) =>
      JSON.stringify({
        openapi: "3.1.0",
        info: { title: "t", version: "1" },
        paths: Object.fromEntries(
          paths.map((path) => [path, { get: { responses: { 200: { description: "ok" } } } }]),
        ),
      });
    let nth = 0;
    /** Each test has a URL of its own, and with it a record of its own in the store. */
    const startTold = async (
      answer: () => { status?: number; body?: string; headers?: Record<string, string>; ms?: number },
    ) => {
      const path = `${SPEC_PATH}/${runtime}/${nth++}`;
      world().upstream.script.set(path, answer);
      const spec = `${world().vars.UPSTREAM_URL}${path}`;
      return { path, first: await start({ SPEC: spec }), another: () => start({ SPEC: spec }) };
    };
    const statusOf = async (at: Gateway, path: string) => (await fetch(at.url + path)).status;

    it("routes that are written never wait for it; an operation of it is 503 until it is known, then sold, by every instance", async () => {
      const { redis, upstream } = world();
      const { path, first, another } = await startTold(() => ({ body: minimal("/told/{id}"), ms: 300 }));
      try {
        redis.resetCounters();
        expect([await statusOf(first, "/weather"), redis.requestCount]).toEqual([402, 0]);
        const early = await fetch(`${first.url}/told/1`);
        expect([early.status, early.headers.get("retry-after")]).toEqual([503, "2"]);
        expect(await early.json()).toMatchObject({ code: "routes_loading" });
        await expect.poll(() => statusOf(first, "/told/1"), { timeout: 10_000 }).toBe(402);
        expect(await statusOf(first, "/nowhere")).toBe(404);
        const second = await another();
        try {
          redis.resetCounters();
          const statuses = await Promise.all(Array.from({ length: 5 }, () => statusOf(second, "/told/1")));
          expect(statuses).toEqual(Array(5).fill(402));
          expect(redis.requestCount).toBeLessThanOrEqual(5);
          redis.resetCounters();
          expect([await statusOf(second, "/told/2"), redis.requestCount]).toEqual([402, 0]);
          expect(await (await fetch(second.url + PATHS[0])).text()).toContain("/told/:id");
          expect(upstream.count(path)).toBe(1);
        } finally {
          await second.stop();
        }
      } finally {
        await first.stop();
      }
    });

    it("what cannot be sold of it is left out, and what is written wins", async () => {
      const body = minimal("/told", "/files/{a}.{b}", "/weather", "/llms.txt", "/a//b");
      const { first } = await startTold(() => ({ body }));
      try {
        await expect.poll(() => statusOf(first, "/told"), { timeout: 10_000 }).toBe(402);
        expect(await statusOf(first, "/files/a.b")).toBe(404);
        const own = await fetch(`${first.url}/weather`);
        expect(
          (decode(own.headers.get("payment-required")) as { accepts: [Requirements] }).accepts[0].amount,
        ).toBe("10000");
        expect(await (await fetch(`${first.url}/llms.txt`)).text()).toContain("# 127.0.0.1");
        expect(first.log()).toContain("openapi_left_out");
      } finally {
        await first.stop();
      }
    });

    it.each([
      [
        "a redirect",
        { status: 302, headers: { location: "http://127.0.0.1:9/spec.json" } },
        "redirects are not followed",
      ],
      ["an error", { status: 500, body: minimal("/told") }, "answers 500"],
      ["no JSON", { body: "openapi: 3.1.0" }, "JSON"],
      ["2 MB", { body: `"${"x".repeat(2_100_000)}"` }, "more than 2000000 bytes"],
      [
        "a reference to another place",
        { body: '{"openapi":"3.1.0","paths":{"/told":{"$ref":"https://x.example"}}}' },
        "outside of it",
      ],
    ])("%s is refused: told to the operator, and nothing is sold by it", async (_, answer, why) => {
      const { first } = await startTold(() => answer);
      try {
        expect(await statusOf(first, "/told")).toBe(503);
        await expect.poll(() => first.log(), { timeout: 10_000 }).toContain(why);
        expect(await statusOf(first, "/told")).toBe(503);
        expect(await statusOf(first, "/weather")).toBe(402);
      } finally {
        await first.stop();
      }
    });

    it("while the store does not answer, what is written is quoted, and the rest is 503", async () => {
      const { redis } = world();
      const { first } = await startTold(() => ({ body: minimal("/told") }));
      try {
        redis.set("error-500");
        expect(await statusOf(first, "/weather")).toBe(402);
        expect(await statusOf(first, "/told")).toBe(503);
        redis.clear();
        await expect.poll(() => statusOf(first, "/told"), { timeout: 10_000 }).toBe(402);
      } finally {
        await first.stop();
      }
    });
  });
}
