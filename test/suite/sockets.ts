import { randomBytes } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { testAccount } from "../../dev/accounts.ts";
import type { Runtime } from "../../dev/bundle.ts";
import { rawRequest } from "../fixtures/raw.ts";
import { decode, sign } from "../fixtures/sign.ts";
import { type Upgraded, upgrade } from "../fixtures/socket.ts";
import type { World } from "../fixtures/world.ts";

/** Accounts apart from those of other tests: paid time is kept by payer. */
const { privateKey } = testAccount(90);

/** WebSockets pass on Workers, paid like any call; elsewhere they are refused before anything is asked. */
export function socketTests(world: () => World, runtime: Runtime): void {
  const connect = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await upgrade(world().gateway.url + path, headers);
    onTestFinished(() => answer.socket?.cut());
    return answer;
  };
  const paying = async (path: string) => ({ "payment-signature": await sign(await world().quote(path)) });

  function notCarried(): void {
    it.each(["/socket", "/late/socket", "/free/socket"])(
      "is refused on %s, with or without a payment, and nothing is asked, claimed or settled",
      async (path) => {
        const { redis, upstream, facilitator } = world();
        const payment = path === "/free/socket" ? {} : await paying(path);
        for (const headers of [{}, payment]) {
          const answer = await connect(path, headers);
          expect(answer.status).toBe(501);
          expect(JSON.parse(answer.body)).toMatchObject({ code: "websocket_unsupported" });
          expect(answer.headers["payment-required"]).toBeUndefined();
        }
        const { settle, verify } = facilitator.counts;
        expect([redis.requestCount, settle, verify, upstream.requests.length]).toEqual([0, 0, 0, 0]);
      },
    );
    it("is refused where nothing is sold with the answer of any other call", async () => {
      expect((await connect("/nothing")).status).toBe(404);
    });
  }

  describe("a WebSocket", () => {
    if (runtime !== "workers") return notCarried();
    it("is refused on a metered route, where nothing of it could be counted", async () => {
      const { redis, upstream } = world();
      const { status, body } = await connect("/metered/weather");
      expect([status, JSON.parse(body).code]).toEqual([501, "websocket_unsupported"]);
      expect([redis.requestCount, upstream.requests.length]).toEqual([0, 0]);
    });
    it("costs what its route costs: 402 without a payment, and the upstream is not asked", async () => {
      const answer = await connect("/socket");
      expect(answer.status).toBe(402);
      expect(answer.headers["payment-required"]).toBeDefined();
      expect(world().upstream.requests).toHaveLength(0);
    });
    for (const path of ["/socket", "/late/socket", "/free/socket"]) {
      it(`${path} carries text and bytes both ways, short and long`, async () => {
        const { upstream, facilitator } = world();
        const headers = path === "/free/socket" ? {} : await paying(path);
        const { status, headers: answered, socket } = await connect(path, headers);
        expect(status).toBe(101);
        if (path !== "/free/socket")
          expect(decode(String(answered["payment-response"]))).toMatchObject({ success: true });
        const bytes = randomBytes(200_000);
        for (const message of ["hello", bytes, "é".repeat(300)]) socket?.send(message);
        await expect.poll(() => socket?.frames.length).toBe(3);
        expect(socket?.frames).toEqual([{ text: "hello" }, { bytes }, { text: "é".repeat(300) }]);
        expect(upstream.sockets).toHaveLength(1);
        expect(facilitator.counts.settle).toBe(path === "/free/socket" ? 0 : 1);
      });
    }
    it("brings its handshake, and nothing of the payment or the client's key", async () => {
      const extras = {
        "sec-websocket-protocol": "chat, other",
        "x-kept": "1",
        cookie: "a=1",
        "x-real-ip": "1",
      };
      const { headers } = await connect("/socket", { ...(await paying("/socket")), ...extras });
      expect(headers["sec-websocket-protocol"]).toBe("chat");
      const seen = world().upstream.requests.at(-1)?.headers ?? {};
      expect(seen).toMatchObject({
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-protocol": "chat, other",
        "x-kept": "1",
        "x-upstream-key": "secret-upstream-key",
      });
      expect(seen.connection?.toLowerCase()).toBe("upgrade");
      // One key, that of this connection.
      expect(seen["sec-websocket-key"]).toMatch(/^[\w+/]{22}==$/);
      for (const name of ["payment-signature", "cookie", "x-real-ip"]) expect(seen).not.toHaveProperty(name);
    });
    it("ends with the upstream's code and reason", async () => {
      const { socket } = await connect("/socket", await paying("/socket"));
      socket?.send("close 4001 enough");
      await expect.poll(() => socket?.frames).toEqual([{ code: 4001, reason: "enough" }]);
    });
    it("ends with the client's code and reason", async () => {
      const { socket } = await connect("/socket", await paying("/socket"));
      socket?.close(4002, "bye");
      const heard = () => world().upstream.sockets[0]?.frames;
      await expect.poll(heard).toEqual([{ code: 4002, reason: "bye" }]);
    });
    it("whose client is cut off closes the upstream", async () => {
      const { socket } = await connect("/socket", await paying("/socket"));
      socket?.send("hello");
      await expect.poll(() => socket?.frames.length).toBe(1);
      socket?.cut();
      await expect.poll(() => world().upstream.sockets[0]?.closed).toBe(true);
    });
    for (const path of ["/socket", "/late/socket", "/kept/socket"]) {
      it(`on ${path} is paid for once: its payment opens no second one`, async () => {
        const { upstream, facilitator } = world();
        const headers = await paying(path);
        expect((await connect(path, headers)).status).toBe(101);
        let again: Upgraded | undefined;
        const outcome = async () => {
          again = await connect(path, headers);
          return JSON.parse(again.body).code;
        };
        await expect.poll(outcome).toBe("payment_already_used");
        expect(again?.headers["payment-response"]).toBeDefined();
        expect([facilitator.counts.settle, upstream.sockets.length]).toEqual([1, 1]);
      });
    }
    it("that cannot be settled once it is open is closed again, and never reaches the client", async () => {
      const { facilitator, upstream } = world();
      facilitator.on.settle = () => ({
        json: {
          success: false,
          errorReason: "insufficient_funds",
          transaction: "",
          network: "eip155:84532",
        },
      });
      expect((await connect("/late/socket", await paying("/late/socket"))).status).toBe(402);
      const heard = () => upstream.sockets[0]?.frames;
      await expect.poll(heard).toEqual([{ code: 1001, reason: "the call was not paid" }]);
      await expect.poll(() => upstream.sockets[0]?.closed).toBe(true);
    });
    it("within paid time costs nothing, and tells what is left", async () => {
      const { pay, facilitator } = world();
      const token = (await pay("/timed/socket", {}, { privateKey })).headers.get("tollbooth-session") ?? "";
      facilitator.reset();
      const { status, headers } = await connect("/timed/socket", { "tollbooth-session": token });
      expect(status).toBe(101);
      expect(headers).toHaveProperty("tollbooth-session-expires");
      expect(headers).toHaveProperty("ratelimit");
      expect(facilitator.counts.settle).toBe(0);
    });
    it("that the upstream does not take gets the upstream's answer", async () => {
      const answer = await connect("/weather", await paying("/weather"));
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body)).toHaveProperty("temperature");
    });
  });

  it.each(["h2c", "TLS/1.0"])("an offer of %s is not taken and does not go up", async (protocol) => {
    const { gateway } = world();
    const headers = { connection: "Upgrade", upgrade: protocol };
    const { status, body } = await rawRequest(gateway.url, "/free/headers", { headers });
    expect(status).toBe(200);
    expect(JSON.parse(body)).not.toHaveProperty("upgrade");
  });
}
