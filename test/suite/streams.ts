import { request } from "node:http";
import { expect, it } from "vitest";
import { residentBytes } from "../../dev/gateways/process.ts";
import { sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

const MIB = 1024 * 1024;

/** Bodies move as they come, both ways, and stop when the other side stops. */
export function streamTests(world: () => World): void {
  it.each(["/free/events", "/events", "/late/events"])(
    "the first event of %s arrives before the upstream ends",
    async (path) => {
      const { gateway, upstream, quote } = world();
      const headers: Record<string, string> = {};
      if (!path.startsWith("/free"))
        headers["payment-signature"] = await sign(await quote(`${path}?count=0&interval=20`));
      const response = await fetch(`${gateway.url}${path}?count=0&interval=20`, { headers });
      const reader = response.body?.getReader();
      const first = await reader?.read();
      expect(new TextDecoder().decode(first?.value)).toContain('data: {"n":1}');
      expect(upstream.requests.at(-1)).toMatchObject({ finished: false, closedEarly: false });
      await reader?.cancel();
      await expect.poll(() => upstream.requests.at(-1)?.closedEarly).toBe(true);
    },
  );

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

  it("a client that leaves before the answer closes the upstream", async () => {
    const { gateway, quote, upstream } = world();
    const headers = { "payment-signature": await sign(await quote("/hang")) };
    const outgoing = request(`${gateway.url}/hang`, { headers }).on("error", () => undefined);
    outgoing.end();
    await expect.poll(() => upstream.requests.length).toBe(1);
    // A connection closed half-way could still be read from; this one is gone.
    outgoing.socket?.resetAndDestroy();
    await expect.poll(() => upstream.requests[0]?.closedEarly).toBe(true);
  });

  it("a client that leaves while the answer stalls closes the upstream and can collect", async () => {
    const { gateway, quote, present, upstream, facilitator } = world();
    const payment = await sign(await quote("/stall"));
    for (const turn of [1, 2]) {
      const outgoing = request(`${gateway.url}/stall`, { headers: { "payment-signature": payment } });
      outgoing.on("error", () => undefined).end();
      await expect.poll(() => upstream.requests.length).toBe(turn);
      outgoing.socket?.resetAndDestroy();
      await expect.poll(() => upstream.requests.at(-1)?.closedEarly).toBe(true);
      await expect.poll(async () => (await present("/weather", payment)).status).toBe(409);
    }
    expect(facilitator.counts.settle).toBe(1);
  });

  it.each(["/free/large", "/large"])(
    "a reader that stops reading stops the upstream on %s: 400 MB, flat memory",
    async (path) => {
      const { gateway, upstream, quote } = world();
      const url = `${path}?bytes=${400 * MIB}`;
      const headers: Record<string, string> = {};
      if (path === "/large") headers["payment-signature"] = await sign(await quote(url));
      const before = await residentBytes(gateway.pid);
      const outgoing = request(gateway.url + url, { headers }, (response) => response.pause());
      outgoing.on("error", () => undefined);
      outgoing.end();
      // Stopped is when two looks in a row see the same number of bytes.
      let last = -1;
      await expect
        .poll(
          () => {
            const now = upstream.requests.at(-1)?.bytesWritten ?? 0;
            const stopped = now > 0 && now === last;
            last = now;
            return stopped;
          },
          { interval: 300, timeout: 10_000 },
        )
        .toBe(true);
      const grown = (await residentBytes(gateway.pid)) - before;
      outgoing.destroy();
      expect(last).toBeLessThan(64 * MIB);
      expect(grown).toBeLessThan(100 * MIB);
      await expect.poll(() => upstream.requests.at(-1)?.closedEarly).toBe(true);
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
