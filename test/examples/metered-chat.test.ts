/** The example `examples/metered-chat`: what was said is what is paid, to the token, whoever ends it. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { startUpstream, type Upstream } from "../../dev/upstream.ts";
import { decode } from "../fixtures/sign.ts";
import { type Example, startExample } from "./harness.ts";

const PATH = "/v1/chat/completions";
/** 20 tokens of input. */
const QUESTION = "What is a tollbooth?";
const chat = (more: object = {}): RequestInit => ({
  method: "POST",
  body: JSON.stringify({ model: "house-1", messages: [{ role: "user", content: QUESTION }], ...more }),
});
const STREAM = { stream: true, stream_options: { include_usage: true } };
/** The question and so many tokens, atomic units: $0.001, $3 and $15 for a million. */
const cost = (tokens: number) => 1000 + 20 * 3 + tokens * 15;

let example: Example;
let models: Upstream;

beforeAll(async () => {
  models = await startUpstream();
  example = await startExample({
    config: "examples/metered-chat/tollbooth.config.ts",
    vars: { MODELS_URL: models.url, MODELS_KEY: "key-of-models" },
  });
});
afterAll(async () => {
  await example?.close();
  await models?.close();
});

/** Pays by the official client, and keeps the payment that it made. */
async function payNoting(path: string, init: RequestInit): Promise<{ answer: Response; payment: string }> {
  let payment = "";
  const noting: typeof fetch = (input, init) => {
    const request = new Request(input, init);
    payment = request.headers.get("payment-signature") ?? "";
    return fetch(request);
  };
  return { answer: await example.pay(path, init, noting), payment };
}

/** As the README says: the payment is presented again, until its charge has come to its end. */
async function receiptOf(path: string, init: RequestInit, payment: string): Promise<unknown> {
  const again = () => example.call(path, { ...init, headers: { "payment-signature": payment } });
  await expect
    .poll(async () => (await again()).headers.has("payment-response"), { timeout: 15_000 })
    .toBe(true);
  const answer = await again();
  expect(answer.status).toBe(409);
  expect(await answer.json()).toMatchObject({ code: "payment_already_used" });
  return decode(answer.headers.get("payment-response"));
}

it("a JSON call costs what it has used, and its receipt says how much", async () => {
  const earned = await example.earned(async () => {
    const answer = await example.pay(`${PATH}?tokens=7`, chat());
    expect(answer.status).toBe(200);
    expect(decode(answer.headers.get("payment-response"))).toMatchObject({
      success: true,
      amount: String(cost(7)),
      transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    });
    expect(await answer.json()).toHaveProperty("usage.completion_tokens", 7);
  });
  expect(earned).toBe(BigInt(cost(7)));
  expect(models.requests.at(-1)?.headers.authorization).toBe("Bearer key-of-models");
});

it("a quote names the maximum", async () => {
  const answer = await example.call(PATH, chat(STREAM));
  expect(answer.status).toBe(402);
  const { accepts } = decode(answer.headers.get("payment-required")) as { accepts: object[] };
  expect(accepts).toMatchObject([{ scheme: "upto", amount: "250000" }]);
});

it("a stream comes event by event, costs what it has used, and its receipt is there afterwards", async () => {
  const path = `${PATH}?tokens=12&interval=50`;
  const earned = await example.earned(async () => {
    const { answer, payment } = await payNoting(path, chat(STREAM));
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    expect(answer.headers.get("payment-response")).toBeNull();
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let text = decoder.decode((await reader.read()).value, { stream: true });
    // The upstream is still talking when the first event is here.
    expect(models.requests.at(-1)?.finished).toBe(false);
    expect(text).not.toContain("[DONE]");
    for (let part = await reader.read(); !part.done; part = await reader.read())
      text += decoder.decode(part.value, { stream: true });
    expect(text.match(/"content":"toll "/g)).toHaveLength(12);
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    expect(await receiptOf(path, chat(STREAM), payment)).toMatchObject({
      success: true,
      amount: String(cost(12)),
    });
  });
  expect(earned).toBe(BigInt(cost(12)));
});

it("a client that hangs up pays for what was sent", async () => {
  const path = `${PATH}?tokens=5000&interval=20`;
  let receipt: unknown;
  const earned = await example.earned(async () => {
    const { answer, payment } = await payNoting(path, chat(STREAM));
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let text = "";
    while (text.split("toll ").length <= 10)
      text += decoder.decode((await reader.read()).value, { stream: true });
    await reader.cancel();
    await expect.poll(() => models.requests.at(-1)?.closedEarly).toBe(true);
    receipt = await receiptOf(path, chat(STREAM), payment);
  });
  expect(receipt).toMatchObject({ success: true, amount: String(earned) });
  // Ten tokens at least; some more were on their way, and far from all of them.
  expect(Number(earned)).toBeGreaterThanOrEqual(1000 + 10 * 15);
  expect(Number(earned)).toBeLessThan(cost(500));
});

it("a call that costs more than the maximum costs the maximum", async () => {
  const earned = await example.earned(async () => {
    await (await example.pay(`${PATH}?tokens=20000`, chat())).text();
  });
  expect(earned).toBe(250_000n);
});

it("a call that the upstream fails costs nothing", async () => {
  const earned = await example.earned(async () => {
    const answer = await example.pay(`${PATH}?busy=529`, chat());
    expect(answer.status).toBe(529);
    await answer.text();
  });
  expect(earned).toBe(0n);
});

it.each([
  ["a stream that would not report its usage", { stream: true }, "include_usage"],
  ["a model without a price", { model: "nobody-knows" }, "model_unknown"],
])("%s is 400 before any payment", async (_, more, reason) => {
  const before = models.requests.length;
  const answer = await example.call(PATH, chat(more));
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain(reason);
  expect(models.requests.length).toBe(before);
});
