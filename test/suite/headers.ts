import { request as httpRequest } from "node:http";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { rawRequest } from "../fixtures/raw.ts";
import { sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

/** Paths that two readers could read differently. */
const TRICKS = [
  "//weather",
  "/free//data/1",
  "/free/data/..%2fweather",
  "/free/data/a%2fb",
  "/free/data/a%5cb",
  "/free/data/a;b=1",
  "/free/data/a%3bb",
  "/free/data/%77eather",
  "/free/data/%252e%252e",
  "/free/data/%00",
  "/free/data/%zz",
  "/free/data/%ff",
];
/** Paths that a runtime may resolve before the gateway sees them: then they are another path, for everyone. */
const RESOLVED_EARLY = [
  "/free/../weather",
  "/free/./data/1",
  "/free/%2e%2e/weather",
  "/free/data/..\\weather",
  "/\\host/x",
];

/** What crosses the gateway and what does not. */
export function headerTests(world: () => World): void {
  describe("a path with two readings is 400 and reaches no upstream", () => {
    it.each(TRICKS)("%s", async (path) => {
      const { gateway, upstream } = world();
      const response = await rawRequest(gateway.url, path);
      expect(response.status).toBe(400);
      expect(JSON.parse(response.body)).toMatchObject({ code: "path_not_canonical" });
      expect(upstream.requests.length).toBe(0);
    });
  });

  describe("a path that the runtime resolves never reaches a priced resource unpaid", () => {
    it.each(RESOLVED_EARLY)("%s", async (path) => {
      const { gateway, upstream } = world();
      const { status } = await rawRequest(gateway.url, path);
      expect([400, 402, 404, 200]).toContain(status);
      expect(upstream.requests.filter(({ url }) => !/^\/(free|data\/1)$/.test(url))).toEqual([]);
    });
  });

  it("a parameter never changes the upstream's origin or climbs out of its path", async () => {
    const { gateway, upstream } = world();
    for (const id of [
      "..",
      "%2e%2e",
      "http://127.0.0.1:1/x",
      "//127.0.0.1:1/x",
      "a/../../weather",
      "\\\\host",
      "@host",
    ]) {
      const response = await rawRequest(gateway.url, `/free/query?id=${encodeURIComponent(id)}`);
      expect([200, 400]).toContain(response.status);
    }
    for (const { url } of upstream.requests) expect(url).toMatch(/^\/data\/[^/]+\?id=/);
  });

  it("payment, forwarding, hop-by-hop headers and cookies stay here; the upstream's key is put on, over the client's", async () => {
    const { gateway } = world();
    const { body } = await rawRequest(gateway.url, "/free/headers", {
      headers: {
        "payment-signature": "x",
        "x-payment": "x",
        "sign-in-with-x": "x",
        cookie: "session=1",
        forwarded: "for=1.2.3.4",
        "x-forwarded-for": "1.2.3.4",
        "x-forwarded-host": "evil.example",
        "x-real-ip": "1.2.3.4",
        "proxy-authorization": "x",
        te: "trailers",
        connection: "keep-alive, x-hop",
        "x-hop": "x",
        "x-upstream-key": "the client's own",
        "x-original-url": "/weather",
        "x-rewrite-url": "/weather",
        "x-http-method-override": "DELETE",
        "x-kept": "yes",
      },
    });
    const seen = JSON.parse(body) as Record<string, string>;
    expect(seen).toMatchObject({ "x-kept": "yes", "x-upstream-key": "secret-upstream-key" });
    expect(seen["x-forwarded-host"]).toBe(new URL(gateway.url).host);
    expect(seen["x-forwarded-for"] ?? "").not.toContain("1.2.3.4");
    const gone = [
      "payment-signature",
      "x-payment",
      "sign-in-with-x",
      "cookie",
      "forwarded",
      "x-real-ip",
      "x-hop",
      "proxy-authorization",
      "x-original-url",
      "x-rewrite-url",
      "x-http-method-override",
      "te",
    ];
    expect(gone.filter((name) => name in seen)).toEqual([]);
  });

  it("gzip bodies arrive readable, with headers that fit them", async () => {
    const { gateway, quote } = world();
    const payment = await sign(await quote("/gzip"));
    const answer = await new Promise<{ encoding: string | undefined; body: Buffer }>((resolve, reject) => {
      const headers = { "payment-signature": payment, "accept-encoding": "gzip" };
      httpRequest(`${gateway.url}/gzip`, { headers }, async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        resolve({ encoding: response.headers["content-encoding"], body: Buffer.concat(chunks) });
      })
        .on("error", reject)
        .end();
    });
    const plain = answer.encoding === "gzip" ? gunzipSync(answer.body) : answer.body;
    expect(JSON.parse(plain.toString())).toMatchObject({ compressed: true });
  });

  it("an upstream cannot speak for the gateway about payments", async () => {
    const { gateway } = world();
    const { headers, body } = await rawRequest(gateway.url, "/free/files/forge");
    expect(body).toBe("forged");
    const forged = [
      "payment-response",
      "payment-required",
      "x-payment-response",
      "settlement-overrides",
      "x-private",
    ];
    expect(forged.filter((name) => name in headers)).toEqual([]);
  });

  it("a paid answer is private to every cache, whatever the upstream says", async () => {
    const { pay } = world();
    const { headers } = await pay("/forge");
    expect(headers.get("cache-control")).toBe("private, max-age=5");
    expect(headers.has("cdn-cache-control")).toBe(false);
  });

  it.each(["/shop/premium/", "/shop/Premium", "/shop/PREMIUM/"])(
    "%s is not a cheaper way to /shop/premium",
    async (path) => {
      const { gateway, upstream } = world();
      expect((await fetch(gateway.url + path)).status).toBe(400);
      expect((await fetch(`${gateway.url}/shop/other`)).status).toBe(200);
      expect(upstream.requests.length).toBe(1);
    },
  );

  it("several Set-Cookie pass through", async () => {
    const { pay } = world();
    expect((await pay("/cookies")).headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2; Path=/; HttpOnly"]);
  });

  it("a client that waits for 100-continue is served", async () => {
    const { gateway } = world();
    const body = "x".repeat(100_000);
    const headers = { expect: "100-continue", "content-length": String(body.length) };
    const response = await rawRequest(gateway.url, "/free/echo", { method: "POST", headers, body });
    expect(response).toMatchObject({ status: 200, continued: true });
    expect(response.body.length).toBe(body.length);
  });

  describe("redirects are not followed, and point at the gateway when they point into the upstream", () => {
    it.each([
      ["relative", () => "/weather", "/weather"],
      ["absolute into the upstream", (upstream: string) => `${upstream}/weather?x=1`, "/weather?x=1"],
      [
        "into the upstream, disguised as another host",
        (upstream: string) => `${upstream}//evil.example/x`,
        "/evil.example/x",
      ],
      ["to somewhere else", () => "https://elsewhere.example/x", "https://elsewhere.example/x"],
    ])("%s", async (_, to, location) => {
      const { pay, upstream } = world();
      const response = await pay(`/redirect?to=${encodeURIComponent(to(upstream.url))}`);
      expect([response.status, response.headers.get("location")]).toEqual([302, location]);
      expect(upstream.requests.length).toBe(1);
    });

    it("undoes the prefix of a wildcard route", async () => {
      const { gateway } = world();
      const response = await fetch(`${gateway.url}/free/files/redirect?to=/data/1`, { redirect: "manual" });
      expect(response.headers.get("location")).toBe("/free/files/data/1");
    });
  });

  it.each([204, 304])("an upstream's %d after settlement goes through with its receipt", async (status) => {
    const { pay } = world();
    const response = await pay(`/status/${status}`);
    expect([response.status, response.headers.has("payment-response")]).toEqual([status, true]);
  });

  it("a 4xx of the upstream goes through", async () => {
    const { pay } = world();
    const response = await pay("/status/418");
    expect([response.status, await response.json()]).toEqual([418, { status: 418 }]);
  });
}
