import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Runtime } from "../../dev/bundle.ts";
import type { Gateway } from "../../dev/gateways/process.ts";
import { startGateway } from "../../dev/gateways/start.ts";
import { askedOf } from "../fixtures/asked.ts";
import { rawRequest } from "../fixtures/raw.ts";
import { sign } from "../fixtures/sign.ts";
import { upgrade } from "../fixtures/socket.ts";
import { BUNDLES, type World } from "../fixtures/world.ts";

const PAGE = "https://app.example";
const SETTINGS = {
  allowedOrigins: [PAGE, "https://*.shop.example", "null"],
  allowedHeaders: ["X-Client"],
  allowedMethods: ["GET", "POST"],
  exposedHeaders: ["X-Usage"],
  credentials: true,
  maxAge: 60,
};
/** Every way in which an answer comes about. */
const ANSWERS: [method: string, path: string, status: number][] = [
  ["GET", "/free", 200],
  ["HEAD", "/free", 200],
  ["OPTIONS", "/free", 200],
  ["GET", "/free/files/forge", 200],
  ["GET", "/free/files/status/500", 500],
  ["GET", "/weather", 402],
  ["GET", "/nowhere", 404],
  ["POST", "/weather", 405],
  ["GET", "//", 400],
  ["GET", "/free/dead", 502],
  ["GET", `/${"x".repeat(9000)}`, 414],
];

/** Pages of other origins. */
export function corsTests(world: () => World, runtime: Runtime): void {
  let named: Gateway | undefined;
  let any: Gateway | undefined;
  beforeAll(async () => {
    const start = (cors: unknown) =>
      startGateway({ runtime, directory: BUNDLES, vars: { ...world().vars, CORS: JSON.stringify(cors) } });
    [named, any] = await Promise.all([start(SETTINGS), start(true)]);
  });
  afterAll(() => Promise.all([named?.stop(), any?.stop()]));
  const ask = (gateway: Gateway | undefined, path: string, origin: string | undefined, more: object = {}) => {
    const headers: Record<string, string> = origin === undefined ? {} : { origin };
    return rawRequest(gateway?.url ?? "", path, { headers, ...more });
  };
  const said = (headers: object) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("access-control-")));

  describe.each(ANSWERS)("%s %s", (method, path, status) => {
    it("a page of an origin that is named may read it, and no other; caches are told", async () => {
      const mine = await ask(named, path, PAGE, { method });
      expect(mine.status).toBe(status);
      expect(mine.headers["access-control-allow-origin"]).toBe(PAGE);
      expect(mine.headers["access-control-allow-credentials"]).toBe("true");
      expect(mine.headers["access-control-expose-headers"]).toMatch(/^PAYMENT-REQUIRED, .*, X-Usage$/);
      for (const origin of [
        "https://evil.example",
        "https://app.example.evil",
        "http://app.example",
        undefined,
      ]) {
        const theirs = await ask(named, path, origin, { method });
        expect([theirs.status, said(theirs.headers)]).toEqual([status, {}]);
        expect(theirs.headers.vary).toMatch(/\bOrigin\b/);
      }
    });

    it("where any origin is let in, every answer says so, and shows what a client pays by", async () => {
      const { headers } = await ask(any, path, PAGE, { method });
      const { "access-control-expose-headers": shown, ...rest } = said(headers);
      expect(rest).toEqual({ "access-control-allow-origin": "*" });
      expect(String(shown).toLowerCase().split(", ")).toEqual(
        expect.arrayContaining([
          ..."payment-required payment-response x-payment-response tollbooth-session".split(" "),
          ..."x-tollbooth-credits-remaining ratelimit retry-after cache-status".split(" "),
        ]),
      );
    });
  });

  it.each([
    ["https://a.shop.example", true],
    ["https://a.b.shop.example", true],
    ["null", true],
    ["https://shop.example", false],
    ["https://a.shop.example.evil", false],
    ["https://ashop.example", false],
  ])("%s is let in: %s", async (origin, isLetIn) => {
    const { headers } = await ask(named, "/free", origin);
    expect(headers["access-control-allow-origin"]).toBe(isLetIn ? origin : undefined);
  });

  it("a payment's receipt, a store that is down, and a limit that is used up are told to the page", async () => {
    const { quote, redis } = world();
    const headers = { origin: PAGE, "payment-signature": await sign(await quote("/twin")) };
    const host = new URL(world().gateway.url).host;
    const paid = await rawRequest(named?.url ?? "", "/twin", { headers: { ...headers, host } });
    expect([paid.status, paid.headers["access-control-allow-origin"]]).toEqual([200, PAGE]);
    expect(paid.headers["access-control-expose-headers"]).toContain("PAYMENT-RESPONSE");
    redis.set("error-500");
    const down = await ask(named, "/limited/address", PAGE);
    expect([down.status, down.headers["access-control-allow-origin"]]).toEqual([503, PAGE]);
    redis.clear();
    const limited = () =>
      rawRequest(named?.url ?? "", "/limited/twice", { headers: { ...headers, "x-client": "cors" } });
    const answers = [await limited(), await limited(), await limited()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[2]?.headers["access-control-allow-origin"]).toBe(PAGE);
  });

  describe.each(["/weather", "/free", "/limited/address", "/nowhere", "//"])("a preflight for %s", (path) => {
    const preflight = (gateway: Gateway | undefined, origin: string) =>
      rawRequest(gateway?.url ?? "", path, {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "GET",
          "access-control-request-headers": "payment-signature,x-own",
          "access-control-request-private-network": "true",
        },
      });
    const nobodyWasAsked = () => {
      const { redis, facilitator, upstream } = world();
      expect([...askedOf(redis), facilitator.counts.supported, upstream.requests.length]).toEqual([0, 0]);
    };

    it("is answered without asking anybody, and lets a client pay", async () => {
      const { status, headers, body } = await preflight(named, PAGE);
      expect([status, body]).toEqual([204, ""]);
      const { "access-control-allow-headers": allowed, ...rest } = said(headers);
      expect(rest).toEqual({
        "access-control-allow-origin": PAGE,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, POST",
        "access-control-max-age": "60",
      });
      expect(String(allowed).toLowerCase().split(", ")).toEqual([
        ..."payment-signature x-payment tollbooth-session x-tollbooth-top-up sign-in-with-x".split(" "),
        ..."content-type access-control-expose-headers x-client".split(" "),
      ]);
      expect(headers.vary).toMatch(/\bOrigin\b/);
      nobodyWasAsked();
    });

    it("of an origin that is not named promises nothing", async () => {
      const { status, headers } = await preflight(named, "https://evil.example");
      expect([status, said(headers)]).toEqual([204, {}]);
      nobodyWasAsked();
    });

    it("where no header is named allows what is asked for", async () => {
      const { headers } = await preflight(any, PAGE);
      expect(said(headers)).toMatchObject({
        "access-control-allow-origin": "*",
        "access-control-allow-headers": "payment-signature,x-own",
      });
      nobodyWasAsked();
    });
  });

  it("without cors nothing changes: an upstream speaks for itself, and OPTIONS is a method like others", async () => {
    const { gateway } = world();
    const { headers } = await ask(gateway, "/free/files/forge", PAGE);
    expect(headers["access-control-allow-origin"]).toBe("*");
    const wanted = { origin: PAGE, "access-control-request-method": "GET" };
    const preflight = (path: string) => rawRequest(gateway.url, path, { method: "OPTIONS", headers: wanted });
    expect((await preflight("/free")).status).toBe(200);
    expect((await preflight("/weather")).status).toBe(405);
  });

  if (runtime !== "workers") return;
  it("a WebSocket of a page is opened as without cors", async () => {
    const { status, socket } = await upgrade(`${named?.url}/free/socket`, { origin: PAGE });
    expect(status).toBe(101);
    socket?.cut();
  });
}
