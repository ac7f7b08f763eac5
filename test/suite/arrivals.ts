import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { describe, expect, it } from "vitest";
import type { Runtime } from "../../dev/bundle.ts";
import { askedOf } from "../fixtures/asked.ts";
import { rawRequest } from "../fixtures/raw.ts";
import { decode, sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

const POST = { method: "POST" } as const;

/** What is too long, and what takes too long. */
export function arrivalTests(world: () => World, runtime: Runtime): void {
  const get = (path: string, headers: Record<string, string> = {}) =>
    rawRequest(world().gateway.url, path, { headers });
  const nobodyWasAsked = () => {
    const { redis, facilitator, upstream } = world();
    expect([...askedOf(redis), facilitator.counts.settle, upstream.requests.length]).toEqual([0, 0]);
  };
  const refused = (answer: { status: number; body: string }, status: number, code: string) => {
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([status, code]);
  };

  it.each(["/free", "/weather", "/crowded/rolling", "/nowhere"])(
    "%s: a URL of 8,192 characters is looked at, one more is 414 before anything else",
    async (path) => {
      const long = (length: number) => `${path}?x=`.padEnd(length - world().gateway.url.length, "x");
      const most = await get(long(8192));
      expect([200, 402, 404]).toContain(most.status);
      await world().reset();
      refused(await get(long(8193)), 414, "url_too_long");
      nobodyWasAsked();
    },
  );

  it.each(["/free", "/weather", "/crowded/rolling", "/nowhere"])(
    "%s: more than 100 header fields, or 32 KiB of them, are 431 before anything else",
    async (path) => {
      const many = (count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-many-${i}`, "1"]));
      expect([200, 402, 404]).toContain((await get(path, many(80))).status);
      expect([200, 402, 404]).toContain((await get(path, { cookie: "x".repeat(32_000) })).status);
      await world().reset();
      refused(await get(path, many(101)), 431, "headers_too_large");
      refused(await get(path, { cookie: "x".repeat(32_769) }), 431, "headers_too_large");
      refused(await get(path, { cookie: "x".repeat(60_000) }), 431, "headers_too_large");
      nobodyWasAsked();
    },
  );

  it.each(["/short/free", "/short/paid", "/short/late", "/short/priced"])(
    "%s: a body that is announced as too long is 413 before money, store or upstream is touched",
    async (path) => {
      const { present, quote, facilitator } = world();
      const body = JSON.stringify({ x: "x".repeat(980) });
      const headers = { "content-type": "application/json" };
      const isFree = path === "/short/free";
      const payment = isFree ? "" : await sign(await quote(path, { ...POST, body, headers }));
      await world().reset();
      const call = (text: string) => {
        const init = { ...POST, body: text, headers };
        return isFree ? fetch(world().gateway.url + path, init) : present(path, payment, init);
      };
      const answer = await call(`${body} ${" ".repeat(20)}`);
      refused({ status: answer.status, body: await answer.text() }, 413, "body_too_large");
      expect(answer.headers.has("payment-response")).toBe(false);
      nobodyWasAsked();
      expect((await call(body)).status).toBe(200);
      expect(facilitator.counts.settle).toBe(isFree ? 0 : 1);
    },
  );

  /** An upload that does not end: a first part, which is taken. */
  const upload = (path: string, payment: string | undefined, length: Record<string, string>) => {
    const headers = payment === undefined ? length : { ...length, "payment-signature": payment };
    const outgoing = request(world().gateway.url + path, { ...POST, headers, agent: false });
    outgoing.on("error", () => undefined);
    outgoing.write("first");
    return outgoing;
  };
  const isCut = () => expect.poll(() => world().upstream.requests[0]?.closedEarly).toBe(true);

  describe.each([
    ["grows too long", {}, "x".repeat(996), 413, "body_too_large"],
    ["falls silent", {}, "", 408, "body_timeout"],
    ["falls silent, though its length was announced,", { "content-length": "900" }, "", 408, "body_timeout"],
  ])("an upload that %s on its way", (_, length, more, status, code) => {
    it.each(["/short/free", "/short/paid", "/short/late", "/short/priced"])(
      "%s: takes the upstream's call with it; what was paid is collected with the next, and nothing is paid twice",
      async (path) => {
        const { present, quote, facilitator, upstream } = world();
        const isFree = path === "/short/free";
        const isRead = path === "/short/priced";
        const body = "{}";
        const init = { ...POST, body, headers: { "content-type": "application/json" } };
        const payment = isFree ? undefined : await sign(await quote(path, init));
        await world().reset();
        const outgoing = upload(path, payment, length);
        if (!isRead) await expect.poll(() => upstream.requests.length).toBe(1);
        outgoing.write(more);
        const answer = await answerTo(outgoing);
        const text = await textOf(answer);
        refused({ status: answer.statusCode ?? 0, body: text }, status, code);
        outgoing.destroy();
        if (isRead) nobodyWasAsked();
        else await isCut();
        if (payment === undefined) return;
        const receipt = answer.headers["payment-response"];
        if (path === "/short/paid") expect(decode(String(receipt))).toMatchObject({ success: true });
        else expect(receipt).toBeUndefined();
        expect(facilitator.counts.settle).toBe(path === "/short/paid" ? 1 : 0);
        upstream.reset();
        const again = async () => {
          const next = await present(path, payment, init);
          await next.arrayBuffer();
          return next.status;
        };
        await expect.poll(again).toBe(200);
        expect(facilitator.counts.settle).toBe(1);
      },
    );

    it("in the middle of its answer: the answer breaks off, and the payment is not used up", async () => {
      const { quote, facilitator, upstream } = world();
      const path = "/short/echo";
      const payment = await sign(await quote(path, POST));
      await world().reset();
      const outgoing = upload(path, payment, length);
      const answer = await answerTo(outgoing);
      expect(answer.statusCode).toBe(200);
      await new Promise((got) => answer.once("data", got));
      outgoing.write(more);
      await expect(textOf(answer)).rejects.toThrow();
      // workerd ends a body without a length as if it were whole, once there is an answer.
      if (runtime !== "workers" || "content-length" in length) await isCut();
      outgoing.destroy();
      upstream.reset();
      const again = async () => {
        const next = await world().present(path, payment, { ...POST, body: "short" });
        return [next.status, next.status === 200 ? await next.text() : undefined];
      };
      await expect.poll(again, { timeout: 5000 }).toEqual([200, "short"]);
      expect(facilitator.counts.settle).toBe(1);
    });
  });
}

function answerTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of answer) text += chunk;
  return text;
}
