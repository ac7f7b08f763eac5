import { randomInt } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Runtime } from "../../dev/bundle.ts";
import type { Gateway } from "../../dev/gateways/process.ts";
import { startGateway } from "../../dev/gateways/start.ts";
import { decode, sign } from "../fixtures/sign.ts";
import { BUNDLES, type World } from "../fixtures/world.ts";

type Said = Record<string, string>;

/** Where the proxy is, as each platform sees it; workerd on its own believes the field that Cloudflare would set. */
const PROXY = { workers: "198.51.100.9", vercel: "127.0.0.1", node: "127.0.0.1" } as const;
const STRANGER = "192.0.2.99";

/**
 * Who the client is, behind a proxy that is trusted and behind one that is not. Cloudflare adds who is connected to the
 * end of `X-Forwarded-For`, which is done here in its place; Vercel overwrites the field, and so does its stand-in, so
 * that nothing said before it is heard there.
 */
export function clientTests(world: () => World, runtime: Runtime): void {
  const proxy = PROXY[runtime];
  let behind: Gateway | undefined;
  let elsewhere: Gateway | undefined;
  beforeAll(async () => {
    const { vars } = world();
    const start = (trustProxy: object) =>
      startGateway({
        runtime,
        directory: BUNDLES,
        vars: { ...vars, TRUST_PROXY: JSON.stringify(trustProxy) },
      });
    behind = await start({ cidrs: ["loopback", "198.51.100.0/24"], host: true });
    elsewhere = await start({ cidrs: ["10.0.0.0/8"], host: true });
  });
  afterAll(async () => {
    await behind?.stop();
    await elsewhere?.stop();
  });

  /** A request as it comes from that address, which says this. */
  function call(gateway: Gateway | undefined, path: string, headers: Said, peer: string = proxy) {
    const { "x-forwarded-for": list, ...others } = headers;
    const ends = runtime === "workers" ? { "cf-connecting-ip": peer } : {};
    const members = [list, ...Object.values(ends)].filter((member) => member !== undefined);
    const field: Said = members.length > 0 ? { "x-forwarded-for": members.join(", ") } : {};
    return fetch(`${gateway?.url}${path}`, { headers: { ...others, ...field, ...ends }, redirect: "manual" });
  }
  async function seenBy(gateway: Gateway | undefined, headers: Said, peer?: string): Promise<Said> {
    return (await (await call(gateway, "/free/headers", headers, peer)).json()) as Said;
  }
  const claims = {
    forwarded: "for=6.6.6.6;host=evil.example;proto=https",
    "x-real-ip": "6.6.6.6",
    "true-client-ip": "6.6.6.6",
    "x-client-ip": "6.6.6.6",
  };

  it("the upstream is told the client that the trusted proxy names, the proxy after it, and no claim of the client", async () => {
    const seen = await seenBy(behind, { ...claims, "x-forwarded-for": "6.6.6.6, 203.0.113.7" });
    expect(seen["x-forwarded-for"]).toBe(runtime === "vercel" ? "127.0.0.1" : `203.0.113.7, ${proxy}`);
    expect(JSON.stringify(seen)).not.toContain("6.6.6.6");
  });

  it("whoever is connected is the client, where that is not a trusted proxy", async () => {
    const said = { ...claims, "x-forwarded-for": "6.6.6.6, 10.0.0.1", "x-forwarded-proto": "https" };
    for (const gateway of [world().gateway, elsewhere]) {
      const seen = await seenBy(gateway, { ...said, "x-forwarded-host": "evil.example" });
      expect(seen["x-forwarded-for"]).toBe(proxy);
      expect(seen["x-forwarded-proto"]).toBe("http");
      expect(seen["x-forwarded-host"]).toBe(new URL(gateway?.url ?? "").host);
    }
    if (runtime !== "workers") return;
    expect((await seenBy(behind, said, STRANGER))["x-forwarded-for"]).toBe(STRANGER);
    // Nobody knows who wrote a list that Cloudflare has not ended.
    const unfinished = { "x-forwarded-for": "203.0.113.7", "cf-connecting-ip": proxy };
    const answer = await fetch(`${behind?.url}/free/headers`, { headers: unfinished });
    expect(((await answer.json()) as Said)["x-forwarded-for"]).toBe(proxy);
  });

  it("clients behind one proxy are counted each by itself, and those in one /64 as one", async () => {
    const network = `2001:db8:${randomInt(0xffff).toString(16)}:${randomInt(0xffff).toString(16)}`;
    const statuses = async (address: (i: number) => string) => {
      const all: number[] = [];
      for (let i = 0; i < 6; i++) {
        const headers = { "x-forwarded-for": `6.6.6.${i}, ${address(i)}` };
        all.push((await call(behind, "/limited/address", headers)).status);
      }
      return all;
    };
    const limited = [200, 200, 200, 200, 200, 429];
    const fresh = await statuses((i) => `[${network}::${i}]:4711`);
    if (runtime === "vercel") return expect(fresh.at(-1)).toBe(429);
    expect(fresh).toEqual(limited);
    expect(await statuses(() => `${network.slice(0, -1)}${network.endsWith("0") ? "1" : "0"}::1`)).toEqual(
      limited,
    );
  });

  it("what is sold is named as the client asked for it, when a trusted proxy says so, and as it came otherwise", async () => {
    const resource = async (gateway: Gateway | undefined) => {
      const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "api.example" };
      const answer = await call(gateway, "/weather?city=oslo", headers);
      return (decode(answer.headers.get("payment-required")) as { resource: { url: string } }).resource.url;
    };
    expect(await resource(behind)).toBe("https://api.example/weather?city=oslo");
    for (const gateway of [elsewhere, world().gateway]) {
      expect(await resource(gateway)).toBe(`${gateway?.url}/weather?city=oslo`);
    }
  });

  it("a redirect to TLS that was kept for somebody without is not handed to those who have it", async () => {
    const name = `scheme-${process.pid}`;
    world().upstream.script.set(`/${name}`, (_, { headers }) =>
      headers["x-forwarded-proto"] === "https"
        ? { headers: { "cache-control": "max-age=60" }, body: "here" }
        : { status: 301, headers: { "cache-control": "max-age=60", location: "https://api.example/" } },
    );
    const statusBy = async (proto: string) => {
      const answer = await call(behind, `/cache/free/${name}`, { "x-forwarded-proto": proto });
      await answer.text();
      return [answer.status, answer.headers.get("x-cache-status")];
    };
    await expect.poll(() => statusBy("http")).toEqual([301, "HIT"]);
    expect(await statusBy("https")).toEqual([200, "MISS"]);
    await expect.poll(() => statusBy("https")).toEqual([200, "HIT"]);
  });

  it("a session's cookie is for TLS only behind a trusted proxy that speaks it", async () => {
    const cookie = async (gateway: Gateway | undefined) => {
      const payment = await sign(await world().quote("/timed/hour"));
      const headers = { "x-forwarded-proto": "https", "payment-signature": payment };
      const answer = await call(gateway, "/timed/hour", headers);
      expect(answer.status).toBe(200);
      return answer.headers.get("set-cookie") ?? "";
    };
    expect(await cookie(behind)).toMatch(/; Secure/);
    expect(await cookie(elsewhere)).not.toMatch(/; Secure/);
  });
}
