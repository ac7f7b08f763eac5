import { afterAll, beforeAll, expect, test } from "vitest";
import { facilitator as account } from "../../dev/accounts.ts";
import { type Facilitator, startFacilitator } from "../../dev/facilitator.ts";
import { demand, signPayment } from "../../dev/payment.ts";
import { ask } from "./facilitator-client.ts";
import { deadUrl } from "./ports.ts";

let facilitator: Facilitator;

beforeAll(async () => {
  facilitator = await startFacilitator({ rpcUrl: await deadUrl() });
});
afterAll(() => facilitator?.close());

const post = (path: string, body: string) => fetch(`${facilitator.url}${path}`, { method: "POST", body });

test("says what it supports, and counts the question", async () => {
  const answer = await fetch(`${facilitator.url}/supported`);
  expect(await answer.json()).toMatchObject({
    kinds: [
      { x402Version: 2, scheme: "exact", network: "eip155:84532" },
      {
        x402Version: 2,
        scheme: "upto",
        network: "eip155:84532",
        extra: { facilitatorAddress: account.address },
      },
      { x402Version: 1, scheme: "exact", network: "base-sepolia" },
    ],
    signers: { "eip155:*": [account.address] },
  });
  expect(facilitator.counters.supported).toBe(1);
});

test.each(["", "nonsense", "null", "{}", "[]", '{"x402Version":1}'])(
  "answers 400 to the body %j",
  async (body) => {
    for (const path of ["/verify", "/settle"]) {
      const answer = await post(path, body);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toHaveProperty("error", expect.stringContaining("x402"));
    }
  },
);

test("answers 400 to a payment with a field missing, and 413 to one that is too large", async () => {
  const payment = await signPayment(demand(1n));
  const paymentPayload = { ...payment, payload: { signature: payment.payload.signature } };
  const body = { x402Version: 2, paymentPayload, paymentRequirements: payment.accepted };
  expect((await post("/verify", JSON.stringify(body))).status).toBe(400);
  expect((await post("/verify", JSON.stringify({ ...body, padding: "x".repeat(70_000) }))).status).toBe(413);
});

test("answers 500 in JSON when the chain cannot be reached", async () => {
  for (const endpoint of ["verify", "settle"] as const) {
    const answer = await ask(facilitator.url, endpoint, await signPayment(demand(1n)));
    expect(answer).toMatchObject({ status: 500, error: expect.stringContaining("request failed") });
  }
});
