import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { testAccount } from "../../dev/accounts.ts";
import { sign } from "../fixtures/sign.ts";
import { COMBINATIONS } from "../fixtures/tollbooth.config.ts";
import type { World } from "../fixtures/world.ts";

/** Whatever is switched on, a call waits for the store once. */
export function oneRequestTests(world: () => World): void {
  let account = 300;

  it.each(COMBINATIONS)("/all/%s: one store request before money or upstream is touched", async (set) => {
    const { quote, present, redis, facilitator, upstream } = world();
    const { privateKey } = testAccount(account++);
    const path = `/all/${set}`;
    const terms = await quote(path);
    const top = { extensions: { "payment-identifier": { info: { required: false, id: randomUUID() } } } };
    const payment = await sign(terms, { privateKey, ...(set.includes("n") ? { top } : {}) });
    await world().reset();
    const before: number[] = [];
    const note = () => void before.push(redis.requests.length);
    facilitator.on.verify = ({ paymentPayload }) => {
      note();
      return { json: { isValid: true, payer: paymentPayload.payload.authorization.from } };
    };
    facilitator.on.settle = ({ paymentPayload }) => {
      note();
      const { from, nonce } = paymentPayload.payload.authorization;
      return { json: { success: true, transaction: nonce, network: "eip155:84532", payer: from } };
    };
    const answer = await present(path, payment);
    expect(answer.status).toBe(200);
    expect(before[0]).toBe(1);
    const asked = redis.requests[0]?.commands.length;
    expect(asked).toBe(1 + (set.includes("l") ? 4 : 0));
    await answer.text();
    // The last word on the payment, which nobody waits for, must not be counted for the next call.
    const isOver = () => redis.requests.some(({ commands }) => commands.flat().includes("delivered"));
    await expect.poll(isOver).toBe(true);

    if (!/[tc]/.test(set)) return;
    // Within paid time, or on a credit: by token, then as the payer with a fresh signature.
    const session = { headers: { "tollbooth-session": answer.headers.get("tollbooth-session") ?? "" } };
    const fresh = await sign(terms, { privateKey });
    for (const ask of [() => fetch(world().gateway.url + path, session), () => present(path, fresh)]) {
      await world().reset();
      expect((await ask()).status).toBe(200);
      expect(redis.commandCount).toBe(asked);
      expect([redis.requestCount, facilitator.counts.settle, upstream.requests.length]).toEqual([1, 0, 1]);
    }
  });
}
