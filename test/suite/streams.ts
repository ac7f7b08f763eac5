import { type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { testAccount } from "../../dev/accounts.ts";
import { residentBytes } from "../../dev/gateways/process.ts";
import { sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

const MIB = 1024 * 1024;
/** Accounts apart from those of other tests: paid time is kept by payer. */
let account = 120;

/** The value once two looks in a row see the same, and it is not zero. */
async function standstill(look: () => number): Promise<number> {
  let last = 0;
  const still = () => {
    const now = look();
    const same = now > 0 && now === last;
    last = now;
    return same;
  };
  await expect.poll(still, { interval: 300, timeout: 10_000 }).toBe(true);
  return last;
}

function* pieces(total: number): Generator<Buffer> {
  const piece = Buffer.alloc(64 * 1024, "x");
  for (let sent = 0; sent < total; sent += piece.length) yield piece;
}

/** Bodies move as they come, both ways, and stop when the other side stops. */
export function streamTests(world: () => World): void {
  /** A call that is paid if need be. Paid time is opened before, so that what is measured is a call within it. */
  const call = async (path: string): Promise<Response> => {
    const { gateway, pay, upstream } = world();
    if (path.startsWith("/free")) return fetch(gateway.url + path);
    const answer = await pay(
      path,
      {},
      path.startsWith("/timed") ? { privateKey: testAccount(account++).privateKey } : {},
    );
    if (!path.startsWith("/timed")) return answer;
    await answer.body?.cancel();
    upstream.requests.length = 0;
    const token = answer.headers.get("tollbooth-session") ?? "";
    return fetch(gateway.url + path, { headers: { "tollbooth-session": token } });
  };

  describe.each(["/free/steps", "/steps", "/late/steps", "/kept/steps", "/timed/steps"])("%s", (path) => {
    it.each(["", "?gzip=1"])(
      "each event arrives before the next is produced, whatever the upstream's encoding (%j)",
      async (query) => {
        const { upstream } = world();
        const answer = await call(path + query);
        expect(answer.headers.get("content-type")).toBe("text/event-stream");
        expect(answer.headers.get("x-accel-buffering")).toBe("no");
        expect(answer.headers.get("content-encoding")).toBeNull();
        const told = answer.headers.get("cache-control");
        expect(told).toBe(
          path === "/free/steps" ? "no-cache, no-transform" : "private, no-cache, no-transform",
        );
        const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
        for (let id = 1; id <= 3; id++) {
          // The upstream has not been told to go on.
          expect((await reader?.read())?.value).toBe(`id: ${id}\ndata: {"n":${id}}\n\n`);
          await fetch(`${upstream.url}/go-on`);
        }
        await reader?.cancel();
        await expect.poll(() => upstream.requests[0]?.closedEarly).toBe(true);
      },
    );
  });

  it("a request body reaches the upstream before it is complete", async () => {
    const { gateway } = world();
    const received: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const outgoing = request(`${gateway.url}/free/echo`, { method: "POST" }, (response) => {
        response.on("data", (chunk) => {
          received.push(String(chunk));
          // Only the echo of the first half lets the second half go out.
          if (received.join("") === "first") outgoing.end("second");
        });
        response.on("end", resolve);
      });
      outgoing.on("error", reject);
      outgoing.write("first");
    });
    expect(received.join("")).toBe("firstsecond");
  });

  it("an upload is answered as any call: readable, with every cookie, redirects not followed, bodiless where there is none", async () => {
    const { gateway, upstream } = world();
    const send = (path: string) =>
      fetch(`${gateway.url}/free/${path}`, { method: "POST", body: "something", redirect: "manual" });
    const compressed = await send("gzip");
    expect(await compressed.json()).toMatchObject({ compressed: true });
    expect(compressed.headers.get("content-encoding")).toBeNull();
    expect((await send("cookies")).headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2; Path=/; HttpOnly"]);
    const moved = await send("redirect?to=/elsewhere");
    expect([moved.status, moved.headers.get("location")]).toEqual([302, "/elsewhere"]);
    for (const code of [204, 304, 404, 500]) expect((await send(`status/${code}`)).status).toBe(code);
    expect(upstream.requests).toHaveLength(7);
  });

  it("a paid request body arrives whole", async () => {
    const { pay } = world();
    const body = "0123456789".repeat(50_000);
    const response = await pay("/echo", { method: "POST", body });
    expect(await response.text()).toBe(body);
  });

  it("a paid answer keeps its length and every byte", async () => {
    const { pay, runtime } = world();
    const response = await pay(`/large?bytes=${3 * MIB + 1}`);
    // Vercel's edge runtime takes the length off every answer of its own accord.
    const announced = runtime === "vercel" ? null : String(3 * MIB + 1);
    expect(response.headers.get("content-length")).toBe(announced);
    expect((await response.arrayBuffer()).byteLength).toBe(3 * MIB + 1);
  });

  it.each(["/free/large", "/large", "/late/large", "/kept/huge", "/cache/large"])(
    "a reader that stops reading stops the upstream on %s: 400 MB, flat memory",
    async (path) => {
      const { gateway, upstream, quote } = world();
      const url = `${path}?bytes=${400 * MIB}${path === "/cache/large" ? "&chunked" : ""}`;
      const headers: Record<string, string> = {};
      if (path !== "/free/large" && path !== "/cache/large")
        headers["payment-signature"] = await sign(await quote(url));
      const before = await residentBytes(gateway.pid);
      const outgoing = request(gateway.url + url, { headers }, (response) => response.pause());
      outgoing.on("error", () => undefined);
      outgoing.end();
      const last = await standstill(() => upstream.requests.at(-1)?.bytesWritten ?? 0);
      const grown = (await residentBytes(gateway.pid)) - before;
      outgoing.destroy();
      expect(last).toBeLessThan(64 * MIB);
      expect(grown).toBeLessThan(100 * MIB);
      await expect.poll(() => upstream.requests.at(-1)?.closedEarly).toBe(true);
    },
  );

  it.each(["/free/sink", "/sink", "/late/sink"])(
    "an upstream that does not read stops the upload to %s, and one that goes on gets every byte",
    async (path) => {
      const { gateway, upstream, quote } = world();
      const total = 256 * MIB;
      const headers: Record<string, string> = { "content-length": String(total) };
      if (path !== "/free/sink")
        headers["payment-signature"] = await sign(await quote(path, { method: "POST" }));
      const outgoing = request(gateway.url + path, { method: "POST", headers, agent: false });
      const answered = new Promise<IncomingMessage>((resolve) => outgoing.once("response", resolve));
      Readable.from(pieces(total)).pipe(outgoing);
      const answer = await answered;
      const taken = await standstill(() => outgoing.socket?.bytesWritten ?? 0);
      // The system's own buffers are most of it: two connections of up to ten MiB each.
      expect(taken).toBeLessThan(64 * MIB);
      await fetch(`${upstream.url}/go-on`);
      let text = "";
      for await (const chunk of answer) text += chunk;
      expect(JSON.parse(text)).toEqual({ bytes: total });
    },
  );

  it("an answer that streams longer than the lease keeps its claim", async () => {
    const { quote, present, redis } = world();
    const payment = await sign(await quote("/events?count=3&interval=30"));
    const response = await present("/events?count=3&interval=30", payment);
    await response.text();
    await expect
      .poll(() =>
        redis.requests.flatMap(({ commands }) => commands).some((command) => command.includes("delivered")),
      )
      .toBe(true);
  });
}
