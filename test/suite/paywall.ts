import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Runtime } from "../../dev/bundle.ts";
import type { Gateway } from "../../dev/gateways/process.ts";
import { startGateway } from "../../dev/gateways/start.ts";
import { rawRequest } from "../fixtures/raw.ts";
import { decode, sign } from "../fixtures/sign.ts";
import { BUNDLES, type World } from "../fixtures/world.ts";

const CHROME =
  "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";
const SAFARI = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const NAVIGATION = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };

const PEOPLE: [who: string, headers: Record<string, string>][] = [
  ["Chrome", { accept: CHROME, ...NAVIGATION }],
  ["Safari, without TLS", { accept: SAFARI }],
  ["who takes HTML only", { accept: "text/html;q=0.5" }],
  ["who would take JSON as well", { accept: "text/html, application/json;q=0.9" }],
];
const PROGRAMS: [who: string, headers: Record<string, string>][] = [
  ["curl and fetch", { accept: "*/*" }],
  ["who says nothing", {}],
  ["axios", { accept: "application/json, text/plain, */*" }],
  ["an agent that could read HTML", { accept: "application/json, text/html;q=0.5" }],
  ["an agent that takes both alike", { accept: "text/html, application/json" }],
  ["an agent that prefers Markdown", { accept: "text/markdown, text/html;q=0.9, */*;q=0.1" }],
  ["who takes any text, or nothing but problems", { accept: "text/*;q=0.5, application/problem+json" }],
  ["who refuses HTML", { accept: "text/html;q=0, text/plain" }],
  ["a script in a page", { accept: CHROME, "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" }],
  ["a frame", { accept: CHROME, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" }],
  ["an image", { accept: CHROME, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" }],
];

/** The page that people see on a 402. */
export function paywallTests(world: () => World, runtime: Runtime): void {
  let without: Gateway | undefined;
  beforeAll(async () => {
    without = await startGateway({
      runtime,
      directory: BUNDLES,
      vars: { ...world().vars, PAYWALL: "false" },
    });
  });
  afterAll(() => without?.stop());
  const ask = (path: string, headers: Record<string, string>, method = "GET", url = world().gateway.url) =>
    rawRequest(url, path, { headers, method });
  const inPage = (body: string, element: string) =>
    [...body.matchAll(new RegExp(`<${element}(?: [^>]*)?>([\\s\\S]*?)</${element.split(" ")[0]}>`, "g"))].map(
      ([, text = ""]) => text,
    );

  it.each(PEOPLE)(
    "%s sees a page: still a 402, with the terms in its header, and nobody was asked",
    async (_, headers) => {
      const page = await ask("/weather", headers);
      const json = await ask("/weather", { accept: "*/*" });
      expect([page.status, page.headers["content-type"]]).toEqual([402, "text/html; charset=utf-8"]);
      expect(page.headers["payment-required"]).toBe(json.headers["payment-required"]);
      expect(page.headers).toMatchObject({
        "cache-control": "no-store",
        vary: "Accept, Sec-Fetch-Mode, Sec-Fetch-Dest",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
      });
      expect(page.body).toContain("<title>0.01 USDC – ");
      const { redis, facilitator, upstream } = world();
      expect([redis.requestCount, facilitator.counts.supported, upstream.requests.length]).toEqual([0, 0, 0]);
    },
  );

  it.each(PROGRAMS)(
    "%s gets the problem document as ever, and caches are told what it depends on",
    async (_, headers) => {
      const { status, headers: fields, body } = await ask("/weather", headers);
      expect([status, fields["content-type"], JSON.parse(body).code]).toEqual([
        402,
        "application/problem+json",
        "payment_required",
      ]);
      expect(fields.vary).toBe("Accept, Sec-Fetch-Mode, Sec-Fetch-Dest");
      expect(decode(String(fields["payment-required"]))).toHaveProperty("accepts");
      expect(fields["content-security-policy"]).toBeUndefined();
    },
  );

  it("the policy lets nothing run and nothing load but the page's own script and style", async () => {
    const { headers, body } = await ask("/weather", { accept: SAFARI });
    const hashOf = (text = "") => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    const [data = "", script] = inPage(body, "script");
    expect(String(headers["content-security-policy"]).split("; ")).toEqual([
      "default-src 'none'",
      `script-src ${hashOf(script)}`,
      `style-src ${hashOf(inPage(body, "style")[0])}`,
      "connect-src 'self'",
      "img-src data: blob:",
      "media-src blob:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
    // What the script signs is what programs are asked for.
    const { accepts } = decode(String(headers["payment-required"])) as { accepts: unknown[] };
    const told = JSON.parse(data).ways.map(({ requirements }: { requirements: unknown }) => requirements);
    expect(told).toEqual(accepts);
    expect(body).not.toMatch(/ (?:on\w+|style)=| src="http/);
  });

  it("HEAD gets the page's fields and no body", async () => {
    const [head, get] = [
      await ask("/weather", { accept: SAFARI }, "HEAD"),
      await ask("/weather", { accept: SAFARI }),
    ];
    expect([head.status, head.body]).toEqual([402, ""]);
    for (const name of ["content-type", "content-security-policy", "vary", "payment-required"] as const)
      if (name !== "payment-required") expect(head.headers[name]).toBe(get.headers[name]);
  });

  it("a form that is sent, and a call with a payment, get what programs get", async () => {
    const form = await ask("/echo", { accept: SAFARI, ...NAVIGATION }, "POST");
    expect([form.status, form.headers["content-type"]]).toEqual([402, "application/problem+json"]);
    const payment = await sign(await world().quote("/weather"), { authorization: { value: "1" } });
    const refused = await ask("/weather", { accept: SAFARI, "payment-signature": payment });
    expect([refused.status, refused.headers["content-type"]]).toEqual([402, "application/problem+json"]);
  });

  it("what the client writes stays text, in the page and in the data of its script", async () => {
    const evil = `</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>`;
    const { body } = await ask(`/weather?x='&y=${encodeURIComponent(evil)}&z=&lt;`, {
      accept: `text/html;x="${evil}"`,
    });
    expect(inPage(body, "script")).toHaveLength(2);
    expect(inPage(body, "title")).toHaveLength(1);
    expect(body).not.toContain("<img");
    expect(body).not.toContain("<!--");
    expect(JSON.parse(inPage(body, "script")[0] ?? "").accept).toBe(`text/html;x="${evil}"`);
  });

  it.each([
    ["/timed/hour", "0.1 USDC", "for 1 hour"],
    ["/credits/eleven", "0.11 USDC", "for 11 calls"],
    ["/club/a", "0.01 USDC", "for 1 hour"],
    ["/metered/weather", "0.01 USDC", "at most, by what the call uses"],
  ])("%s says what a payment buys: %s %s", async (path, price, bought) => {
    const { body } = await ask(path, { accept: SAFARI });
    expect(body.replace(/<[^>]*>/g, "")).toContain(`${price} ${bought}`);
    expect(body.includes("needs an x402 client")).toBe(path.startsWith("/metered"));
  });

  it.each([
    ["/timed/hour", "The time that you paid for is over."],
    ["/credits/three", "The calls that you paid for are used up."],
  ])("%s: who comes with a token that opens nothing reads why: %s", async (path, words) => {
    const token = `${"0".repeat(32)}.${"A".repeat(43)}`;
    const { status, body } = await ask(path, { accept: SAFARI, "tollbooth-session": token });
    expect(status).toBe(402);
    expect(body).toContain(words);
  });

  it("a 402 of the upstream's own, and every other failure, go to people as to programs", async () => {
    const own = await ask("/free/files/status/402", { accept: CHROME, ...NAVIGATION });
    expect([own.status, JSON.parse(own.body)]).toEqual([402, { status: 402 }]);
    expect([own.headers.vary, own.headers["content-security-policy"]]).toEqual([undefined, undefined]);
    const missing = await ask("/nowhere", { accept: CHROME, ...NAVIGATION });
    expect([missing.status, missing.headers["content-type"]]).toEqual([404, "application/problem+json"]);
  });

  describe("with paywall: false", () => {
    it("people get what programs get, and the answer depends on nothing", async () => {
      const { status, headers } = await ask(
        "/weather",
        { accept: CHROME, ...NAVIGATION },
        "GET",
        without?.url,
      );
      expect([status, headers["content-type"], headers.vary]).toEqual([
        402,
        "application/problem+json",
        undefined,
      ]);
    });
  });
}
