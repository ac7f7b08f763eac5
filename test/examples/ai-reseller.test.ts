/** The example `examples/ai-reseller`: a call costs what its model costs, and nothing where the model says nothing. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { startUpstream, type Upstream } from "../../dev/upstream.ts";
import { type Example, startExample } from "./harness.ts";

const KEYS = { ANTHROPIC_KEY: "key-of-anthropic", OPENAI_KEY: "key-of-openai" };
const CLAUDE = "/ai/claude";
const CHAT = "/v1/chat/completions";

let example: Example;
let anthropic: Upstream;
let openai: Upstream;

beforeAll(async () => {
  anthropic = await startUpstream();
  openai = await startUpstream();
  example = await startExample({
    config: "examples/ai-reseller/tollbooth.config.ts",
    vars: { ANTHROPIC_URL: anthropic.url, OPENAI_URL: openai.url, ...KEYS },
  });
});
afterAll(async () => {
  await example?.close();
  await anthropic?.close();
  await openai?.close();
});

const ask = (model: unknown, more: object = {}): RequestInit => ({
  method: "POST",
  body: JSON.stringify({ model, messages: [{ role: "user", content: "What is a toll?" }], ...more }),
});
const callsOf = () => [anthropic.requests.length, openai.requests.length];

it.each([
  [CLAUDE, "claude-haiku-4-5", 20_000n],
  [CLAUDE, "claude-sonnet-5", 50_000n],
  [CLAUDE, "claude-opus-5", 250_000n],
  [CLAUDE, "CLAUDE-HAIKU-4-5", 20_000n],
  [CLAUDE, "claude-of-next-year", 250_000n],
  [CHAT, "gpt-5.6", 90_000n],
  [CHAT, "gpt-4o-2024-11-20", 30_000n],
  // By the table: 4,000 tokens of input at $0.25 a million, 2,000 of output at $2.
  [CHAT, "gpt-5-mini", 5_000n],
])("%s with %s costs %s", async (path, model, price) => {
  expect((await example.call(path, ask(model))).status).toBe(402);
  const earned = await example.earned(async () => {
    const answer = await example.pay(path, ask(model));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("payment-response")).not.toBeNull();
    const said = (await answer.json()) as { model: string };
    expect(said.model).toBe(model);
    expect(JSON.stringify(said)).toContain("toll toll");
  });
  expect(earned).toBe(price);
});

it("a stream costs what its model costs, and comes as events", async () => {
  const earned = await example.earned(async () => {
    const answer = await example.pay(CLAUDE, ask("claude-sonnet-5", { stream: true }));
    expect(await answer.text()).toContain("event: message_stop");
  });
  expect(earned).toBe(50_000n);
});

it.each([
  [CLAUDE, "claude-haiku-4-5", "claude-opus-5"],
  [CHAT, "gpt-5-mini", "gpt-5.6"],
])("%s: what was signed for %s does not buy %s", async (path, cheap, dear) => {
  const before = callsOf();
  const earned = await example.earned(async () => {
    let swapped = false;
    // The official client signs for the cheap model; what it signed goes out with the dear one.
    const swapping: typeof fetch = (input, init) => {
      const request = new Request(input, init);
      swapped = request.headers.has("payment-signature");
      return fetch(swapped ? new Request(request, ask(dear)) : request);
    };
    const answer = await example.pay(path, ask(cheap), swapping);
    expect(swapped).toBe(true);
    expect(answer.status).toBe(402);
    await answer.body?.cancel();
  });
  expect(earned).toBe(0n);
  expect(callsOf()).toEqual(before);
});

it.each([
  ["busy=529", 529, "the provider answered 529"],
  ["busy=400", 400, "the provider answered 400"],
  ["tokens=0", 200, "empty completion"],
])("an answer to %s costs nothing, from either provider, and says why", async (query, status, reason) => {
  for (const [path, model] of [
    [CLAUDE, "claude-opus-5"],
    [CHAT, "gpt-5.6"],
  ]) {
    const earned = await example.earned(async () => {
      const answer = await example.pay(`${path}?${query}`, ask(model));
      expect(answer.status).toBe(status);
      expect(answer.headers.get("payment-response")).toBeNull();
      expect(answer.headers.get("x-tollbooth-settlement-skipped")).toBe(reason);
      await answer.text();
    });
    expect(earned, path).toBe(0n);
  }
});

it("each provider gets its own key, over what the client sends, and never the other's or a payment", async () => {
  anthropic.reset();
  openai.reset();
  const headers = { "x-api-key": "the client's own", authorization: "Bearer the client's own" };
  await (await example.pay(CLAUDE, { ...ask("claude-haiku-4-5"), headers })).text();
  await (await example.pay(CHAT, { ...ask("gpt-4o"), headers })).text();
  expect([anthropic.requests, openai.requests]).toMatchObject([
    [{ url: "/v1/messages", headers: { "x-api-key": KEYS.ANTHROPIC_KEY } }],
    [{ url: "/v1/chat/completions", headers: { authorization: `Bearer ${KEYS.OPENAI_KEY}` } }],
  ]);
  expect(JSON.stringify(anthropic.requests)).not.toMatch(/key-of-openai|payment-signature/);
  expect(JSON.stringify(openai.requests)).not.toMatch(/key-of-anthropic|payment-signature/);
});

it.each([
  ["a model that nobody has priced", "gpt-of-next-year", "model_unknown"],
  ["no model", undefined, "model_unknown"],
  ["a list of models", ["gpt-5-mini"], "body_not_priceable"],
])("%s is 400 before any payment, and no provider hears of it", async (_, model, code) => {
  const before = callsOf();
  const answer = await example.call(CHAT, ask(model));
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ code });
  expect(callsOf()).toEqual(before);
});
