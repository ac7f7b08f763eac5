import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Runtime } from "../../dev/bundle.ts";
import { payWithPermit } from "../fixtures/permit.ts";
import { sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

const MIB = 1024 * 1024;

/** How upstreams are asked: how long, how often, which of several, and what is changed on the way. */
export function upstreamTests(world: () => World, runtime: Runtime): void {
  const get = (path: string, init?: RequestInit) => fetch(world().gateway.url + path, init);
  /** The paths that were asked for, without queries. */
  const asked = () => world().upstream.requests.map(({ url }) => url.split("?")[0]);
  const settled = () => world().facilitator.counts.settle;
  const ended = (answer: Response) =>
    answer.text().then(
      () => "whole",
      () => "broken off",
    );
  const events = (name: string) => world().gateway.log().split(`"msg":"${name}"`).length - 1;

  describe("an answer that takes too long", () => {
    it.each([
      ["silent for longer than idle", "/free/idle/events?count=0&interval=60000", "idle"],
      ["with headers and never a body", "/free/idle/stall", "idle"],
      ["longer than total, though never silent", "/free/total/events?count=0&interval=100", "total"],
      ["longer than total, and silent", "/free/total/stall", "total"],
    ])("%s is cut on both sides, and told to the log", async (_, path, why) => {
      const { gateway, upstream } = world();
      const before = gateway.log().split(`"why":"${why}"`).length;
      const began = Date.now();
      const answer = await get(path);
      expect([answer.status, await ended(answer)]).toEqual([200, "broken off"]);
      expect(Date.now() - began).toBeGreaterThan(400);
      expect(Date.now() - began).toBeLessThan(4000);
      await expect.poll(() => upstream.requests[0]?.closedEarly).toBe(true);
      await expect.poll(() => gateway.log().split(`"why":"${why}"`).length).toBe(before + 1);
    });

    it.each(["/idle/events", "/late/idle/events", "/kept/idle/events", "/total/events"])(
      "%s: a paid answer that was cut is owed, and collected without a second settlement",
      async (path) => {
        const { quote, present } = world();
        const call = `${path}?count=20&interval=${path.startsWith("/total") ? 100 : 700}`;
        const payment = await sign(await quote(call));
        const first = await present(call, payment);
        expect([first.status, await ended(first)]).toEqual([200, "broken off"]);
        await expect.poll(async () => (await present(call, payment)).status).toBe(200);
        expect(settled()).toBe(1);
      },
    );

    it("that is metered is charged for what went through", async () => {
      const { quote, present, facilitator } = world();
      const path = "/metered/idle/events?count=0&interval=60000";
      const answer = await present(path, await payWithPermit(await quote(path)));
      expect([answer.status, await ended(answer)]).toEqual([200, "broken off"]);
      const charged = () => facilitator.asked.settle?.paymentRequirements.amount;
      await expect.poll(charged).toBe(String('id: 1\ndata: {"n":1}\n\n'.length * 100));
    });

    it("is not one that comes slowly: each chunk begins the silence anew", async () => {
      const answer = await get("/free/idle/events?count=5&interval=250");
      expect((await answer.text()).match(/data:/g)).toHaveLength(5);
    });

    it("is not one that its client reads slowly", async () => {
      const answer = await get(`/free/idle/large?bytes=${24 * MIB}`);
      const reader = answer.body?.getReader();
      await reader?.read();
      await sleep(1200);
      let read = 0;
      for (let part = await reader?.read(); part?.value; part = await reader?.read())
        read += part.value.length;
      expect(read).toBeGreaterThan(23 * MIB);
    });

    it("is not one that is in time: it has the length of any other", async () => {
      const answer = await get("/free/total/large?bytes=1000");
      const other = await get("/free/large?bytes=1000");
      expect(answer.headers.get("content-length")).toBe(other.headers.get("content-length"));
      expect((await answer.arrayBuffer()).byteLength).toBe(1000);
    });
  });

  describe("what fails before its headers", () => {
    const flaky = (path: string, query = "") => `${path}?key=${randomUUID()}${query}`;

    it.each([
      ["a status of the list", ""],
      ["a connection that breaks", "&how=break"],
      ["no headers in time", "&how=hang"],
    ])("is tried again after %s", async (_, query) => {
      const answer = await get(flaky("/free/again", `&fail=2${query}`));
      expect([answer.status, await answer.json()]).toEqual([200, { times: 3 }]);
      expect(asked().length).toBe(3);
    });

    it.each(["GET", "PUT", "DELETE"])("is tried again with %s, and no body", async (method) => {
      const answer = await get(flaky("/free/again"), { method });
      // Without a length Node and Vercel hand out a body that is empty, and nobody can know that before it has ended.
      const streams = method === "DELETE" && runtime !== "workers";
      expect([answer.status, asked().length]).toEqual(streams ? [503, 1] : [200, 2]);
    });

    it.each([
      ["POST", undefined],
      ["POST", "body"],
      ["PATCH", "body"],
      ["PUT", "a body that streams"],
    ])("is not tried again with %s and %j", async (method, body) => {
      const answer = await get(flaky("/free/again"), { method, ...(body ? { body } : {}) });
      expect([answer.status, asked().length]).toEqual([503, 1]);
    });

    it("is tried again with the same bytes where they are held", async () => {
      const { quote, present, upstream } = world();
      const body = JSON.stringify({ size: "large", text: "x".repeat(5000) });
      const init = { method: "PUT", body, headers: { "content-type": "application/json" } };
      const path = flaky("/held/again");
      const answer = await present(path, await sign(await quote(path, init)), init);
      expect(answer.status).toBe(200);
      const lengths = upstream.requests.map(({ headers }) => headers["content-length"]);
      expect(lengths).toEqual([String(body.length), String(body.length)]);
    });

    it("is not tried more often than told: the last answer is the answer", async () => {
      const answer = await get(flaky("/free/again", "&fail=9"));
      expect([answer.status, await answer.json(), asked().length]).toEqual([503, { times: 3 }, 3]);
    });

    it.each([
      ["a status that is not listed", "/free/again", "&status=502", 502],
      ["an upstream without retries", "/free/once", "", 503],
    ])("is not tried again after %s", async (_, path, query, status) => {
      const answer = await get(flaky(path, query));
      expect([answer.status, asked().length]).toEqual([status, 1]);
    });

    it("is not tried again once its headers are there", async () => {
      const answer = await get("/free/idle/break");
      expect([answer.status, await ended(answer), asked().length]).toEqual([200, "broken off", 1]);
    });

    it.each(["/again", "/late/again"])("%s: however often it is tried, it is paid once", async (path) => {
      const { pay } = world();
      const answer = await pay(flaky(path, "&fail=2"));
      expect([answer.status, answer.headers.has("payment-response")]).toEqual([200, true]);
      expect([settled(), asked().length]).toEqual([1, 3]);
    });

    it("after-response: is not charged when every attempt has failed", async () => {
      const { pay } = world();
      const answer = await pay(flaky("/late/again", "&fail=9"));
      expect([answer.status, settled(), asked().length]).toEqual([503, 0, 3]);
    });
  });

  describe("several targets", () => {
    it("a target that fails is made up for by another: paid once, served", async () => {
      const { pay } = world();
      for (const path of ["/pair", "/deadpair", "/impatient"]) {
        const answer = await pay(path);
        expect([path, answer.status]).toEqual([path, 200]);
      }
      expect(settled()).toBe(3);
      expect(asked()).toContain("/status/503");
    });

    it("each has its own headers, and its own path", async () => {
      const { upstream } = world();
      for (let i = 0; i < 5; i++) expect((await get("/free/pair")).status).toBe(200);
      const seen = upstream.requests.map(({ url, headers }) => `${headers["x-target"]} ${url}`);
      expect(new Set(seen)).toEqual(new Set(["sick /status/503", "well /data/503"]));
    });

    it("a call that may not be repeated is not: its first target's answer is the answer", async () => {
      for (let i = 0; i < 5; i++) await get("/free/pair", { method: "POST" });
      expect(asked().length).toBe(5);
      expect(asked()).toContain("/status/503");
    });

    it("one that has failed too often is left out, asked along with what a call asks anyway", async () => {
      const { pay, redis, upstream } = world();
      const sick = () => upstream.count("/status/503");
      for (let i = 0; i < 40 && sick() < 3; i++) await get("/free/ejecting", { method: "POST" });
      await expect.poll(() => events("target_ejected")).toBe(1);
      await world().reset();
      for (let i = 0; i < 10; i++) expect((await get("/free/ejecting", { method: "POST" })).status).toBe(200);
      expect([sick(), redis.requestCount]).toEqual([0, 10]);
      await world().reset();
      world().facilitator.on.settle = ({ paymentPayload }) => {
        expect(redis.requestCount).toBe(1);
        const { from, nonce } = paymentPayload.payload.authorization;
        return { json: { success: true, transaction: nonce, network: "eip155:84532", payer: from } };
      };
      expect((await pay("/ejecting")).status).toBe(200);
      expect([sick(), settled()]).toEqual([0, 1]);
    });

    it("one that was left out comes back after its time", async () => {
      const { upstream } = world();
      const sick = () => upstream.count("/status/503");
      for (let i = 0; i < 40 && sick() < 2; i++) await get("/free/brief", { method: "POST" });
      const post = async () => (await get("/free/brief", { method: "POST" })).status;
      await expect.poll(post).toBe(200);
      await expect.poll(post, { timeout: 5000 }).toBe(503);
    });

    it("when all are out, all are in", async () => {
      const out = () => {
        const told = world().gateway.log().split("\n");
        return told.filter((line) => line.includes("target_ejected") && line.includes("hopeless")).length;
      };
      for (let i = 0; i < 40 && out() < 2; i++) await get("/free/hopeless");
      await expect.poll(out).toBe(2);
      expect([502, 503]).toContain((await get("/free/hopeless")).status);
    });

    it("a store that does not answer says nothing against a target, and is not waited for by every call", async () => {
      const { redis } = world();
      redis.set("hang");
      // Failures are written in the background, whether the store answers or not.
      const written = () => redis.requests.filter(({ commands }) => commands.flat().length > 4).length;
      const began = Date.now();
      expect((await get("/free/ejecting")).status).toBe(200);
      expect(Date.now() - began).toBeLessThan(4000);
      for (let i = 0; i < 3; i++) expect((await get("/free/ejecting")).status).toBe(200);
      expect(redis.requestCount - written()).toBe(1);
    });
  });

  describe("headers", () => {
    it("of requests are changed by the upstream, then by the route", async () => {
      const { pay } = world();
      const answer = await pay("/changed", { headers: { "x-by": "client", "x-client": "1", "x-kept": "1" } });
      const seen = (await answer.json()) as Record<string, string>;
      expect(seen).toMatchObject({ "x-by": "route", "x-kept": "1" });
      expect(
        ["x-only-upstream", "x-client", "x-forwarded-host"].filter((name) => Object.hasOwn(seen, name)),
      ).toEqual([]);
    });

    it("of answers are changed by the upstream, then by the route; what was paid for stays private", async () => {
      const free = (await get("/free/changed/weather")).headers;
      expect([free.get("x-by"), free.has("x-first"), free.get("cache-control")]).toEqual([
        "route",
        false,
        "public",
      ]);
      const paid = (await world().pay("/changed")).headers;
      expect([paid.get("x-by"), paid.get("cache-control")]).toEqual(["route", "private"]);
    });

    it("of the gateway's own failures are not changed", async () => {
      const answer = await get("/free/changed/hang");
      expect([answer.status, answer.headers.has("x-by")]).toEqual([504, false]);
    });
  });

  describe("maintenance", () => {
    it.each(["/closed", "/free/closed"])(
      "%s: nothing is asked, read or charged, with or without a payment",
      async (path) => {
        const { quote, present, redis, facilitator, upstream } = world();
        const payment = await sign(await quote("/weather"));
        await world().reset();
        for (const answer of [await get(path), await present(path, payment)]) {
          const { status } = answer;
          const paid = path === "/closed";
          const detail = paid ? { detail: "Back at noon." } : {};
          expect(status).toBe(paid ? 599 : 503);
          expect(await answer.json()).toMatchObject({ code: "maintenance", status, ...detail });
          expect(answer.headers.get("retry-after")).toBe(paid ? "600" : "60");
          expect(answer.headers.get("content-type")).toBe("application/problem+json");
        }
        const { verify, settle } = facilitator.counts;
        expect([redis.requestCount, verify, settle, upstream.requests.length]).toEqual([0, 0, 0, 0]);
        // It was decided, and is nothing that has failed.
        const told = () =>
          world()
            .gateway.log()
            .split("\n")
            .filter((line) => line.includes('"code":"maintenance"'));
        await expect.poll(() => told().length).toBeGreaterThan(1);
        expect(told().filter((line) => !line.includes('"level":"warn"'))).toEqual([]);
      },
    );

    it("is nothing to those it is not about", async () => {
      expect((await get("/free/open")).status).toBe(200);
      expect((await get("/closed/elsewhere")).status).toBe(404);
    });
  });

  if (runtime !== "workers") return;
  describe("a service binding", () => {
    it("is asked as an upstream is: method, path, query, body and headers arrive", async () => {
      const answer = await get("/free/bound/a/b?c=1", { method: "POST", body: "hello" });
      const seen = (await answer.json()) as { headers: Record<string, string> };
      expect(seen).toMatchObject({ url: "http://api/a/b?c=1", method: "POST", body: "hello" });
      expect(seen.headers["x-forwarded-host"]).toBe(new URL(world().gateway.url).host);
    });

    it("is paid for as an upstream is, and what it owes is collected", async () => {
      const { pay, quote, present } = world();
      expect((await pay("/bound/a")).status).toBe(200);
      const payment = await sign(await quote("/bound/status/500"));
      for (let i = 0; i < 2; i++) {
        await expect.poll(async () => (await present("/bound/status/500", payment)).status).toBe(500);
      }
      expect(settled()).toBe(2);
    });

    it("has the place that it is given, and its redirects point at the gateway", async () => {
      const answer = await get("/free/placed/a", { method: "POST", body: "x" });
      expect(await answer.json()).toMatchObject({ url: "http://api/inside/a" });
      expect(answer.headers.get("location")).toBe("/free/placed/inside/a");
    });
  });
}
