import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { payer, testAccount } from "../../dev/accounts.ts";
import type { Runtime } from "../../dev/bundle.ts";
import { askedOf } from "../fixtures/asked.ts";
import { type Line, linesOf, scrape, sumOf } from "../fixtures/metrics.ts";
import { sign } from "../fixtures/sign.ts";
import { ADMIN_TOKEN, METRICS_TOKEN } from "../fixtures/tollbooth.config.ts";
import type { World } from "../fixtures/world.ts";

const HASH = /^[0-9a-f]{32}$/;

/** What the operator sees: the log, the metrics, traces; and what nobody must find there. */
export function observingTests(world: () => World, runtime: Runtime): void {
  const get = (path: string, init?: RequestInit) => fetch(world().gateway.url + path, init);
  const newTrace = () => randomBytes(16).toString("hex");
  const traced = (trace: string, flags = "01") => ({ traceparent: `00-${trace}-00f067aa0ba902b7-${flags}` });
  /** The lines about the calls of a trace. */
  const linesAbout = (trace: string) =>
    linesOf(world().gateway.log()).filter(({ msg, trace_id }) => msg === "request" && trace_id === trace);
  const lineAbout = async (trace: string): Promise<Line> => {
    await expect.poll(() => linesAbout(trace).length).toBe(1);
    return linesAbout(trace)[0] ?? {};
  };

  describe("each call is one line of the log", () => {
    it.each([
      [
        "/free?key=secret-in-query",
        200,
        { level: "info", path: "/free", route: "GET /free", access: "free" },
      ],
      ["/weather", 402, { level: "warn", route: "GET /weather", code: "payment_required", price: "$0.01" }],
      ["/nowhere", 404, { level: "warn", code: "route_not_found" }],
      ["/free/dead", 502, { level: "error", code: "upstream_unreachable", error: expect.any(String) }],
    ])("%s: %i", async (path, status, fields) => {
      const trace = newTrace();
      const answer = await get(path, { headers: traced(trace) });
      expect(answer.status).toBe(status);
      const line = await lineAbout(trace);
      expect(line).toMatchObject({ msg: "request", method: "GET", status, runtime, ...fields });
      expect(line.timestamp).toMatch(/^\d{4}-.*Z$/);
      // workerd by itself knows no address.
      if (runtime !== "workers") expect(line.client).toMatch(HASH);
      if (status < 400) return;
      const { instance } = (await answer.json()) as { instance: string };
      expect(instance).toBe(`urn:uuid:${line.request_id}`);
    });

    it("a paid one tells what was paid, and by whom only as a hash", async () => {
      const trace = newTrace();
      const answer = await world().pay("/data/7", { headers: traced(trace) });
      expect(answer.status).toBe(200);
      await answer.text();
      await expect.poll(() => linesAbout(trace).map(({ status }) => status)).toContain(200);
      const line = linesAbout(trace).find(({ status }) => status === 200);
      expect(line).toMatchObject({
        level: "info",
        access: "claimed",
        price: "$0.05",
        route: "GET /data/:id",
      });
      expect(line).toMatchObject({ tx_hash: expect.stringMatching(/^0x[0-9a-f]{64}$/) });
      expect(line?.payer).toMatch(HASH);
      for (const part of ["redis_ms", "facilitator_ms", "upstream_ms", "duration_ms"]) {
        expect(line?.[part]).toBeGreaterThanOrEqual(0);
      }
    });
  });

  describe("a trace", () => {
    const sent = (headers: Record<string, string>) => get("/free/headers", { headers });
    const seen = () => world().upstream.requests.at(-1)?.headers;

    it("is continued: the same id and flags, the gateway as parent, what others have added as it came", async () => {
      const id = newTrace();
      await sent({ traceparent: `cc-${id}-00f067aa0ba902b7-ff-later`, tracestate: "a=1,b=2" });
      expect(seen()?.traceparent).toMatch(new RegExp(`^00-${id}-(?!00f067aa0ba902b7)[0-9a-f]{16}-03$`));
      expect(seen()?.tracestate).toBe("a=1,b=2");
      await sent(traced(id, "00"));
      expect(seen()?.traceparent).toMatch(/-00$/);
      expect(seen()?.tracestate).toBeUndefined();
    });

    it.each([
      ["nothing", undefined],
      ["version ff", `ff-${newTrace()}-00f067aa0ba902b7-01`],
      ["version 00 with more", `00-${newTrace()}-00f067aa0ba902b7-01-x`],
      ["a trace of zeros", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`],
      ["a parent of zeros", `00-${newTrace()}-${"0".repeat(16)}-01`],
      ["capitals", `00-${newTrace().toUpperCase().replace(/^./, "A")}-00f067aa0ba902b7-01`],
      ["two of them", `00-${newTrace()}-00f067aa0ba902b7-01, 00-${newTrace()}-00f067aa0ba902b7-01`],
    ])(
      "begins here where the client sends %s, and its tracestate goes no further",
      async (_, traceparent) => {
        await sent({ ...(traceparent ? { traceparent } : {}), tracestate: "a=1" });
        const { traceparent: own = "", tracestate } = seen() ?? {};
        expect(own).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
        expect(traceparent ?? "").not.toContain(String(own).slice(3, 35));
        expect(tracestate).toBeUndefined();
        await lineAbout(String(own).slice(3, 35));
      },
    );

    it("does not tell kept answers apart, not even where the upstream says so", async () => {
      const { upstream } = world();
      const path = `/traced-${randomUUID()}`;
      upstream.script.set(path, () => ({ headers: { "cache-control": "max-age=60", vary: "traceparent" } }));
      const ask = async () => {
        const answer = await get(`/cache/free${path}`, { headers: traced(newTrace()) });
        await answer.text();
        return answer.headers.get("x-cache-status");
      };
      expect(await ask()).toBe("MISS");
      await expect.poll(ask).toBe("HIT");
    });
  });

  it("an answer tells how long what took", async () => {
    const answer = await world().pay("/weather");
    expect(answer.headers.get("server-timing")).toMatch(
      /^admit;dur=\d+, facilitator;dur=\d+, upstream;dur=\d+, total;dur=\d+$/,
    );
    expect((await get("/weather")).headers.get("server-timing")).toMatch(/^total;dur=\d+$/);
  });

  describe("the metrics", () => {
    const read = async () => scrape(world().gateway.url);
    /** What is counted once everything before is. */
    const calm = async () => {
      const frees = async () => sumOf(await read(), "requests_total", { route: "GET /free" });
      const known = await frees();
      await (await get("/free")).text();
      await expect.poll(frees, { timeout: 5000 }).toBeGreaterThan(known);
      return read();
    };
    /** What a counter has grown by since. */
    const growth = async (before: string, name: string, labels: Record<string, string>) =>
      sumOf(await read(), name, labels) - sumOf(before, name, labels);

    it("are for whoever has the token, and only to be read", async () => {
      const bearer = { authorization: `Bearer ${METRICS_TOKEN}` };
      for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: METRICS_TOKEN }]) {
        const refused = await get("/metrics", { headers });
        expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
      }
      expect((await get("/metrics", { method: "POST", headers: bearer })).status).toBe(405);
      world().redis.resetCounters();
      const answer = await get("/metrics", { headers: bearer });
      expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(world().redis.requestCount).toBe(1);
      const head = await get("/metrics", { method: "HEAD", headers: bearer });
      expect([head.status, await head.text()]).toEqual([200, ""]);
    });

    it("are 503, and never zeros, while the store does not answer", async () => {
      world().redis.set("error-500");
      const answer = await get("/metrics", { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
        503,
        "store_unavailable",
      ]);
    });

    it("count a paid call from the offer to its delivery, and the money to the last millionth", async () => {
      const route = { route: "GET /data/:id" };
      const before = await calm();
      const answer = await world().pay("/data/7");
      expect(answer.status).toBe(200);
      await answer.text();
      const grown = (name: string, labels = {}) => growth(before, name, { ...route, ...labels });
      await expect
        .poll(() => grown("payment_stages_total", { stage: "delivered" }), { timeout: 5000 })
        .toBe(1);
      await expect.poll(() => grown("requests_total", { status: "200" }), { timeout: 5000 }).toBe(1);
      expect(await grown("requests_total", { status: "402", method: "GET" })).toBe(1);
      expect(await grown("revenue_usd_total")).toBeCloseTo(0.05, 9);
      for (const stage of ["offered", "presented", "settled"]) {
        expect([stage, await grown("payment_stages_total", { stage })]).toEqual([stage, 1]);
      }
      expect(await grown("payment_stages_total", { stage: "owed" })).toBe(0);
      expect(await grown("payments_total", { outcome: "success" })).toBe(1);
      expect(await grown("payments_total", { outcome: "missing" })).toBe(1);
      expect(await grown("access_total", { access: "claimed" })).toBe(1);
      expect(await grown("request_duration_seconds_count", { method: "GET" })).toBe(2);
      expect(await growth(before, "settlements_total", { outcome: "success" })).toBe(1);
      expect(await growth(before, "upstream_duration_seconds_count", { upstream: "demo" })).toBe(1);
    });

    it("count what was paid and not delivered as owed", async () => {
      const before = await read();
      const owed = () => growth(before, "payment_stages_total", { route: "GET /break", stage: "owed" });
      await (await world().pay("/break")).text().catch(() => "");
      await expect.poll(owed, { timeout: 5000 }).toBe(1);
    });

    it("have no series that a client has made up", async () => {
      const [method, path] = ["PROPFIND", `/made-up-${randomUUID()}`];
      const before = await read();
      // `fetch` sends what it does not know as it is.
      expect((await get(path, { method })).status).toBe(404);
      const unmatched = () => growth(before, "requests_total", { route: "unmatched", method: "OTHER" });
      await expect.poll(unmatched, { timeout: 5000 }).toBe(1);
      const text = await read();
      expect(text).not.toContain(method);
      expect(text).not.toContain("made-up");
    });

    it("cost a paid call no request, and many calls at once one", async () => {
      const { quote, present, redis } = world();
      const payment = await sign(await quote("/weather"));
      await calm();
      // So long ago that a payment's last word may take counts along again.
      await sleep(1000);
      redis.resetCounters();
      await (await present("/weather", payment)).text();
      // For as long as it takes until a write of its own would have come.
      await sleep(1400);
      const rode = () => redis.requests.filter(({ commands }) => commands.length === 2);
      expect([redis.statistics.length, rode().length, askedOf(redis).length]).toEqual([0, 1, 3]);
      await Promise.all(Array.from({ length: 30 }, () => get("/free").then((answer) => answer.text())));
      await expect.poll(() => redis.statistics.length, { timeout: 5000 }).toBe(1);
      await sleep(300);
      expect(redis.statistics.length).toBe(1);
    });
  });

  it("no secret is in anything that this gateway has printed, through all the tests before and these calls", async () => {
    const { gateway, quote, present, facilitator, vars } = world();
    const secret = `hunter2-${randomUUID()}`;
    const { privateKey, address } = testAccount(950);
    const headers = {
      authorization: `Bearer ${secret}`,
      cookie: `session=${secret}`,
      "x-api-key": secret,
      "tollbooth-session": `${"a".repeat(32)}.${secret}`,
      "x-payment": secret,
    };
    const paths = [
      "/free",
      "/weather",
      "/free/dead",
      "/dead",
      "/nowhere",
      "/timed/hour",
      "/credits/three",
      "/hooks/free/x",
    ];
    for (const path of paths) await (await get(`${path}?key=${secret}`, { headers })).text();
    facilitator.on.settle = () => ({
      status: 500,
      json: { error: `https://admin:${secret}@facilitator.example/?key=${secret}` },
    });
    const payments: string[] = [];
    for (const path of ["/weather", "/late/weather", "/timed/hour"]) {
      const payment = await sign(await quote(path), { privateKey });
      payments.push(payment);
      await (await present(`${path}?key=${secret}`, payment, { headers: { cookie: `a=${secret}` } })).text();
      facilitator.on = {};
    }
    const last = newTrace();
    await get("/free", { headers: traced(last) });
    await lineAbout(last);
    const printed = gateway.log();
    const signatures = payments.map((payment) => {
      const { payload } = JSON.parse(Buffer.from(payment, "base64").toString()) as {
        payload: { signature: string };
      };
      return payload.signature.slice(2);
    });
    const secrets = [
      secret,
      ...payments.map((payment) => payment.slice(0, 200)),
      ...signatures,
      address.slice(2).toLowerCase(),
      vars.REDIS_TOKEN ?? "",
      ADMIN_TOKEN,
      METRICS_TOKEN,
      "secret-upstream-key",
      "secret-dump",
    ];
    const found = secrets.filter((text) => printed.toLowerCase().includes(text.toLowerCase()));
    expect(found).toEqual([]);
    // A refund that the store may not have taken is told whole: the operator is to pay it.
    const told = printed.split("\n").filter((line) => !line.includes('"msg":"refund_'));
    expect(told.filter((line) => line.toLowerCase().includes(payer.address.toLowerCase()))).toEqual([]);
    expect(printed).not.toMatch(/[?&]key=/);
  });
}
