import { type IncomingMessage, request } from "node:http";
import { describe, expect, it } from "vitest";
import { type PermitTampering, payWithPermit } from "../fixtures/permit.ts";
import { decode } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

const UNITS = "/metered/units";

/** Calls that are charged by what they used. */
export function meteringTests(world: () => World): void {
  const signed = async (path: string, init: RequestInit = {}, tampering?: PermitTampering) =>
    payWithPermit(await world().quote(path, init), tampering);
  const pay = async (path: string, init: RequestInit = {}) =>
    world().present(path, await signed(path, init), init);
  const charged = () => world().facilitator.asked.settle?.paymentRequirements.amount;

  describe("the upstream's own count", () => {
    it.each(["GET", "HEAD", "DELETE"])("%s: is charged, and the client does not see it", async (method) => {
      const answer = await pay(UNITS, { method });
      expect([answer.status, answer.headers.get("x-usage-units")]).toEqual([200, null]);
      expect(decode(answer.headers.get("payment-response"))).toMatchObject({ success: true, amount: "1000" });
      expect(charged()).toBe("1000");
    });

    it.each([401, 404, 503])("is not seen on an answer of %d either", async (status) => {
      const answer = await pay(`${UNITS}?status=${status}`);
      expect([answer.status, answer.headers.get("x-usage-units")]).toEqual([status, null]);
      expect(world().facilitator.counts.settle).toBe(status === 404 ? 1 : 0);
    });
  });

  it("a client that stops reading is charged for what it took, as long as its payment can be settled", async () => {
    const path = "/metered/large?bytes=400000000";
    const deadline = String(Math.floor(Date.now() / 1000) + 13);
    const header = await signed(path, {}, { permit: { deadline } });
    const outgoing = request(world().gateway.url + path, { headers: { "payment-signature": header } });
    outgoing.on("error", () => undefined).end();
    const answer = await new Promise<IncomingMessage>((resolve) => outgoing.once("response", resolve));
    expect(answer.headers).toHaveProperty("x-tollbooth-settlement-deferred");
    answer.pause();
    await expect.poll(() => world().facilitator.counts.settle, { timeout: 12_000 }).toBe(1);
    const amount = Number(charged());
    expect(amount).toBeGreaterThan(0);
    expect(amount).toBeLessThan(4_000_000);
    outgoing.destroy();
  });

  it("a payment that was charged for a small call does not buy a larger one", async () => {
    const { upstream, facilitator, present, gateway } = world();
    const path = `${UNITS}?hold`;
    const header = await signed(path, { method: "POST", body: "1" });
    // The call is charged, and its client gone: it can be presented again without being charged again.
    facilitator.on.settle = async ({ paymentRequirements: { network, amount } }) => {
      outgoing.socket?.resetAndDestroy();
      await expect.poll(() => upstream.requests[0]?.closedEarly).toBe(true);
      return { json: { success: true, transaction: `0x${"ab".repeat(32)}`, network, amount } };
    };
    const headers = { "payment-signature": header };
    const outgoing = request(gateway.url + path, { method: "POST", headers });
    outgoing.on("error", () => undefined).end("1");
    await expect.poll(() => facilitator.counts.settle).toBe(1);
    const again = async (body: string) => {
      const answer = await present(path, header, { method: "POST", body });
      if (answer.status === 200) await answer.body?.cancel();
      return answer.status === 200 ? "served" : ((await answer.json()) as { code: string }).code;
    };
    expect(await again("x".repeat(40))).toBe("payment_conflict");
    await expect.poll(() => again("1")).toBe("served");
    expect([upstream.requests.length, facilitator.counts.settle]).toEqual([2, 1]);
  });

  describe("a client that leaves", () => {
    const begin = async (path: string) => {
      const payment = await signed(path);
      const headers = { "payment-signature": payment };
      const outgoing = request(world().gateway.url + path, { headers });
      outgoing.on("error", () => undefined).end();
      const answer = await new Promise<IncomingMessage>((resolve) => outgoing.once("response", resolve));
      return { payment, answer, leave: () => outgoing.socket?.resetAndDestroy() };
    };
    const codeOf = async (path: string, payment: string) => {
      const answer = await world().present(path, payment);
      return answer.status === 200 ? "served" : ((await answer.json()) as { code: string }).code;
    };

    it("before the first byte of a stream pays nothing, and its payment is used", async () => {
      const { payment, leave } = await begin("/metered/stall");
      leave();
      await expect.poll(() => codeOf("/metered/stall", payment)).toBe("payment_already_used");
      expect([world().facilitator.counts.settle, world().upstream.requests.length]).toEqual([0, 1]);
    });

    it("later pays for what it took, and its payment is used", async () => {
      const { payment, answer, leave } = await begin("/metered/steps");
      await new Promise((got) => answer.once("data", got));
      leave();
      await expect.poll(charged).toBe(String('id: 1\ndata: {"n":1}\n\n'.length * 100));
      await expect.poll(() => codeOf("/metered/steps", payment)).toBe("payment_already_used");
      expect([world().facilitator.counts.settle, world().upstream.requests.length]).toEqual([1, 1]);
    });
  });

  it("a payment that many present at once is served once and charged once", async () => {
    const path = "/metered/events?count=3&interval=1";
    const payment = await signed(path);
    const answers = await Promise.all(Array.from({ length: 8 }, () => world().present(path, payment)));
    const bodies = await Promise.all(answers.map((answer) => answer.text()));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(409)]);
    await expect.poll(() => world().facilitator.counts.settle).toBe(1);
    const served = bodies[answers.findIndex(({ status }) => status === 200)] ?? "";
    expect(charged()).toBe(String(served.length * 100));
    expect(world().upstream.requests).toHaveLength(1);
  });
}
